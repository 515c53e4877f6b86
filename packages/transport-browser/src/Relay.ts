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
 * - a body over the limit, of another type, or in an encoding, and requests over the rate limit, are refused before
 *   anything is sent.
 *
 * What it refuses, it refuses in the service's dialect, as an `InvalidRequestException` (429: `SlowDownException`). What
 * it could not bring an answer for is a 502, 503 or 504 whose header `x-sso-oidc-relay` says whether the request can have
 * reached the service, so that the page's client knows what it may send again.
 *
 * It logs nothing. Each request that is for an operation is one span `SSO OIDC relay.<Operation>` of the kind `server`,
 * which holds no secret and no URL.
 *
 * @since 0.1.0
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Result from "effect/Result"
import * as Handling from "./internal/relay/handling.ts"
import * as Settings from "./internal/relay/settings.ts"
import type * as RateLimit from "./RateLimit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whom and what the relay serves.
 *
 * - `origins`: the origins of the pages, such as `https://app.example`; https, or http to loopback. `"same-origin"` is the
 *   origin that the request itself was sent to, as its URL says: use it where only your own host names lead to the relay.
 * - `regions`: the regions of the access portals.
 * - `startUrls`: the start URLs, to the letter; or a function that says whether one may pass. It is asked of https URLs
 *   (or http to loopback) only.
 * - `base`: the path that the relay is mounted at. `/sso-oidc` by default; `/` where a framework has cut it off.
 * - `useFipsEndpoint`, `useDualstackEndpoint`, `endpoint`: see `Endpoint.Options` of core. They are the operator's; a page
 *   has no say.
 * - `maxRequestBytes`: 64 KiB by default, counted while reading.
 * - `maxResponseBytes`: 256 KiB by default, counted after decompression.
 * - `requestTimeout`: how long one request may take in all. 25 seconds by default, which is below that of a page's client,
 *   so that the page learns from the relay what came of its request.
 * - `rateLimit`: see `RateLimit.Options`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly origins: ReadonlyArray<string>
  readonly regions: ReadonlyArray<string>
  readonly startUrls: ReadonlyArray<string> | ((startUrl: string) => boolean)
  readonly base?: string | undefined
  readonly endpoint?: string | undefined
  readonly useFipsEndpoint?: boolean | undefined
  readonly useDualstackEndpoint?: boolean | undefined
  readonly maxRequestBytes?: number | undefined
  readonly maxResponseBytes?: number | undefined
  readonly requestTimeout?: Duration.Input | undefined
  readonly rateLimit?: RateLimit.Options | undefined
}

/**
 * Answers one request. It never fails. When the request's `signal` aborts, since the page went away, the request to the
 * service is interrupted.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler = (request: Request) => Effect.Effect<Response>

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
): Effect.fn.Return<Handler, SsoOidcError.EndpointError, HttpClient.HttpClient> {
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
  readonly handler: (request: Request) => Promise<Response>
  readonly dispose: () => Promise<void>
} => {
  const settings = Result.getOrThrow(Settings.check(options))
  const runtime = ManagedRuntime.make(transport)
  const handle = (request: Request) =>
    Effect.flatMap(HttpClient.HttpClient, (client) => Handling.handler(settings, client)(request))
  return {
    handler: (request) => runtime.runPromise(handle(request)),
    dispose: () => runtime.dispose()
  }
}
