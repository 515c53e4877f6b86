/**
 * The error for options that cannot be used.
 *
 * Proxies, certificates and keys come from outside the program: from a file, a variable or a person. So a wrong one is an error
 * in the layer's error channel and not a defect.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
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

interface Fields {
  /** The option that cannot be used. */
  readonly option: Option
  /**
   * The end of the message: what is wrong with the option, and what to do next. It repeats nothing of the option's value, which
   * may be a password or a key.
   */
  readonly detail: string
}

interface Tagged {
  /** The tag of this error. */
  readonly _tag: "TransportOptionsError"
}

const Base: new(fields: Fields) => Cause.YieldableError & Tagged & Readonly<Fields> = Data.TaggedError(
  "TransportOptionsError"
)<Fields>

/**
 * The transport cannot be built, because one of its options cannot be used.
 *
 * @example
 * ```ts
 * import { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
 *
 * const error = new TransportOptionsError({ option: "key", detail: "is encrypted. Give its `passphrase` too." })
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportOptionsError extends Base {
  /** Names the option, says what is wrong with it, and what to do next. */
  override readonly message: string = `The transport cannot be built: its option \`${this.option}\` ${this.detail}`
}
