/**
 * Effect's `HttpClient` over `node:http` and `node:https`. It gives the guarantees that core's operations need.
 *
 * - It sends one request per `execute`. It repeats none, even if a kept connection turns out dead.
 * - It writes no request to a connection whose end has already arrived. It checks the connection before it writes.
 * - It follows no redirect, adds no cookie or credential, and asks for no encoding.
 * - Interruption closes the connection of an unfinished exchange, and so does the end of the scope of `HttpClient.withScope`. A
 *   finished exchange leaves its connection for the next request.
 * - A new connection has a time limit. It covers the name, TCP and TLS. The addresses of a name race, so a dead
 *   address does not block a working one.
 * - A failure says whether the request can have left. The cause of its `TransportError` is core's `TransportCause`. It says
 *   `sent: "no"` only if the transport saw that the socket never opened. An error code alone does not decide it.
 * - Connections belong to the client's scope and close with it. They do not keep an idle process alive.
 *
 * A body is sent with its length. A `Stream` is collected first, so its failure is an `EncodeError` of a request that did not
 * leave. `FormData`, an `upgrade`, and a URL with user info are refused.
 *
 * It connects to the target itself, and trusts the platform's certificate authorities (with `NODE_EXTRA_CA_CERTS`). For proxies, other
 * authorities or a certificate of your own, use `NodeTransport`. A bundle with this module is about 3 kB smaller.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Client from "./internal/client.ts"
import * as Routing from "./internal/routing.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How connections are made and kept. A value that makes no sense is a mistake in the program (a `RangeError`).
 *
 * @category models
 * @since 0.1.0
 */
export interface ConnectionOptions {
  /**
   * How long opening a new connection may take: the name, the proxy, TCP and the TLS handshake together. 10 seconds by
   * default; a bare number counts milliseconds. It must be longer than zero; `Infinity` means no limit.
   *
   * Effect's `Clock` measures it. After it, the request fails with code `CONNECT_TIMEOUT` and `sent: "no"`. It also limits
   * each address of a name: the transport tries the last address before half of it has passed.
   */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long an unused connection is kept for the next request. 30 seconds by default, which is longer than the usual wait
   * between two polls. A bare number counts milliseconds. Zero keeps none. `Infinity` keeps a connection until a side closes it.
   * A negative time is refused. If a server announces a shorter time (`keep-alive: timeout=5`), that time holds.
   *
   * The platform's clock measures it. The transport checks it again before it uses a connection. So a process that was frozen
   * in between does not write to a connection that the service has closed long ago.
   */
  readonly idleTimeout?: Duration.Input | undefined
  /**
   * How many connections an origin may have at once. `Infinity` by default; else a whole number of at least 1.
   *
   * A request over the limit waits in a queue, where no limit of the transport runs. A connection is in use until the body of
   * its response was read or dropped.
   */
  readonly maxConnections?: number | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a client whose connections live in the scope. After the scope has closed, requests fail with code `CLIENT_CLOSED`.
 *
 * A time or a number that makes no sense is a mistake in the program: the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: ConnectionOptions = {}): Effect.Effect<HttpClient.HttpClient, never, Scope.Scope> =>
  Effect.suspend(() => Client.open(Client.checked("DirectTransport", options), Routing.direct))

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. Its connections close with the layer. See {@link make} for options that make no sense.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(DirectTransport.layer()))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: ConnectionOptions): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(HttpClient.HttpClient, make(options))
