/**
 * The relay that a page needs: a web handler that passes a page's requests on to the service.
 *
 * The service does not respond to pages of a foreign origin (CORS). The relay does, for chosen origins. It is a function from
 * `Request` to `Response`, so you can mount it in Node, Deno, Bun, a worker, or any framework. On the page's side,
 * `FetchTransport.layerRelay` of `@sso-oidc/transport-browser` leads a client to it.
 *
 * It is no open proxy. It serves `POST {base}/{region}{path}` for the regions that it was given and the paths of
 * `SsoOidc.operations`, and nothing else:
 *
 * - It serves only pages of the chosen origins. It also refuses a request without an `Origin`: browsers send one with each
 *   POST.
 * - It serves only the chosen start URLs, at registration (`issuerUrl`) as at the start of a login.
 * - It makes the URL that it calls of its options alone. Of a body it sends the members of the model on and no others, and of
 *   the headers none.
 * - Of a response it gives back the status, the body up to a limit, and the five headers that a client reads. It passes no
 *   redirect on.
 * - HTML of a response, and any other type that a browser would show as a document, becomes plain text.
 * - It sends nothing for a body over the limit, of another type, or in an encoding, nor for requests over the rate limit.
 *
 * It refuses a request in the service's dialect, with an `InvalidRequestException` (429: `SlowDownException`). If there is no
 * response to pass on, it sends a 502, 503 or 504. Its header `x-sso-oidc-relay` says whether the request can have reached the
 * service, so the page's client knows what it may send again.
 *
 * It logs one thing: an error for the operator when a function of the options fails or gives a value of another type. The
 * line names the function, and holds no value. Each request for an operation is one span `SSO OIDC relay.<Operation>` of the
 * kind `server`, which holds no secret and no URL.
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
 * What the operator tells the relay. See `RelayOptions` for each member.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = RelayOptions.RelayOptions

/**
 * What a server knows of a request, and a `Request` does not say.
 *
 * {@link toNodeListener} and {@link toHttpEffect} fill it in. Give it yourself where you call the handler yourself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  /**
   * The target of the request as the caller sent it, such as `incoming.url` of `node:http`. The relay compares its path
   * with its own paths to the letter.
   *
   * Without it, the relay takes the URL of the `Request`. Most servers have resolved `..`, `%2e` and backslashes there, so
   * the relay cannot refuse them.
   */
  readonly requestTarget?: string | undefined
  /** The IP address at the other end of the connection, for `rateLimit.key`. */
  readonly remoteAddress?: string | undefined
}

/**
 * Responds to one request. It never fails. When the page goes away, the request's `signal` aborts. The relay then interrupts
 * its request to the service.
 *
 * If the body was not read to its end, the relay reads up to 256 KiB of it after the response. Where the body is longer, or
 * its length is not known, the response has the header `connection: close`. So no server waits for the rest of a body.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler = (request: Request, connection?: Connection) => Effect.Effect<Response>

/**
 * What {@link toNodeListener} needs of a request of Node's servers.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeIncoming = NodeMessage.Incoming

/**
 * What {@link toNodeListener} needs of a response of Node's servers.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeOutgoing = NodeMessage.Outgoing

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A relay over the `HttpClient` in the context. Give it a transport of this project: such a transport follows no redirect,
 * and knows of its failures whether the request can have left.
 *
 * A region or an endpoint that cannot be used is an `EndpointError`. Options that make no sense are a mistake in the
 * program: the effect dies with a `RangeError` that names the option.
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
 * A relay as a function of the web platform, over a transport of its own.
 *
 * Options that cannot be used are thrown at once: an `EndpointError` or a `RangeError`. The transport is built with the
 * first request, since workers may do nothing before it; `dispose` releases it.
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
  readonly handler: (request: Request, connection?: Connection) => Promise<Response>
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
 * It gives the relay the target and the address that Node knows, and ends the relay's request when the page goes away. A
 * method that no `Request` can have, such as TRACE, is refused as any other. A connection that closes is read for half a
 * second more, since its client could lose the response else.
 *
 * `origin` is where pages find this server, such as `https://app.example`. By default it is made of the header `Host`. It
 * matters only for `origins: ["same-origin"]`; give it where a proxy in front of the server changes host or scheme. Any
 * other text is a `RangeError`.
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
  options: { readonly origin?: string | undefined } = {}
): (incoming: NodeIncoming, outgoing: NodeOutgoing) => void => NodeHttp.listener(handler, options.origin)

/**
 * The relay as an app of Effect's HTTP server, over the handler of {@link make}.
 *
 * It gives the relay the target and the address that the server knows. A method that no `Request` can have, such as TRACE,
 * is refused as any other. Effect's `HttpEffect.fromWebHandler` does neither.
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
