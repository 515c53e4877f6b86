/**
 * What a failure of the platform becomes. Nothing but its names is kept: the rest may hold what was sent.
 */
import * as TransportCause from "@sso-oidc/core/TransportCause"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import type { Socket } from "node:net"

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

/** What a proxy did to a request that it should have let through. */
export class ProxyFailure extends Error {
  readonly code: string
  readonly heals: boolean
  readonly syscall: string | undefined

  constructor(code: string, heals: boolean, syscall?: string) {
    super(code)
    this.code = code
    this.heals = heals
    this.syscall = syscall
  }
}

/** A failure on the way to a proxy, under a name that tells whose it is. */
export const ofProxy = (error: unknown, socket: Socket | null | undefined): ProxyFailure => {
  const cause = causeOf(error, "no", heals(error, socket))
  return new ProxyFailure(`PROXY_${cause.code}`, cause.heals, cause.syscall)
}

/** A proxy that answers for itself. It may change its mind when it is busy or broken, and not about whom it serves. */
export const refusedBy = (status: number): ProxyFailure =>
  new ProxyFailure(`PROXY_REFUSED_${status}`, status >= 500 || status === 408 || status === 429)

// RFC 8446 section 6: the other side wants a certificate of the client, or another one, or speaks nothing in common. The
// code tells it of TLS 1.3 alone.
const alert = /SSL alert number (?:4[0-689]|116)\b/

/** Whether waiting may mend a failure of the platform. */
export const heals = (error: unknown, socket: unknown): boolean =>
  // the platform says on the socket what it found wrong with the certificate, before it destroys it
  !(Predicate.hasProperty(socket, "authorizationError") && Predicate.isNotNullish(socket.authorizationError)) &&
  !alert.test(member(error, "message") ?? "")

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
