/**
 * A login of a session: alone among all that share its store, by the better grant, to the stored token.
 */
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as Token from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as CachedRegistration from "../CachedRegistration.ts"
import * as CachedToken from "../CachedToken.ts"
import * as CacheKey from "../CacheKey.ts"
import * as Callback from "../Callback.ts"
import type * as LoginBrowser from "../LoginBrowser.ts"
import * as LoginMethod from "../LoginMethod.ts"
import type { LoginError, LoginOptions } from "../Session.ts"
import * as SessionSettings from "../SessionSettings.ts"
import type * as TokenStore from "../TokenStore.ts"
import * as Run from "./code/run.ts"
import type * as Life from "./life.ts"
import * as Stored from "./stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** What a login works with. */
export interface Self {
  readonly store: TokenStore.Service
  readonly settings: SessionSettings.SessionSettings
  readonly oidc: SsoOidc.Service
  readonly ages: Life.Ages
  /** The name that the person sees. */
  readonly clientName: string
  /** The longest wait for the lock of a record. */
  readonly wait: Duration.Duration
  readonly callback: Callback.Service | undefined
  readonly browser: LoginBrowser.Service | undefined
  /** Takes note of a new token that is stored. */
  readonly received: (token: CachedToken.CachedToken) => void
  /** Keeps a new token in memory that could not be stored, instead of what is stored. */
  readonly keep: (token: CachedToken.CachedToken, instead: CachedToken.CachedToken | undefined) => void
}

/** The token of another login, or of this one. */
type Brought = CachedToken.CachedToken

// A little longer than a code lasts, so that the holder of the lock always ends first.
const loginWait = Duration.minutes(11)

// What a login stores: a token of some kB, and a registration.
const room = 16_384

/** The key of the lock of a session's logins. It is not that of its refreshes, which need not wait for a person. */
const lockOf = ({ key }: SessionSettings.SessionSettings): string => `login:${key}`

// -----------------------------------------------------------------------------
// registrations
// -----------------------------------------------------------------------------

const readRegistration = (
  { settings, store }: Self
): Effect.Effect<CachedRegistration.CachedRegistration | undefined, AccessToken.StoreError> =>
  store.read(CacheKey.registrationKey(settings)).pipe(
    Effect.map((text) => text && Result.getOrUndefined(CachedRegistration.decode(text))),
    // a registration that cannot be read is replaced
    Effect.catchIf((error) => error.reason === "unreadable", () => Effect.succeed(undefined))
  )

/** Keeps a new registration, so that the next login needs no other. */
const keepRegistration = (
  { settings, store, wait }: Self,
  grant: CachedRegistration.Grant,
  previous: CachedRegistration.CachedRegistration | undefined
) =>
(registration: Registration.Registration): Effect.Effect<void, AccessToken.StoreError | AccessToken.StoreBusy> =>
  store.exclusively(
    CacheKey.registrationKey(settings),
    (hold) =>
      hold.commit(
        CachedRegistration.encode(CachedRegistration.fromRegistration(registration, grant, previous))
      ),
    { wait }
  )

/** Removes a registration that the service may not know any more. The next login makes another one. */
const dropRegistration = ({ settings, store }: Self, clientId: string): Effect.Effect<void> =>
  Effect.ignore(store.exclusively(
    CacheKey.registrationKey(settings),
    Effect.fnUntraced(function*(hold) {
      const text = yield* store.read(CacheKey.registrationKey(settings))
      const stored = text && Result.getOrUndefined(CachedRegistration.decode(text))
      if (stored?.clientId === clientId) yield* hold.remove
    }),
    { wait: Duration.seconds(1) }
  ))

// -----------------------------------------------------------------------------
// tokens
// -----------------------------------------------------------------------------

