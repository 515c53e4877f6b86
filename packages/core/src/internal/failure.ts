/**
 * Which of the operation's exceptions an answer is.
 */
import type * as Operation from "../aws/Operation.ts"
import * as Wire from "../aws/Wire.ts"
import type * as SsoOidcError from "../SsoOidcError.ts"

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
  const type = Wire.errorTypeIn(header) ?? Wire.errorTypeIn(body["code"]) ?? Wire.errorTypeIn(body["__type"])
  if (type !== undefined) {
    return { code: type, exception: operation.exceptions.find((exception) => exception.type === type) }
  }
  const error = Wire.errorTypeIn(body["error"])
  return { code: error, exception: operation.exceptions.find((exception) => exception.error === error) }
}
