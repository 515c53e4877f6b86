/**
 * What happens during a login, for a program that shows it to a person.
 *
 * Each event has a schema. The encoding of an event shows no secret: a registration, a pending authorization and a token are
 * `Redacted` texts in it, as their own schemas encode them. The user code and the URLs are plain in `CodeReady`, since a person must
 * see them. Print them, but do not log them; `Waiting.pending` holds them too.
 *
 * @since 0.1.0
 */
import * as Registration from "@sso-oidc/core/Registration"
import * as Stored from "@sso-oidc/core/Stored"
import * as Token from "@sso-oidc/core/Token"
import * as Schema from "effect/Schema"
import * as PendingAuthorization from "./PendingAuthorization.ts"

const { expiresAt, nextPollAt, userCode, verificationUri, verificationUriComplete, wait } =
  PendingAuthorization.Members.fields

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A new client was registered.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Registered = Schema.TaggedStruct("Registered", {
  /** The new registration, to keep for the next login. */
  registration: Registration.Registration
})

/**
 * A new client was registered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registered extends Schema.Schema.Type<typeof Registered> {}

/**
 * There is a code for a person. Show the code and both URLs; {@link instructions} makes the text for the person.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CodeReady = Schema.TaggedStruct("CodeReady", {
  /** What the person enters, or compares with the page. */
  userCode,
  /** The page with a form in which the person enters the code. */
  verificationUri,
  /** The page that knows the code already: there the person compares. Absent if the service gave none. */
  verificationUriComplete,
  /** When the code expires, on this machine's clock. */
  expiresAt,
  /** When the first poll comes. */
  nextPollAt
})

/**
 * There is a code for a person. Show the code and both URLs; {@link instructions} makes the text for the person.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeReady extends Schema.Schema.Type<typeof CodeReady> {}

/**
 * A poll brought no token, and another will follow.
 *
 * `wait` and `nextPollAt` are those of `pending`. They stand beside it because `pending` is one secret text in the encoding: a page
 * that gets the encoded event without that text still shows when the next poll comes.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Waiting = Schema.TaggedStruct("Waiting", {
  /**
   * Why there is no token yet. `"pending"`: the person has not approved yet. `"slowedDown"`: the service asked for a longer
   * interval. `"trouble"`: no response came, or the service is busy.
   */
  reason: Schema.Literals(["pending", "slowedDown", "trouble"]),
  /** What was in the way, if `reason` is `"trouble"`. */
  trouble: Schema.optionalKey(PendingAuthorization.Trouble),
  /**
   * A sentence for the person, after the service asked twice in a row to slow down: another program polls with the same code, or
   * this machine's clock runs fast.
   */
  advice: Schema.optionalKey(Stored.Text),
  /** How long the wait before the next poll is. */
  wait,
  /** When the next poll comes, on this machine's clock. */
  nextPollAt,
  /** The login as it stands. Give it to `resume` to go on with it: the next poll then comes no earlier than `nextPollAt`. */
  pending: PendingAuthorization.PendingAuthorization
})

/**
 * A poll brought no token, and another will follow.
 *
 * `wait` and `nextPollAt` are those of `pending`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting extends Schema.Schema.Type<typeof Waiting> {}

/**
 * The person approved, and here is the token.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Approved = Schema.TaggedStruct("Approved", {
  /** The token, with the registration that it was issued to. */
  token: Token.Token
})

/**
 * The person approved, and here is the token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approved extends Schema.Schema.Type<typeof Approved> {}

/**
 * What happens during a login.
 *
 * A codec for JSON (`Schema.toCodecJson`) encodes `CodeReady` alone. It fails for the other events, since each holds a secret: unwrap
 * the secret text yourself where you write it.
 *
 * @example
 * ```ts
 * import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * // what a page may show of an event: every secret prints as <redacted>
 * const toPage = (event: DeviceGrantEvent.DeviceGrantEvent) =>
 *   Effect.map(Schema.encodeEffect(DeviceGrantEvent.DeviceGrantEvent)(event), (encoded) => JSON.stringify(encoded))
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeviceGrantEvent = Schema.Union([Registered, CodeReady, Waiting, Approved])

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
 * protects against a link that an attacker sent (RFC 8628 section 5.4). The plain page is an empty form, in which the person enters
 * the code.
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
