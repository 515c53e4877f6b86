/**
 * The client of the OIDC service of AWS IAM Identity Center.
 *
 * {@link SsoOidc} gives each operation as an Effect whose error channel lists exactly what can happen. It needs no AWS
 * credentials, sends each request once, follows no redirect, adds no trace header, and reads no answer beyond a cap. How
 * requests travel is decided by the `HttpClient` that its layer is given.
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
 * The operations of the service. The emulator, the relay and the transports for tests derive their tables from this list, so that
 * a new operation is one new module and one entry here.
 *
 * @category operations
 * @since 0.1.0
 */
export const operations = [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation] as const

/**
 * The name of an operation of the service.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = (typeof operations)[number]["name"]

/**
 * What the client offers. The named methods are `execute` applied.
 *
 * Each call is one client span `SSO OIDC.<Operation>` with OpenTelemetry's RPC attributes. Interrupting a call closes
 * its connection.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends Client.Client {
  /** This client over another `execute`: for what wraps it, such as `Retry`. */
  readonly withExecute: (execute: Client.Execute) => Service
  /** Registers a public client. */
  readonly registerClient: (
    request: RegisterClient.Request
  ) => Effect.Effect<RegisterClient.Response, RegisterClient.Error>
  /** Asks for a device code and the code that a person confirms. */
  readonly startDeviceAuthorization: (
    request: StartDeviceAuthorization.Request
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Error>
  /** Trades a device code, an authorization code or a refresh token for a token. One attempt: no polling, no retry. */
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
 * A client from its `execute`: for what wraps another client, such as a retry, a log, or a test.
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
 * A client over the `HttpClient` in the context. Fails with `EndpointError` where region and endpoint cannot be used.
 *
 * A `requestTimeout` or `maxResponseBytes` that makes no sense is a mistake in the program: the effect dies with a
 * `RangeError` that names the option.
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
 * The client as a layer whose options come from configuration, such as `Environment`. Here a limit that makes no sense
 * is a `ConfigError`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Client.Options>
): Layer.Layer<SsoOidc, ClientError.EndpointError | Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(SsoOidc, Effect.map(Client.makeConfig(SsoOidcService.service, options), fromExecute))
