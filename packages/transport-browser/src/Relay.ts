/**
 * The relay that a page needs: a web handler that passes a page's requests on to the service.
 *
 * The service answers no page of a foreign origin (CORS). The relay does, for chosen origins. It is a function from
 * `Request` to `Response`, so that it can be mounted in Node, Deno, Bun, a worker, or any framework; on the page's side
 * `FetchTransport.layerRelay` leads a client to it.
 *
 * It is no open proxy. It answers `POST {base}/{region}{path}` for the regions that it was given and the paths of
 * RegisterClient, StartDeviceAuthorization and CreateToken, and nothing else:
 *
 * - only for pages of the chosen origins. A request without an `Origin` is refused too: browsers send one with each POST;
 * - only for the chosen start URLs, at registration (`issuerUrl`) as at the start of a login;
 * - the URL that it calls is made of its options alone; of a body only the members of the model are sent on, of the
 *   headers none;
 * - of an answer it gives back the status, the body up to a limit, and the five headers that a client reads. A redirect
 *   is never passed on;
 * - HTML of an answer, and any other type that a browser would show as a document, becomes plain text;
 * - a body over the limit, of another type, or in an encoding, and requests over the rate limit, are refused before
 *   anything is sent.
 *
 * What it refuses, it refuses in the service's dialect, as an `InvalidRequestException` (429: `SlowDownException`). What
 * it could not bring an answer for is a 502, 503 or 504 whose header `x-sso-oidc-relay` says whether the request can have
 * reached the service, so that the page's client knows what it may send again.
 *
 * It logs one thing: an error for the operator when a function of the options fails or gives a value of another type. The
 * line names the function, and holds no value. Each request that is for an operation is one span `SSO OIDC relay.<Operation>` of the kind `server`,
 * which holds no secret and no URL.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Result from "effect/Result"
import * as Handling from "./internal/relay/handling.ts"
import * as HttpApp from "./internal/relay/http.ts"
import * as NodeHttp from "./internal/relay/node.ts"
import * as Settings from "./internal/relay/settings.ts"
import type * as RateLimit from "./RateLimit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whom and what the relay serves.
 *
 * Each function is held to its type when it is called. The relay passes a request on only after each of them gave what its
 * type says. Any other value refuses the request, and the relay logs an error that names the function.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The origins of the pages, such as `https://app.example`: https, or http to loopback. `"same-origin"` is the origin that
   * the request itself was sent to, as its URL says. Use it only where no foreign host names lead to the relay.
   */
  readonly origins: ReadonlyArray<string>
  /** The regions of the access portals. */
  readonly regions: ReadonlyArray<string>
  /**
   * The start URLs, to the letter; or a function that says at once whether one may pass. The relay calls it with URLs of
   * https (or of http to loopback) only. `true` alone lets a start URL pass.
   */
  readonly startUrls: ReadonlyArray<string> | ((startUrl: string) => boolean)
  /** The path that the relay is mounted at. `/sso-oidc` by default; `/` where a framework has cut it off. */
  readonly base?: string | undefined
  /** The operator's own endpoint; see `Endpoint.Options` of core. A page has no say. */
  readonly endpoint?: string | undefined
  /** See `Endpoint.Options` of core. A page has no say. */
  readonly useFipsEndpoint?: boolean | undefined
  /** See `Endpoint.Options` of core. A page has no say. */
  readonly useDualstackEndpoint?: boolean | undefined
  /** The most bytes of a request, counted while reading. 64 KiB by default; a number below 1 is a `RangeError`. */
  readonly maxRequestBytes?: number | undefined
  /**
   * The most bytes of a response of the service, counted while reading, after a decompression by the transport. 256 KiB by
   * default; a number below 1 is a `RangeError`.
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * How long one request may take in all. 25 seconds by default. Keep it below the time limit of the page's client, so that
   * the page learns from the relay what came of its request. It must be longer than zero, and finite.
   */
  readonly requestTimeout?: Duration.Input | undefined
  /**
   * How many requests pass, and where they and their ids are counted.
   *
   * Without a store's `isFirst`, each process holds the ids that it passed on for 5 minutes, or for twice `requestTimeout`
   * if that is longer. In that time it passes no id on twice. It holds 100,000 ids at most, and forgets none early: when
   * it is full, it refuses new requests with a 503 (`RELAY_FULL`) until the oldest id has had its time.
   */
  readonly rateLimit?: RateLimit.Options | undefined
}

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
 * Answers one request. It never fails. When the request's `signal` aborts, since the page went away, the request to the
 * service is interrupted.
 *
 * If the body was not read to its end, the relay reads up to 256 KiB of it after the response. Where the body is longer, or
 * its length is not known, the response has the header `connection: close`. So no server waits for the rest of a body.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler = (request: Request, connection?: Connection) => Effect.Effect<Response>

/**
 * What {@link toNodeListener} needs of an `IncomingMessage` of `node:http`, or of a request of `node:http2`.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeIncoming {
  /** The method, as it was sent. */
  readonly method?: string | undefined
  /** The target, as it was sent. */
  readonly url?: string | undefined
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: ReadonlyArray<string>
  /** 1 of HTTP/1.1. */
  readonly httpVersionMajor: number
  /** The body was read to its end. */
  readonly readableEnded: boolean
  /** The connection. */
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** Listens for a chunk of the body, and for how the body ends. */
  readonly on: {
    (event: "data", listener: (chunk: Uint8Array) => void): unknown
    (event: "end" | "close" | "error", listener: () => void): unknown
  }
  /** Stops the chunks. */
  readonly pause: () => unknown
  /** Lets chunks come. */
  readonly resume: () => unknown
}

/**
 * What {@link toNodeListener} needs of a `ServerResponse` of `node:http`, or of a response of `node:http2`.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeOutgoing {
  /** The status line was sent. */
  readonly headersSent: boolean
  /** Listens for the end of the response, or of its connection. */
  readonly on: (event: "close", listener: () => void) => unknown
  /** Sends status and headers. */
  readonly writeHead: (status: number, headers: Record<string, string>) => unknown
  /** Sends a part of the body. */
  readonly write: (chunk: Uint8Array) => unknown
  /** Sends the last part of the body. */
  readonly end: {
    (): unknown
    (chunk: Uint8Array): unknown
  }
  /** Closes the connection. */
  readonly destroy: () => unknown
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A relay over the `HttpClient` in the context, which should be a transport of this project: it follows no redirect, and
 * knows of its failures whether the request can have left.
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
 * import * as Relay from "@sso-oidc/transport-browser/Relay"
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
 * import * as Relay from "@sso-oidc/transport-browser/Relay"
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
 * import * as Relay from "@sso-oidc/transport-browser/Relay"
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
