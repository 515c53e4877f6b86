/**
 * A session of IAM Identity Center: a token that stays valid.
 *
 * It reads the token from a {@link TokenStore.TokenStore}, and refreshes it before it expires. All fibers, processes and machines that share
 * the store share one refresh, and one login. `token` never logs in by itself. `ensure` logs in if there is no other way.
 *
 * @since 0.1.0
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { service } from "@sso-oidc/core/SsoOidcService"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type * as AuthorizationCode from "./AuthorizationCode.ts"
import { AwsConfigError } from "./AwsConfigError.ts"
import type * as CachedRegistration from "./CachedRegistration.ts"
import type { CachedToken } from "./CachedToken.ts"
import * as Callback from "./Callback.ts"
import * as Guarded from "./internal/guarded.ts"
import * as Life from "./internal/life.ts"
import * as Login from "./internal/login.ts"
import * as Logout from "./internal/logout.ts"
import * as Refreshing from "./internal/refreshing.ts"
import * as Status from "./internal/status.ts"
import * as Stored from "./internal/stored.ts"
import * as LoginBrowser from "./LoginBrowser.ts"
import type * as SessionLogout from "./SessionLogout.ts"
import * as SessionSettings from "./SessionSettings.ts"
import type * as SessionStatus from "./SessionStatus.ts"
import * as TokenStore from "./TokenStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How a session keeps its token valid.
 *
 * @category models
 * @since 0.1.0
 */
export interface LifeOptions {
  /**
   * What happens to a refresh that no caller has to wait for yet. `"wait"`: the caller waits for it, so that no refresh is in flight between
   * two calls. A serverless function needs that. `"background"`: the caller gets the present token, and the refresh goes on. `"wait"` by
   * default.
   */
  readonly refresh?: "background" | "wait" | undefined
  /** The command that an error tells a person to run. `aws sso login`, with the profile or the session, by default. */
  readonly loginCommand?: string | undefined
  /** The name of your program. The service shows it to the person who logs in. `sso-oidc-effect` by default. */
  readonly clientName?: string | undefined
  /**
   * The `requestTimeout` of the client, 30 seconds by default. A caller waits for the refresh of another process for this time and 5
   * seconds more. A bare number counts milliseconds. It must be longer than zero, and finite.
   */
  readonly requestTimeout?: Duration.Input | undefined
}

/**
 * A session by hand.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<SessionSettings.Options, "region">, LifeOptions {
  /** The region of the access portal. The region of the client by default. Another region is refused. */
  readonly region?: string | undefined
}

/**
 * What a caller needs of a token.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenOptions {
  /**
   * How long the token should last. Zero by default. A token with less left is refreshed first. The service decides how long the new one
   * lasts: read its `expiresAt`. A bare number counts milliseconds. A negative duration, or one without an end, is refused.
   */
  readonly minLeft?: Duration.Input | undefined
}

/**
 * How a login meets its person. A login by the device grant uses `onEvent` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginOptions<E = never, R = never, E2 = never, R2 = never>
  extends AuthorizationCode.PersonOptions<E, R, E2, R2>
{
  /**
   * The grant: `"code"` or `"device"`. By default the session chooses: see `LoginMethod.choose`. `"code"` fails with `CallbackUnavailable` if
   * nothing can listen on this machine and `paste` is absent.
   */
  readonly grant?: CachedRegistration.Grant | undefined
}

/**
 * What a caller of `ensure` needs: the options of `token` and of `login`.
 *
 * @category models
 * @since 0.1.0
 */
export interface EnsureOptions<E = never, R = never, E2 = never, R2 = never>
  extends TokenOptions, LoginOptions<E, R, E2, R2>
{}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of a login: those of both grants, and those of the store.
 *
 * @category errors
 * @since 0.1.0
 */
export type LoginError =
  | AccessToken.StoreError
  | AccessToken.StoreBusy
  | DeviceGrant.LoginError
  | AuthorizationCode.LoginError

/**
 * The errors of `ensure`. What a login mends is not among them.
 *
 * @category errors
 * @since 0.1.0
 */
