/**
 * A logout: the portal is told of each token, and the store removes it, whatever the portal said.
 */
import { type StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import { service } from "@sso-oidc/core/SsoOidcService"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as CachedToken from "../CachedToken.ts"
import { LogoutAllUnsupported, type Options, type Report } from "../SessionLogout.ts"
import type * as TokenStore from "../TokenStore.ts"
import { apart } from "./apart.ts"
import * as Cached from "./cached.ts"
import * as Forgetting from "./forgetting.ts"
import type * as Refreshing from "./refreshing.ts"
import * as Stored from "./stored.ts"

/** What a logout works with. */
export interface Self extends Pick<Refreshing.Self, "store" | "settings" | "keptFor" | "wait"> {
  /** The token that this process keeps in memory, whatever the store has. */
  readonly kept: () => CachedToken.CachedToken | undefined
  readonly portal: PortalLogout.Service | undefined
  /** Forgets what this process keeps of the session in memory. */
  readonly forget: () => void
}

// -----------------------------------------------------------------------------
// tokens
// -----------------------------------------------------------------------------

/** A token as the portal needs it. As for the AWS CLI, a JSON object with an `accessToken` is one, also without a time. */
interface Found {
  readonly accessToken: Redacted.Redacted<string>
  readonly startUrl: string | undefined
  readonly region: string | undefined
}

const tokenIn = (text: Redacted.Redacted<string>): Found | undefined => {
  const members = Cached.objectIn(Redacted.value(text))
  const accessToken = members && Cached.secretIn(members, "accessToken")
  return accessToken && {
    accessToken,
    startUrl: Cached.textIn(members, "startUrl"),
    region: Cached.textIn(members, "region")
  }
}

/** What one logout has come to. */
interface Progress {
  /** How the portal responded, by access token. A token is sent once. */
  readonly told: Map<string, PortalLogout.Response | "untold">
  /** The access tokens that were removed. */
  readonly removed: Set<string>
  readonly untold: Set<string>
  readonly left: Set<string>
}

const make = (): Progress => ({ told: new Map(), removed: new Set(), untold: new Set(), left: new Set() })

const reportOf = ({ left, removed, untold }: Progress): Report => ({
  removed: removed.size,
  untold: [...untold],
  left: [...left]
})

// -----------------------------------------------------------------------------
// the portal
// -----------------------------------------------------------------------------

const noPortal = "The service was not told of the logout, because the program has no PortalLogout. " +
  "To end the session there too, sign out of the access portal."

const isClientError = (error: unknown): error is ClientError.ClientError =>
  error instanceof ClientError.TransportError || error instanceof ClientError.UnexpectedResponse ||
  error instanceof ClientError.RequestInvalid

/** The sentence of an error, unless it shows the token. The service may be a user's own. */
const sentenceOf = (error: unknown, accessToken: Redacted.Redacted<string>): string =>
  isClientError(error) && !error.message.includes(Redacted.value(accessToken))
    ? Wire.oneLine(error.message)
    : "PortalLogout failed with an error that it does not have."

/** Tells the portal of a token, once. No response is no error. */
const tell = (
  { portal, wait }: Self,
  progress: Progress,
  { accessToken, region }: Pick<Found, "accessToken" | "region">
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const plain = Redacted.value(accessToken)
    if (progress.told.has(plain)) return Effect.void
    const untold = (sentence: string) =>
      Effect.sync(() => {
        progress.told.set(plain, "untold")
        progress.untold.add(sentence)
      })
    if (portal === undefined) return untold(noPortal)
    if (region === undefined || Result.isFailure(Endpoint.resolve(service, { region }))) {
      return untold("The service was not told of a token whose region is not known.")
    }
    const unconfirmed = (why: string) => untold(`The portal did not confirm a logout. ${why}`)
    return Effect.suspend(() => UserFunction.effectOf("PortalLogout.logout", portal.logout({ accessToken, region })))
      .pipe(
        Effect.matchEffect({
          onSuccess: (response: unknown) =>
            response === "accepted" || response === "rejected"
              ? Effect.sync(() => void progress.told.set(plain, response))
              : unconfirmed("PortalLogout gave a value that it does not have."),
          onFailure: (error) => unconfirmed(sentenceOf(error, accessToken))
        }),
        apart,
        Effect.flatMap((exit) => Exit.isSuccess(exit) ? Effect.void : unconfirmed("PortalLogout failed unexpectedly.")),
        Effect.timeoutOrElse({ duration: wait, orElse: () => unconfirmed("It did not respond in time.") })
      )
  })

