/** The relay's own responses, in the service's dialect, so that a client can show the sentence. */
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Duration from "effect/Duration"

const always = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff"
}

interface Exception {
  readonly type: string
  readonly error: string
}

const inDialect = (
  exception: Exception,
  status: number,
  description: string,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  new Response(JSON.stringify({ error: exception.error, error_description: description }), {
    status,
    headers: { ...always, "content-type": "application/json", "x-amzn-errortype": exception.type, ...headers }
  })

/** Says that the relay does not pass the request on. Each operation of the service lists this exception. */
export const refused = (status: number, description: string, headers?: Readonly<Record<string, string>>): Response =>
  inDialect(SsoOidcError.InvalidRequestException, status, description, headers)

// The status is 429, not the service's 400. After a 429 a device grant waits longer once. The service's slow_down would add 5
// seconds to its interval for good.
export const tooMany = (retryAfter: Duration.Duration): Response =>
  inDialect(
    SsoOidcError.SlowDownException,
    429,
    "The relay passes on no more requests for now. Wait for the seconds in retry-after, and send again.",
    {
      // a store may give an infinite time
      "retry-after": String(Math.min(86_400, Math.max(1, Math.ceil(Duration.toSeconds(retryAfter)))))
    }
  )

const texts: { readonly [S in RelayVerdict.RelayVerdict["sent"]]: string } = {
  no: "The relay did not send the request to the service",
  maybe: "The relay may have sent the request to the service, but got no response",
  answered: "The relay got a response of the service that it cannot pass on"
}

/** There is no response of the service to pass on. The header says what is known. A client that does not read it sees a 5xx. */
export const failed = (
  status: number,
  verdict: RelayVerdict.RelayVerdict,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  inDialect(
    SsoOidcError.InternalServerException,
    status,
    `${texts[verdict.sent]}. The header ${RelayVerdict.header} says why.`,
    {
      ...headers,
      [RelayVerdict.header]: RelayVerdict.render(verdict)
    }
  )

/** The service's response. */
export const passed = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer> | null
): Response => new Response(body, { status, headers: { ...always, ...headers }, ...verbatim })

// the body is already encoded; by default workerd would encode it again
const verbatim: { readonly encodeBody: "manual" } = { encodeBody: "manual" }
