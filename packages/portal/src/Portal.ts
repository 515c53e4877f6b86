/**
 * The access portal for a program that has a session: its accounts, its roles, and credentials for a role.
 *
 * {@link Portal} takes the token from core's `AccessToken`, which a session provides. It waits between requests, so that the portal does not
 * respond 429, and it sends a request again after 429, 5xx and lost connections. It never logs in.
 *
 * @since 0.1.0
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import type * as Client from "@sso-oidc/core/aws/Client"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import { PortalLogout } from "@sso-oidc/core/PortalLogout"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as CredentialsCache from "./CredentialsCache.ts"
import * as Limit from "./internal/limit.ts"
import * as LoggingOut from "./internal/loggingOut.ts"
import * as Running from "./internal/running.ts"
import type * as ListAccounts from "./ListAccounts.ts"
import * as PortalClient from "./PortalClient.ts"
import type * as PortalError from "./PortalError.ts"
import type * as RoleCredentials from "./RoleCredentials.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An account in which the user has a role.
 *
 * @category models
 * @since 0.1.0
 */
export interface Account extends ListAccounts.AccountInfo {}

/**
 * A role that the user has in an account.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountRole {
  /** It tells a role from a failure. */
  readonly _tag: "AccountRole"
  /** The account. */
  readonly account: Account
  /** The name of the role, which is the name of its permission set. */
  readonly roleName: string
}

/**
 * An account whose roles could not be listed. The other accounts are listed.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountFailure {
  /** It tells a failure from a role. */
  readonly _tag: "AccountFailure"
  /** The account. */
  readonly account: Account
  /** Why its roles could not be listed. */
  readonly error: RequestError
}

/**
 * The options of {@link layer}. None is required.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The role for which `credentials` gets credentials if the call names none. None by default: then the call fails with `RoleUnusable`. A
   * `Result` is for a role that comes from a config file, and that may be missing there.
   */
  readonly role?: RoleCredentials.Role | Result.Result<RoleCredentials.Role, RoleCredentials.RoleUnusable> | undefined
  /**
   * How often and how fast a request is sent again. By default there are at most 8 requests for one call, and no wait for one ends later than
   * 60 seconds after the start of the call. The waits grow from 200 milliseconds to 10 seconds. `{ times: 0 }` turns retries off. See `Retry.Options`
   * for each member. An unusable option makes the layer die with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

/**
 * The options of a call of `credentials`. None is required.
 *
 * @category models
 * @since 0.1.0
 */
export interface CredentialsOptions {
  /** Whether credentials are fetched even if fresh ones are kept. `false` by default. */
  readonly forceRefresh?: boolean | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of a request: the exceptions of the portal, and the client's own three errors.
 *
 * `UnauthorizedException` is rare: after the first 401 the session gives its next token, and after the second one it ends with `SessionEnded`.
 *
 * @category errors
 * @since 0.1.0
 */
export type RequestError =
  | PortalError.ForbiddenException
  | PortalError.InvalidRequestException
  | PortalError.ResourceNotFoundException
  | PortalError.TooManyRequestsException
  | PortalError.UnauthorizedException
  | ClientError.ClientError

/**
 * Every error of a list: those of the session, and those of a request.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = AccessToken.Error | RequestError

/**
 * Every error of `credentials`: those of a list, and a role that cannot be used.
 *
 * @category errors
 * @since 0.1.0
 */
export type CredentialsError = Error | RoleCredentials.RoleUnusable

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link Portal} gives.
 *
 * Each request uses the token of the session. If the portal responds 401, the session gives its next token, once for all callers, and the
 * request is sent again. A second 401 is `SessionEnded`.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The accounts in which the user has a role, in the portal's order. Pages of 100 are read as they are asked for. */
  readonly accounts: Stream.Stream<Account, Error>
  /** The roles that the user has in an account, in the portal's order. The account is its number of 12 digits. */
  readonly roles: (accountId: string) => Stream.Stream<RoleCredentials.Role, CredentialsError>
  /**
   * All roles of all accounts, in the order of the accounts, with at most 4 requests in flight. An account whose roles cannot be listed is an
   * `AccountFailure`, and not the end. After four in a row because the portal is down, the other accounts fail with the same error, and nothing
   * is sent for them. An error of the session ends the stream: all accounts would fail with it.
   */
  readonly allRoles: Stream.Stream<AccountRole | AccountFailure, Error>
  /**
   * Credentials for the named role, else for the role of the layer. They are given from the cache while they are fresh: with 15 minutes left, or
   * with half of their life if that is shorter. All callers share one request.
   *
   * If the request fails, credentials that are still valid are given, and the next request is sent a minute later at the earliest. With more
   * than 5 minutes left, a call waits 5 seconds at most. With `forceRefresh` it gives new credentials, or fails.
   */
  readonly credentials: (
    role?: RoleCredentials.Role,
    options?: CredentialsOptions
  ) => Effect.Effect<RoleCredentials.RoleCredentials, CredentialsError>
}

