/**
 * A session of IAM Identity Center: a token that stays valid.
 *
 * It reads the token from a {@link TokenStore.TokenStore}, and refreshes it before it expires. All fibers, processes and machines that share
 * the store share one refresh, and one login. `token` never logs in by itself. `ensure` logs in if there is no other way.
 *
 * @since 0.1.0
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as AuthorizationCode from "./AuthorizationCode.ts"
import type { AwsConfigError } from "./AwsConfigError.ts"
import type * as CachedRegistration from "./CachedRegistration.ts"
import * as Running from "./internal/running.ts"
import type * as SessionLogout from "./SessionLogout.ts"
import * as SessionSettings from "./SessionSettings.ts"
import type * as SessionStatus from "./SessionStatus.ts"
import type * as TokenStore from "./TokenStore.ts"

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
export const make: (
  settings: SessionSettings.SessionSettings,
  options?: LifeOptions
) => Effect.Effect<Services, AwsConfigError, SsoOidc.SsoOidc | TokenStore.TokenStore | Scope.Scope> = Running.make

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
