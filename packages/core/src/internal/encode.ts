/**
 * Makes the HTTP request for a request of an operation.
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import * as Wire from "../aws/Wire.ts"

/** The settings that all requests of one client share. */
export interface Settings {
  readonly endpoint: string
  readonly userAgent: string
}

export const invalid = (operation: string, detail: string) => new ClientError.RequestInvalid({ operation, detail })

// Effect's function for a JSON body chooses between two encoders, for 0.1 kB of a compressed bundle.
const encoder = new TextEncoder()

export const encode = <Request, Response, E, R>(
  settings: Settings,
  operation: Operation.Operation<Request, Response, E, R>,
  input: Request
): Effect.Effect<HttpClientRequest.HttpClientRequest, ClientError.RequestInvalid> =>
  Effect.suspend(() => Schema.encodeEffect(operation.request)(input)).pipe(
    Effect.mapError((error) => invalid(operation.name, Wire.oneLine(error.message))),
    Effect.map((members) => {
      const { body, headers, search = "" }: Operation.Placed = operation.bindings?.place(members, operation.query) ??
        { body: members }
      return HttpClientRequest.make(operation.method)(`${settings.endpoint}${operation.path}${search}`, {
        urlParams: operation.query,
        headers: { ...headers, "user-agent": settings.userAgent },
        ...(operation.hasBody &&
          { body: HttpBody.uint8Array(encoder.encode(JSON.stringify(body)), "application/json") })
      })
    }),
    // A getter threw, or JSON has no form for a member.
    Effect.catchDefect(() => invalid(operation.name, "a member cannot be read or written: pass plain data"))
  )

/**
 * The name of a header whose value HTTP does not allow (RFC 9110 section 5.5). Allowed are visible ASCII, space, tab, and opaque bytes. Absent if
 * all are allowed.
 */
export const badHeader = ({ headers }: HttpClientRequest.HttpClientRequest): string | undefined =>
  Object.keys(headers).find((name) => /[^\t -~\x80-\xff]/.test(headers[name] ?? ""))

/** The secrets of a request, at any depth. They are masked where a response repeats them. Throws if one was wiped. */
export const secretsIn = (value: unknown): Array<string> => {
  if (Redacted.isRedacted(value)) {
    const secret = Redacted.value(value)
    return typeof secret === "string" ? [secret] : []
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : []
}
