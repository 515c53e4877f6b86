/**
 * What a failure of the transport says, in the words of `TransportError`.
 */
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Predicate from "effect/Predicate"
import type * as SsoOidcError from "../SsoOidcError.ts"
import * as TransportCause from "../TransportCause.ts"

/** Its part of a `TransportError`. */
export interface Failed {
  readonly sent: "no" | "maybe"
  readonly code: string
  readonly heals: boolean
  readonly hint?: string
  readonly cause?: NonNullable<SsoOidcError.TransportError["cause"]>
}

type Clean = (name: string) => string

export const classify = (error: HttpClientError.HttpClientError, safe: Clean): Failed => {
  const { reason } = error
  switch (reason._tag) {
    // core's bodies are bytes, so that an encoding cannot fail when half of it has left
    case "InvalidUrlError":
    case "EncodeError":
      return { sent: "no", code: reason._tag === "EncodeError" ? "ENCODE" : "INVALID_URL", heals: false }
    case "TransportError": {
      const { cause } = reason
      // held to its type member by member: a transport may be written in JavaScript
      const known = isMarked(cause)
      const hint = known ? stringMember(cause, "hint", safe) : undefined
      return {
        sent: known && memberIn(cause, "sent") === "no" ? "no" : "maybe",
        code: codeOf(cause, safe) ?? "UNKNOWN",
        heals: !known || memberIn(cause, "heals") !== false,
        ...(hint === undefined ? {} : { hint }),
        cause: copyOf(cause, safe)
      }
    }
    default: {
      const cause = causeOf(reason)
      const code = codeOf(cause, safe) ?? (reason._tag === "StatusCodeError" ? "STATUS" : "BODY")
      return { sent: "maybe", code, heals: true, cause: copyOf(cause, safe) }
    }
  }
}

const isMarked = (cause: unknown): boolean => {
  try {
    return TransportCause.isTransportCause(cause)
  } catch {
    return false
  }
}

const causeOf = (reason: object): unknown => "cause" in reason ? reason.cause : undefined

// what a platform throws may have getters that throw
const memberIn = (u: unknown, key: string): unknown => {
  try {
    return Predicate.hasProperty(u, key) ? u[key] : undefined
  } catch {
    return undefined
  }
}

const stringMember = (u: unknown, key: string, safe: Clean): string | undefined => {
  const member = memberIn(u, key)
  const text = typeof member === "string" ? safe(member) : ""
  return text === "" ? undefined : text
}

// fetch wraps the platform's error in a TypeError; the code is one level down
const memberOf = (cause: unknown, key: string, safe: Clean): string | undefined =>
  stringMember(cause, key, safe) ?? stringMember(memberIn(cause, "cause"), key, safe)

const codeOf = (cause: unknown, safe: Clean): string | undefined => memberOf(cause, "code", safe)

const copyOf = (cause: unknown, safe: Clean): NonNullable<SsoOidcError.TransportError["cause"]> => {
  const code = codeOf(cause, safe)
  const syscall = memberOf(cause, "syscall", safe)
  return {
    name: stringMember(cause, "name", safe) ?? "Error",
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall })
  }
}
