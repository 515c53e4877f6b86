/**
 * What pages of the chosen origins may do, and read (Fetch, section 3.2).
 */
import * as Verdict from "../verdict.ts"
import * as Answers from "./answers.ts"

const exposed = ["x-amzn-errortype", "x-amzn-requestid", "retry-after", "date", Verdict.header].join(", ")

/** A cache between may not give one origin what another was answered. */
export const varied = (response: Response): Response => {
  response.headers.set("vary", "Origin")
  return response
}

/** Lets the page of an origin read the answer. No credentials: the relay reads none, and none must be sent. */
export const shared = (response: Response, origin: string): Response => {
  response.headers.set("access-control-allow-origin", origin)
  response.headers.set("access-control-expose-headers", exposed)
  return response
}

/** The answer to the question that a browser asks before it sends. */
export const preflight = (request: Request): Response =>
  request.headers.get("access-control-request-method") === "POST"
    ? Answers.passed(204, {
      "access-control-allow-methods": "POST",
      // a client that has the relay as its endpoint, not as its transport, has a user agent of its own
      "access-control-allow-headers": `content-type, user-agent, ${Verdict.idHeader}`,
      "access-control-max-age": "600"
    }, null)
    : Answers.refused(405, "The relay passes on POST requests alone.", { allow: "POST, OPTIONS" })
