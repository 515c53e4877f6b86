/** A proxy as the other side of a connection, and a server behind it. */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Failure from "./failure.ts"
import * as Party from "./party.ts"

const hints: Readonly<Record<number, string>> = {
  403:
    "The proxy does not let this client reach the host. Have it allow the host, or name the host in `noProxy` or NO_PROXY.",
  407:
    "The proxy wants a user and a password that it knows. Give them in the URL of HTTPS_PROXY, or of `proxy` as Redacted."
}

/** The proxy rejected the request. Retrying can help for 408, 429 and 5xx, but not for 403 or 407. */
export const refusedBy = (status: number): Failure.Judged => {
  const transient = Wire.isBusyStatus(status)
  const hint = transient ? undefined : hints[status] ??
    "The proxy rejected the request. Check that `proxy` or HTTPS_PROXY names a proxy for this host."
  return new Failure.Judged(`PROXY_REFUSED_${status}`, transient, undefined, hint)
}

export const proxy: Party.Party = {
  prefix: "PROXY_",
  name: "The proxy",
  place: "`proxy` or HTTPS_PROXY",
  noTls:
    "The proxy does not speak TLS on this port. Write it with http:// in `proxy` or HTTPS_PROXY, or correct its port.",
  getsNoCertificate:
    "The proxy wants a client certificate, and proxies get none. Name another one in `proxy` or HTTPS_PROXY.",
  rejected: () => refusedBy(407)
}

/** A server that is reached through a tunnel. */
export const behind: Party.Party = {
  ...Party.server,
  noTls:
    "The server behind the proxy does not speak TLS. Correct the endpoint's port or the proxy, or log in to the network."
}
