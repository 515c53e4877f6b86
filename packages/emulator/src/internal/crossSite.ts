/**
 * Which requests to the pages another site has sent.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Url from "./url.ts"

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "originalUrl">

const own = (site: string): boolean => site === "same-origin" || site === "none"

/**
 * A form of another site, told by either header. `Sec-Fetch-Site` is what the browser itself says; where it is absent
 * (older browsers, tools) the origin decides, and a form always has one.
 */
export const isForm = (request: Request): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return !own(site)
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Url.originOf(request.originalUrl)
}

/**
 * A page that another site loads without anybody going there: as an image, in a frame, by script. It would learn from
 * the status which codes exist, and could use up a person's attempts. A link from another site is not one of these:
 * that is how people come here.
 */
export const isPeek = (request: Request): boolean => {
  const site = request.headers["sec-fetch-site"]
  return site !== undefined && !own(site) && request.headers["sec-fetch-dest"] !== "document"
}
