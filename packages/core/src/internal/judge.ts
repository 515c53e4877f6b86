/**
 * Decides what a response means for an operation: a success, one of its exceptions, or a response that is not in the model.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ClientError from "../aws/ClientError.ts"
import type * as Operation from "../aws/Operation.ts"
import * as Wire from "../aws/Wire.ts"
import * as Body from "./body.ts"
import type { Received } from "./exchange.ts"
import * as Failure from "./failure.ts"
import * as Head from "./head.ts"
import * as Mask from "./mask.ts"

export const judge = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  received: Received,
  secrets: ReadonlyArray<string>
): Effect.Effect<Response, E | ClientError.UnexpectedResponse> => {
  const { bytes, common, named, response, tooLarge } = received
  const refuse = (
    problem: ClientError.Problem,
    more: { readonly code?: string | undefined; readonly detail?: string } = {}
  ) => {
    const type = Head.contentType(response)
    const code = more.code ?? named
    const length = tooLarge || received.redirect ? Head.contentLength(response) : bytes.length
    return Effect.fail(
      new ClientError.UnexpectedResponse({
        operation: operation.name,
        problem,
        ...common,
        ...(more.detail === undefined ? {} : { detail: more.detail }),
        ...(code === undefined ? {} : { code: Mask.cleanCode(code, secrets) }),
        ...(type === undefined ? {} : { contentType: Mask.clean(type, secrets) }),
        ...(length === undefined ? {} : { length }),
        body: Redacted.make(Body.excerpt(bytes), { label: "body" })
      })
    )
  }
  if (received.redirect) return refuse("redirect")
  const members = tooLarge ? undefined : Wire.jsonObject(bytes)
  // An empty text is absent, like a null. Otherwise an empty optional member would make the whole response unusable.
  const isEmpty = operation.allowsEmptyResponse && response.status === 200 && bytes.length === 0
  const body = isEmpty ? {} : members === undefined ? undefined : Wire.present(members, [null, ""])
  const { code, exception } = Failure.find(operation, named, body ?? {})
  // The header decides before the body: an exception that the header names counts, whatever the body is.
  if (exception === undefined || response.status < 400) {
    if (tooLarge) return refuse("tooLarge")
    if (Head.isEncoded(response) && !Wire.isText(bytes)) return refuse("contentEncoding")
  }
  if (response.status === 200) {
    if (body === undefined) return refuse("malformed", { detail: "the body is not a JSON object" })
    return Schema.decodeUnknownEffect(operation.response)(body).pipe(
      Effect.catch((error) => refuse("malformed", { detail: Wire.oneLine(error.message) }))
    )
  }
  const made = exception === undefined || response.status < 400 ? undefined : operation.exception(exception.type, {
    common,
    text: (member, known) => {
      const value = body?.[member]
      const text = typeof value === "string" ? (value === known ? value : Mask.clean(value, secrets)) : ""
      return text === "" ? undefined : text
    }
  })
  return made === undefined ? refuse("status", { code }) : Effect.fail(made)
}
