/**
 * A started device login, as a value that you can store between two steps.
 *
 * A pending authorization holds all that the next step needs. So the steps may run in different processes. Their clocks must
 * agree, and one process at a time may use it. If two use the same one, the service responds to the second with `slow_down` or
 * `invalid_grant`.
 *
 * AWS advises to keep device codes and tokens in memory only. Until the person approves, a reader of the pending authorization
 * can poll in your place and get the token, and the person does not notice. Store it only where you may store a secret, and for
 * at most its ten minutes. Delete it when its login has ended.
 *
 * @since 0.1.0
 */
import * as Registration from "@sso-oidc/core/Registration"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Stored from "@sso-oidc/core/Stored"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Numbers from "./internal/numbers.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Why a poll failed: no response arrived, or the service was busy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trouble {
  /** The tag of the error, such as `TransportError`. `Interrupted` is the record that `markInFlight` makes. */
  readonly error: string
  /** The sentence of the error, on one line. */
  readonly message: string
  /** Whether the poll can have left this machine. Absent if the error is not a `TransportError`. */
  readonly sent?: "no" | "maybe" | "answered"
  /** The platform's name for a transport failure, or the error type that the response named. Absent if there is neither. */
  readonly code?: string
  /** The HTTP status. Absent if no response arrived. */
  readonly status?: number
  /** The request id of the response. Absent if no response arrived, or if it had none. */
  readonly requestId?: string
}

/**
 * The schema of {@link Trouble}.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Trouble: Schema.Codec<Trouble> = Schema.Struct({
  error: Stored.Text,
  message: Stored.Text,
  sent: Schema.optionalKey(Schema.Literals(["no", "maybe", "answered"])),
  code: Schema.optionalKey(Stored.Text),
  status: Schema.optionalKey(Schema.Int),
  requestId: Schema.optionalKey(Stored.Text)
})

/**
 * A started device login that waits for the person's approval.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingAuthorization {
  /** The version of the stored form. */
  readonly version: 1
  /** The client that polls, with its region and endpoint. */
  readonly registration: Registration.Registration
  /** The device code, which the polls send. */
  readonly deviceCode: Redacted.Redacted<string>
  /** The code that the person enters, or compares with the page. Show it always, beside the URL. */
  readonly userCode: string
  /** The page where the person enters the code. Do not parse this URL. */
  readonly verificationUri: string
  /**
   * The page where the code is already filled in. Do not parse this URL, since newer ones do not hold the code. Absent if the
   * service gave none.
   */
  readonly verificationUriComplete?: string
  /** The deadline, on this machine's clock. No poll is sent at or after it. */
  readonly expiresAt: DateTime.Utc
  /** The shortest time between a response and the next poll: at least 1 second. Each `slow_down` adds 5 seconds to it. */
  readonly interval: Duration.Duration
  /** How many polls in a row failed, up to the last one. 0 if the last one did not fail. */
  readonly failures: number
  /**
   * `true` if the service may have issued the token in a response that did not arrive. A later `authorization_pending` sets it to
   * `false`.
   */
  readonly responseLost: boolean
  /** When the next poll may be sent, on this machine's clock. */
  readonly nextPollAt: DateTime.Utc
  /** The wait that set `nextPollAt`. The next poll waits at most this long, even if the clock is set back. */
  readonly wait: Duration.Duration
  /** Why the last failed poll failed. Absent if no poll failed since the last `authorization_pending`. */
  readonly lastTrouble?: Trouble
  /** How many times in a row the service responded `slow_down`, up to the last poll. Absent means 0. */
  readonly slowDowns?: number
}

/**
 * The JSON form of a {@link PendingAuthorization}. It has the secrets in the clear.
 *
 * @category models
 * @since 0.1.0
 */
export interface MembersEncoded extends
  Omit<
    PendingAuthorization,
    "registration" | "deviceCode" | "expiresAt" | "interval" | "nextPollAt" | "wait"
  >
{
  /** The client, with its secret in the clear. */
  readonly registration: typeof Registration.Members.Encoded
  /** The device code in the clear. */
  readonly deviceCode: string
  /** The deadline, in milliseconds since 1970. */
  readonly expiresAt: number
  /** The interval, in milliseconds: at least 1,000. */
  readonly interval: number
  /** When the next poll may be sent, in milliseconds since 1970. */
  readonly nextPollAt: number
  /** The wait, in milliseconds. */
  readonly wait: number
}

// A stored text reaches a person and a terminal, as the service's response does. So it keeps the same rules.
const shown = StartDeviceAuthorization.Response.fields

/**
 * The schema of a pending authorization whose encoding has the secrets in the clear. Use it only inside a schema whose whole
 * encoding is a secret. Use {@link PendingAuthorization} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members: Schema.Codec<PendingAuthorization, MembersEncoded> = Schema.Struct({
  version: Schema.Literal(1),
  registration: Registration.Members,
  deviceCode: Stored.secret("deviceCode"),
  userCode: shown.userCode,
  verificationUri: shown.verificationUri,
  verificationUriComplete: shown.verificationUriComplete,
  expiresAt: Schema.DateTimeUtcFromMillis,
  interval: Numbers.Interval,
  failures: Numbers.Count,
  responseLost: Schema.Boolean,
  nextPollAt: Schema.DateTimeUtcFromMillis,
  wait: Numbers.Wait,
  lastTrouble: Schema.optionalKey(Trouble),
  slowDowns: Schema.optionalKey(Numbers.Count)
})

/**
 * The schema to store a pending authorization with. Its encoding is JSON text in a `Redacted`, since it is a secret. Unwrap the
 * text only where you write it, and wrap it again where you read it. A codec for JSON fails to encode a value that holds it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PendingAuthorization: Schema.Codec<PendingAuthorization, Redacted.Redacted<string>> = Stored
  .encodedAsSecret("pendingAuthorization", Members)

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/**
 * Encodes the pending authorization as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (pending: PendingAuthorization): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(PendingAuthorization)(pending))

/**
 * Decodes the pending authorization from a secret text. Any other text fails with a `SchemaError`. Its message names the member
 * and says what to do, and it does not repeat the text.
 *
 * A stored text keeps the rules of a response of the service. Its interval is at least 1 second, its numbers are finite, and its
 * texts have only characters that can be seen.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<PendingAuthorization, Schema.SchemaError> =>
  Schema.decodeEffect(PendingAuthorization)(text)
