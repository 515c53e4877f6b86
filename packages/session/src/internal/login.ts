/**
 * A login of a session: alone among all that share its store, by the better grant, to the stored token.
 */
import type { StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as Token from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { Approved } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as CachedRegistration from "../CachedRegistration.ts"
import * as CachedToken from "../CachedToken.ts"
import type * as Callback from "../Callback.ts"
import type * as LoginBrowser from "../LoginBrowser.ts"
import * as LoginMethod from "../LoginMethod.ts"
import type { LoginError, LoginOptions } from "../Session.ts"
import * as SessionSettings from "../SessionSettings.ts"
import type * as TokenStore from "../TokenStore.ts"
import * as Run from "./code/run.ts"
import * as Guests from "./guests.ts"
import * as Life from "./life.ts"
import * as Registrations from "./registrations.ts"
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
  /** The token that is kept in memory instead of this stored one, or instead of none. */
  readonly keptFor: (stored: CachedToken.CachedToken | undefined) => CachedToken.CachedToken | undefined
  /** How many logins of this process brought a token. */
  readonly count: () => number
  /** Removes the role credentials of the session, which may be those of another person. It does not fail, and does not take long. */
  readonly forgetRoles: Effect.Effect<void>
  /** Keeps a new token in memory that could not be stored, instead of what is stored. */
  readonly keep: (token: CachedToken.CachedToken, instead: CachedToken.CachedToken | undefined) => void
}

/** The token of another login, or of this one. */
type Brought = CachedToken.CachedToken

// A person may need ten minutes, and several logins may come before this one.
const loginWait = Duration.hours(1)

// What a login stores: a token of some kB, and a registration.
const room = 16_384

/**
 * The key of a session's logins: of their lock, and of a text that says which login was the last. It is not the key of the token, because a
 * refresh need not wait for a person. It is JSON, so that no session has this key.
 */
const keyOf = ({ key }: SessionSettings.SessionSettings): string =>
  CacheFile.pythonJson({ tool: "sso-oidc", login: key })

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
  const bound = yield* Effect.result(Guests.listen(callback, port, scope))
  if (Result.isFailure(bound) && grant === "code" && paste === undefined) return yield* bound.failure
  const listener = Result.getOrUndefined(bound)
  const sign = listener === undefined || browser === undefined ? undefined : yield* Guests.elsewhere(browser)
  const choice = LoginMethod.choose({ ...facts, hasListener: listener !== undefined, sign })
  if (choice.grant === "code") return { choice, listener, close }
  yield* close
  return { choice, listener: undefined, close: Effect.void }
})

/** A token of a login, and the event that tells of it. */
interface Granted {
  readonly token: Brought
  readonly approved: Approved | undefined
}

/** Whether the service rejected the client, or may have. A person who says no does not. */
const isRejection = (error: unknown): boolean => {
  if (typeof error !== "object" || error === null || !("_tag" in error)) return false
  switch (error._tag) {
    case "InvalidClientException":
    case "InvalidGrantException":
    case "InvalidRequestException":
    case "UnauthorizedClientException":
    case "AuthorizationExpired":
      return true
    case "AuthorizationDenied":
      return !("error" in error) || error.error !== "access_denied"
    default:
      return false
  }
}

// In milliseconds. A person who sees an error in the browser needs a moment before they give up.
const glance = 3000