/** Removes the role credentials that are kept. */
const forget = ({ portal, wait }: Self, progress: Progress, what: PortalLogout.Forgotten): Effect.Effect<void> =>
  Forgetting.forget(
    portal,
    what,
    wait,
    (sentence) => Effect.sync(() => void progress.left.add(sentence))
  )

/** Tells the portal, and removes the tokens then. An interruption ends the request, but a token that the portal may know of goes. */
const tellAndRemove = <A, E>(tell: Effect.Effect<void>, remove: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(restore(tell))
      const removed = yield* remove
      return Exit.isSuccess(exit) ? removed : yield* Effect.failCause(exit.cause)
    })
  )

// -----------------------------------------------------------------------------
// this session
// -----------------------------------------------------------------------------

/** What is under the key of the session, and in the memory of this process. */
interface Seen {
  /** Why the text stays. Without it, what is stored is removed. */
  readonly left: string | undefined
  /** Whether there is nothing at all. */
  readonly isEmpty: boolean
  /** The tokens in the store: the text, and responses that dead holders left. */
  readonly stored: ReadonlyArray<Found>
  /** All tokens to tell the portal of. */
  readonly tokens: ReadonlyArray<Pick<Found, "accessToken">>
}

const unreadable = "What is stored cannot be read, so it stays. The next login replaces it."

const foreign = "The store has the token of another start URL or region under the key of this session. It stays. " +
  "A logout with the option all removes it."

const see = Effect.fnUntraced(function*(
  { keptFor, settings, store }: Self
): Effect.fn.Return<Seen, StoreError> {
  const text = yield* Effect.catchIf(
    store.read(settings.key),
    (error) => error.reason === "unreadable",
    () => Effect.succeed("unreadable" as const)
  )
  const marks = yield* Effect.catchIf(
    store.marks(settings.key),
    (error) => error.reason === "unreadable",
    () => Effect.succeed<ReadonlyArray<TokenStore.Mark>>([])
  )
  const isOf = (token: Pick<CachedToken.CachedToken, "startUrl" | "region">): boolean =>
    CachedToken.isOf(token, settings)
  const whole = text === undefined || text === "unreadable" ? undefined : text
  const found = whole && tokenIn(whole)
  const decoded = whole && Result.getOrUndefined(CachedToken.decode(whole))
  const stored = [found, ...marks.map(({ response }) => response && tokenIn(response))]
    .filter((token) => token !== undefined)
    .filter(isOf)
  const kept = keptFor(decoded !== undefined && isOf(decoded) ? decoded : undefined)
  const left = text === undefined ? undefined : found === undefined ? unreadable : isOf(found) ? undefined : foreign
  return {
    left,
    isEmpty: text === undefined && marks.length === 0 && kept === undefined,
    stored,
    tokens: kept === undefined ? stored : [kept, ...stored]
  }
})

const tellOf = (self: Self, progress: Progress, { tokens }: Seen): Effect.Effect<void> =>
  Effect.forEach(tokens, ({ accessToken }) => tell(self, progress, { accessToken, region: self.settings.region }), {
    discard: true
  })

const logoutOne = Effect.fnUntraced(function*(
  self: Self,
  progress: Progress
): Effect.fn.Return<void, StoreError | StoreBusy> {
  const { settings, store, wait } = self
  const first = yield* Effect.tapError(see(self), () => {
    // The store cannot be read, but this process knows a token.
    const kept = self.kept()
    return kept === undefined
      ? Effect.void
      : tell(self, progress, { accessToken: kept.accessToken, region: settings.region })
  })
  if (first.isEmpty) return
  const under = (hold: TokenStore.Hold) =>
    Effect.gen(function*() {
      // A refresh may have changed it during the wait for the lock.
      const seen = yield* see(self)
      if (seen.left !== undefined) progress.left.add(seen.left)
      const remove = Effect.gen(function*() {
        if (seen.left !== undefined) return
        // A connection that was dropped is made again. A removal can be repeated.
        yield* Effect.retry(hold.remove, { times: 2, while: (error) => error.reason === "unavailable" })
        for (const { accessToken } of seen.stored) progress.removed.add(Redacted.value(accessToken))
      })
      yield* tellAndRemove(tellOf(self, progress, seen), remove)
    })
  yield* store.exclusively(settings.key, under, { wait }).pipe(
    Effect.retry({ times: 1, while: (error) => error._tag === "StoreError" && error.reason === "fenced" }),
    // The person wants the token to be of no more use, also if the store cannot be changed.
    Effect.tapError(() => tellOf(self, progress, first))
  )
})

