/**
 * What a transport knows about its own failure.
 *
 * Whether a request can have reached the service decides whether it may be sent again, and only the transport can tell.
 * Effect's `HttpClientError` has one open slot for it: the `cause` of a `TransportError`. A transport of this project
 * puts a `TransportCause` there; core reads any other cause as "it may have left, and it may be transient".
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Wire from "./Wire.ts"

const TypeId = "~@sso-oidc/core/TransportCause"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Why a transport could not bring an answer.
 *
 * - `sent`: `"no"` only when it is certain that no byte of the request left this process; `"maybe"` otherwise.
 * - `code`: the platform's name for the failure (`ECONNREFUSED`, `ENOTFOUND`, `CONNECT_TIMEOUT`), for people and logs.
 * - `transient`: `false` for what does not mend by waiting: an untrusted certificate, a proxy that refuses.
 * - `syscall`: the system call that failed, where the platform tells.
 * - `hint`: sentences that say why it failed and what the user has to change, where the transport knows. They are shown as
 *   they are, so they hold no secret and nothing that the other side sent.
 *
 * It holds no request, no response and no platform error: those may hold secrets.
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
export class TransportCause extends Data.TaggedError("TransportCause")<{
  readonly sent: "no" | "maybe"
  readonly code: string
  readonly transient: boolean
  readonly syscall?: string | undefined
  readonly hint?: string | undefined
}> {
  /**
   * Marks the value, so that two copies of this module know each other's causes.
   *
   * @since 0.1.0
   */
  readonly [TypeId] = TypeId

  override readonly message: string = `${
    this.sent === "no" ? "the request did not leave" : "the request may have left"
  }${this.hint === undefined ? `: ${String(this.code)}` : ` (${String(this.code)}): ${this.hint}`}`
}

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Returns `true` when the value is a `TransportCause`, of this copy of the module or of another.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransportCause = (u: unknown): u is TransportCause => Wire.memberOf(u, TypeId) !== undefined
