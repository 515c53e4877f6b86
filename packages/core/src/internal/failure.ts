/**
 * Which of the operation's exceptions an answer is.
 */
import type * as Operation from "../Operation.ts"
import type * as SsoOidcError from "../SsoOidcError.ts"

/** restJson1: cut at the first `:`, then keep what follows `#`. A header that came twice is joined with a comma. */
const sanitise = (type: string): string => {
  const name = type.replace(/[:,].*/s, "")
  return name.slice(name.indexOf("#") + 1).trim()
}

/** The type that a header or member names, if it does. */
export const typeIn = (value: unknown): string | undefined =>
  typeof value === "string" && sanitise(value) !== "" ? sanitise(value) : undefined

export interface Found<E> {
  /** The type as the answer names it: an exception's name, or the OAuth code where there is no name. */
  readonly code: string | undefined
  /** The exception of this operation that it means, if any. */
  readonly exception: SsoOidcError.ExceptionClass<E> | undefined
}

/** Header, then body `code`, then `__type`, then the RFC's `error`. */
export const find = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  header: string | undefined,
  body: Readonly<Record<string, unknown>>
): Found<E> => {
  const type = typeIn(header) ?? typeIn(body["code"]) ?? typeIn(body["__type"])
  if (type !== undefined) {
    return { code: type, exception: operation.exceptions.find((exception) => exception.type === type) }
  }
  const error = typeIn(body["error"])
  return { code: error, exception: operation.exceptions.find((exception) => exception.error === error) }
}
