/**
 * Effect's `HttpClient` over `fetch`, for pages, workers and edge runtimes, and also for Deno, Bun and Node. It gives as many
 * guarantees of a transport as `fetch` allows.
 *
 * - It follows no redirect, sends no cookie or credential, caches nothing, and sends no referrer and no trace header.
 * - Interruption aborts the request.
 * - These settings are fixed inside the layer. A `FetchHttpClient.RequestInit` in the caller's context has no effect.
 * - A body is sent whole. A `Stream` is collected first, so its failure is an `EncodeError` of a request that did not leave.
 *   A raw body must be a string or bytes. Any other is an `EncodeError` too.
 *
 * It cannot give the other guarantees:
 *
 * - `fetch` does not tell whether a failed request had left. The transport says `sent: "no"` only if it did not call `fetch`:
 *   for a request that cannot be made, or a signal that was already aborted. Every other failure is `"maybe"`, so an
 *   authorization code or a refresh token is never sent again after it.
 * - A page cannot tell an untrusted certificate from a broken network, so `transient` is `true` there. Node and Bun name the
 *   certificate.
 * - It has no connect limit. Core's `requestTimeout` limits the whole request.
 * - The platform owns the connections, and may send a request again when a kept connection turned out dead. After a 421
 *   (Misdirected Request), by which a server says that it did not act, `fetch` sends once more on a new connection.
 * - A page cannot always choose its `user-agent`, and its platform adds headers of its own.
 * - The service does not respond to pages of a foreign origin (CORS), so a page needs a relay: {@link layerRelay}, and the
 *   package `@sso-oidc/relay`.
 *
 * On Node, `@sso-oidc/transport-node` gives all guarantees.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Exchange from "./internal/exchange.ts"
import * as Relayed from "./internal/relayed.ts"

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. It calls the `FetchHttpClient.Fetch` of the context. By default that is the global `fetch` at the time
 * of the request. Provide your own `fetch` there, such as a test's. If yours knows more about its failures, it may reject with
 * core's `TransportCause`.
 *
 * A failure is a `TransportError` whose cause is core's `TransportCause`. Its code is the platform's if there is one
 * (`ECONNREFUSED` on Node), else `FETCH_FAILED`. A request that was never given to `fetch` has `sent: "no"` and one of the
 * codes `INVALID_REQUEST`, `UPGRADE_UNSUPPORTED`, `ABORTED` and `NO_FETCH`.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(FetchTransport.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<HttpClient.HttpClient> =
  // the merged context has the layer's `Fetch`, and the caller's `Fetch` before it
  /* @__PURE__ */ HttpClient.layerMergedContext(/* @__PURE__ */ Effect.sync(Exchange.make))

/**
 * The client for a page. It sends requests for the service to a relay (the package `@sso-oidc/relay`), because the service does
 * not respond to pages of a foreign origin. The client above it needs no change: it keeps its region.
 *
 * A failure says what it would say without a relay. `sent: "no"` means that the relay is certain that this request did not
 * reach the service. `"answered"` means that the service's response was lost after it reached the relay.
 *
 * Only the operations of `SsoOidc.operations` at the plain endpoint of a region are relayed. Any other request fails with code
 * `NOT_RELAYED` and `sent: "no"`. The relay's operator chooses FIPS, dual-stack and other endpoints.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provide(FetchTransport.layerRelay({ url: "/sso-oidc" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRelay = (options: {
  /**
   * The URL at which the relay is mounted: absolute, or relative to the page, such as `/sso-oidc`. It is https, or http to
   * loopback, without user info, query or fragment. Any other URL is an `EndpointError`.
   */
  readonly url: string
}): Layer.Layer<HttpClient.HttpClient, ClientError.EndpointError> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const relay = yield* Effect.fromResult(Relayed.urlOf(options.url))
      return Relayed.through(yield* HttpClient.HttpClient, relay)
    })
  ).pipe(Layer.provide(layer))
