/**
 * Which operation a request is, and what it asks.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { AnyOperation } from "../AnyOperation.ts"

export type Members = Readonly<Record<string, unknown>>

export type { AnyOperation } from "../AnyOperation.ts"

/** The operations that need no signature. */
export const anonymous: ReadonlyArray<AnyOperation> = [
  RegisterClient.operation,
  StartDeviceAuthorization.operation,
  CreateToken.operation
]

/** The operation that goes there. An endpoint may have a path of its own before the operation's. */
export const find = <Op extends Pick<AnyOperation, "method" | "path" | "query">>(
  operations: ReadonlyArray<Op>,
  method: string,
  url: URL
): Op | undefined => {
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
  Effect.map(textOf(request), (text) => text === undefined ? undefined : jsonObject(text))

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

/** The JSON object that the text spells. The parser's own error would quote the text. */
export const jsonObject = (text: string): Members | undefined => {
  try {
    const json: unknown = JSON.parse(text)
    return Predicate.isObject(json) ? Object.fromEntries(Object.entries(json)) : undefined
  } catch {
    return undefined
  }
}
