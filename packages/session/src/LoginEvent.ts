/**
 * The events of a login, for a program that shows it to a person. `LoginView.terminal` shows them on a terminal.
 *
 * An event has no secret in plain text, except what the person must see: a URL and a user code. Print them, but do not log them.
 *
 * @since 0.1.0
 */
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import type * as DateTime from "effect/DateTime"
import type { CallbackInvalid } from "./AuthorizationCodeError.ts"
import type { BrowserUnavailable } from "./Browser.ts"
import type * as LoginMethod from "./LoginMethod.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Another login for the same session is running, here or in another process that shares the store. This one waits for its token.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginElsewhere {
  /** The tag of this event. */
  readonly _tag: "LoginElsewhere"
}

/**
 * The grant was chosen. Nothing has been sent yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface GrantChosen extends LoginMethod.Choice {
  /** The tag of this event. */
  readonly _tag: "GrantChosen"
}

/**
 * The code grant waits for the person's browser. Show the URL. The listener is bound.
 *
 * @category models
 * @since 0.1.0
 */
export interface UrlReady {
  /** The tag of this event. */
  readonly _tag: "UrlReady"
  /** The page on which the person logs in and approves. */
  readonly url: string
  /** Whether a browser is opened after this event. */
  readonly opensBrowser: boolean
  /** Whether the person can paste the URL that the browser ends at. */
  readonly takesPaste: boolean
  /** When the login ends without a token. */
  readonly expiresAt: DateTime.Utc
}

/**
 * No browser was opened. The login goes on: the person opens the URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface BrowserFailed {
  /** The tag of this event. */
  readonly _tag: "BrowserFailed"
  /** Why. */
  readonly error: BrowserUnavailable
}

/**
 * The person pasted a text that is not the callback of this login. The login goes on, and asks again.
 *
 * @category models
 * @since 0.1.0
 */
export interface PasteRejected {
  /** The tag of this event. */
  readonly _tag: "PasteRejected"
  /** Why. */
  readonly error: CallbackInvalid
}

/**
 * An event of a login: those of this module, and those of the device grant. `Registered` and `Approved` belong to both grants.
 *
 * @category models
 * @since 0.1.0
 */
export type LoginEvent = LoginElsewhere | GrantChosen | UrlReady | BrowserFailed | PasteRejected | DeviceGrantEvent
