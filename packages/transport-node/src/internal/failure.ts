/** Turns the platform's failures into ours. It keeps only their names, because the rest may hold what was sent. */
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Party from "./party.ts"
import * as TlsFailure from "./tlsFailure.ts"

// a name with several addresses fails with one error that holds the error of each address
const first = (error: unknown): unknown => {
  const errors = Wire.memberOf(error, "errors")
  return Array.isArray(errors) ? errors[0] : undefined
}

const nameIn = (error: unknown, key: "code" | "syscall"): string | undefined =>
  Wire.nameIn(error, key) ?? Wire.nameIn(first(error), key)

const codeOf = (error: unknown): string => nameIn(error, "code") ?? "UNKNOWN"

export const causeOf = (
  error: unknown,
  sent: "no" | "maybe",
  transient: boolean,
  hint?: string
): TransportCause.TransportCause => {
  const syscall = nameIn(error, "syscall")
  return new TransportCause.TransportCause({
    sent,
    code: codeOf(error),
    transient,
    ...(syscall === undefined ? {} : { syscall }),
    ...(hint === undefined ? {} : { hint })
  })
}

/** A failure that is already classified: its code, whether it is transient, and what to do. */
export class Judged extends Error {
  readonly code: string
  readonly transient: boolean
  readonly syscall: string | undefined
  readonly hint: string | undefined

  constructor(code: string, transient: boolean, syscall?: string, hint?: string) {
    super(code)
    this.code = code
    this.transient = transient
    this.syscall = syscall
    this.hint = hint
  }
}

const judged = (error: unknown, party: Party.Party, transient: boolean): Judged => {
  const code = `${party.prefix}${codeOf(error)}`
  return new Judged(code, transient, nameIn(error, "syscall"), transient ? undefined : TlsFailure.hintOf(error, party))
}

/** A failure to reach the other side: of its name or of its addresses. */
export const ofDial = (error: unknown, party: Party.Party): Judged => judged(error, party, true)

/** A failure of the TLS handshake, whichever side found it. */
export const ofHandshake = (error: unknown, party: Party.Party): Judged =>
  judged(error, party, TlsFailure.isTransientInHandshake(error))

/** The end of a connection that was open and not yet used. */
export const ofUnused = (error: unknown, party: Party.Party): Judged =>
  judged(error, party, TlsFailure.isTransientWhenOpen(error))

/**
 * A failure of a request, as its connection reports it. If the platform makes connections itself, without our opening, only the
 * error's code says whether TLS failed.
 */
export const ofRequest = (
  error: unknown,
  sent: "no" | "maybe",
  opened: boolean,
  party: Party.Party
): TransportCause.TransportCause => {
  if (error instanceof Judged) return causeOf(error, sent, error.transient, error.hint)
  const transient = opened
    ? TlsFailure.isTransientWhenOpen(error)
    : !TlsFailure.isTls(error) || TlsFailure.isTransientInHandshake(error)
  return causeOf(error, sent, transient, transient ? undefined : TlsFailure.hintOf(error, party))
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
