/**
 * Finds the exception of an operation that a response means.
 */
import type * as Operation from "../aws/Operation.ts"
import type * as Service from "../aws/Service.ts"
import * as Wire from "../aws/Wire.ts"

export interface Found {
  /** The type that the response names: the name of an exception, or else the OAuth code. */
  readonly code: string | undefined
  /** The exception of this operation that has this type or OAuth code. */
  readonly exception: Service.ExceptionType | undefined
}

/** Looks for the type in the header, then in the members `code`, `__type` and `error` of the body. */
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
