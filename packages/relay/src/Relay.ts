/**
 * The relay for pages: a web handler that passes a page's requests on to the service.
 *
 * The service does not respond to pages of a foreign origin (CORS). The relay does, for the origins that you choose. It is a
 * function from `Request` to `Response`, so you can mount it in Node, Deno, Bun, a worker, or any framework. In the page, use
 * `FetchTransport.layerRelay` of `@sso-oidc/transport-browser`.
 *
 * It is no open proxy. It serves `POST {base}/{region}{path}` for the regions that it was given and the paths of
 * `SsoOidc.operations`, and nothing else:
 *
 * - It serves only pages of the chosen origins. It also rejects a request without an `Origin`: browsers send that header with
 *   each POST.
 * - It serves only the chosen start URLs, at registration (`issuerUrl`) and at the start of a login.
 * - It makes the URL that it calls from its options alone. It passes on only the body's members of the model, and none of the
 *   headers.
 * - It gives back the response's status, its body up to a limit, and the five headers that a client reads. It passes no
 *   redirect on.
 * - It marks HTML, and any other type that a browser would show as a document, as plain text.
 * - It does not pass on a request over the rate limit, nor a body that is too large, encoded, or not JSON.
 *
 * It rejects a request in the service's dialect, with an `InvalidRequestException` (429: `SlowDownException`). If there is no
 * response to pass on, it sends a 502, 503 or 504. Its header `x-sso-oidc-relay` says whether the request can have reached the
 * service, so the page's client knows what it may send again.
 *
 * It logs one thing: an error for the operator, if a function of the options fails or gives a value of another type. The line
 * names the function, and holds no value. Each request for an operation is one span `SSO OIDC relay.<Operation>` of the kind
 * `server`, which holds no secret and no URL.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Result from "effect/Result"
import * as Handling from "./internal/handling.ts"
import * as HttpApp from "./internal/http.ts"
import * as NodeHttp from "./internal/node.ts"
import * as Settings from "./internal/settings.ts"
import type * as NodeMessage from "./NodeMessage.ts"
import type * as RelayOptions from "./RelayOptions.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The operator's options. See `RelayOptions` for each member.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = RelayOptions.RelayOptions

/**
 * What a server knows of a request but a `Request` does not hold.
 *
 * {@link toNodeListener} and {@link toHttpEffect} fill it in. If you call the handler yourself, fill it in yourself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  /**
   * The target of the request as the caller sent it, such as `incoming.url` of `node:http`. The relay compares its path with
   * its own paths exactly.
   *
   * Without it, the relay uses the URL of the `Request`. Most servers have already resolved `..`, `%2e` and backslashes there,
   * so the relay cannot reject them.
   */
  readonly requestTarget?: string | undefined
  /** The IP address at the other end of the connection, for `rateLimit.key`. */
  readonly remoteAddress?: string | undefined
}

