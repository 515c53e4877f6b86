/**
 * A device authorization that waits for its approval, as a value that can be stored between two steps.
 *
 * It holds all that the next step needs, so that the steps may happen in different processes, one holder at a time,
 * whose clocks agree. Two holders of the same one are no danger to each other, but the service answers the second with
 * `slow_down` or `invalid_grant`.
 *
 * AWS advises to keep device codes and tokens in memory only: whoever reads a pending authorization before its person
 * approves gets the token in that person's place, and nothing can be seen of it. Store one only where a secret may be
 * stored, for no longer than its ten minutes, and delete it when its login has ended.
 *
 * @since 0.1.0
 */
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Secret from "./internal/secret.ts"
import * as Stored from "./internal/stored.ts"
import * as Registration from "./Registration.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What was in the way of a poll that brought no response to the grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Trouble = Schema.Struct({
  /** The tag of the error: `TransportError`, `UnexpectedResponse`, … */
  error: Stored.Text,
  /** The error's sentence, on one line. */
  message: Stored.Text,
  /** Of a transport failure: whether the poll can have left. */
  sent: Schema.optionalKey(Schema.Literals(["no", "maybe", "answered"])),
  /** The platform's name of a transport failure, or the error type that a response named. */
  code: Schema.optionalKey(Stored.Text),
  /** The HTTP status, where there was a response. */
  status: Schema.optionalKey(Schema.Int),
  /** The request id, where there was a response that had one. */
  requestId: Schema.optionalKey(Stored.Text)
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Trouble extends Schema.Schema.Type<typeof Trouble> {}

// what was stored goes to a person and a terminal as what the service said does, and is held to the same
const shown = StartDeviceAuthorization.Response.fields

const Members = Schema.Struct({
  version: Schema.Literal(1),
  registration: Registration.Members,
  deviceCode: Secret.Member,
  userCode: shown.userCode,
  verificationUri: shown.verificationUri,
  verificationUriComplete: shown.verificationUriComplete,
  expiresAt: Schema.DateTimeUtcFromMillis,
  interval: Stored.Interval,
  failures: Stored.Count,
  responseLost: Schema.Boolean,
  nextPollAt: Schema.DateTimeUtcFromMillis,
  wait: Stored.Wait,
  lastTrouble: Schema.optionalKey(Trouble),
  slowDowns: Schema.optionalKey(Stored.Count)
})

/**
 * A device authorization that waits for its approval.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingAuthorization {
  /** The form of the encoding. */
  readonly version: 1
  /** The client that asks, and the place it asks at. */
  readonly registration: Registration.Registration
  /** What the polls send. A secret. */
  readonly deviceCode: Redacted.Redacted<string>
  /** What a person enters or confirms. Show it always, beside the URL. */
  readonly userCode: string
  /** Where a person enters the code. Opaque. */
  readonly verificationUri: string
  /** Where a person finds the code filled in; newer ones do not hold the code. Opaque. */
  readonly verificationUriComplete?: string
  /** From here on no poll is sent. */
  readonly expiresAt: DateTime.Utc
  /** The least time between a response and the next poll, with what `slow_down` added. At least a second. */
  readonly interval: Duration.Duration
  /** Polls in a row that brought no answer. */
  readonly failures: number
  /** A poll's answer was lost, and with it, perhaps, the token. */
  readonly responseLost: boolean
  /** No poll before this. */
  readonly nextPollAt: DateTime.Utc
  /** The wait that set `nextPollAt`: a clock that was set back stretches no wait beyond it. */
  readonly wait: Duration.Duration
  /** What was in the way of the last poll that failed, if any did since the last pending answer. */
  readonly lastTrouble?: Trouble
  /** How many polls in a row, at the end, the service asked to slow down. Absent: none. */
  readonly slowDowns?: number
}

/**
 * The schema to store a pending authorization with. Its encoding is JSON text in a `Redacted`, since it is a secret:
 * unwrap it only where it is written, wrap it where it is read.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PendingAuthorization: Schema.Codec<PendingAuthorization, Redacted.Redacted<string>> = Secret
  .encodedAsSecret("pendingAuthorization", Members)

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/**
 * The pending authorization as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (pending: PendingAuthorization): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(PendingAuthorization)(pending))

/**
 * The pending authorization that a secret text holds. What is none fails with a `SchemaError` that does not repeat it. A stored
 * text is trusted no more than a response of the service: the interval is at least a second, numbers are finite, and what may
 * reach a person or a message is printable.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<PendingAuthorization, Schema.SchemaError> =>
  Schema.decodeEffect(PendingAuthorization)(text)
