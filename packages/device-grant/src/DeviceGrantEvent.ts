/**
 * What happens during a login, for whoever shows it to a person.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { Trouble } from "./PendingAuthorization.ts"
import type * as Registration from "./Registration.ts"
import type * as Token from "./Token.ts"

/**
 * A new client was registered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registered {
  readonly _tag: "Registered"
  readonly registration: Registration.Registration
}

/**
 * There is a code for a person to confirm. Show the code and both URLs, and ask the person to go on only when the page
 * shows the same code (RFC 8628 section 5.4).
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeReady {
  readonly _tag: "CodeReady"
  readonly userCode: string
  readonly verificationUri: string
  readonly verificationUriComplete?: string
  readonly expiresAt: DateTime.Utc
  readonly nextPollAt: DateTime.Utc
}

/**
 * A poll brought no token, and another will follow.
 *
 * - `"pending"`: nobody has approved yet.
 * - `"slowedDown"`: the service asked for a longer interval.
 * - `"trouble"`: no answer came; `trouble` says what was in the way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  readonly _tag: "Waiting"
  readonly reason: "pending" | "slowedDown" | "trouble"
  readonly trouble?: Trouble
  readonly wait: Duration.Duration
  readonly nextPollAt: DateTime.Utc
}

/**
 * The person approved, and here is the token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approved {
  readonly _tag: "Approved"
  readonly token: Token.Token
}

/**
 * What happens during a login.
 *
 * @category models
 * @since 0.1.0
 */
export type DeviceGrantEvent = Registered | CodeReady | Waiting | Approved
