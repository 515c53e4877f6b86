/**
 * The events of a login, for a program that shows it to a person. `LoginView.terminal` shows them on a terminal.
 *
 * Each event has a schema, so that one process can send it to another. An event and its encoding have no secret in plain text. The
 * exception is what the person must see: the URL of `UrlReady`, and the user code and the URLs of the device grant. Print them, but do not
 * log them.
 *
 * @since 0.1.0
 */
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { CallbackInvalid } from "./AuthorizationCodeError.ts"
import { BrowserUnavailable } from "./LoginBrowser.ts"
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
  /**
   * The page on which the person logs in and approves: https, or http to loopback. It has the state of the login, and it does not have the
   * verifier: with the URL alone no one gets the token.
   */
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
export type LoginEvent =
  | LoginElsewhere
  | GrantChosen
  | UrlReady
  | BrowserFailed
  | PasteRejected
  | DeviceGrantEvent.DeviceGrantEvent

// -----------------------------------------------------------------------------
// encoded models
// -----------------------------------------------------------------------------

/**
 * The encoding of {@link UrlReady}. The URL is plain.
 *
 * @category models
 * @since 0.1.0
 */
export interface UrlReadyEncoded extends Omit<UrlReady, "expiresAt"> {
  /** When the login ends without a token, in milliseconds since 1970. */
  readonly expiresAt: number
}

/**
 * The encoding of {@link BrowserFailed}.
 *
 * @category models
 * @since 0.1.0
 */
export interface BrowserFailedEncoded extends Omit<BrowserFailed, "error"> {
  /** Why, as the members of the error. */
  readonly error: typeof BrowserUnavailable.Encoded
}

/**
 * The encoding of {@link PasteRejected}.
 *
 * @category models
 * @since 0.1.0
 */
export interface PasteRejectedEncoded extends Omit<PasteRejected, "error"> {
  /** Why, as the members of the error. */
  readonly error: typeof CallbackInvalid.Encoded
}

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The schema of {@link LoginElsewhere}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const LoginElsewhere: Schema.Codec<LoginElsewhere> = Schema.TaggedStruct("LoginElsewhere", {})

/**
 * The schema of {@link GrantChosen}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GrantChosen: Schema.Codec<GrantChosen> = Schema.TaggedStruct("GrantChosen", {
  grant: Schema.Literals(["code", "device"]),
  reason: Schema.Literals(["option", "setting", "legacy", "noListener", "elsewhere", "default"]),
  sign: Schema.optional(Schema.Literals(["ssh", "container", "noDisplay", "noTerminal"]))
})

/**
 * The schema of {@link UrlReady}. A URL that is neither https nor http to loopback is refused.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UrlReady: Schema.Codec<UrlReady, UrlReadyEncoded> = Schema.TaggedStruct("UrlReady", {
  url: StartDeviceAuthorization.Response.fields.verificationUri,
  opensBrowser: Schema.Boolean,
  takesPaste: Schema.Boolean,
  expiresAt: Schema.DateTimeUtcFromMillis
})

/**
 * The schema of {@link BrowserFailed}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const BrowserFailed: Schema.Codec<BrowserFailed, BrowserFailedEncoded> = Schema.TaggedStruct("BrowserFailed", {
  error: BrowserUnavailable
})

/**
 * The schema of {@link PasteRejected}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PasteRejected: Schema.Codec<PasteRejected, PasteRejectedEncoded> = Schema.TaggedStruct("PasteRejected", {
  error: CallbackInvalid
})

/**
 * The schema of the events of a login.
 *
 * A codec for JSON (`Schema.toCodecJson`) fails for the events of the device grant that hold a secret: `Registered`, `Waiting` and
 * `Approved`. It encodes the others.
 *
 * @example
 * ```ts
 * import * as LoginEvent from "@sso-oidc/session/LoginEvent"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * // a page may show this text: every secret prints as <redacted>
 * const toPage = (event: LoginEvent.LoginEvent) =>
 *   Effect.map(Schema.encodeEffect(LoginEvent.LoginEvent)(event), (encoded) => JSON.stringify(encoded))
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const LoginEvent = Schema.Union([
  LoginElsewhere,
  GrantChosen,
  UrlReady,
  BrowserFailed,
  PasteRejected,
  DeviceGrantEvent.DeviceGrantEvent
])
