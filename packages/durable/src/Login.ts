/**
 * A durable login, as its program sees it: how far it is, without any secret but the code for the person.
 *
 * @since 0.1.0
 */
import type { RequestInvalid } from "@sso-oidc/core/aws/ClientError"
import type { Unsealable } from "@sso-oidc/core/Sealer"
import type { PollError } from "@sso-oidc/device-grant/DeviceGrant"
import type { Trouble } from "@sso-oidc/device-grant/PendingAuthorization"
import type * as DateTime from "effect/DateTime"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A login that has not ended. Show the code and the URL until its deadline. The first `step` or `start` after the deadline ends it.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingLogin {
  /** How far the login is. */
  readonly state: "pending"
  /** The id of the login. */
  readonly id: string
  /** The code that the person enters, or compares with the page. Show it always, beside the URL. */
  readonly userCode: string
  /** The page where the person enters the code. Do not parse this URL. */
  readonly verificationUri: string
  /** The page where the code is already filled in. Do not parse this URL. Absent if the service gave none. */
  readonly verificationUriComplete?: string
  /** The deadline. After it the person can no longer approve. */
  readonly expiresAt: DateTime.Utc
  /** When the next poll may be sent. */
  readonly nextPollAt: DateTime.Utc
  /** Why the last failed poll failed. Absent if no poll failed since the last `authorization_pending`. */
  readonly lastTrouble?: Trouble
}

/**
 * A login whose token came.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApprovedLogin {
  /** How far the login is. */
  readonly state: "approved"
  /** The id of the login. */
  readonly id: string
  /** Whether the token was taken. It can be taken once. */
  readonly isTaken: boolean
}

/**
 * Why a login failed: an error of the device grant, or its stored text cannot be opened. `RequestInvalid` is none, because it ends no
 * login: nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export type LoginFailure = Exclude<PollError, RequestInvalid> | Unsealable

/**
 * A login that ended with an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailedLogin {
  /** How far the login is. */
  readonly state: "failed"
  /** The id of the login. */
  readonly id: string
  /** Why it failed. It is the error that the device grant failed with. */
  readonly error: LoginFailure
}

/**
 * A login that the program cancelled.
 *
 * @category models
 * @since 0.1.0
 */
export interface CancelledLogin {
  /** How far the login is. */
  readonly state: "cancelled"
  /** The id of the login. */
  readonly id: string
}

/**
 * There is no login of this id: it was never started, or its row was removed one hour after its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnknownLogin {
  /** How far the login is. */
  readonly state: "unknown"
  /** The id that was asked for. */
  readonly id: string
}

/**
 * A login that has ended.
 *
 * @category models
 * @since 0.1.0
 */
export type EndedLogin = ApprovedLogin | FailedLogin | CancelledLogin

/**
 * How far a login is.
 *
 * @category models
 * @since 0.1.0
 */
export type Login = PendingLogin | EndedLogin | UnknownLogin