export type EnsureError =
  | LoginError
  | Exclude<
    AccessToken.Error,
    AccessToken.NotLoggedIn | AccessToken.SessionEnded | AccessToken.SessionPossiblyLost
  >

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What a session gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The settings that the session was made of. */
  readonly settings: SessionSettings.SessionSettings
  /**
   * A token that is valid now: the stored one, or a new one after a refresh. It never logs in.
   *
   * A token with less than 15 minutes left is refreshed, and one whose whole life is shorter at half of its life. With 5 minutes or more
   * left, and with `refresh: "background"`, the caller does not wait. If the refresh fails, a token that is still valid is given, and the
   * next refresh comes a minute later.
   *
   * An interruption ends the wait of its caller. It never ends the refresh.
   */
  readonly token: (options?: TokenOptions) => Effect.Effect<AccessToken.ValidToken, AccessToken.Error>
  /**
   * A token that is valid now, also if a person has to log in for it. It is `token`. If that fails with `NotLoggedIn`, `SessionEnded` or
   * `SessionPossiblyLost`, it is `login`. A token that another process stores meanwhile ends the wait.
   */
  readonly ensure: <E = never, R = never, E2 = never, R2 = never>(
    options?: EnsureOptions<E, R, E2, R2>
  ) => Effect.Effect<AccessToken.ValidToken, EnsureError | E | E2, R | R2>
  /**
   * Logs a person in, also if the stored token is valid. Of all that share the store, one login runs at a time for one session. The others
   * wait for it, and take its token.
   *
   * The store is tried before a person is asked, so that no approved login is lost. An interruption ends the login, and leaves nothing
   * behind. But once the code of the code grant is sent, it waits for the token and stores it.
   */
  readonly login: <E = never, R = never, E2 = never, R2 = never>(
    options?: LoginOptions<E, R, E2, R2>
  ) => Effect.Effect<AccessToken.ValidToken, LoginError | E | E2, R | R2>
  /**
   * What the store says about the token. It reads, and sends nothing. A store that cannot be read is its error. What is stored but is no
   * token is none: the status says so.
   */
  readonly status: Effect.Effect<SessionStatus.Status, AccessToken.StoreError>
  /**
   * Sends Logout to the portal with the token as stored, also if it has expired, and removes the token and its role credentials, whatever the
   * portal said. It never refreshes. Registrations stay. If nothing is stored, it sends nothing.
   *
   * An error response is no error. If no response came, or if the program has no `PortalLogout`, the report says so. If the store cannot be
   * changed, the portal is told all the same, and then it fails with the error of the store. An interruption ends the request, but the token
   * goes all the same.
   */
  readonly logout: (
    options?: SessionLogout.Options
  ) => Effect.Effect<
    SessionLogout.Report,
    AccessToken.StoreError | AccessToken.StoreBusy | SessionLogout.LogoutAllUnsupported
  >
}

/**
 * What {@link make} makes.
 *
 * @category services
 * @since 0.1.0
 */
export interface Services {
  /** The session. */
  readonly session: Service
  /** The token of the session, as other services need it. */
  readonly accessToken: AccessToken.Service
}

