/**
 * Which of an operation's exceptions a response is.
 */
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Operation from "../aws/Operation.ts"
import type * as Service from "../aws/Service.ts"
import * as Wire from "../aws/Wire.ts"
import * as Head from "./head.ts"

export interface Found {
  /** The type as the response names it: an exception's name, or the OAuth code where there is no name. */
  readonly code: string | undefined
  /** The exception of this operation that it means, if any. */
  readonly exception: Service.ExceptionType | undefined
}

type Exceptions = Pick<Operation.Any, "exceptions">

/** Header, then body `code`, then `__type`, then the RFC's `error`. */
export const find = (
  { exceptions }: Exceptions,
  header: string | undefined,
  body: Readonly<Record<string, unknown>>
): Found => {
  const type = Wire.errorTypeIn(header) ?? Wire.errorTypeIn(body["code"]) ?? Wire.errorTypeIn(body["__type"])
  if (type !== undefined) return { code: type, exception: exceptions.find((exception) => exception.type === type) }
  const error = Wire.errorTypeIn(body["error"])
  return {
    code: error,
    exception: error === undefined ? undefined : exceptions.find((exception) => exception.error === error)
  }
}

/** The header names an exception of the operation, which stands whatever the body is. */
export const isNamed = (operation: Exceptions, response: HttpClientResponse.HttpClientResponse): boolean =>
  response.status >= 400 && response.status < 500 &&
  find(operation, Head.errorType(response), {}).exception !== undefined
