/**
 * Effect's `HttpClient` over `fetch`, for pages, workers and edge runtimes (also Deno, Bun and Node), with as many of
 * the promises that core's operations rest on as `fetch` can keep.
 *
 * It keeps these: no redirect is followed, no cookie or credential is sent along, nothing is cached, no referrer and no
 * trace header is told, and interruption aborts the request. The settings for it sit inside this layer, so that a
 * `FetchHttpClient.RequestInit` in the caller's context has no say.
 *
 * It cannot keep the others:
 *
 * - `fetch` does not tell whether a failed request had left. `sent: "no"` is said only where `fetch` was never called: of
 *   a request that cannot be made, and of a signal that was aborted before. All else is `"maybe"`: an authorization code
 *   or a refresh token is never sent again after a failure.
 * - A page is not told an untrusted certificate from a cable that was pulled, so that `transient` is `true` there. Node and
 *   Bun name the certificate.
 * - There is no limit on connecting: core's `requestTimeout` stands in.
 * - Connections, and whether one that went stale leads to a second try, are the platform's affair. So is the answer to a
 *   421 (Misdirected Request), by which a server says that it did not act: `fetch` asks once more on a new connection.
 * - A page cannot choose its `user-agent` everywhere, and its platform adds headers of its own.
 * - The service does not respond to pages of a foreign origin (CORS), so a page needs a relay: {@link layerRelay}, and the
 *   package `@sso-oidc/relay`.
 *
 * Where there are sockets, `@sso-oidc/transport-node` keeps them all.
 *
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Failure from "./internal/failure.ts"
import * as Relayed from "./internal/relayed.ts"

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

// `redirect: "manual"` and not "error": a redirect comes back as an answer (a 3xx, or status 0 in a browser), which core
// refuses for what it is, while "error" would look like a transient network failure. Nor does workerd take "error".
const settings: RequestInit = {
  redirect: "manual",
  credentials: "omit",
  cache: "no-store",
  referrerPolicy: "no-referrer"
}

// An edge runtime throws at a setting that it does not implement (workerd at `credentials`, `referrerPolicy`, and at
// `cache` before 2024-11), and has nothing that the setting would turn off. A setting that a platform implements shows
// on its `Request`. `redirect` is set in any case: without it the client secret follows a 307 to another origin.
const pinned = (): RequestInit => {
  const known: object = typeof Request === "undefined" ? {} : Request.prototype
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name === "redirect" || name in known))
}

// Effect keeps the first global `fetch` that it has seen. A mock or an instrumentation that replaces it later must be called.
const fetchOf = (context: Context.Context<never>): typeof globalThis.fetch =>
  Context.getOrUndefined(context, FetchHttpClient.Fetch) ?? globalThis.fetch

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. It calls the `FetchHttpClient.Fetch` of the context, by default the `fetch` that is global when the
 * request is made. Give a `fetch` of your own there, such as one that a test scripts. If it knows more of its failures than
 * `fetch` does, it may reject with core's `TransportCause`.
 *
 * A failure is a `TransportError` whose cause is core's `TransportCause`, with the platform's code where it gives one
 * (`ECONNREFUSED` on Node), else `FETCH_FAILED`. What was never given to `fetch` has `sent: "no"` and one of the codes
 * `INVALID_REQUEST`, `UPGRADE_UNSUPPORTED`, `ABORTED` and `NO_FETCH`.
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
export const layer: Layer.Layer<HttpClient.HttpClient> = /* @__PURE__ */ Layer.provide(
  // of the merged context, so that the `Fetch` of the layer counts, and that of the call before it
  /* @__PURE__ */ HttpClient.layerMergedContext(
    /* @__PURE__ */ Effect.map(HttpClient.HttpClient, (client) => {
      const init = pinned()
      return HttpClient.transformResponse(
        client,
        (response) =>
          Effect.contextWith((context: Context.Context<never>) =>
            response.pipe(
              Effect.provideService(FetchHttpClient.Fetch, Failure.careful(fetchOf(context))),
              Effect.provideService(FetchHttpClient.RequestInit, init),
              Effect.provideService(HttpClient.TracerPropagationEnabled, false),
              Effect.mapError(Failure.told)
            )
          )
      )
    })
  ),
  FetchHttpClient.layer
)

/**
 * The client of a page: requests for the service go to a relay instead (the package `@sso-oidc/relay`), since the service does
 * not respond to pages of a foreign origin. The client above it stays as it is, region and all.
 *
 * `url` is where the relay is mounted: absolute, or relative to the page, such as `/sso-oidc`. It is https, or http to
 * loopback, without user info, query or fragment; any other is an `EndpointError`.
 *
 * A failure is what it would be without a relay: `sent: "no"` when the relay is certain that this request did not reach the
 * service, `"answered"` when the service's response to it was lost. A request that is no operation of `SsoOidc.operations` at the
 * plain endpoint of a region is not relayed (`NOT_RELAYED`, `sent: "no"`): the relay's operator chooses FIPS, dual-stack and other
 * endpoints.
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
  /** Where the relay is mounted. A URL that cannot be used is an `EndpointError`. */
  readonly url: string
}): Layer.Layer<HttpClient.HttpClient, ClientError.EndpointError> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const relay = yield* Effect.fromResult(Relayed.urlOf(options.url))
      return Relayed.through(yield* HttpClient.HttpClient, relay)
    })
  ).pipe(Layer.provide(layer))