/** Stores the token of a login. A token that cannot be stored is given all the same: the person has done their part. */
const keepToken = (
  self: Self,
  token: Token.Token
): Effect.Effect<Brought> =>
  Effect.gen(function*() {
    const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
    const { settings, store, wait } = self
    const written = yield* Effect.result(
      store.exclusively(
        settings.key,
        Effect.fnUntraced(function*(hold) {
          const look = yield* Effect.orElseSucceed(
            Stored.look(store, settings),
            (): Stored.Look => ({ _tag: "absent" })
          )
          const cached = CachedToken.fromToken(token, settings, now, look._tag === "found" ? look.token : undefined)
          // A connection that was dropped is made again. A commit can be repeated.
          yield* Effect.retry(hold.commit(CachedToken.encode(cached)), {
            times: 2,
            while: (error) => error.reason === "unavailable"
          })
          return cached
        }),
        { wait }
      ).pipe(Effect.retry({ times: 1, while: (error) => error._tag === "StoreError" && error.reason === "fenced" }))
    )
    if (Result.isSuccess(written)) {
      self.received(written.success)
      return written.success
    }
    yield* Effect.logWarning(
      `The token of a login could not be stored. This process keeps it. ${written.failure.message}`
    )
    const look = yield* Effect.orElseSucceed(Stored.look(store, settings), (): Stored.Look => ({ _tag: "absent" }))
    const instead = look._tag === "found" ? look.token : undefined
    const cached = CachedToken.fromToken(token, settings, now, instead)
    self.keep(cached, instead)
    return cached
  }).pipe(Effect.uninterruptible)

/** The access token in the store. `undefined` if there is none that can be read. */
const storedToken = (look: Stored.Look): string | undefined =>
  look._tag === "found" ? Redacted.value(look.token.accessToken) : undefined

// -----------------------------------------------------------------------------
// grants
// -----------------------------------------------------------------------------

interface Chosen {
  readonly choice: LoginMethod.Choice
  readonly listener: Callback.Listener | undefined
  /** Closes the listener, if there is one. */
  readonly close: Effect.Effect<void>
}

/** The grant, and the listener that the code grant needs. It is bound before the choice, because the choice depends on it. */
const chosen = Effect.fnUntraced(function*<E, E2>(
  { browser, callback, settings }: Self,
  { grant, paste, port }: LoginOptions<E, never, E2>
): Effect.fn.Return<
  Chosen,
  Callback.CallbackUnavailable,
  Scope.Scope
> {
  const facts = { grant, useDeviceCode: settings.useDeviceCode, isLegacy: settings.scopes === undefined }
  const first = LoginMethod.choose({ ...facts, hasListener: true })
  if (first.grant === "device") return { choice: first, listener: undefined, close: Effect.void }
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const close = Scope.close(scope, Exit.void)
  const bound = yield* Effect.result(
    callback === undefined
      ? Effect.fail(
        new Callback.CallbackUnavailable({ code: "NOSERVICE", detail: "the program has no Callback service" })
      )
      : Scope.provide(callback.listen({ port }), scope)
  )
  if (Result.isFailure(bound) && grant === "code" && paste === undefined) return yield* bound.failure
  const listener = Result.getOrUndefined(bound)
  const sign = listener === undefined ? undefined : yield* browser?.elsewhere ?? Effect.succeed(undefined)
  const choice = LoginMethod.choose({ ...facts, hasListener: listener !== undefined, sign })
  if (choice.grant === "code") return { choice, listener, close }
  yield* close
  return { choice, listener: undefined, close: Effect.void }
})