/** Registers if it must, lets the person log in, and stores the token. */
const granted = Effect.fnUntraced(function*<E, E2>(
  self: Self,
  options: LoginOptions<E, never, E2>,
  tell: Run.Tell<E, never>
): Effect.fn.Return<Granted, LoginError | E | E2, SsoOidc.SsoOidc | Scope.Scope> {
  const { oidc, settings } = self
  const { choice, close, listener } = yield* chosen(self, options)
  const { grant } = choice
  const begin = tell({ _tag: "GrantChosen", ...choice })
  const scopes = settings.scopes ?? (grant === "code" ? SessionSettings.defaultScopes : [])
  const kept = yield* Registrations.read(self)
  const usable = kept !== undefined && CachedRegistration.isUsable(kept, { grant, scopes, now: yield* DateTime.now })
    ? kept
    : undefined
  const place = { region: settings.region, endpoint: oidc.endpoint }
  const start = {
    clientName: self.clientName,
    startUrl: settings.startUrl,
    scopes,
    registration: usable && CachedRegistration.toRegistration(usable, place),
    onRegistration: Registrations.keep(self, grant, kept)
  }
  let shownAt: number | undefined
  let hasCome = false

  const device = Effect.gen(function*() {
    let granted: Granted | undefined
    yield* begin
    const token = yield* DeviceGrant.login({
      ...start,
      onEvent: (event) =>
        event._tag === "Approved"
          // stored before anything else is done with it
          ? Effect.map(keepToken(self, event.token), (token) => void (granted = { token, approved: event }))
          : tell(event)
    })
    return granted ?? { token: yield* keepToken(self, token), approved: undefined }
  })

  const code = Run.run(
    { ...start, ...options },
    {
      listener,
      browser: self.browser,
      begin,
      store: (token) =>
        Effect.map(keepToken(self, token), (kept): Granted => ({
          token: kept,
          approved: { _tag: "Approved", token }
        })),
      shown: Effect.map(Life.monotonic, (now) => void (shownAt = now)),
      answered: Effect.andThen(Effect.sync(() => void (hasCome = true)), close)
    },
    tell
  )

  const brought: Effect.Effect<Granted, LoginError | E | E2, SsoOidc.SsoOidc> = grant === "device" ? device : code
  return yield* Effect.onExit(brought, (exit) => {
    if (usable === undefined || Exit.isSuccess(exit)) return Effect.void
    const drop = Registrations.drop(self, usable.clientId)
    if (Exit.hasInterrupts(exit)) {
      // The service shows an unknown client to the person alone, who then gives up.
      return Effect.flatMap(
        Life.monotonic,
        (now) => shownAt !== undefined && !hasCome && now - shownAt >= glance ? drop : Effect.void
      )
    }
    return isRejection(Option.getOrUndefined(Exit.findErrorOption(exit))) ? drop : Effect.void
  })
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

/** The text that says which login was the last. It has no secret. `undefined` if there is none that can be opened. */
const lastLogin = ({ settings, store }: Self): Effect.Effect<string | undefined, StoreError> =>
  store.read(keyOf(settings)).pipe(
    Effect.map((text) => text && Redacted.value(text)),
    Effect.catchIf((error) => error.reason === "unreadable", () => Effect.undefined)
  )

const alone = Effect.fnUntraced(function*<E, E2>(
  self: Self,
  options: LoginOptions<E, never, E2>,
  isEnough: boolean
): Effect.fn.Return<Brought, LoginError | E | E2> {
  const { oidc, settings, store } = self
  const tell: Run.Tell<E, never> = Run.teller(options)
  const { grant } = options
  if (grant !== undefined && grant !== "code" && grant !== "device") {
    return yield* Effect.die(new TypeError("The option grant must be \"code\" or \"device\", or be left out."))
  }
  const before = { login: yield* lastLogin(self), count: self.count() }
  let hasWaited = false

  /** The token that another login brought. With `isEnough`, any token that is valid now. */
  const others = Effect.gen(function*() {
    // A read that fails says nothing of another login.
    const isNew = isEnough || self.count() !== before.count ||
      (yield* Effect.orElseSucceed(lastLogin(self), () => before.login)) !== before.login
    if (!isNew) return undefined
    const look = yield* Stored.look(store, settings)
    const stored = look._tag === "found" ? look.token : undefined
    const token = self.keptFor(stored) ?? stored
    return token !== undefined && (yield* self.ages.leftOf(token)) > 0 ? token : undefined
  })

  const meanwhile: Effect.Effect<Option.Option<Granted>, E> = Effect.gen(function*() {
    if (!hasWaited) {
      hasWaited = true
      yield* tell({ _tag: "LoginElsewhere" })
    }
    const token = yield* Effect.orElseSucceed(others, () => undefined)
    return token === undefined ? Option.none() : Option.some({ token, approved: undefined })
  })

  const { approved, token } = yield* store.exclusively(
    keyOf(settings),
    Effect.fnUntraced(function*(hold) {
      const other = yield* others
      if (other !== undefined) return { token: other, approved: undefined }
      // Do not ask a person to approve a login whose token cannot be stored.
      const of = Stored.hashOf(Redacted.make(keyOf(settings)))
      yield* hold.prepare(of, room)
      yield* hold.settle(of, undefined)
      const brought = yield* Effect.scoped(
        Effect.provideService(granted(self, options, tell), SsoOidc.SsoOidc, oidc)
      )
      const login = Base64Url.encode(crypto.getRandomValues(new Uint8Array(16)))
      yield* Effect.ignore(hold.commit(Redacted.make(CacheFile.pythonJson({ tool: "sso-oidc", login }))))
      return brought
    }),
    { wait: loginWait, meanwhile }
  ).pipe(
    // An interruption may come after the token is stored.
    Effect.onExit((exit) => Exit.isSuccess(exit) || self.count() !== before.count ? self.forgetRoles : Effect.void)
  )
  // The lock is free by now: the program may take its time.
  if (approved !== undefined) yield* tell(approved)
  return token
})
