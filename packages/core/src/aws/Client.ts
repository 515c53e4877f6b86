/**
 * The client that calls any operation of a service. It encodes the request, authenticates it, sends it once, and decodes the
 * response.
 *
 * It never sends a request twice. `Retry` does, for operations that allow it.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as Encode from "../internal/encode.ts"
import * as Exchange from "../internal/exchange.ts"
import * as Judge from "../internal/judge.ts"
import { version } from "../internal/version.ts"
import type * as ClientError from "./ClientError.ts"
import * as Endpoint from "./Endpoint.ts"
import type * as Operation from "./Operation.ts"
import type * as Service from "./Service.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Runs any operation of the client's service. An operation of another service fails with `RequestInvalid`, and nothing is sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Execute = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  request: Request
) => Effect.Effect<Response, E | ClientError.ClientError, R>

/**
 * A client of one service at one endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  /** The region of the service that this client calls, in lower case. */
  readonly region: string
  /** The URL of the service that this client calls, without a slash at its end. */
  readonly endpoint: string
  /** Runs any operation of the service. It has the requirements of the operation. */
  readonly execute: Execute
}

/**
 * The options of a client. Its transport is no option: it comes from the context.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Endpoint.Options {
  /**
   * The longest time that one call may take, with the body of its response. 30 seconds by default. It must be longer than zero; a
   * bare number counts milliseconds. It begins after `authenticate` of the operation, which has a limit of its own.
   *
   * Keep it longer than the transport's limit for connecting. When `requestTimeout` ends a call, the client does not know whether
   * the request was sent.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /** The largest body of a response, in bytes after decompression. 262,144 (256 KiB) by default. It must be at least 1. */
  readonly maxResponseBytes?: number | undefined
  /** The `user-agent` header. `sso-oidc-effect/<version>` by default. A browser sends its own instead. */
  readonly userAgent?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

interface Limits {
  readonly requestTimeout: Duration.Duration
  readonly maxResponseBytes: number
}

/** The limits, or a sentence that says what is wrong with them. */
const limitsOf = (options: Options): Limits | string => {
  const requestTimeout = Duration.fromInput(options.requestTimeout ?? "30 seconds")
  if (Option.isNone(requestTimeout) || !(Duration.toMillis(requestTimeout.value) > 0)) {
    return "requestTimeout must be longer than zero"
  }
  const maxResponseBytes = options.maxResponseBytes ?? 256 * 1024
  return maxResponseBytes >= 1
    ? { requestTimeout: requestTimeout.value, maxResponseBytes }
    : "maxResponseBytes must be at least 1"
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
export const make = Effect.fnUntraced(function*(
  service: Service.Service,
  options: Options
): Effect.fn.Return<Client, ClientError.EndpointError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const limits = limitsOf(options)
  if (typeof limits === "string") throw new RangeError(`${service.name}: ${limits}`)
  const endpoint = yield* Effect.fromResult(Endpoint.resolve(service, options))
  const region = Endpoint.regionOf(options.region)
  const settings: Settings = {
    service,
    // one client whose connections close with the scope, for all calls
    client: HttpClient.withScope(client),
    endpoint,
    region,
    ...limits,
    userAgent: options.userAgent ?? `sso-oidc-effect/${version}`
  }
  return {
    region,
    endpoint,
    execute: (operation, request) => spanned(settings, operation, (span) => call(settings, operation, request, span))
  }
})

/**
 * A client whose options come from configuration, such as `Environment`. Here an invalid limit is a `ConfigError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeConfig = (
  service: Service.Service,
  options: Config.Wrap<Options>
): Effect.Effect<Client, ClientError.EndpointError | Config.ConfigError, HttpClient.HttpClient> =>
  // A bundler keeps an `Effect.fn` at the top of a module, and with it the module Config.
  Effect.gen(function*() {
    const read = yield* Config.unwrap(options)
    const limits = limitsOf(read)
    if (typeof limits === "string") {
      return yield* Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message: limits })))
    }
    return yield* make(service, read)
  })

// -----------------------------------------------------------------------------
// span
// -----------------------------------------------------------------------------

interface Settings extends Encode.Settings, Exchange.Settings {
  readonly service: Service.Service
  readonly region: string
}

const tagOf = (error: unknown): string => {
  const tag = Wire.memberOf(error, "_tag")
  return typeof tag === "string" ? tag : "_OTHER"
}

/**
 * Whether the exception is part of the ordinary course, such as "authorization pending". With a 5xx, it is a failure of the
 * service.
 */
const isExpected = ({ exceptions }: Operation.Any, error: unknown): boolean =>
  Number(Wire.memberOf(error, "status")) < 500 &&
  exceptions.some(({ expected, type }) => expected && type === tagOf(error))

const spanned = <A, E, R>(
  { region, service }: Settings,
  operation: Operation.Any,
  use: (span: Tracer.Span) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Wire.useSpan(
    `${service.name}.${operation.name}`,
    {
      kind: "client",
      attributes: {
        "rpc.system": "aws-api",
        "rpc.service": service.name,
        "rpc.method": operation.name,
        "cloud.region": region
      }
    },
    use,
    (error, span) => {
      const expected = isExpected(operation, error)
      if (!expected) span.attribute("error.type", tagOf(error))
      return expected
    }
  )

// -----------------------------------------------------------------------------
// call
// -----------------------------------------------------------------------------

const call = <Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request,
  span: Tracer.Span
): Effect.Effect<Response, E | ClientError.ClientError, R> =>
  Effect.gen(function*() {
    const { region, service } = settings
    const refuse = (detail: string) => Effect.fail(Encode.invalid(operation.name, detail))
    if (operation.service.name !== service.name) return yield* refuse(`this client calls only ${service.name}`)
    let secrets: Array<string>
    try {
      secrets = Encode.secretsIn(input)
    } catch {
      return yield* refuse("a secret was wiped: make a new Redacted")
    }
    const encoded = yield* Encode.encode(settings, operation, input)
    const request = operation.authenticate === undefined
      ? encoded
      : yield* operation.authenticate(encoded, { region, signingName: service.signingName, secrets })
    const bad = Encode.badHeader(request)
    if (bad !== undefined) return yield* refuse(`HTTP does not allow the characters of the header ${bad}`)
    const received = yield* Exchange.exchange(settings, operation, request, secrets, span)
    return yield* Judge.judge(operation, received, secrets)
  })
