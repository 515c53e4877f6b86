/**
 * The HTTP request that a request of an operation becomes.
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import * as Wire from "../aws/Wire.ts"

/** What all requests of one client share. */
export interface Settings {
  readonly endpoint: string
  readonly userAgent: string
}

export const invalid = (operation: string, detail: string) => new ClientError.RequestInvalid({ operation, detail })

export const encode = <Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request
): Effect.Effect<HttpClientRequest.HttpClientRequest, ClientError.RequestInvalid> =>
  Effect.suspend(() => Schema.encodeEffect(operation.request)(input)).pipe(
    Effect.mapError((error) => invalid(operation.name, Wire.oneLine(error.message))),
    Effect.map((members) => {
      const { body, headers, query }: Operation.Placed = operation.bindings?.place(members) ?? { body: members }
      return HttpClientRequest.make(operation.method)(`${settings.endpoint}${operation.path}`, {
        urlParams: { ...query, ...operation.query },
        headers: { ...headers, "user-agent": settings.userAgent },
        ...(operation.hasBody ? { body: HttpBody.jsonUnsafe(body) } : {})
      })
    }),
    // a getter that throws, or members that no JSON can hold
    Effect.catchDefect(() => invalid(operation.name, "the request cannot be read"))
  )

/** Whether each value may stand in a header (RFC 9110 section 5.5): visible ASCII, space, tab, and bytes that are opaque to it. */
export const hasGoodHeaders = ({ headers }: HttpClientRequest.HttpClientRequest): boolean =>
  Object.values(headers).every((value) => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))

const secretsIn = (value: unknown): ReadonlyArray<unknown> =>
  Redacted.isRedacted(value)
    ? [Redacted.value(value)]
    : typeof value === "object" && value !== null
    ? Object.values(value).flatMap(secretsIn)
    : []

/** The secrets that a request carries, at any depth, so that a response that repeats one can be masked. */
export const secretsOf = (
  operation: string,
  input: unknown
): Effect.Effect<ReadonlyArray<string>, ClientError.RequestInvalid> =>
  Effect.try({
    try: () => secretsIn(input).filter(Predicate.isString),
    catch: () => invalid(operation, "a secret of the request was wiped")
  })
