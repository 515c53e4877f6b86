/**
 * Which of an operation's exceptions a response is.
 */
import type * as Operation from "../aws/Operation.ts"
import type * as Service from "../aws/Service.ts"
import * as Wire from "../aws/Wire.ts"

export interface Found {
  /** The type as the response names it: an exception's name, or the OAuth code where there is no name. */
  readonly code: string | undefined
  /** The exception of this operation that it means, if any. */
  readonly exception: Service.ExceptionType | undefined
}

/** The name in the header, then body `code`, then `__type`, then the RFC's `error`. */
export const find = (
  { exceptions }: Pick<Operation.Any, "exceptions">,
  named: string | undefined,
  body: Readonly<Record<string, unknown>>
): Found => {
  const type = named ?? Wire.errorTypeIn(body["code"]) ?? Wire.errorTypeIn(body["__type"])
  const code = type ?? Wire.errorTypeIn(body["error"])
  return {
    code,
    exception: exceptions.find((one) => code !== undefined && code === (type === undefined ? one.error : one.type))
  }
}
