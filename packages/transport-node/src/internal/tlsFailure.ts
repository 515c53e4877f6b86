/**
 * What a failure of TLS means: whether waiting can mend it, and what the user has to change.
 */
import * as Predicate from "effect/Predicate"

/** The other side of a connection, and what stands between when it is a tunnel. */
export type Party = "server" | "proxy" | "tunnel"

const textOf = (error: unknown, key: string): string => {
  const value = Predicate.hasProperty(error, key) ? error[key] : undefined
  return typeof value === "string" ? value : ""
}

/** OpenSSL's reason, such as `WRONG_VERSION_NUMBER`. Beside `EPROTO` it stands in the message alone. */
const reasonOf = (error: unknown): string => {
  const told = /:SSL routines:[^:]*:([^:]+):/.exec(textOf(error, "message"))?.[1]
  return (told ?? textOf(error, "reason") ?? "").trim().toUpperCase().replaceAll(" ", "_") ||
    textOf(error, "code").replace(/^ERR_SSL_/, "")
}

// By name too: not every platform quotes the number. RFC 8446 section 6 and the TLS registry of IANA.
const alerts: ReadonlyArray<readonly [number, RegExp]> = [
  [20, /BAD_RECORD_MAC$/],
  [40, /HANDSHAKE_FAILURE$/],
  [42, /BAD_CERTIFICATE$/],
  [43, /UNSUPPORTED_CERTIFICATE$/],
  [44, /CERTIFICATE_REVOKED$/],
  [45, /CERTIFICATE_EXPIRED$/],
  [46, /CERTIFICATE_UNKNOWN$/],
  [48, /UNKNOWN_CA$/],
  [49, /ACCESS_DENIED$/],
  [70, /PROTOCOL_VERSION$/],
  [71, /INSUFFICIENT_SECURITY$/],
  [80, /INTERNAL_ERROR$/],
  [86, /INAPPROPRIATE_FALLBACK$/],
  [90, /USER_CANCELL?ED$/],
  [112, /UNRECOGNIZED_NAME$/],
  [116, /CERTIFICATE_REQUIRED$/],
  [120, /NO_APPLICATION_PROTOCOL$/]
]

/** The number of the alert that the other side sent, if it sent one. */
const alertOf = (error: unknown): number | undefined => {
  const number = /SSL alert number (\d+)/.exec(textOf(error, "message"))?.[1]
  if (number !== undefined) return Number(number)
  const reason = reasonOf(error)
  return /(?:^|_)ALERT_/.test(reason) ? alerts.find(([, name]) => name.test(reason))?.[0] : undefined
}

const errno = /^E[A-Z\d]+$/

/** Whether an error is one of TLS by its code: OpenSSL's, Node's, or the name of what is wrong with a certificate. */
export const isTls = (error: unknown): boolean =>
  /^(?:ERR_(?:SSL|TLS|OSSL)_|EPROTO$|CERT_|CRL_|UNABLE_TO_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(?:CA|PURPOSE)$|PATH_LENGTH_|HOSTNAME_MISMATCH$|UNSPECIFIED$)/
    .test(textOf(error, "code"))

// bytes that were damaged on the way, memory that ran out, an end that came without a goodbye
const passing =
  /^(?:UNEXPECTED_EOF_WHILE_READING|DECRYPTION_FAILED(?:_OR_BAD_RECORD_MAC)?|(?:SSLV3_)?BAD_RECORD_MAC|MALLOC_FAILURE|OUT_OF_MEM|.*HANDSHAKE_TIMEOUT)$/

// the other side broke down, was stopped, or saw damaged bytes: 80 internal_error, 90 user_canceled, 20 to 22
const passingAlerts = [0, 20, 21, 22, 80, 90]

/** Whether waiting may mend a failure within the handshake. A connection that was closed or reset may come again. */
export const healsInHandshake = (error: unknown): boolean => {
  const code = textOf(error, "code")
  if (code === "CONNECTION_CLOSED" || code === "ABORTED" || (errno.test(code) && code !== "EPROTO")) return true
  const alert = alertOf(error)
  return alert === undefined ? passing.test(reasonOf(error)) : passingAlerts.includes(alert)
}

