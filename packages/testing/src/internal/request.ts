/**
 * Finds the operation of a request, and the members of its request.
 */
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Stream from "effect/Stream"

export type Members = Readonly<Record<string, unknown>>

/** The operation with this method and path. */
export const find = (
  operations: ReadonlyArray<Operation.Any>,
  method: string,
  url: URL
): Operation.Any | undefined => operations.find((operation) => Operation.matches(operation, method, url))

/** The name of a request that is no known operation. It leaves out the query, which may hold anything. */
export const nameOf = (method: string, url: URL): string => `${method} ${url.pathname}`

/**
 * The members of the operation's request, from its body, query and headers. It is `undefined` if the body is not a JSON object.
 */
export const membersOf = (
  operation: Operation.Any,
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): Effect.Effect<Members | undefined> =>
  Effect.gen(function*() {
    const text = operation.hasBody ? yield* textOf(request) : "{}"
    const body = text === undefined ? undefined : Wire.jsonObject(text)
    const bound = operation.bindings?.read({ query: Object.fromEntries(url.searchParams), headers: request.headers })
    return body && { ...body, ...bound }
  })

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