/**
 * The session as a service.
 *
 * @example
 * ```ts
 * import * as Session from "@sso-oidc/session/Session"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Session.Session.use((session) => session.token({ minLeft: "10 minutes" })).pipe(
 *   Effect.flatMap(({ expiresAt }) => Console.log(`valid until ${expiresAt}`)),
 *   Effect.catchTag("NotLoggedIn", (error) => Console.error(error.message))
 * )
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Session extends Context.Service<Session, Service>()("@sso-oidc/session/Session") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

// A terminal would obey the control characters of a name.
const quoted = (given: string): string => {
  const name = Wire.printable(given)
  return /^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}

const commandOf = ({ name, profile }: SessionSettings.SessionSettings): string =>
  profile !== undefined
    ? `aws sso login --profile ${quoted(profile)}`
    : name !== undefined
    ? `aws sso login --sso-session ${quoted(name)}`
    : "aws sso login"

const durationOf = (name: string, given: Duration.Input, isAllowed: (duration: Duration.Duration) => boolean) => {
  const duration = Number.isNaN(given) ? undefined : Option.getOrUndefined(Duration.fromInput(given))
  if (duration !== undefined && Duration.isFinite(duration) && isAllowed(duration)) return duration
  throw new RangeError(`Session: ${name} must be a finite duration, and not negative`)
}

const isPositive = (duration: Duration.Duration): boolean => Duration.isGreaterThan(duration, Duration.zero)

const isNotNegative = (duration: Duration.Duration): boolean => Duration.isGreaterThanOrEqualTo(duration, Duration.zero)

// How much longer a caller waits for another process than that process can wait for the service.
const grace = Duration.seconds(5)

const validOf = ({ accessToken, expiresAt }: CachedToken): AccessToken.ValidToken => ({ accessToken, expiresAt })

// A session that asks for a certain endpoint must not send its tokens to another one. Without a wish, the client decides.
const isEndpointOf = (settings: SessionSettings.SessionSettings, { endpoint }: SsoOidc.Service): boolean => {
  const { useDualstackEndpoint = false, useFipsEndpoint = false } = settings
  if (settings.endpoint === undefined && !useFipsEndpoint && !useDualstackEndpoint) return true
  return Result.getOrUndefined(Endpoint.resolve(service, settings)) === endpoint
}

/**
 * A session with these settings, such as those of `AwsConfig.resolve`, and its `AccessToken`. It fails if the client calls another region,
 * or another endpoint than the settings ask for.
 * Closing the scope waits for a refresh that is in flight.
 *
 * An invalid `requestTimeout` is a mistake in the program: the effect dies with a `RangeError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  settings: SessionSettings.SessionSettings,
  options: LifeOptions = {}
): Effect.fn.Return<Services, AwsConfigError, SsoOidc.SsoOidc | TokenStore.TokenStore | Scope.Scope> {
  const scope = yield* Scope.Scope
  const oidc = yield* SsoOidc.SsoOidc
  const store = Guarded.guarded(yield* TokenStore.TokenStore)
  const command = options.loginCommand ?? commandOf(settings)
  const requestTimeout = durationOf("requestTimeout", options.requestTimeout ?? "30 seconds", isPositive)
  if (Endpoint.regionOf(settings.region) !== oidc.region) {
    return yield* new AwsConfigError({
      source: "settings",
      setting: "region",
      detail: "`region` differs from the region of the client (SsoOidc). Give both the region of the access portal"
    })
  }
  if (!isEndpointOf(settings, oidc)) {
    return yield* new AwsConfigError({
      source: "settings",
      setting: settings.endpoint === undefined ? "useFipsEndpoint" : "endpoint",
      detail:
        "`endpoint`, `useFipsEndpoint` and `useDualstackEndpoint` give another endpoint than that of the client (SsoOidc). " +
        "Give the client the same settings: SsoOidc.layer(settings)"
    })
  }

  const ages = Life.makeAges()
  // The token that could not be stored, and the token in the store that it replaces, if there is one.
  let kept: { readonly token: CachedToken; readonly instead: string | undefined } | undefined
  let last: CachedToken | undefined
  let retryAt = -Infinity
  // What a refresh of this process brought, and how long it was valid then.
  let received: { readonly accessToken: string; readonly life: number } | undefined
  let afterRejection: string | undefined
  // The last refresh of this process, and the access token that it replaces.
  let flight: { readonly of: string; readonly fiber: Fiber.Fiber<CachedToken, AccessToken.Error> } | undefined
  // A refresh that began before a logout leaves nothing in memory.
  let logouts = 0
  let hasWarned = false

  const self: Refreshing.Self = {
    store,
    settings,
    oidc,
    ages,
    command,
    wait: Duration.sum(requestTimeout, grace),
    keep: (token, instead) => void (kept = { token, instead: instead && Redacted.value(instead.accessToken) }),
    keptFor: (stored) => kept?.instead === (stored && Redacted.value(stored.accessToken)) ? kept?.token : undefined
  }

  const warnOnce = Effect.suspend(() => {
    if (hasWarned) return Effect.void
    hasWarned = true
    return Effect.logWarning(
      `The ${store.name} store has the token of another start URL or region under the key of this session. It is not used.`
    )
  })

  /** The stored token, or the token in memory that could not be stored. If the store cannot be read: the last token, while it is valid. */
  const current = Effect.gen(function*() {
    const look = yield* Stored.look(store, settings)
    if (look._tag === "foreign") yield* warnOnce
    const better = self.keptFor(look._tag === "found" ? look.token : undefined)
    if (better === undefined) {
      kept = undefined
      if (look._tag === "found") return last = look.token
      // what a person removed is not given later, when the store cannot be read
      last = undefined
      return yield* Refreshing.absence(command, look)
    }
    if ((yield* Life.monotonic) >= retryAt) {
      retryAt = (yield* Life.monotonic) + Life.pause
      yield* Refreshing.storeKept(self)
    }
    return last = better
  }).pipe(
    Effect.catchTag("StoreError", (error) =>
      Effect.flatMap(
        last === undefined ? Effect.succeed(0) : ages.leftOf(last),
        (left) => last !== undefined && left > 0 ? Effect.succeed(last) : Effect.fail(error)
      ))
  )

  /** Starts a refresh, or joins the refresh in flight. It goes on without its callers, in the scope of the layer. */
  const refresh = (stale: CachedToken) =>
    Effect.gen(function*() {
      if (flight === undefined || flight.fiber.pollUnsafe() !== undefined) {
        const of = Redacted.value(stale.accessToken)
        const before = logouts
        const fiber = yield* Effect.forkIn(
          Refreshing.run(self, of).pipe(
            Effect.tap((token) =>
              Effect.map(ages.leftOf(token), (life) => {
                if (logouts !== before) return
                received = { accessToken: Redacted.value(token.accessToken), life }
                last = token
              })
            ),
            Effect.tapError((error) =>
              Effect.andThen(
                Effect.map(Life.monotonic, (now) => void (retryAt = now + Life.pause)),
                Effect.logDebug(`The token was not refreshed. ${error.message}`)
              )
            )
          ),
          scope
        )
        flight = { of, fiber }
      }
      return flight.fiber
    }).pipe(Effect.uninterruptible)

  /** A refresh of this token. One of another token may end with this very token, or with an error of the other's: it is awaited first. */
  const joined = (stale: CachedToken): Effect.Effect<CachedToken, AccessToken.Error> =>
    Effect.suspend(() =>
      flight === undefined || flight.of === Redacted.value(stale.accessToken) || flight.fiber.pollUnsafe() !== undefined
        ? Effect.flatMap(refresh(stale), Fiber.join)
        : Effect.andThen(Fiber.await(flight.fiber), joined(stale))
    )

  // A caller whose demand no token of the service meets would send a refresh with each call.
  const isBeyond = (token: CachedToken, left: number, minLeft: number): boolean =>
    received?.accessToken === Redacted.value(token.accessToken) && minLeft > received.life && left >= received.life / 2

  const token = Effect.fnUntraced(function*(
    given: TokenOptions = {}
  ): Effect.fn.Return<AccessToken.ValidToken, AccessToken.Error> {
    const minLeft = Duration.toMillis(durationOf("minLeft", given.minLeft ?? 0, isNotNegative))
    const stored = yield* current
    const left = yield* ages.leftOf(stored)
    const isEnough = left > 0 && (left >= minLeft || isBeyond(stored, left, minLeft))
    if (isEnough && !Life.isDue(stored, left)) return validOf(stored)
    if (left > 0 && ((yield* Life.monotonic) < retryAt)) return validOf(stored)
    const detail = yield* Refreshing.obstacle(self, stored)
    if (detail !== undefined) {
      if (left > 0) return validOf(stored)
      return yield* new AccessToken.NotLoggedIn({ reason: "expired", command, detail })
    }
    if (options.refresh === "background" && isEnough && left >= Life.urgent) {
      yield* refresh(stored)
      return validOf(stored)
    }
    return yield* joined(stored).pipe(
      Effect.map(validOf),
      Effect.catch((error) =>
        Effect.flatMap(ages.leftOf(stored), (left) => left > 0 ? Effect.succeed(validOf(stored)) : Effect.fail(error))
      )
    )
  })

  const rejectedByPortal = () => new AccessToken.SessionEnded({ reason: "portal", command })

  const next = Effect.fnUntraced(function*(
    rejected: Redacted.Redacted<string>
  ): Effect.fn.Return<AccessToken.ValidToken, AccessToken.Error> {
    const stored = yield* current
    const bad = Redacted.value(rejected)
    if (Redacted.value(stored.accessToken) !== bad) return yield* token()
    if (afterRejection === bad || (yield* Refreshing.obstacle(self, stored)) !== undefined) {
      return yield* rejectedByPortal()
    }
    const brought = yield* joined(stored)
    if (Redacted.value(brought.accessToken) === bad) return yield* rejectedByPortal()
    afterRejection = Redacted.value(brought.accessToken)
    return validOf(brought)
  })

  const logins: Login.Self = {
    store,
    settings,
    oidc,
    ages,
    clientName: options.clientName ?? "sso-oidc-effect",
    wait: self.wait,
    callback: Option.getOrUndefined(yield* Effect.serviceOption(Callback.Callback)),
    browser: Option.getOrUndefined(yield* Effect.serviceOption(LoginBrowser.LoginBrowser)),
    received: (token) => {
      kept = undefined
      last = token
      retryAt = -Infinity
    },
    keep: (token, instead) => {
      self.keep(token, instead)
      last = token
    }
  }

  const login: Service["login"] = (options = {}) => Effect.map(Login.login(logins, options, false), validOf)

  const ensure: Service["ensure"] = (options = {}) => {
    const needed = () => Effect.map(Login.login(logins, options, true), validOf)
    return Effect.catchTags(token(options), {
      NotLoggedIn: needed,
      SessionEnded: needed,
      SessionPossiblyLost: needed
    })
  }

  const logoutSelf: Logout.Self = {
    ...self,
    portal: Option.getOrUndefined(yield* Effect.serviceOption(PortalLogout.PortalLogout)),
    forget: () => {
      logouts++
      kept =
        last =
        received =
        afterRejection =
          undefined
      retryAt = -Infinity
    }
  }

  return {
    session: Session.of({
      settings,
      token,
      ensure,
      login,
      status: Status.status(self),
      logout: (options = {}) => Logout.logout(logoutSelf, options)
    }),
    accessToken: AccessToken.AccessToken.of({ key: settings.key, get: Effect.suspend(() => token()), refreshed: next })
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

const contextOf = ({ accessToken, session }: Services) =>
  Context.make(Session, session).pipe(Context.add(AccessToken.AccessToken, accessToken))

/**
 * A session by hand, and its `AccessToken`. It fails with `AwsConfigError` if a setting cannot be used.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as Session from "@sso-oidc/session/Session"
 * import * as TokenStore from "@sso-oidc/session/TokenStore"
 * import * as Layer from "effect/Layer"
 *
 * const Live = Session.layer({ startUrl: "https://my.awsapps.com/start", name: "corp" }).pipe(
 *   Layer.provide(SsoOidc.layer({ region: "eu-west-1" })),
 *   Layer.provide(TokenStore.layerMemory)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<Session | AccessToken.AccessToken, AwsConfigError, SsoOidc.SsoOidc | TokenStore.TokenStore> =>
  Layer.effectContext(Effect.gen(function*() {
    const { region } = yield* SsoOidc.SsoOidc
    const settings = yield* Effect.fromResult(SessionSettings.make({ ...options, region: options.region ?? region }))
    return contextOf(yield* make(settings, options))
  }))

/**
 * A session with these settings, such as those of `AwsConfig.resolve`, and its `AccessToken`. See {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSettings = (
  settings: SessionSettings.SessionSettings,
  options?: LifeOptions
): Layer.Layer<Session | AccessToken.AccessToken, AwsConfigError, SsoOidc.SsoOidc | TokenStore.TokenStore> =>
  Layer.effectContext(Effect.map(make(settings, options), contextOf))
