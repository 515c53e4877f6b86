/**
 * Which requests must change nothing: those of a page of another site, those that a browser sends ahead of a person, and
 * WebSockets. Command line tools and SDKs send none of the headers that tell them.
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
 * Sent by a page of another site, told by either header. `Sec-Fetch-Site` is what the browser itself says; another port is
 * `same-site`, and another site here. Where it is absent (older browsers, tools) the origin decides.
 */
export const isForeign = (request: Given): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return !own(site)
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Request.originOf(request.originalUrl)
}

// Only a browser's own navigation of a whole tab has this destination
const isNavigation = (request: Given): boolean =>
  (request.method === "GET" || request.method === "HEAD") && request.headers["sec-fetch-dest"] === "document"

/** A link of another site, or a redirect: that is how people come here. What it shows must change nothing all the same. */
export const isLink = (request: Given): boolean => isForeign(request) && isNavigation(request)

/**
 * A page that another site loads without leading a person there: as an image, in a frame, by script. It would learn from
 * the status which codes exist.
 */
export const isPeek = (request: Given): boolean => isForeign(request) && !isNavigation(request)

/**
 * Whether a page of one of these origins sent it. A navigation has no `Origin`; its `Referer` can be left out by a page, but
 * not written.
 */
export const isOf = (origins: ReadonlyArray<string>, request: Given): boolean => {
  const { origin, referer } = request.headers
  const from = origin ?? (referer === undefined ? undefined : Request.originOf(referer))
  return from !== undefined && origins.includes(from)
}

// Fetch calls the first `Sec-Purpose`; the others are what browsers sent before it
const ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]

const isAhead = (request: Given): boolean =>
  ahead.some((name) => /prefetch|prerender|preview/i.test(request.headers[name] ?? ""))

// HTTP/2 in the clear is what some HTTP libraries offer with each first request. No page can.
const isUpgrade = (request: Given): boolean => {
  const protocol = request.headers["upgrade"]
  return protocol !== undefined && !/^\s*h2c\s*$/i.test(protocol)
}

/** Why the request must not reach any route, or `undefined`. Pages of the origins in `cors` may pass. */
export const reason = (request: Given, cors: ReadonlyArray<string>): Reason | undefined => {
  if (isAhead(request)) return "ahead"
  if (isUpgrade(request)) return "upgrade"
  return isPeek(request) && !isOf(cors, request) ? "foreign" : undefined
}
