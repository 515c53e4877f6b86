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

// The stack of an exception of the service would show this library and Effect only, and takes longer than the rest of it. In a
// frozen realm, `Reflect.set` changes nothing.
const withoutStack = <A>(make: () => A): A => {
  const limit: unknown = Reflect.get(Error, "stackTraceLimit")
  if (typeof limit !== "number") return make()
  Reflect.set(Error, "stackTraceLimit", 0)
  try {
    return make()
  } catch {
    // The class of another author threw. Its error needs its stack.
    Reflect.set(Error, "stackTraceLimit", limit)
    return make()
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit)
  }
}

export const judge = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  { ahead, bytes, common, headers, named, redirect, status, tooLarge }: Received,
  secrets: ReadonlyArray<string>
): Effect.Effect<Response, E | ClientError.UnexpectedResponse> => {
  const refuse = (problem: ClientError.Problem, detail?: string, code = named) => {
    const type = Head.header(headers, "content-type")
    const length = tooLarge || redirect ? Head.contentLength(headers) : bytes.length
    return Effect.fail(
      new ClientError.UnexpectedResponse({
        operation: operation.name,
        problem,
        ...common,
        ...(detail !== undefined && { detail }),
        ...(code !== undefined && { code: Mask.cleanCode(code, secrets) }),
        ...(type !== undefined && { contentType: Mask.clean(type, secrets) }),
        ...(length !== undefined && { length }),
        body: Redacted.make(Body.excerpt(bytes), { label: "body" })
      })
    )
  }
  if (redirect) return refuse("redirect")
  const members = tooLarge ? undefined : Wire.jsonObject(bytes)
  // An empty text is absent, like a null. Otherwise an empty optional member would make the whole response unusable.
  const body = operation.allowsEmptyResponse && status === 200 && bytes.length === 0
    ? {}
    : members && Wire.present(members, [null, ""])
  const { code, exception } = Failure.find(operation, named, body ?? {})
  // The header decides before the body: an exception that the header names counts, whatever the body is.
  if (exception !== undefined && status >= 400) {
    const made = withoutStack(() =>
      operation.exception(exception.type, {
        ahead,
        common,
        text: (member, known) => {
          const value = body?.[member]
          return typeof value === "string"
            ? (value === known ? value : Mask.clean(value, secrets)) || undefined
            : undefined
        }
      })
    )
    if (made !== undefined) return Effect.fail(made)
  } else if (tooLarge) return refuse("tooLarge")
  else if (Head.isEncoded(headers) && !Wire.isText(bytes)) return refuse("contentEncoding")
  if (status !== 200) return refuse("status", undefined, code)
  return body === undefined
    ? refuse("malformed", "the body is not a JSON object")
    : Effect.catch(
      Schema.decodeUnknownEffect(operation.response)(body),
      (error) => refuse("malformed", Wire.oneLine(error.message))
    )
}
