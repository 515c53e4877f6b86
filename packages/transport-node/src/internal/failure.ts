/**
 * What a failure of the platform becomes. Nothing but its names is kept: the rest may hold what was sent.
 */
import * as TransportCause from "@sso-oidc/core/TransportCause"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"

const member = (error: unknown, key: string): string | undefined =>
  Predicate.hasProperty(error, key) && typeof error[key] === "string" && error[key] !== "" ? error[key] : undefined

// a name with several addresses fails with one error that holds the error of each
const first = (error: unknown): unknown =>
  Predicate.hasProperty(error, "errors") && Array.isArray(error.errors) ? error.errors[0] : undefined

export const causeOf = (error: unknown, sent: "no" | "maybe", heals: boolean): TransportCause.TransportCause => {
  const syscall = member(error, "syscall") ?? member(first(error), "syscall")
  return new TransportCause.TransportCause({
    sent,
    code: member(error, "code") ?? member(first(error), "code") ?? "UNKNOWN",
    heals,
    ...(syscall === undefined ? {} : { syscall })
  })
}

export const transport = (
  request: HttpClientRequest.HttpClientRequest,
  cause: TransportCause.TransportCause
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

export const encode = (
  request: HttpClientRequest.HttpClientRequest,
  description: string
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request, description }) })
