/**
 * What a transport's options can be wrong about.
 *
 * Proxies, certificates and keys come from outside the program (a file, a variable, a person), so what is wrong with
 * them is an error in the layer's error channel and not a defect.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options that can be wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type Option = "proxy.https" | "proxy.http" | "proxy.noProxy" | "ca" | "cert" | "key" | "passphrase"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * An option that no transport can be made of. `detail` says what is wrong with it, and repeats nothing of what it holds:
 * that may be a password or a key.
 *
 * @example
 * ```ts
 * import { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
 *
 * const error = new TransportOptionsError({ option: "key", detail: "is not the key of the certificate in `cert`" })
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportOptionsError extends Data.TaggedError("TransportOptionsError")<{
  readonly option: Option
  readonly detail: string
}> {
  override readonly message: string = `The transport's option \`${this.option}\` cannot be used: it ${this.detail}.`
}
