/**
 * The events of a login, for a program that shows it to a person.
 *
 * Each event has a schema. In the encoding of an event, a registration, a pending authorization and a token are `Redacted` texts.
 * So the encoding shows no secret. The user code and the URLs are plain in `CodeReady` and in `Waiting.pending`, since the person
 * must see them. Print them, but do not log them.
 *
 * @since 0.1.0
 */
import * as Registration from "@sso-oidc/core/Registration"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Stored from "@sso-oidc/core/Stored"
import * as Token from "@sso-oidc/core/Token"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Numbers from "./internal/numbers.ts"
import * as PendingAuthorization from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A new client was registered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registered {
  /** The tag of this event. */
  readonly _tag: "Registered"
  /** The new registration. Keep it for the next login. */
  readonly registration: Registration.Registration
}

/**
 * There is a code for the person. Show the code and both URLs; {@link instructions} makes the text for the person.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeReady {
  /** The tag of this event. */
  readonly _tag: "CodeReady"
  /** The code that the person enters, or compares with the page. */
  readonly userCode: string
  /** The page with a form, in which the person enters the code. */
  readonly verificationUri: string
  /** The page that already has the code. The person compares it there. Absent if the service gave none. */
  readonly verificationUriComplete?: string
  /** The deadline, on this machine's clock. */
  readonly expiresAt: DateTime.Utc
  /** When the first poll is sent, on this machine's clock. */
  readonly nextPollAt: DateTime.Utc
}

/**
 * A poll brought no token, and another poll follows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting {
  /** The tag of this event. */
  readonly _tag: "Waiting"
  /**
   * Why there is no token yet. `"pending"`: the person has not approved yet. `"slowedDown"`: the service asked for a longer
   * interval. `"trouble"`: no response came, or the service is busy.
   */
  readonly reason: "pending" | "slowedDown" | "trouble"
  /** Why the poll failed. Present only if `reason` is `"trouble"`. */
  readonly trouble?: PendingAuthorization.Trouble
  /**
   * A sentence for the person, present after two or more `slow_down` in a row. It says what is likely: another program polls with
   * the same code, or this machine's clock runs fast.
   */
  readonly advice?: string
  /** How long the wait before the next poll is. The same as `pending.wait`. */
  readonly wait: Duration.Duration
  /** When the next poll is sent, on this machine's clock. The same as `pending.nextPollAt`. */
  readonly nextPollAt: DateTime.Utc
  /** The login as it stands. Give it to `resume` to continue the login. The next poll then comes no earlier than `nextPollAt`. */
  readonly pending: PendingAuthorization.PendingAuthorization
}

/**
 * The person approved, and the token has arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approved {
  /** The tag of this event. */
  readonly _tag: "Approved"
  /** The token, with the registration that it was issued to. */
  readonly token: Token.Token
}

/**
 * An event of a login.
 *
 * @category models
 * @since 0.1.0
 */
export type DeviceGrantEvent = Registered | CodeReady | Waiting | Approved

// -----------------------------------------------------------------------------
// encoded models
// -----------------------------------------------------------------------------

/**
 * The encoding of {@link Registered}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RegisteredEncoded extends Omit<Registered, "registration"> {
  /** The registration as one secret text. */
  readonly registration: Redacted.Redacted<string>
}

/**
 * The encoding of {@link CodeReady}.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeReadyEncoded extends Omit<CodeReady, "expiresAt" | "nextPollAt"> {
  /** The deadline, in milliseconds since 1970. */
  readonly expiresAt: number
  /** When the first poll is sent, in milliseconds since 1970. */
  readonly nextPollAt: number
}

/**
 * The encoding of {@link Waiting}. A page can show the next poll from `wait` and `nextPollAt`, without the secret text `pending`.
 *
 * @category models
 * @since 0.1.0
 */
export interface WaitingEncoded extends Omit<Waiting, "wait" | "nextPollAt" | "pending"> {
  /** How long the wait before the next poll is, in milliseconds. */
  readonly wait: number
  /** When the next poll is sent, in milliseconds since 1970. */
  readonly nextPollAt: number
  /** The pending authorization as one secret text. */
  readonly pending: Redacted.Redacted<string>
}

/**
 * The encoding of {@link Approved}.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApprovedEncoded extends Omit<Approved, "token"> {
  /** The token as one secret text. */
  readonly token: Redacted.Redacted<string>
}

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The schema of {@link Registered}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Registered: Schema.Codec<Registered, RegisteredEncoded> = Schema.TaggedStruct("Registered", {
  registration: Registration.Registration
})

const shown = StartDeviceAuthorization.Response.fields

/**
 * The schema of {@link CodeReady}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CodeReady: Schema.Codec<CodeReady, CodeReadyEncoded> = Schema.TaggedStruct("CodeReady", {
  userCode: shown.userCode,
  verificationUri: shown.verificationUri,
  verificationUriComplete: shown.verificationUriComplete,
  expiresAt: Schema.DateTimeUtcFromMillis,
  nextPollAt: Schema.DateTimeUtcFromMillis
})

/**
 * The schema of {@link Waiting}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Waiting: Schema.Codec<Waiting, WaitingEncoded> = Schema.TaggedStruct("Waiting", {
  reason: Schema.Literals(["pending", "slowedDown", "trouble"]),
  trouble: Schema.optionalKey(PendingAuthorization.Trouble),
  advice: Schema.optionalKey(Stored.Text),
  wait: Numbers.Wait,
  nextPollAt: Schema.DateTimeUtcFromMillis,
  pending: PendingAuthorization.PendingAuthorization
})

/**
 * The schema of {@link Approved}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Approved: Schema.Codec<Approved, ApprovedEncoded> = Schema.TaggedStruct("Approved", {
  token: Token.Token
})

/**
 * The schema of the events of a login.
 *
 * A codec for JSON (`Schema.toCodecJson`) encodes `CodeReady` alone. It fails for the other events, since each holds a secret.
 * Unwrap the secret text yourself where you write it.
 *
 * @example
 * ```ts
 * import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * // a page may show this text: every secret prints as <redacted>
 * const toPage = (event: DeviceGrantEvent.DeviceGrantEvent) =>
 *   Effect.map(Schema.encodeEffect(DeviceGrantEvent.DeviceGrantEvent)(event), (encoded) => JSON.stringify(encoded))
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeviceGrantEvent = Schema.Union([Registered, CodeReady, Waiting, Approved])

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

/**
 * The text for the person: open the complete URL and compare the code, or open the plain URL and enter the code. Comparing the
 * code protects against a link that an attacker sent (RFC 8628 section 5.4).
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
