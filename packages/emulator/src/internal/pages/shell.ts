/**
 * What every response with a page carries: headers under which nothing runs, nothing is framed, kept or read by others.
 *
 * There is no permissions policy: it takes features away from scripts and frames, and here neither runs.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Response from "../http/response.ts"
import type * as Page from "./page.ts"
import * as Style from "./style.ts"

/**
 * A place as a source of a content security policy, if it can be one: what else stands in it would be read as policy.
 * The grammar has no IPv6 addresses, so for one of those the scheme must do.
 */
const sourceOf = (place: string): ReadonlyArray<string> => {
  if (/^https?:\/\/\[[0-9a-f:.]+\](:\d+)?$/i.test(place)) return [place.slice(0, place.indexOf(":") + 1)]
  return /^[a-z][a-z0-9+.-]*:(\/\/[a-z0-9.-]+(:\d+)?)?$/i.test(place) ? [place] : []
}

export interface Shell {
  /**
   * The headers. `formAction`: where forms may lead besides the emulator itself, each an origin or a scheme with its
   * colon; Chromium holds the redirect after a form to it too.
   */
  readonly headers: (formAction?: ReadonlyArray<string>) => Readonly<Record<string, string>>
  /** A page as a response. */
  readonly show: (page: Page.Page, extra?: Readonly<Record<string, string>>) => HttpServerResponse.HttpServerResponse
  /** Leads the browser on, with GET. */
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
    // for what does not know `frame-ancestors`
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    // Not `no-referrer`: under that a browser sends `Origin: null` with the page's own form, as a stranger's would have
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
