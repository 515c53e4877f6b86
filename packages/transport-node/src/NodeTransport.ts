/**
 * Effect's `HttpClient` over `node:http` and `node:https`, under the promises that core's operations rest on.
 *
 * - One request on the wire per `execute`: none is repeated, also not after a kept-alive connection turned out dead.
 * - No redirect is followed, no cookie or credential added, no encoding asked for.
 * - Interruption, and the end of the scope of `HttpClient.withScope`, close the connection of an unfinished exchange; a
 *   finished one leaves its connection for the next request.
 * - A new connection has a limit of time, which covers name, TCP and TLS.
 * - A failure says whether the request can have left: the cause of its `TransportError` is core's `TransportCause`, and
 *   `sent: "no"` is said of a socket that was seen never to open, not of an error code.
 * - Connections belong to the client's scope, close with it, and do not keep an idle process alive.
 *
 * A body of a request is sent with its length. A `Stream` is collected first, so that its failure is an `EncodeError`
 * of a request that did not leave; `FormData` and an `upgrade` are refused, as is a URL with user info.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Exchange from "./internal/exchange.ts"
import * as Pool from "./internal/pool.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How connections are made and kept.
 *
 * - `connectTimeout`: how long a new connection may take, from the name to the end of the TLS handshake. 10 seconds by
 *   default; longer than zero, `Infinity` for no limit. Kept by Effect's `Clock`. Past it the request fails with code
 *   `CONNECT_TIMEOUT` and `sent: "no"`.
 * - `idleTimeout`: how long an unused connection is kept for the next request. 30 seconds by default, which outlasts
 *   the pause between two polls; zero keeps none, `Infinity` keeps it until either side closes it. Kept by the
 *   platform's clock, and looked at again before a connection is used, so that a process that was frozen in between
 *   does not write to a connection that the service has long given up. A server that announces a shorter time
 *   (`keep-alive: timeout=5`) has its way.
 *
 * There is no limit on the number of connections: limit the callers (`Semaphore`, `concurrency`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly connectTimeout?: Duration.Input | undefined
  readonly idleTimeout?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A client whose connections live in the scope. Once the scope is closed, its requests fail with code `CLIENT_CLOSED`.
 *
 * Options that make no sense are a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<HttpClient.HttpClient, never, Scope.Scope> {
  const connectTimeout = durationOf("connectTimeout", options.connectTimeout ?? "10 seconds")
  if (Duration.isZero(connectTimeout)) throw new RangeError("NodeTransport: connectTimeout must be longer than zero")
  const idleTimeout = durationOf("idleTimeout", options.idleTimeout ?? "30 seconds")
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => new Pool.Pool(Duration.toMillis(idleTimeout))),
    (pool) => Effect.sync(() => pool.close())
  )
  return HttpClient.make((request, url, signal) => Exchange.run({ pool, connectTimeout }, request, url, signal))
})

const durationOf = (name: string, input: Duration.Input): Duration.Duration => {
  const duration = Duration.fromInput(input)
  // of NaN Effect makes zero, without a word
  if (Number.isNaN(input) || duration._tag === "None" || Duration.isNegative(duration.value)) {
    throw new RangeError(`NodeTransport: ${name} is no duration of zero or more`)
  }
  return duration.value
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. Its connections close with the layer. See {@link make} for options that make no sense.
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
export const layer = (options?: Options): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(HttpClient.HttpClient, make(options))
