/** The TLS settings of a client: the authorities that it trusts, and the certificate that it shows. */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Crypto from "node:crypto"
import type * as Tls from "node:tls"
import { type Option, TransportOptionsError } from "../TransportOptionsError.ts"

export interface Options {
  readonly ca?: string | ReadonlyArray<string> | undefined
  readonly cert?: string | undefined
  readonly key?: Redacted.Redacted | undefined
  readonly passphrase?: Redacted.Redacted | undefined
}

/** TLS contexts. `undefined` means the platform's own. */
export interface Trust {
  /** For targets. */
  readonly target: Tls.SecureContext | undefined
  /** For proxies. It does not hold the client's certificate. */
  readonly proxy: Tls.SecureContext | undefined
}

const fail = (option: Option, detail: string) => Result.fail(new TransportOptionsError({ option, detail }))

// use only OpenSSL's code: its message may quote the text that it read
const codeOf = (error: unknown): string => {
  const code = Wire.nameIn(error, "code")
  return code === undefined ? "" : ` (${code})`
}

/** The certificates in a PEM text, or what is wrong with it and what to do. */
export const certificatesOf = (pem: string): Result.Result<ReadonlyArray<Crypto.X509Certificate>, string> => {
  const { X509Certificate } = process.getBuiltinModule("node:crypto")
  if (pem.trim() === "") return Result.fail("is empty. It needs a certificate in PEM form.")
  // each piece ends where the next begins; otherwise a certificate that is cut off would be skipped silently
  const pieces = pem.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^]*?(?=-----BEGIN |$)/g) ?? []
  if (pieces.length === 0) {
    return Result.fail("holds no certificate in PEM form. It needs -----BEGIN CERTIFICATE-----.")
  }
  const certificates: Array<Crypto.X509Certificate> = []
  for (const piece of pieces) {
    try {
      certificates.push(new X509Certificate(piece))
    } catch {
      return Result.fail(
        `holds a certificate that cannot be read: number ${certificates.length + 1} of ${pieces.length}. ` +
          "Give the whole certificate."
      )
    }
  }
  return Result.succeed(certificates)
}

const privateKeyOf = (
  key: Redacted.Redacted,
  passphrase: Redacted.Redacted | undefined
): Result.Result<Crypto.KeyObject, TransportOptionsError> => {
  const pem = Redacted.value(key)
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(pem)) {
    return fail("key", "holds no private key in PEM form. It needs -----BEGIN PRIVATE KEY-----.")
  }
  if (encrypted && passphrase === undefined) return fail("key", "is encrypted. Give its `passphrase` too.")
  try {
    return Result.succeed(
      process.getBuiltinModule("node:crypto").createPrivateKey({
        key: pem,
        ...(passphrase === undefined ? {} : { passphrase: Redacted.value(passphrase) })
      })
    )
  } catch (error) {
    return encrypted
      ? fail("passphrase", `does not open the \`key\`${codeOf(error)}. Correct it.`)
      : fail("key", `cannot be read${codeOf(error)}. Give the whole key.`)
  }
}

/** The client's certificate and key, after a check that they belong together. */
const identityOf = (options: Options): Result.Result<Tls.SecureContextOptions | undefined, TransportOptionsError> => {
  const { cert, key, passphrase } = options
  if (key === undefined) {
    if (cert !== undefined) return fail("cert", "needs its private key. Give `key` too.")
    return passphrase === undefined
      ? Result.succeed(undefined)
      : fail("passphrase", "needs the key that it opens. Give `key` too.")
  }
  if (cert === undefined) return fail("key", "needs its certificate. Give `cert` too.")
  const chain = Result.mapError(certificatesOf(cert), (detail) => new TransportOptionsError({ option: "cert", detail }))
  if (Result.isFailure(chain)) return Result.fail(chain.failure)
  const opened = privateKeyOf(key, passphrase)
  if (Result.isFailure(opened)) return Result.fail(opened.failure)
  if (chain.success[0]?.checkPrivateKey(opened.success) !== true) {
    return fail(
      "key",
      "is not the private key of the (first) certificate in `cert`. Give its own key."
    )
  }
  return Result.succeed({
    cert,
    key: Redacted.value(key),
    ...(passphrase === undefined ? {} : { passphrase: Redacted.value(passphrase) })
  })
}

/** The certificates of `ca`, which are added to the platform's. */
const authoritiesOf = (
  ca: string | ReadonlyArray<string> | undefined
): Result.Result<ReadonlyArray<string>, TransportOptionsError> => {
  const added: Array<string> = []
  const texts = ca === undefined ? [] : typeof ca === "string" ? [ca] : ca
  for (const [at, pem] of texts.entries()) {
    const certificates = certificatesOf(pem)
    if (Result.isFailure(certificates)) {
      const which = texts.length === 1 ? "" : `has a text, number ${at + 1} of ${texts.length}, that `
      return fail("ca", `${which}${certificates.failure}`)
    }
    for (const certificate of certificates.success) added.push(certificate.toString())
  }
  return Result.succeed(added)
}

/** The platform's authorities, or `undefined` on Node older than 22.15, which does not give them. */
const platformsOf = (tls: Partial<Pick<typeof Tls, "getCACertificates">>): ReadonlyArray<string> | undefined =>
  tls.getCACertificates?.("default")

/** Reads the options once. A TLS context costs time to make, and a wrong option must fail before the first request. */
export const make = (options: Options): Result.Result<Trust, TransportOptionsError> => {
  const added = authoritiesOf(options.ca)
  if (Result.isFailure(added)) return Result.fail(added.failure)
  const identity = identityOf(options)
  if (Result.isFailure(identity)) return Result.fail(identity.failure)
  if (added.success.length === 0 && identity.success === undefined) {
    return Result.succeed({ target: undefined, proxy: undefined })
  }
  const tls = process.getBuiltinModule("node:tls")
  // Node's `ca` replaces the platform's authorities, so it has to include them
  const platforms = added.success.length === 0 ? [] : platformsOf(tls)
  if (platforms === undefined) {
    return fail(
      "ca",
      "needs Node 22.15 or newer (`tls.getCACertificates`). Update Node, or name the file in NODE_EXTRA_CA_CERTS and not in `ca` or AWS_CA_BUNDLE."
    )
  }
  const ca = added.success.length === 0 ? {} : { ca: [...platforms, ...added.success] }
  try {
    const target = tls.createSecureContext({ ...ca, ...identity.success })
    // without a client certificate the two contexts are the same
    const proxy = identity.success === undefined ? target : tls.createSecureContext(ca)
    return Result.succeed({ target, proxy })
  } catch (error) {
    return fail(
      identity.success === undefined ? "ca" : "cert",
      `is not accepted by Node's TLS${codeOf(error)}. Give another one.`
    )
  }
}
