/**
 * The headers of every response with a page. With them no script runs, no page stands in a frame, no cache keeps a page, and
 * no other site reads one.
 *
 * There is no permissions policy. It would restrict scripts and frames, and these pages have neither.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Response from "../http/response.ts"
import type * as Page from "./page.ts"
import * as Style from "./style.ts"

/**
 * Makes a source of a content security policy from an origin or a scheme. It drops any other text, which could change the
 * policy. The grammar has no IPv6 addresses, so for such an address it gives the scheme.
 */
const sourceOf = (place: string): ReadonlyArray<string> => {
  if (/^https?:\/\/\[[0-9a-f:.]+\](:\d+)?$/i.test(place)) return [place.slice(0, place.indexOf(":") + 1)]
  return /^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9.-]+(:\d+)?)?$/i.test(place) ? [place] : []
}

export interface Shell {
  /**
   * The headers. `formAction` has the places to which forms may lead, besides the emulator itself. Each is an origin, or a
   * scheme with its colon. Chromium applies it to the redirect after a form too.
   */
  readonly headers: (formAction?: ReadonlyArray<string>) => Readonly<Record<string, string>>
  /** A page as a response. */
  readonly show: (page: Page.Page, extra?: Readonly<Record<string, string>>) => HttpServerResponse.HttpServerResponse
  /** Redirects the browser, which then sends GET. */
  readonly lead: (location: string) => HttpServerResponse.HttpServerResponse
}

export const make: Effect.Effect<Shell> = Effect.map(Effect.promise(Style.source), (style) => {
  const headers: Shell["headers"] = (formAction = []) => ({
    "content-security-policy": [
      "default-src 'none'",
      `style-src ${style}`,
      `form-action ${["'self'", ...formAction.flatMap(sourceOf)].join(" ")}`,
      "frame-ancestors 'none'",
      "base-uri 'none'"
    ].join("; "),
    // For browsers that do not know `frame-ancestors`
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    // Not `no-referrer`: with it, a browser would send `Origin: null` with the page's own form, like a form of another site
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store"
  })

  return {
    headers,
    show: (page, extra = {}) =>
      Response.text(page.body, {
        status: page.status,
        contentType: "text/html; charset=utf-8",
        headers: {
          ...headers(page.formAction === undefined ? [] : [page.formAction]),
          ...(page.retryAfter === undefined ? {} : { "retry-after": String(page.retryAfter) }),
          ...extra
        }
      }),
    lead: (location) => HttpServerResponse.redirect(location, { status: 303, headers: headers() })
  }
})