// -----------------------------------------------------------------------------
// all sessions
// -----------------------------------------------------------------------------

// A token that is replaced during a logout is found in the next round.
const mostRounds = 3

const logoutAll = Effect.fnUntraced(function*(
  self: Self,
  progress: Progress,
  entries: NonNullable<TokenStore.Service["entries"]>
): Effect.fn.Return<void, StoreError | StoreBusy> {
  const { keptFor, settings, store, wait } = self
  const own = yield* CacheFile.hash(settings.key)
  let list = yield* entries
  const look = yield* Effect.orElseSucceed(Stored.look(store, settings), (): Stored.Look => ({ _tag: "absent" }))
  const kept = keptFor(look._tag === "found" ? look.token : undefined)
  if (kept !== undefined) yield* tell(self, progress, { accessToken: kept.accessToken, region: settings.region })

  let failure: StoreError | StoreBusy | undefined
  const logout = (token: Found, same: ReadonlyArray<TokenStore.Entry>): Effect.Effect<boolean> => {
    const isOwn = same.some(({ id }) => id === own)
    const remove = Effect.forEach(same, (entry) =>
      entry.remove(wait).pipe(
        Effect.tap((isGone) =>
          Effect.sync(() => {
            if (isGone) progress.removed.add(Redacted.value(token.accessToken))
          })
        ),
        Effect.catch((error) => {
          failure ??= error
          return Effect.succeed(true)
        })
      ))
    return Effect.map(
      tellAndRemove(
        tell(self, progress, {
          accessToken: token.accessToken,
          region: token.region ?? (isOwn ? settings.region : undefined)
        }),
        remove
      ),
      (gone) => gone.every((isGone) => isGone)
    )
  }

  for (let round = 1;; round++) {
    const groups = new Map<string, { readonly token: Found; readonly same: Array<TokenStore.Entry> }>()
    for (const entry of list) {
      if (entry.text === undefined) progress.left.add("A stored text cannot be read, so it stays.")
      const token = entry.text && tokenIn(entry.text)
      if (token === undefined) continue
      const plain = Redacted.value(token.accessToken)
      const group = groups.get(plain) ?? { token, same: [] }
      group.same.push(entry)
      groups.set(plain, group)
    }
    const gone = yield* Effect.forEach(groups.values(), ({ same, token }) => logout(token, same), { concurrency: 4 })
    if (gone.every((isGone) => isGone)) break
    if (round === mostRounds) {
      progress.left.add("Another program goes on storing tokens. The last of them stays.")
      break
    }
    list = yield* entries
  }
  if (failure !== undefined) return yield* failure
})

// -----------------------------------------------------------------------------
// logout
// -----------------------------------------------------------------------------

const outcome = ({ removed, told }: Progress): string => {
  const responses = [...told].filter(([plain]) => !removed.has(plain)).map(([, response]) => response)
  if (responses.length === 0) return ""
  return responses.includes("untold")
    ? ". A token stays, and the service was not told of it"
    : ". A token stays, but the portal was told of it, so it is of no more use"
}

/** The error, which says what became of the token all the same. */
const explained = (error: StoreError | StoreBusy, progress: Progress): StoreError | StoreBusy => {
  const more = outcome(progress)
  if (error._tag === "StoreBusy" || more === "") return error
  const { code, detail, key, operation, reason, store } = error
  return new StoreError({
    store,
    ...(key === undefined ? {} : { key }),
    operation,
    reason,
    detail: `${detail.replace(/\.$/, "")}${more}`,
    ...(code === undefined ? {} : { code })
  })
}

export const logout = (
  self: Self,
  { all = false }: Options
): Effect.Effect<Report, StoreError | StoreBusy | LogoutAllUnsupported> =>
  Effect.suspend((): Effect.Effect<Report, StoreError | StoreBusy | LogoutAllUnsupported> => {
    const { settings, store } = self
    const progress = make()
    if (all && store.entries === undefined) return Effect.fail(new LogoutAllUnsupported({ store: store.name }))
    const body = all && store.entries !== undefined
      ? logoutAll(self, progress, store.entries)
      : logoutOne(self, progress)
    return body.pipe(
      Effect.mapError((error) => explained(error, progress)),
      Effect.onExit(() => {
        self.forget()
        return forget(self, progress, all ? "all" : { key: settings.key })
      }),
      Effect.map(() => reportOf(progress))
    )
  }).pipe(Wire.withSpan("Session.logout"))
