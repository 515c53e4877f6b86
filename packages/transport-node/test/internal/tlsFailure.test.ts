import { assert, describe, it } from "@effect/vitest"
import * as Party from "../../src/internal/party.ts"
import * as ProxyParty from "../../src/internal/proxyParty.ts"
import * as TlsFailure from "../../src/internal/tlsFailure.ts"

/** The shape that a write gives to an error of OpenSSL. */
const eproto = (reason: string, tail = "") => ({
  code: "EPROTO",
  message: `write EPROTO 00AB:error:0A00010B:SSL routines:ssl3_get_record:${reason}:../deps/record.c:355:${tail}\n`
})

const permanent = [
  { code: "ERR_SSL_WRONG_VERSION_NUMBER" },
  { code: "ERR_SSL_UNSUPPORTED_PROTOCOL" },
  { code: "ERR_SSL_NO_PROTOCOLS_AVAILABLE" },
  { code: "ERR_SSL_PACKET_LENGTH_TOO_LONG" },
  { code: "ERR_SSL_HTTP_REQUEST" },
  { code: "ERR_SSL_NO_CIPHERS_AVAILABLE" },
  { code: "ERR_SSL_DH_KEY_TOO_SMALL" },
  { code: "ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED" },
  { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" },
  { code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" },
  { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" },
  { code: "ERR_SSL_TLSV1_UNRECOGNIZED_NAME" },
  { code: "ERR_SSL_A_REASON_OF_TOMORROW" },
  { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
  { code: "ERR_TLS_CERT_ALTNAME_FORMAT" },
  { code: "ERR_TLS_INVALID_PROTOCOL_VERSION" },
  { code: "CERT_HAS_EXPIRED" },
  { code: "CERT_NOT_YET_VALID" },
  { code: "CERT_REVOKED" },
  { code: "CERT_SIGNATURE_FAILURE" },
  { code: "CERT_CHAIN_TOO_LONG" },
  { code: "CRL_HAS_EXPIRED" },
  { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
  { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" },
  { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  { code: "SELF_SIGNED_CERT_IN_CHAIN" },
  { code: "ERROR_IN_CERT_NOT_AFTER_FIELD" },
  { code: "INVALID_CA" },
  { code: "INVALID_PURPOSE" },
  { code: "PATH_LENGTH_EXCEEDED" },
  { code: "HOSTNAME_MISMATCH" },
  { code: "UNSPECIFIED" },
  eproto("wrong version number"),
  eproto("unsupported protocol"),
  eproto("dh key too small"),
  eproto("tlsv1 alert protocol version", "SSL alert number 70"),
  eproto("sslv3 alert handshake failure", "SSL alert number 40")
]

const transient = [
  { code: "ECONNRESET" },
  { code: "EPIPE" },
  { code: "ETIMEDOUT" },
  { code: "EHOSTUNREACH" },
  { code: "CONNECTION_CLOSED" },
  { code: "ERR_SSL_UNEXPECTED_EOF_WHILE_READING" },
  { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" },
  { code: "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC" },
  { code: "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR" },
  { code: "ERR_SSL_TLSV1_ALERT_USER_CANCELLED" },
  { code: "ERR_TLS_HANDSHAKE_TIMEOUT" },
  { code: "OUT_OF_MEM" },
  eproto("tlsv1 alert internal error", "SSL alert number 80"),
  eproto("unexpected eof while reading")
]

describe("tlsFailure (the seam)", () => {
  it.each(permanent)("is permanent within the handshake for $code: $message", (error) => {
    assert.isFalse(TlsFailure.isTransientInHandshake(error))
    assert.isTrue(TlsFailure.isTls(error))
    for (const party of [Party.server, ProxyParty.proxy, ProxyParty.behind]) {
      const hint = TlsFailure.hintOf(error, party)
      assert.match(hint, party === ProxyParty.proxy ? /proxy/i : /server/)
      // the first sentence says what failed, and the second says what to do
      assert.match(hint, /^[A-Z].*\. [A-Z].*\.$/)
    }
  })

  it.each(transient)("is transient within the handshake for $code: $message", (error) => {
    assert.isTrue(TlsFailure.isTransientInHandshake(error))
  })

  it("is permanent on an open connection only for an alert about a certificate", () => {
    const alerts = [
      { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" },
      { code: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE" },
      { code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" }
    ]
    for (const error of alerts) assert.isFalse(TlsFailure.isTransientWhenOpen(error), error.code)
    for (const error of [...transient, { code: "ERR_SSL_WRONG_VERSION_NUMBER" }, { code: "HPE_INVALID_CONSTANT" }]) {
      assert.isTrue(TlsFailure.isTransientWhenOpen(error), error.code)
    }
  })

  it.each([
    ["CERT_HAS_EXPIRED", "this machine's clock"],
    ["CERT_NOT_YET_VALID", "this machine's clock"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "for another host name"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "AWS_CA_BUNDLE"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "AWS_CA_BUNDLE"],
    ["UNSPECIFIED", "too weak"],
    ["ERR_SSL_DH_KEY_TOO_SMALL", "too weak"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", "TLS 1.2 or newer"]
  ])("has a hint for %s that says \"%s\"", (code, about) => {
    assert.include(TlsFailure.hintOf({ code }, Party.server), about)
  })
})
