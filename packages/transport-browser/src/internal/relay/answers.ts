/**
 * The relay's own answers, in the service's dialect, so that a client reads a sentence.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Duration from "effect/Duration"
import * as Verdict from "../verdict.ts"

const always = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}

interface Spoken {
  readonly type: string
  readonly error: string
}

const spoken = (
  exception: Spoken,
  status: number,
  description: string,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  new Response(JSON.stringify({ error: exception.error, error_description: description }), {
    status,
    headers: { ...always, "content-type": "application/json", "x-amzn-errortype": exception.type, ...headers }
  })

/** What the relay does not pass on. Every operation of the service knows this exception. */
export const refused = (status: number, description: string, headers?: Readonly<Record<string, string>>): Response =>
  spoken(SsoOidcError.InvalidRequestException, status, description, headers)

// 429 and not the service's 400: to a device grant this is trouble on the way, which its next waits heed, while the
// service's own slow_down adds 5 seconds to the interval for good
export const tooMany = (retryAfter: Duration.Duration): Response =>
  spoken(SsoOidcError.SlowDownException, 429, "The relay passes on no more requests for now.", {
    // a store may say "never"
    "retry-after": String(Math.min(86_400, Math.max(1, Math.ceil(Duration.toSeconds(retryAfter)))))
  })

const texts: { readonly [S in Verdict.Verdict["sent"]]: string } = {
  no: "The relay could not send the request",
  maybe: "The relay may have sent the request, but got no answer",
  answered: "The relay got an answer that it cannot pass on"
}

/** There is no answer of the service to pass on. The header says what is known, and a plain client reads a 5xx. */
export const failed = (
  status: number,
  verdict: Verdict.Verdict,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  spoken(SsoOidcError.InternalServerException, status, `${texts[verdict.sent]}.`, {
    ...headers,
    [Verdict.header]: Verdict.render(verdict)
  })

/** The service's answer. */
export const passed = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer> | null
): Response => new Response(body, { status, headers: { ...always, ...headers }, ...verbatim })

// workerd encodes a body itself when a header names an encoding, and this one is encoded already
const verbatim: { readonly encodeBody: "manual" } = { encodeBody: "manual" }
