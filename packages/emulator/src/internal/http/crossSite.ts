/**
 * Finds the requests that must change nothing: requests from a page of another site, requests that a browser sends ahead of
 * a person, and WebSockets. Command line tools and SDKs do not send the headers that mark them.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Request from "./request.ts"

type Given = Pick<HttpServerRequest.HttpServerRequest, "headers" | "method" | "originalUrl">

/**
 * Why a request must change nothing.
 *
 * - `"ahead"`: the browser loads the page before a person asks for it.
 * - `"upgrade"`: the request asks for another protocol. A page can send one by itself: a WebSocket.
 * - `"foreign"`: a page of another site sent it.
 */
export type Reason = "ahead" | "upgrade" | "foreign"

const own = (site: string): boolean => site === "same-origin" || site === "none"

/**
 * Whether a page of another site sent the request. The browser itself says so in `Sec-Fetch-Site`. It calls another port
 * `same-site`, which counts as another site here. If the header is absent (older browsers, tools), `Origin` decides.
 */
export const isForeign = (request: Given): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return !own(site)
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Request.ownOrigin(request)
}

// Only the navigation of a whole tab has this destination
const isNavigation = (request: Given): boolean =>
  (request.method === "GET" || request.method === "HEAD") && request.headers["sec-fetch-dest"] === "document"

/** Whether the person followed a link or a redirect of another site. The page that it shows must change nothing. */
export const isLink = (request: Given): boolean => isForeign(request) && isNavigation(request)

/**
 * Whether another site loads the page in the background: as an image, in a frame or by a script. The status would tell that
 * site which codes exist.
 */
export const isPeek = (request: Given): boolean => isForeign(request) && !isNavigation(request)

/**
 * Whether a page of one of these origins sent the request. A navigation has no `Origin`, so its `Referer` decides. A page can
 * omit that header, but cannot choose its value.
 */
export const isOf = (origins: ReadonlyArray<string>, request: Given): boolean => {
  const { origin, referer } = request.headers
  const from = origin ?? (referer === undefined ? undefined : Request.originOf(referer))
  return from !== undefined && origins.includes(from)
}

// `Sec-Purpose` is the header of the Fetch standard. Older browsers sent the others
const ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]

const isAhead = (request: Given): boolean =>
  ahead.some((name) => /prefetch|prerender|preview/i.test(request.headers[name] ?? ""))

// Some HTTP libraries offer HTTP/2 in the clear with each first request. A page cannot do so.
const isUpgrade = (request: Given): boolean => {
  const protocol = request.headers["upgrade"]
  return protocol !== undefined && !/^\s*h2c\s*$/i.test(protocol)
}

/** Why the request must not reach any route, or `undefined`. Requests from pages of the origins in `cors` may. */
export const reason = (request: Given, cors: ReadonlyArray<string>): Reason | undefined => {
  if (isAhead(request)) return "ahead"
  if (isUpgrade(request)) return "upgrade"
  return isPeek(request) && !isOf(cors, request) ? "foreign" : undefined
}
