/** Turns a failure of `fetch` into a `TransportCause`, as far as `fetch` tells. */
import { isTransportCause, TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"

type Fetch = typeof globalThis.fetch

const unsent = (code: string, transient = false): TransportCause => new TransportCause({ sent: "no", code, transient })

// `fetch` first makes a `Request` of its arguments (Fetch, section 5.4). This trial finds what cannot be sent. It takes an
// empty text for the body: only whether a body is allowed can fail here, and a real stream would be used up by the trial.
const canBeMade = (url: URL, { body, signal: _signal, ...init }: RequestInit): boolean => {
  if (typeof Request === "undefined") return true
  try {
    void new Request(url, body === undefined || body === null ? init : { ...init, body: "" })
    return true
  } catch {
    return false
  }
}

/** A failure of the transport. */
export const failed = (
  request: HttpClientRequest.HttpClientRequest,
  cause: TransportCause
): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

/** Why the request cannot be given to `fetch`. Then it is certain that nothing was sent. */
export const unsendable = (
  fetch: Fetch,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  init: RequestInit
): TransportCause | undefined =>
  request.headers["upgrade"] !== undefined
    ? unsent("UPGRADE_UNSUPPORTED")
    : typeof fetch !== "function"
    ? unsent("NO_FETCH")
    : init.signal?.aborted === true
    ? unsent("ABORTED", true)
    : canBeMade(url, init)
    ? undefined
    : unsent("INVALID_REQUEST")

/** What a rejection of `fetch` tells. It keeps only the names of a failure, because the rest may hold what was sent. */
export const causeOf = (error: unknown): TransportCause => {
  if (isTransportCause(error)) return error
  const code = codeOf(error)
  return new TransportCause({ sent: "maybe", code, transient: !isCertificate(code) })
}

const codeOf = (error: unknown): string => {
  const names = [error, Wire.memberOf(error, "cause")].map((at) => Wire.memberOf(at, "name"))
  return Wire.nameIn(error, "code") ??
    // the names of an `AbortSignal`'s errors (DOM, section 3), whose codes are numbers
    (names.includes("AbortError") ? "ABORTED" : names.includes("TimeoutError") ? "TIMEOUT" : "FETCH_FAILED")
}

// OpenSSL's and Node's codes for a certificate that is not trusted, as Node and Bun report them
const isCertificate = (code: string): boolean => /CERT|SELF_SIGNED|^UNABLE_TO_|^HOSTNAME_MISMATCH$/.test(code)
