/**
 * Where a request came from.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import type * as Authorization from "../Authorization.ts"

// more of it nobody reads
const longest = 512

export const of = (request: HttpServerRequest.HttpServerRequest): Authorization.From => {
  const userAgent = request.headers["user-agent"]
  return {
    ...Option.match(request.remoteAddress, { onNone: () => ({}), onSome: (address) => ({ address }) }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, longest) })
  }
}