/**
 * Whether waiting may mend a failure of a connection that is open. TLS 1.3 tells the client that its part is done before
 * the server has looked at the client's certificate. Anything else of TLS is damage on the way.
 */
export const healsWhenOpen = (error: unknown): boolean => {
  const alert = alertOf(error)
  return alert === undefined || ![40, 42, 43, 44, 45, 46, 48, 49, 116].includes(alert)
}

type Kind = "noTls" | "version" | "cipher" | "clientCertificate" | "name" | "untrusted" | "time" | "otherName" | "weak"

const kindOfAlert = (alert: number): Kind | undefined => {
  if (alert === 70 || alert === 86) return "version"
  if (alert === 40 || alert === 71) return "cipher"
  if (alert === 112) return "name"
  return alert === 116 || (alert >= 42 && alert <= 49 && alert !== 47) ? "clientCertificate" : undefined
}

const kinds: ReadonlyArray<readonly [Kind, RegExp]> = [
  [
    "noTls",
    /^(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|HTTPS_PROXY_REQUEST|NOT_SSL|RECORD_TOO_SMALL)$/
  ],
  [
    "version",
    /UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|UNSUPPORTED_SSL_VERSION|WRONG_SSL_VERSION|NO_PROTOCOLS_AVAILABLE|UNKNOWN_PROTOCOL/
  ],
  ["weak", /KEY_TOO_SMALL|MD_TOO_WEAK|DH_KEY_TOO|BAD_ECC_CERT|^UNSPECIFIED$/],
  ["cipher", /CIPHER|SIGALG|SIGNATURE_ALGORITHM|RENEGOTIATION|WRONG_CURVE|SUITABLE|SHARED_GROUP/],
  ["otherName", /ALTNAME|HOSTNAME_MISMATCH/],
  ["time", /NOT_YET_VALID|HAS_EXPIRED|NOT_BEFORE|NOT_AFTER/],
  ["untrusted", /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|INVALID_|PATH_LENGTH|CRL_)|CERTIFICATE_VERIFY_FAILED/]
]

const kindOf = (error: unknown): Kind | undefined => {
  const alert = alertOf(error)
  if (alert !== undefined) return kindOfAlert(alert)
  const reason = reasonOf(error)
  return kinds.find(([, names]) => names.test(reason))?.[0]
}

const parties: Readonly<Record<Party, string>> = { server: "The server", proxy: "The proxy", tunnel: "The server" }

const noTls: Readonly<Record<Party, string>> = {
  server:
    "The server does not speak TLS on this port. Correct the endpoint's port, or write http:// if it is on loopback.",
  proxy:
    "The proxy does not speak TLS on this port. Write it with http:// in `proxy` or HTTPS_PROXY, or correct its port.",
  tunnel: "What responded through the proxy does not speak TLS. Correct the endpoint's port, or log in to the network."
}

const hints: Readonly<Record<Exclude<Kind, "noTls">, string>> = {
  version: "shares no TLS version with this client. Let it offer TLS 1.2 or newer.",
  cipher: "shares no cipher suite or signature algorithm with this client. Update its TLS settings.",
  clientCertificate: "did not accept the client's certificate. Check the options `cert` and `key`.",
  name: "serves no host of this name. Correct the host, or the TLS settings of the other side.",
  untrusted:
    "has a certificate of no trusted authority. Give the authority in `ca`, AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS.",
  time: "has a certificate that is not valid now. Check this machine's clock, or renew the certificate.",
  otherName: "has a certificate for another host name. Correct the host, or the certificate.",
  weak: "has a certificate or key that is too weak, or that cannot be checked. Replace it with a stronger one."
}

/** Why TLS failed, and what to do, for a failure that waiting does not mend. Repeats nothing that the other side sent. */
export const hintOf = (error: unknown, party: Party): string => {
  const kind = kindOf(error)
  if (kind === "noTls") return noTls[party]
  const who = parties[party]
  if (kind === undefined) return `${who} and this client do not agree on TLS. Compare the TLS settings of both sides.`
  if (kind === "clientCertificate" && party === "proxy") {
    return "The proxy wants a certificate of the client, and gets none. Use a proxy that asks for a password."
  }
  return `${who} ${hints[kind]}`
}
