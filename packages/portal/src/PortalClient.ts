/**
 * The client of the access portal: each operation once, with the token as an argument.
 *
 * A program that has a session uses `Portal`, which has the token, waits between requests, and keeps role credentials. This client has none
 * of that. It sends each request once, follows no redirect, adds no trace header, and reads each response up to a cap. The `HttpClient` that
 * you provide to its layer is the transport.
 *
 * @since 0.1.0
 */
import * as Client from "@sso-oidc/core/aws/Client"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as GetRoleCredentials from "./GetRoleCredentials.ts"
import * as ListAccountRoles from "./ListAccountRoles.ts"
import * as ListAccounts from "./ListAccounts.ts"
import * as Logout from "./Logout.ts"
import * as PortalService from "./PortalService.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The operations of the portal. The emulator and the transports for tests derive their tables from this list. A new operation is one new
 * module and one entry here.
 *
 * @category operations
 * @since 0.1.0
 */
export const operations: readonly [
  typeof GetRoleCredentials.operation,
  typeof ListAccounts.operation,
  typeof ListAccountRoles.operation,
  typeof Logout.operation
] = [GetRoleCredentials.operation, ListAccounts.operation, ListAccountRoles.operation, Logout.operation]

/**
 * The name of an operation of the portal.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = (typeof operations)[number]["name"]

/**
 * The client of the portal. Each named method calls `execute` with its operation.
 *
 * Each call is one client span `SSO.<Operation>` with OpenTelemetry's RPC attributes. An interruption closes the connection of the call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends Client.Client {
  /** This client with another `execute`, for wrappers such as `Retry`. */
  readonly withExecute: (execute: Client.Execute) => Service
  /** Gets temporary credentials for a role in an account. */
  readonly getRoleCredentials: (
    request: GetRoleCredentials.Request
  ) => Effect.Effect<GetRoleCredentials.Response, GetRoleCredentials.Error>
  /** Lists a page of the accounts in which the user has a role. */
  readonly listAccounts: (request: ListAccounts.Request) => Effect.Effect<ListAccounts.Response, ListAccounts.Error>
  /** Lists a page of the roles that the user has in an account. */
  readonly listAccountRoles: (
    request: ListAccountRoles.Request
  ) => Effect.Effect<ListAccountRoles.Response, ListAccountRoles.Error>
  /** Ends the session of the access token. */
  readonly logout: (request: Logout.Request) => Effect.Effect<Logout.Response, Logout.Error>
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The client as a service.
 *
 * @example
 * ```ts
 * import * as PortalClient from "@sso-oidc/portal/PortalClient"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * const firstPage = (accessToken: Redacted.Redacted) =>
 *   Effect.gen(function*() {
 *     const portal = yield* PortalClient.PortalClient
 *     return yield* portal.listAccounts({ accessToken, maxResults: 100 })
 *   })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class PortalClient extends Context.Service<PortalClient, Service>()("@sso-oidc/portal/PortalClient") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a client from its `execute`, for wrappers of another client, such as a retry, a log or a test.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromExecute = (client: Client.Client): Service => {
  const { endpoint, execute, region } = client
  return PortalClient.of({
    region,
    endpoint,
    execute,
    withExecute: (execute) => fromExecute({ region, endpoint, execute }),
    getRoleCredentials: (request) => execute(GetRoleCredentials.operation, request),
    listAccounts: (request) => execute(ListAccounts.operation, request),
    listAccountRoles: (request) => execute(ListAccountRoles.operation, request),
    logout: (request) => execute(Logout.operation, request)
  })
}

/**
 * A client over the `HttpClient` in the context. It fails with `EndpointError` if the region or the endpoint cannot be used.
 *
 * An invalid `requestTimeout` or `maxResponseBytes` is a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Client.Options
): Effect.Effect<Service, ClientError.EndpointError, HttpClient.HttpClient> =>
  Effect.map(Client.make(PortalService.service, options), fromExecute)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer.
 *
 * @example
 * ```ts
 * import * as PortalClient from "@sso-oidc/portal/PortalClient"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 *
 * const Live = PortalClient.layer({ region: "eu-west-1" }).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Client.Options
): Layer.Layer<PortalClient, ClientError.EndpointError, HttpClient.HttpClient> =>
  Layer.effect(PortalClient, make(options))

/**
 * The client as a layer whose options come from configuration, such as core's `Environment`. Here an invalid limit is a `ConfigError`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Client.Options>
): Layer.Layer<PortalClient, ClientError.EndpointError | Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(PortalClient, Effect.map(Client.makeConfig(PortalService.service, options), fromExecute))