/**
 * Responds to one request. It never fails. When the page goes away, the request's `signal` aborts. The relay then interrupts
 * its request to the service.
 *
 * If the body was not read to its end, the relay reads up to 256 KiB of it after the response. If the body is longer, or its
 * length is not known, the response has the header `connection: close`. So no server waits for the rest of a body.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler = (request: Request, connection?: Connection) => Effect.Effect<Response>

/**
 * The parts of a request of Node's servers that {@link toNodeListener} uses.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeIncoming = NodeMessage.Incoming

/**
 * The parts of a response of Node's servers that {@link toNodeListener} uses.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeOutgoing = NodeMessage.Outgoing

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a relay over the `HttpClient` in the context. Give it a transport of this project: it follows no redirect, and its
 * failures say whether the request can have left.
 *
 * A region or an endpoint that cannot be used is an `EndpointError`. Options that make no sense are a mistake in the program:
 * the effect dies with a `RangeError` that names the option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Handler, ClientError.EndpointError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  return Handling.handler(yield* Effect.fromResult(Settings.check(options)), client)
})

/**
 * Makes a relay as a function of the web platform, over its own transport.
 *
 * Options that cannot be used are thrown at once: an `EndpointError` or a `RangeError`. The transport is built with the first
 * request, because workers may do nothing before it.
 *
 * @example
 * ```ts
 * import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
 * import * as Relay from "@sso-oidc/relay/Relay"
 *
 * const { handler } = Relay.toWebHandler({
 *   origins: ["https://app.example"],
 *   regions: ["eu-west-1"],
 *   startUrls: ["https://d-1234567890.awsapps.com/start"]
 * }, FetchTransport.layer)
 *
 * export default { fetch: (request: Request) => handler(request) }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const toWebHandler = (
  options: Options,
  transport: Layer.Layer<HttpClient.HttpClient>
): {
  /** Responds to one request. It rejects only if the transport cannot be built, or after `dispose`. */
  readonly handler: (request: Request, connection?: Connection) => Promise<Response>
  /** Releases the transport. */
  readonly dispose: () => Promise<void>
} => {
  const settings = Result.getOrThrow(Settings.check(options))
  const runtime = ManagedRuntime.make(transport)
  const handle = (request: Request, connection: Connection | undefined) =>
    Effect.flatMap(HttpClient.HttpClient, (client) => Handling.handler(settings, client)(request, connection))
  return {
    handler: (request, connection) => runtime.runPromise(handle(request, connection)),
    dispose: () => runtime.dispose()
  }
}

// -----------------------------------------------------------------------------
// servers
// -----------------------------------------------------------------------------

/**
 * The relay as a listener of a `node:http` server, over the handler of {@link toWebHandler}.
 *
 * It gives the relay the target and the address that Node knows, and ends the relay's request when the page goes away. It
 * rejects a method that no `Request` can have, such as TRACE, like any other. Before it closes a connection, it reads for half
 * a second more; otherwise the client could lose the response.
 *
 * Node itself closes the connection of a CONNECT. Add a listener for its event `connect` to send a response.
 *
 * @example
 * ```ts
 * import * as Relay from "@sso-oidc/relay/Relay"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import { createServer } from "node:http"
 *
 * const { handler } = Relay.toWebHandler({
 *   origins: ["https://app.example"],
 *   regions: ["eu-west-1"],
 *   startUrls: ["https://d-1234567890.awsapps.com/start"]
 * }, NodeTransport.layer())
 *
 * createServer(Relay.toNodeListener(handler)).listen(8080)
 * ```
 *
 * @category servers
 * @since 0.1.0
 */
export const toNodeListener = (
  handler: (request: Request, connection: Connection) => Promise<Response>,
  options: {
    /**
     * The origin at which pages find this server, such as `https://app.example`. It comes from the header `Host` by default.
     * Only `origins: ["same-origin"]` uses it. Give it if a proxy in front of the server changes host or scheme. A text that
     * is no origin is a `RangeError`.
     */
    readonly origin?: string | undefined
  } = {}
): (incoming: NodeIncoming, outgoing: NodeOutgoing) => void => NodeHttp.listener(handler, options.origin)

/**
 * The relay as an app of Effect's HTTP server, over the handler of {@link make}.
 *
 * It gives the relay the target and the address that the server knows. It rejects a method that no `Request` can have, such as
 * TRACE, like any other. Effect's `HttpEffect.fromWebHandler` does neither.
 *
 * @example
 * ```ts
 * import * as Relay from "@sso-oidc/relay/Relay"
 * import * as Effect from "effect/Effect"
 * import * as HttpRouter from "effect/http/HttpRouter"
 *
 * const routes = HttpRouter.use((router) =>
 *   Effect.gen(function*() {
 *     const relay = yield* Relay.make({
 *       origins: ["https://app.example"],
 *       regions: ["eu-west-1"],
 *       startUrls: ["https://d-1234567890.awsapps.com/start"]
 *     })
 *     yield* router.add("*", "/sso-oidc/*", Relay.toHttpEffect(relay))
 *   })
 * )
 * ```
 *
 * @category servers
 * @since 0.1.0
 */
export const toHttpEffect = (
  handler: Handler
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  HttpApp.app(handler)