/** Registers if it must, lets the person log in, and stores the token. */
const granted = Effect.fnUntraced(function*<E, E2>(
  self: Self,
  options: LoginOptions<E, never, E2>,
  tell: Run.Tell<E, never>
): Effect.fn.Return<Brought, LoginError | E | E2, SsoOidc.SsoOidc | Scope.Scope> {
  const { oidc, settings } = self
  const { choice, close, listener } = yield* chosen(self, options)
  yield* tell({ _tag: "GrantChosen", ...choice })
  const { grant } = choice
  const scopes = settings.scopes ?? (grant === "code" ? SessionSettings.defaultScopes : [])
  const kept = yield* readRegistration(self)
  const usable = kept !== undefined && CachedRegistration.isUsable(kept, { grant, scopes, now: yield* DateTime.now })
  const place = { region: settings.region, endpoint: oidc.endpoint }
  const start = {
    clientName: self.clientName,
    startUrl: settings.startUrl,
    scopes,
    registration: usable ? CachedRegistration.toRegistration(kept, place) : undefined,
    onRegistration: keepRegistration(self, grant, kept)
  }
  if (grant === "device") {
    let brought: Brought | undefined
    const token = yield* DeviceGrant.login({
      ...start,
      onEvent: (event) =>
        event._tag === "Approved"
          // stored before anything else is done with it
          ? Effect.flatMap(keepToken(self, event.token), (token) => {
            brought = token
            return tell(event)
          })
          : tell(event)
    })
    return brought ?? (yield* keepToken(self, token))
  }
  let hasCome = false
  return yield* Run.run(
    { ...start, ...options },
    {
      listener,
      browser: self.browser,
      store: (token) => keepToken(self, token),
      answered: Effect.andThen(Effect.sync(() => void (hasCome = true)), close)
    },
    tell
  ).pipe(
    // The service shows an unknown client to the person alone. So without a callback, a kept registration is not used again.
    Effect.onExit((exit) => {
      if (!usable || Exit.isSuccess(exit)) return Effect.void
      const error = Option.getOrUndefined(Exit.findErrorOption(exit))
      const isUnknown = error instanceof Object && "_tag" in error && error._tag === "InvalidClientException"
      return hasCome && !isUnknown ? Effect.void : dropRegistration(self, kept.clientId)
    })
  )
})

// -----------------------------------------------------------------------------
// one login
// -----------------------------------------------------------------------------

/**
 * Logs in, alone among all that share the store. If another login is running, it waits for that one, and takes its token. With `isEnough`
 * the store had no valid token before, and any valid token will do that another program stores.
 */
export const login = <E, R, E2, R2>(
  self: Self,
  options: LoginOptions<E, R, E2, R2>,
  isEnough: boolean
): Effect.Effect<Brought, LoginError | E | E2, R | R2> =>
  Effect.contextWith((context: Context.Context<R | R2>) => alone(self, closed(options, context), isEnough)).pipe(
    Wire.withSpan("Session.login")
  )

/** The options, whose effects need nothing more. The client of the session and that of the program are two. */
const closed = <E, R, E2, R2>(
  { onEvent, paste, ...options }: LoginOptions<E, R, E2, R2>,
  context: Context.Context<R | R2>
): LoginOptions<E, never, E2> => ({
  ...options,
  ...(onEvent === undefined ? {} : {
    onEvent: (event) => Effect.provideContext(UserFunction.call("onEvent", onEvent, event), context)
  }),
  ...(paste === undefined ? {} : {
    paste: Effect.provideContext(Effect.suspend(() => UserFunction.effectOf("paste", paste)), context)
  })
})

const alone = Effect.fnUntraced(function*<E, E2>(
  self: Self,
  options: LoginOptions<E, never, E2>,
  isEnough: boolean
): Effect.fn.Return<Brought, LoginError | E | E2> {
  const { oidc, settings, store } = self
  const tell: Run.Tell<E, never> = Run.teller(options)
  const before = storedToken(yield* Stored.look(store, settings))
  let hasWaited = false

  /** The token that another program has stored, if it is valid. */
  const others = Effect.gen(function*() {
    const look = yield* Stored.look(store, settings)
    if (look._tag !== "found" || (!isEnough && storedToken(look) === before)) return undefined
    return (yield* self.ages.leftOf(look.token)) > 0 ? look.token : undefined
  })

  const meanwhile: Effect.Effect<Option.Option<Brought>, E> = Effect.gen(function*() {
    if (!hasWaited) {
      hasWaited = true
      yield* tell({ _tag: "LoginElsewhere" })
    }
    if (!isEnough) return Option.none()
    return Option.fromUndefinedOr(yield* Effect.orElseSucceed(others, () => undefined))
  })

  return yield* store.exclusively(
    lockOf(settings),
    Effect.fnUntraced(function*(hold) {
      const other = hasWaited || isEnough ? yield* others : undefined
      if (other !== undefined) return other
      // Do not ask a person to approve a login whose token cannot be stored.
      const of = Stored.hashOf(Redacted.make(lockOf(settings)))
      yield* hold.prepare(of, room)
      yield* hold.settle(of, undefined)
      return yield* Effect.scoped(Effect.provideService(granted(self, options, tell), SsoOidc.SsoOidc, oidc))
    }),
    { wait: loginWait, meanwhile }
  )
})
