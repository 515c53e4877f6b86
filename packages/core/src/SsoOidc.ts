/**
 * The client of the OIDC service of AWS IAM Identity Center.
 *
 * {@link SsoOidc} gives each operation as an Effect whose error channel lists exactly what can happen. It needs no AWS
 * credentials, sends each request once, follows no redirect, adds no trace header, and reads no answer beyond a cap. How
 * requests travel is decided by the `HttpClient` that its layer is given.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as ClientError from "./aws/ClientError.ts"
import * as Endpoint from "./aws/Endpoint.ts"
import type * as Operation from "./aws/Operation.ts"
import * as CreateToken from "./CreateToken.ts"
import * as Call from "./internal/call.ts"
import { version } from "./internal/version.ts"
import * as RegisterClient from "./RegisterClient.ts"
import * as StartDeviceAuthorization from "./StartDeviceAuthorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Runs any operation.
 *
 * @category models
 * @since 0.1.0
 */
export type Execute = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  request: Request
) => Effect.Effect<Response, E | ClientError.ClientError, R>

/**
 * What the client offers. The named methods are `execute` applied.
 *
 * Each call is one client span `SSO OIDC.<Operation>` with OpenTelemetry's RPC attributes. Interrupting a call closes
 * its connection.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The region whose service this client calls, in small letters. */
  readonly region: string
  /** The URL that the client calls, without a slash at its end. */
  readonly endpoint: string
  /** Runs any operation; needs what the operation needs. */
  readonly execute: Execute
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

/**
 * What a client is made of, beside its transport.
 *
 * - `region`, `endpoint`, `useFipsEndpoint`, `useDualstackEndpoint`: see `Endpoint.Options`.
 * - `requestTimeout`: how long one call may take, its body included. 30 seconds by default; longer than zero. Keep it
 *   above the transport's connect limit: core cannot tell whether a request that it gives up had left.
 * - `maxResponseBytes`: how large an answer may be, after decompression. 256 KiB by default; at least 1.
 * - `userAgent`: the `user-agent` header, `sso-oidc-effect/VERSION` by default; browsers send their own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Endpoint.Options {
  readonly requestTimeout?: Duration.Input | undefined
  readonly maxResponseBytes?: number | undefined
  readonly userAgent?: string | undefined
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
export const fromExecute = (options: {
  readonly region: string
  readonly endpoint: string
  readonly execute: Execute
}): Service =>
  SsoOidc.of({
    region: options.region,
    endpoint: options.endpoint,
    execute: options.execute,
    registerClient: (request) => options.execute(RegisterClient.operation, request),
    startDeviceAuthorization: (request) => options.execute(StartDeviceAuthorization.operation, request),
    createToken: (request) => options.execute(CreateToken.operation, request)
  })

interface Limits {
  readonly requestTimeout: Duration.Duration
  readonly maxResponseBytes: number
}

const limitsOf = (options: Options): Result.Result<Limits, string> => {
  const requestTimeout = Duration.fromInput(options.requestTimeout ?? "30 seconds")
  if (Option.isNone(requestTimeout) || !Duration.isGreaterThan(requestTimeout.value, Duration.zero)) {
    return Result.fail("requestTimeout must be a duration longer than zero")
  }
  const maxResponseBytes = options.maxResponseBytes ?? 256 * 1024
  if (!(maxResponseBytes >= 1)) return Result.fail("maxResponseBytes must be a number of at least 1")
  return Result.succeed({ requestTimeout: requestTimeout.value, maxResponseBytes })
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
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, ClientError.EndpointError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const limits = limitsOf(options)
  if (Result.isFailure(limits)) throw new RangeError(`SsoOidc: ${limits.failure}`)
  const endpoint = yield* Effect.fromResult(Endpoint.resolve(options))
  const region = Endpoint.regionOf(options.region)
  return fromExecute({
    region,
    endpoint,
    execute: Call.make({
      client,
      endpoint,
      region,
      ...limits.success,
      userAgent: options.userAgent ?? `sso-oidc-effect/${version}`
    })
  })
})

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
  options: Options
): Layer.Layer<SsoOidc, ClientError.EndpointError, HttpClient.HttpClient> => Layer.effect(SsoOidc, make(options))

/**
 * The client as a layer whose options come from configuration, such as `Environment`. Here a limit that makes no sense
 * is a `ConfigError`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Options>
): Layer.Layer<SsoOidc, ClientError.EndpointError | Config.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(
    SsoOidc,
    Effect.gen(function*() {
      const read = yield* Config.unwrap(options)
      const limits = limitsOf(read)
      if (Result.isFailure(limits)) {
        return yield* Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message: limits.failure })))
      }
      return yield* make(read)
    })
  )
