/**
 * Where a request came from.
 */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Option from "effect/Option"
import type * as Authorization from "../Authorization.ts"
import * as Size from "./size.ts"
import type * as State from "./state.ts"

// nobody reads more of it
const longest = 512

/** As much of it as is kept. */
export const kept = (from: Authorization.From | undefined): State.From | undefined => {
  const cut = (text: string | undefined) => text === undefined ? undefined : Size.copy(text.slice(0, longest))
  return from === undefined ? undefined : { address: cut(from.address), userAgent: cut(from.userAgent) }
}

export const of = (request: HttpServerRequest.HttpServerRequest): Authorization.From => {
  const userAgent = request.headers["user-agent"]
  return {
    ...Option.match(request.remoteAddress, { onNone: () => ({}), onSome: (address) => ({ address }) }),
    ...(userAgent === undefined ? {} : { userAgent })
  }
}
