/**
 * The registration of a session's client, which the AWS CLI shares. A login goes on without it: it registers again.
 */
import type { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as CachedRegistration from "../CachedRegistration.ts"
import * as CacheKey from "../CacheKey.ts"
import type { SessionSettings } from "../SessionSettings.ts"
import type * as TokenStore from "../TokenStore.ts"
import { apart } from "./apart.ts"

interface Self {
  readonly store: TokenStore.Service
  readonly settings: SessionSettings
  /** The longest wait for the lock of a record. */
  readonly wait: Duration.Duration
}

const goOn = (what: string) => (error: StoreError | StoreBusy): Effect.Effect<undefined> =>
  Effect.as(Effect.logWarning(`The client registration of the session ${what}. ${error.message}`), undefined)

/** The stored registration. `undefined` if there is none that can be read. */
export const read = ({ settings, store }: Self): Effect.Effect<CachedRegistration.CachedRegistration | undefined> =>
  store.read(CacheKey.registrationKey(settings)).pipe(
    Effect.map((text) => text && Result.getOrUndefined(CachedRegistration.decode(text))),
    Effect.catch((error) =>
      error.reason === "unreadable" ? Effect.undefined : goOn("cannot be read, so the login makes another")(error)
    )
  )

/** Keeps a new registration, so that the next login needs no other. */
export const keep = (
  { settings, store, wait }: Self,
  grant: CachedRegistration.Grant,
  previous: CachedRegistration.CachedRegistration | undefined
) =>
(registration: Registration.Registration): Effect.Effect<void> =>
  store.exclusively(
    CacheKey.registrationKey(settings),
    (hold) =>
      hold.commit(CachedRegistration.encode(CachedRegistration.fromRegistration(registration, grant, previous))),
    { wait }
  ).pipe(Effect.catch(goOn("could not be stored")))

// It runs at the end of a login, also after an interruption.
const limit = Duration.seconds(2)

/** Removes a registration that the service may not know any more. The next login makes another one. */
export const drop = ({ settings, store }: Self, clientId: string): Effect.Effect<void> =>
  store.exclusively(
    CacheKey.registrationKey(settings),
    Effect.fnUntraced(function*(hold) {
      const text = yield* store.read(CacheKey.registrationKey(settings))
      const stored = text && Result.getOrUndefined(CachedRegistration.decode(text))
      // another program may have registered meanwhile
      if (stored?.clientId === clientId) yield* hold.remove
    }),
    { wait: Duration.seconds(1) }
  ).pipe(apart, Effect.timeoutOption(limit), Effect.asVoid)
