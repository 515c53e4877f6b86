/**
 * What happens during a login, for a program that shows it to a person.
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
 * There is a code for a person. Show the code and both URLs; {@link instructions} makes the text for the person.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeReady {
  readonly _tag: "CodeReady"
  /** What the person enters, or compares with the page. */
  readonly userCode: string
  /** The page with a form in which the person enters the code. */
  readonly verificationUri: string
  /** The page that knows the code already: there the person compares. Absent where the service gave none. */
  readonly verificationUriComplete?: string
  /** When the code expires, on this machine's clock. */
  readonly expiresAt: DateTime.Utc
  /** When the first poll comes. */
  readonly nextPollAt: DateTime.Utc
}

/**
 * A poll brought no token, and another will follow.
 *
 * - `"pending"`: the person has not approved yet.
 * - `"slowedDown"`: the service asked for a longer interval.
 * - `"trouble"`: no response came, or the service is busy; `trouble` says what was in the way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  readonly _tag: "Waiting"
  /** Why there is no token yet. */
  readonly reason: "pending" | "slowedDown" | "trouble"
  /** What was in the way, where `reason` is `"trouble"`. */
  readonly trouble?: Trouble
  /**
   * A sentence for the person, where the service asked twice in a row to slow down: then another program polls with the same
   * code, or this machine's clock runs fast.
   */
  readonly advice?: string
  /** How long the wait is. */
  readonly wait: Duration.Duration
  /** When the next poll comes. */
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

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

/**
 * What to tell the person: to open the complete URL and compare the code, or to open the plain URL and enter it. Comparing
 * protects against a link that somebody else sent (RFC 8628 section 5.4). The plain page is an empty form: there the code is
 * entered.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const login = DeviceGrant.login({
 *   clientName: "my-tool",
 *   startUrl: "https://my.awsapps.com/start",
 *   onEvent: (event) =>
 *     event._tag === "CodeReady" ? Console.log(DeviceGrantEvent.instructions(event)) : Effect.void
 * })
 * ```
 *
 * @category texts
 * @since 0.1.0
 */
export const instructions = ({ userCode, verificationUri, verificationUriComplete }: CodeReady): string =>
  verificationUriComplete === undefined
    ? `Open ${verificationUri} and enter the code ${userCode}`
    : `Open ${verificationUriComplete} and go on only if the page shows the code ${userCode}\n` +
      `Or open ${verificationUri} and enter the code ${userCode}`
