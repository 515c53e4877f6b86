/**
 * How a page goes out: with headers that let it run nothing, load nothing, and be framed by nobody; and which forms of
 * other pages are refused.
 */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Page from "./page.ts"
import * as Style from "./style.ts"
import * as Unseen from "./unseen.ts"
import * as Url from "./url.ts"

export const make = Effect.gen(function*() {
  const style = yield* Effect.promise(Style.source)

  const headers = (formAction: ReadonlyArray<string> = []): Readonly<Record<string, string>> => ({
    "content-security-policy": [
      "default-src 'none'",
      `style-src ${style}`,
      `form-action ${["'self'", ...formAction].join(" ")}`,
      "frame-ancestors 'none'",
      "base-uri 'none'"
    ].join("; "),
    "x-content-type-options": "nosniff",
    // for browsers that do not know frame-ancestors
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    // Not `no-referrer`: under that a browser sends `Origin: null` with the page's own form, as a stranger's would have
    "referrer-policy": "same-origin",
    "cache-control": "no-store"
  })

  return {
    headers,
    /** The page; its form may lead on to the destinations too, since a browser holds redirects to the policy. */
    show: (
      page: Page.Page,
      options: {
        readonly formAction?: ReadonlyArray<string>
        readonly headers?: Readonly<Record<string, string>>
      } = {}
    ): HttpServerResponse.HttpServerResponse =>
      Unseen.text(page.body, {
        status: page.status,
        contentType: "text/html; charset=utf-8",
        headers: { ...headers(options.formAction), ...options.headers }
      }),
    /** Leads the browser on, with GET. */
    redirect: (location: string): HttpServerResponse.HttpServerResponse =>
      HttpServerResponse.redirect(location, { status: 303, headers: headers() })
  }
})

/**
 * Whether a form comes from another site. `Sec-Fetch-Site` is what the browser itself says; where it is absent (older
 * browsers, tools) the origin decides, and a form always has one.
 */
export const isCrossSite = (request: HttpServerRequest.HttpServerRequest): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return site !== "same-origin" && site !== "none"
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Url.originOf(request.originalUrl)
}
