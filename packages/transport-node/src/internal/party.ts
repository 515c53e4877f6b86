/**
 * The other side of a connection, as the sentence of a failure names it.
 *
 * Only the routing through proxies knows the parties of `proxyParty.ts`, so that a bundle of `DirectTransport` has none of their sentences.
 */
import type * as Failure from "./failure.ts"

export interface Party {
  /** What the code of a failure begins with. */
  readonly prefix: "" | "PROXY_"
  /** The first words of a sentence about it. */
  readonly name: "The server" | "The proxy"
  /** Where the user names it. */
  readonly place: string
  /** The hint if it does not speak TLS. */
  readonly noTls: string
  /** The hint if it wants a certificate and gets none. By default, the certificate that it got was wrong. */
  readonly getsNoCertificate?: string
  /** For a proxy: the failure if it rejects the request with a 407 of its own. */
  readonly rejected?: () => Failure.Judged
}

/** A server that is reached directly. */
export const server: Party = {
  prefix: "",
  name: "The server",
  place: "the endpoint",
  noTls:
    "The server does not speak TLS on this port. Correct the endpoint's port, or write http:// if it is on loopback."
}
