/**
 * What a failure of `fetch` becomes, as far as `fetch` can tell.
 */
import { isTransportCause, TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as HttpClientError from "effect/http/HttpClientError"

type Fetch = typeof globalThis.fetch

const unsent = (code: string, transient = false): TransportCause => new TransportCause({ sent: "no", code, transient })

// What `fetch` does first with its arguments (Fetch, section 5.4). A body is sent as it is or not at all; whether there
// may be one is all that can be wrong with it, and a stream would be taken by the trial.
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

/** A `fetch` that is not called with what cannot be sent, so that it is certain that nothing was. */
export const careful = (fetch: Fetch): Fetch => (input, init = {}) => {
  if (typeof fetch !== "function") return Promise.reject(unsent("NO_FETCH"))
  if (init.signal?.aborted === true) return Promise.reject(unsent("ABORTED", true))
  return canBeMade(input, init) ? fetch(input, init) : Promise.reject(unsent("INVALID_REQUEST"))
}

/** Only the names of a failure are kept: the rest may hold what was sent. */
export const told = (error: HttpClientError.HttpClientError): HttpClientError.HttpClientError => {
  const { reason } = error
  if (reason._tag !== "TransportError" || isTransportCause(reason.cause)) return error
  const code = codeOf(reason.cause)
  // Effect's client gives no upgrade to `fetch`, and says so without a cause
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
    // those of an `AbortSignal` (DOM, section 3), whose codes are numbers
    (names.includes("AbortError") ? "ABORTED" : names.includes("TimeoutError") ? "TIMEOUT" : "FETCH_FAILED")
}

// The names that OpenSSL and Node give to a certificate that is not trusted, as Node and Bun tell them
const isCertificate = (code: string): boolean => /CERT|SELF_SIGNED|^UNABLE_TO_|^HOSTNAME_MISMATCH$/.test(code)
