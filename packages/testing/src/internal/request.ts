/**
 * Which operation a request is, and what it asks.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Stream from "effect/Stream"

export type Members = Readonly<Record<string, unknown>>

/** The operation that goes there. An endpoint may have a path of its own before the operation's. */
export const find = (
  operations: ReadonlyArray<Operation.Any>,
  method: string,
  url: URL
): Operation.Any | undefined => {
  const asked = queryOf(url.searchParams)
  return operations.find((operation) =>
    operation.method === method && url.pathname.endsWith(operation.path) && asked === queryOf(operation.query)
  )
}

const queryOf = (query: URLSearchParams | Readonly<Record<string, string>>): string => {
  const params = new URLSearchParams(query)
  params.sort()
  return params.toString()
}

/** How a request that is none of the operations is named. A query may hold anything, and is left out. */
export const nameOf = (method: string, url: URL): string => `${method} ${url.pathname}`

/** The members that the body spells, `undefined` where it is no JSON object. */
export const membersOf = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Members | undefined> =>
  Effect.map(textOf(request), (text) => text === undefined ? undefined : Wire.jsonObject(text))

const textOf = ({ body }: HttpClientRequest.HttpClientRequest): Effect.Effect<string | undefined> => {
  switch (body._tag) {
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return Effect.map(
        Effect.option(Stream.mkUint8Array(body.stream)),
        (bytes) => bytes._tag === "Some" ? new TextDecoder().decode(bytes.value) : undefined
      )
    case "Raw":
      return Effect.succeed(typeof body.body === "string" ? body.body : undefined)
    default:
      return Effect.undefined
  }
}
