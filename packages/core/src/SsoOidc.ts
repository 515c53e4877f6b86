/**
 * The client of the OIDC service of AWS IAM Identity Center.
 *
 * {@link SsoOidc} offers each operation as an Effect whose error channel lists exactly its errors. It needs no AWS credentials.
 * It sends each request once, follows no redirect, adds no trace header, and reads each response up to a cap. The `HttpClient`
 * that you provide to its layer is the transport.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Client from "./aws/Client.ts"
import type * as ClientError from "./aws/ClientError.ts"
import * as CreateToken from "./CreateToken.ts"
import * as RegisterClient from "./RegisterClient.ts"
import * as SsoOidcService from "./SsoOidcService.ts"
import * as StartDeviceAuthorization from "./StartDeviceAuthorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The operations of the service. The emulator, the relay and the transports for tests derive their tables from this list. A new
 * operation is one new module and one entry here.
 *
 * @category operations
 * @since 0.1.0
 */
export const operations: readonly [
  typeof RegisterClient.operation,
  typeof StartDeviceAuthorization.operation,
  typeof CreateToken.operation
] = [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation]

/**
 * The name of an operation of the service.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = (typeof operations)[number]["name"]

/**
 * The client of the service. Each named method calls `execute` with its operation.
 *
 * Each call is one client span `SSO OIDC.<Operation>` with OpenTelemetry's RPC attributes. An interruption closes the connection
 * of the call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends Client.Client {
  /** This client with another `execute`, for wrappers such as `Retry`. */
  readonly withExecute: (execute: Client.Execute) => Service
  /** Registers a public client. */
  readonly registerClient: (
    request: RegisterClient.Request
  ) => Effect.Effect<RegisterClient.Response, RegisterClient.Error>
  /** Requests a device code, and the user code that a person confirms. */
  readonly startDeviceAuthorization: (
    request: StartDeviceAuthorization.Request
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Error>
  /**
   * Exchanges a device code, an authorization code or a refresh token for a token. It sends one request, without polling or
   * retry.
   */
  readonly createToken: (request: CreateToken.Request) => Effect.Effect<CreateToken.Response, CreateToken.Error>
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The client as a service.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as Effect from "effect/Effect"
 *
 * const register = Effect.gen(function*() {
 *   const oidc = yield* SsoOidc.SsoOidc
 *   return yield* oidc.registerClient({ clientName: "my-tool", clientType: "public", scopes: ["sso:account:access"] })
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class SsoOidc extends Context.Service<SsoOidc, Service>()("@sso-oidc/core/SsoOidc") {}

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
  return SsoOidc.of({
    region,
    endpoint,
    execute,
    withExecute: (execute) => fromExecute({ region, endpoint, execute }),
    registerClient: (request) => execute(RegisterClient.operation, request),
    startDeviceAuthorization: (request) => execute(StartDeviceAuthorization.operation, request),
    createToken: (request) => execute(CreateToken.operation, request)
  })
}

/**
 * A client over the `HttpClient` in the context. It fails with `EndpointError` if the region or the endpoint cannot be used.
 *
 * An invalid `requestTimeout` or `maxResponseBytes` is a mistake in the program: the effect dies with a `RangeError` that names
 * the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Client.Options
): Effect.Effect<Service, ClientError.EndpointError, HttpClient.HttpClient> =>
  Effect.map(Client.make(SsoOidcService.service, options), fromExecute)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(NodeTransport.layer()))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Client.Options
): Layer.Layer<SsoOidc, ClientError.EndpointError, HttpClient.HttpClient> => Layer.effect(SsoOidc, make(options))

/**
 * The client as a layer whose options come from configuration, such as `Environment`. Here an invalid limit is a `ConfigError`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Client.Options>
): Layer.Layer<SsoOidc, ClientError.EndpointError | Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(SsoOidc, Effect.map(Client.makeConfig(SsoOidcService.service, options), fromExecute))