/**
 * The portal as a service.
 *
 * @example
 * ```ts
 * import * as Portal from "@sso-oidc/portal/Portal"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * const list = Portal.Portal.use(({ accounts }) =>
 *   Stream.runForEach(accounts, ({ accountId, accountName }) => Console.log(`${accountId} ${accountName}`))
 * )
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Portal extends Context.Service<Portal, Service>()("@sso-oidc/portal/Portal") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

// An option that is `undefined` is not given.
const retryOf = ({ base, cap, maxElapsed, maxRetryAfter, times }: Retry.Options = {}): Retry.Options => ({
  times: times ?? 7,
  base,
  cap: cap ?? "10 seconds",
  maxRetryAfter,
  maxElapsed: maxElapsed ?? "60 seconds"
})

const from = Effect.fnUntraced(function*(
  options: Options,
  limiter?: RateLimiter.RateLimiter
): Effect.fn.Return<
  Service,
  never,
  PortalClient.PortalClient | AccessToken.AccessToken | CredentialsCache.CredentialsCache | Scope.Scope
> {
  const client = yield* PortalClient.PortalClient
  const accessToken = yield* AccessToken.AccessToken
  const key = yield* Limit.keyOf(client.endpoint, accessToken.key)
  return yield* Running.make({
    client: Retry.make(Limit.client(client, key, limiter), retryOf(options.retry)),
    accessToken,
    cache: yield* CredentialsCache.CredentialsCache,
    role: options.role
  })
})

/**
 * The portal over the client, the session and the cache in the context. What it fetches ends with the scope.
 *
 * An invalid option of `retry` is a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<
  Service,
  never,
  PortalClient.PortalClient | AccessToken.AccessToken | CredentialsCache.CredentialsCache | Scope.Scope
> => from(options)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The portal as a layer. The requests of one session wait for each other, in all layers of this process: 3 go at once, and 15 in a second.
 *
 * @example
 * ```ts
 * import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
 * import * as Portal from "@sso-oidc/portal/Portal"
 * import * as PortalClient from "@sso-oidc/portal/PortalClient"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 *
 * // it still needs an `AccessToken`, which a session provides
 * const Live = Portal.layer({ role: { accountId: "111122223333", roleName: "ReadOnly" } }).pipe(
 *   Layer.provide(PortalClient.layer({ region: "eu-west-1" })),
 *   Layer.provide(CredentialsCache.layerMemory),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<
  Portal,
  never,
  PortalClient.PortalClient | AccessToken.AccessToken | CredentialsCache.CredentialsCache
> => Layer.effect(Portal, make(options))

/**
 * The portal as a layer whose requests wait by the `RateLimiter` in the context. Several processes with one session can share it, for example
 * with Effect's store over Redis. If the limiter does not work, the limit of this process takes its place.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRateLimited = (
  options: Options = {}
): Layer.Layer<
  Portal,
  never,
  | PortalClient.PortalClient
  | AccessToken.AccessToken
  | CredentialsCache.CredentialsCache
  | RateLimiter.RateLimiter
> => Layer.effect(Portal, Effect.flatMap(RateLimiter.RateLimiter, (limiter) => from(options, limiter)))

/**
 * The options of {@link layerLogout}: those of the client, without the region, which comes with each token. None is required.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogoutOptions extends Omit<Client.Options, "region"> {
  /**
   * How often and how fast a logout is sent again: at most 3 requests within 5 seconds by default. See `Retry.Options` for each member. An
   * unusable option makes the layer die with a `RangeError`.
   */
  readonly retry?: Retry.Options | undefined
}

/**
 * Logging out at the portal, for a session: core's `PortalLogout`. Provide it to the layer of the session. It takes the token as an argument,
 * so that it needs no session.
 *
 * `forget` removes role credentials from the cache in the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLogout = (
  options: LogoutOptions = {}
): Layer.Layer<PortalLogout, never, HttpClient.HttpClient | CredentialsCache.CredentialsCache> =>
  Layer.effect(
    PortalLogout,
    Effect.gen(function*() {
      const cache = yield* CredentialsCache.CredentialsCache
      return {
        logout: yield* LoggingOut.make(options),
        forget: (what) => Effect.suspend(() => UserFunction.effectOf("CredentialsCache.forget", cache.forget(what)))
      }
    })
  )
