/** Turns a failure of `fetch` into a `TransportCause`, as far as `fetch` tells. */
import { isTransportCause, TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as HttpClientError from "effect/http/HttpClientError"

type Fetch = typeof globalThis.fetch

const unsent = (code: string, transient = false): TransportCause => new TransportCause({ sent: "no", code, transient })

// `fetch` first makes a `Request` of its arguments (Fetch, section 5.4). This trial finds what cannot be sent. It takes an
// empty text for the body: only whether a body is allowed can fail here, and a real stream would be used up by the trial.
const canBeMade = (input: RequestInfo | URL, { body, duplex: _duplex, signal: _signal, ...init }: Init): boolean => {
  if (typeof Request === "undefined") return true
  try {
    void new Request(input, body === undefined || body === null ? init : { ...init, body: "" })
    return true
  } catch {
    return false
  }
}

type Init = RequestInit & { readonly duplex?: unknown }

/** A `fetch` that is not called with a request that cannot be sent. So it is certain that nothing was sent. */
export const careful = (fetch: Fetch): Fetch => (input, init = {}) => {
  if (typeof fetch !== "function") return Promise.reject(unsent("NO_FETCH"))
  if (init.signal?.aborted === true) return Promise.reject(unsent("ABORTED", true))
  return canBeMade(input, init) ? fetch(input, init) : Promise.reject(unsent("INVALID_REQUEST"))
}

/** Keeps only the names of a failure, because the rest may hold what was sent. */
export const told = (error: HttpClientError.HttpClientError): HttpClientError.HttpClientError => {
  const { reason } = error
  if (reason._tag !== "TransportError" || isTransportCause(reason.cause)) return error
  const code = codeOf(reason.cause)
  // Effect's client does not pass an upgrade to `fetch`, and its error has no cause
  const cause = reason.request.headers["upgrade"] === undefined
    ? new TransportCause({ sent: "maybe", code, transient: !isCertificate(code) })
    : unsent("UPGRADE_UNSUPPORTED")
  return new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request: reason.request, cause })
  })
}

const codeOf = (error: unknown): string => {
  const names = [error, Wire.memberOf(error, "cause")].map((at) => Wire.memberOf(at, "name"))
  return Wire.nameIn(error, "code") ??
    // the names of an `AbortSignal`'s errors (DOM, section 3), whose codes are numbers
    (names.includes("AbortError") ? "ABORTED" : names.includes("TimeoutError") ? "TIMEOUT" : "FETCH_FAILED")
}

// OpenSSL's and Node's codes for a certificate that is not trusted, as Node and Bun report them
const isCertificate = (code: string): boolean => /CERT|SELF_SIGNED|^UNABLE_TO_|^HOSTNAME_MISMATCH$/.test(code)
