/**
 * Reads a failure of the transport into the members of `TransportError`.
 */
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as ClientError from "../aws/ClientError.ts"
import * as TransportCause from "../aws/TransportCause.ts"
import * as Wire from "../aws/Wire.ts"

/** The members of a `TransportError` that come from the transport. */
export interface Failed {
  readonly sent: "no" | "maybe"
  readonly code: string
  readonly transient: boolean
  readonly hint?: string
  readonly cause?: NonNullable<ClientError.TransportError["cause"]>
}

type Clean = (name: string) => string

export const classify = (error: HttpClientError.HttpClientError, safe: Clean): Failed => {
  const { reason } = error
  switch (reason._tag) {
    // Core's bodies are complete before they are sent, so an encoding error means that nothing left.
    case "InvalidUrlError":
    case "EncodeError":
      return { sent: "no", code: reason._tag === "EncodeError" ? "ENCODE" : "INVALID_URL", transient: false }
    case "TransportError": {
      const { cause } = reason
      // Check each member: a transport may be written in JavaScript.
      const known = TransportCause.isTransportCause(cause)
      const hint = known ? textOf(Wire.memberOf(cause, "hint"), safe) : undefined
      return {
        sent: known && Wire.memberOf(cause, "sent") === "no" ? "no" : "maybe",
        code: codeOf(cause, safe) ?? "UNKNOWN",
        transient: !known || Wire.memberOf(cause, "transient") !== false,
        ...(hint === undefined ? {} : { hint }),
        cause: copyOf(cause, safe)
      }
    }
    default: {
      const cause = causeOf(reason)
      const code = codeOf(cause, safe) ?? (reason._tag === "StatusCodeError" ? "STATUS" : "BODY")
      return { sent: "maybe", code, transient: true, cause: copyOf(cause, safe) }
    }
  }
}

const causeOf = (reason: object): unknown => "cause" in reason ? reason.cause : undefined

const textOf = (name: unknown, safe: Clean): string | undefined => {
  const text = typeof name === "string" ? safe(name) : ""
  return text === "" ? undefined : text
}

const codeOf = (cause: unknown, safe: Clean): string | undefined => textOf(Wire.nameIn(cause, "code"), safe)

const copyOf = (cause: unknown, safe: Clean): NonNullable<ClientError.TransportError["cause"]> => {
  const code = codeOf(cause, safe)
  const syscall = textOf(Wire.nameIn(cause, "syscall"), safe)
  return {
    name: textOf(Wire.memberOf(cause, "name"), safe) ?? "Error",
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall })
  }
}
