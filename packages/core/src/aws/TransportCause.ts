/**
 * The cause that a transport gives for its failure.
 *
 * A request may be sent again only if it did not reach the service, and only the transport knows that. Effect's `TransportError`
 * has one open slot for it: its `cause`. A transport of this project puts a `TransportCause` there. Core reads any other cause as
 * `sent: "maybe"` and `transient: true`.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Wire from "./Wire.ts"

const TypeId = "~@sso-oidc/core/TransportCause"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

interface Members {
  /** `"no"` only if it is certain that no byte of the request left this process. `"maybe"` otherwise. */
  readonly sent: "no" | "maybe"
  /** The platform's name for the failure, such as `ECONNREFUSED`, `ENOTFOUND` or `CONNECT_TIMEOUT`. */
  readonly code: string
  /** Whether waiting may mend the failure. `false` for an untrusted certificate, for example. */
  readonly transient: boolean
  /** The system call that failed, such as `connect`. */
  readonly syscall?: string | undefined
  /**
   * Sentences that say why it failed and what the user has to change. Errors show them unchanged, so they must hold no secret,
   * and nothing that the other side sent.
   */
  readonly hint?: string | undefined
}

interface Tagged {
  /** The tag of this error. */
  readonly _tag: "TransportCause"
}

const Base: new(members: Members) => Cause.YieldableError & Tagged & Members = Data.TaggedError("TransportCause")<
  Members
>

/**
 * Why a transport has no response.
 *
 * It holds no request, no response and no platform error, because those may hold secrets.
 *
 * @example
 * ```ts
 * import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
 *
 * const refused = new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class TransportCause extends Base {
  /**
   * Marks the value, so that two copies of this module recognize each other's causes.
   *
   * @since 0.1.0
   */
  readonly "~@sso-oidc/core/TransportCause" = TypeId

  /** A sentence for a person. */
  override readonly message: string = `${
    this.sent === "no" ? "the request was not sent" : "the request may have been sent"
  }${this.hint === undefined ? `: ${String(this.code)}` : ` (${String(this.code)}): ${this.hint}`}`
}

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Whether the value is a `TransportCause`, of this copy of the module or of another.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransportCause = (u: unknown): u is TransportCause => Wire.memberOf(u, TypeId) !== undefined
