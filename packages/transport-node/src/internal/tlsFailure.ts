/** Classifies a TLS failure: whether waiting can mend it, and what the user has to change. */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Party from "./party.ts"

const textOf = (error: unknown, key: string): string => {
  const value = Wire.memberOf(error, key)
  return typeof value === "string" ? value : ""
}

/**
 * OpenSSL's reason, such as `WRONG_VERSION_NUMBER`, or the alert of the other side, such as `TLSV1_ALERT_PROTOCOL_VERSION`.
 * With the code `EPROTO`, only the message holds it.
 */
const reasonOf = (error: unknown): string =>
  (/:SSL routines:[^:]*:([^:]+):/.exec(textOf(error, "message"))?.[1] ?? textOf(error, "code").replace(/^ERR_SSL_/, ""))
    .toUpperCase()
    .replaceAll(" ", "_")

const errno = /^E[A-Z\d]+$/

/** Whether an error's code is one of TLS: OpenSSL's, Node's, or the name of a certificate problem. */
export const isTls = (error: unknown): boolean =>
  /^(?:ERR_(?:SSL|TLS|OSSL)_|EPROTO$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(?:CA|PURPOSE)$|PATH_LENGTH_|HOSTNAME_MISMATCH$|UNSPECIFIED$)/
    .test(textOf(error, "code"))

// Transient: bytes damaged in transport, out of memory, an end without close_notify, a breakdown of the other side.
const passing =
  /UNEXPECTED_EOF|BAD_RECORD_MAC|DECRYPTION_FAILED|ALERT_RECORD_OVERFLOW|MALLOC_FAILURE|OUT_OF_MEM|HANDSHAKE_TIMEOUT|ALERT_INTERNAL_ERROR|USER_CANCELL?ED/

/** Whether waiting may mend a failure within the handshake. It may for a connection that was closed or reset. */
export const isTransientInHandshake = (error: unknown): boolean => {
  const code = textOf(error, "code")
  return code === "CONNECTION_CLOSED" || code === "ABORTED" || (errno.test(code) && code !== "EPROTO") ||
    passing.test(reasonOf(error))
}

// RFC 8446 section 6: the alerts about a certificate
const refusedCertificate = /ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/

/**
 * Whether waiting may mend a failure of an open connection. Only the alerts that reject the client's certificate are permanent:
 * with TLS 1.3 they can arrive after the client has finished its handshake. Any other TLS failure is damage in transport.
 */
export const isTransientWhenOpen = (error: unknown): boolean => {
  const reason = reasonOf(error)
  return !refusedCertificate.test(reason) && !/ALERT_HANDSHAKE_FAILURE/.test(reason)
}

type Kind = "noTls" | "version" | "cipher" | "clientCertificate" | "name" | "untrusted" | "time" | "otherName" | "weak"

const kinds: ReadonlyArray<readonly [Kind, RegExp]> = [
  ["clientCertificate", refusedCertificate],
  ["noTls", /^(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTPS?_(?:PROXY_)?REQUEST|RECORD_TOO_SMALL)$/],
  [
    "version",
    /PROTOCOL_VERSION|INAPPROPRIATE_FALLBACK|UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|VERSION_TOO_LOW|SSL_VERSION|NO_PROTOCOLS/
  ],
  ["weak", /KEY_TOO|MD_TOO_WEAK|^UNSPECIFIED$/],
  ["cipher", /HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY|CIPHER|SIGALG|SIGNATURE_ALG|RENEGOTIATION|CURVE|SUITABLE|GROUP/],
  ["name", /UNRECOGNIZED_NAME/],
  ["otherName", /ALTNAME|HOSTNAME_MISMATCH/],
  ["time", /NOT_YET_VALID|HAS_EXPIRED|NOT_BEFORE|NOT_AFTER/],
  ["untrusted", /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|INVALID_|PATH_LENGTH|CRL_)|VERIFY_FAILED/]
]

/** `PLACE` stands for the place in which the user names the other side. */
const hints: Readonly<Record<Exclude<Kind, "noTls">, string>> = {
  version: "shares no TLS version with this client. Let it offer TLS 1.2 or newer.",
  cipher: "shares no cipher suite or signature algorithm with this client. Update its TLS settings.",
  clientCertificate: "did not accept the client's certificate. Check the options `cert` and `key`.",
  name: "serves no host of this name. Correct the host in PLACE, or the TLS settings of the other side.",
  untrusted:
    "has a certificate of no trusted authority. Give the authority in `ca`, AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS.",
  time: "has a certificate that is not valid now. Check this machine's clock, or renew the certificate.",
  otherName: "has a certificate for another host name. Correct the host in PLACE, or the certificate.",
  weak: "has a certificate or key that is too weak, or that cannot be checked. Replace it with a stronger one."
}

/** Why TLS failed, and what to do, for a permanent failure. It repeats nothing that the other side sent. */
export const hintOf = (error: unknown, party: Party.Party): string => {
  const reason = reasonOf(error)
  const kind = kinds.find(([, names]) => names.test(reason))?.[0]
  if (kind === "noTls") return party.noTls
  if (kind === undefined) {
    return `${party.name} and this client do not agree on TLS. Compare the TLS settings of both sides.`
  }
  if (kind === "clientCertificate" && party.getsNoCertificate !== undefined) return party.getsNoCertificate
  return `${party.name} ${hints[kind].replace("PLACE", party.place)}`
}
