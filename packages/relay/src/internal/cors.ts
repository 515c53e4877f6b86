/** The CORS headers: what pages of the chosen origins may do and read (Fetch, section 3.2). */
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import * as Responses from "./responses.ts"

const exposed = ["x-amzn-errortype", "x-amzn-requestid", "retry-after", "date", RelayVerdict.header].join(", ")

/** Tells caches to keep the response of one origin from another. */
export const varied = (response: Response): Response => {
  response.headers.set("vary", "Origin")
  return response
}

/** Lets the page of an origin read the response. It allows no credentials: the relay reads none, so none need be sent. */
export const shared = (response: Response, origin: string): Response => {
  response.headers.set("access-control-allow-origin", origin)
  response.headers.set("access-control-expose-headers", exposed)
  return response
}

/** The response to the preflight that a browser sends before the request. */
export const preflight = (request: Request): Response =>
  request.headers.get("access-control-request-method") === "POST"
    ? Responses.passed(204, {
      "access-control-allow-methods": "POST",
      // a client that uses the relay as its endpoint, and not by layerRelay, sends its own user agent
      "access-control-allow-headers": `content-type, user-agent, ${RelayVerdict.idHeader}`,
      "access-control-max-age": "600"
    }, null)
    : Responses.refused(405, "The relay passes on only POST requests. Ask for a POST.", { allow: "POST, OPTIONS" })
