/**
 * Effect's `HttpClient` over `fetch`, for pages, workers and edge runtimes (also Deno, Bun and Node), with as many of
 * the promises that core's operations rest on as `fetch` can keep.
 *
 * It keeps these: no redirect is followed, no cookie or credential is sent along, nothing is cached, and interruption
 * aborts the request. The settings for it sit inside this layer, so that a `FetchHttpClient.RequestInit` in the
 * caller's context has no say.
 *
 * It cannot keep the others:
 *
 * - `fetch` does not tell whether a failed request had left, so `sent` is always `"maybe"`: an authorization code or a
 *   refresh token is never sent again after a failure. It does not tell an untrusted certificate from a cable that was
 *   pulled, so `heals` is always `true`.
 * - There is no limit on connecting: core's `requestTimeout` stands in.
 * - Connections, and whether one that went stale leads to a second try, are the platform's affair. So is the answer to a
 *   421 (Misdirected Request), by which a server says that it did not act: `fetch` asks once more on a new connection.
 * - A page cannot choose its `user-agent` everywhere, and its platform adds headers of its own.
 * - The service answers no foreign origin (CORS), so a page needs a relay on its own origin.
 *
 * Where there are sockets, `@sso-oidc/transport-node` keeps them all.
 *
 * @since 0.1.0
 */
import * as TransportCause from "@sso-oidc/core/TransportCause"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"

// -----------------------------------------------------------------------------
// settings
// -----------------------------------------------------------------------------

// `redirect: "manual"` and not "error": a redirect comes back as an answer (a 3xx, or status 0 in a browser), which core
// refuses for what it is, while "error" would look like a broken network that heals. Nor does workerd take "error".
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

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client as a layer. It calls the `FetchHttpClient.Fetch` of the context, the global `fetch` by default: the seam
 * for a `fetch` of your own, such as one that a test scripts.
 *
 * A failure is a `TransportError` whose cause is core's `TransportCause`, with the platform's code where it gives one
 * (`ECONNREFUSED` on Node), else `FETCH_FAILED`.
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
  /* @__PURE__ */ Layer.effect(
    HttpClient.HttpClient,
    /* @__PURE__ */ Effect.map(HttpClient.HttpClient, (client) => {
      const init = pinned()
      return HttpClient.transformResponse(client, (response) =>
        response.pipe(
          Effect.provideService(FetchHttpClient.RequestInit, init),
          Effect.mapError(told)
        ))
    })
  ),
  FetchHttpClient.layer
)

const told = (error: HttpClientError.HttpClientError): HttpClientError.HttpClientError => {
  const { reason } = error
  if (reason._tag !== "TransportError") return error
  const cause = new TransportCause.TransportCause({ sent: "maybe", code: codeOf(reason.cause), heals: true })
  return new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request: reason.request, cause })
  })
}

// undici wraps the platform's error in a TypeError; the code is one level down
const codeOf = (error: unknown): string => {
  for (const at of [error, Predicate.hasProperty(error, "cause") ? error.cause : undefined]) {
    if (Predicate.hasProperty(at, "code") && typeof at.code === "string" && at.code !== "") return at.code
  }
  return "FETCH_FAILED"
}
