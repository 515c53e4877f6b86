/**
 * A started device login, as a value that can be stored between two steps.
 *
 * A pending authorization holds all that the next step needs. So the steps may happen in different processes whose clocks agree,
 * one holder at a time. Two holders of the same one do no harm to each other, but the service tells the second `slow_down` or
 * `invalid_grant`.
 *
 * AWS advises to keep device codes and tokens in memory only. Until the person approves, a reader of the pending authorization
 * can poll in your place and get the token, and the person sees nothing of it. Store one only where a secret may be stored, for
 * no longer than its ten minutes, and delete it when its login has ended.
 *
 * @since 0.1.0
 */
import * as Registration from "@sso-oidc/core/Registration"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Stored from "@sso-oidc/core/Stored"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Numbers from "./internal/numbers.ts"

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
  /** The HTTP status, if there was a response. */
  status: Schema.optionalKey(Schema.Int),
  /** The request id, if there was a response that had one. */
  requestId: Schema.optionalKey(Stored.Text)
})

/**
 * What was in the way of a poll that brought no response to the grant.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trouble extends Schema.Schema.Type<typeof Trouble> {}

// a stored text goes to a person and a terminal as the service's response does, and keeps the same rules
const { userCode, verificationUri, verificationUriComplete } = StartDeviceAuthorization.Response.fields

/**
 * The members of a pending authorization. Their encoding has its secrets in the clear. So use them inside a schema whose encoding
 * is a secret as a whole, and {@link PendingAuthorization} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members = Schema.Struct({
  /** The form of the encoding. */
  version: Schema.Literal(1),
  /** The client that polls, with its region and endpoint. */
  registration: Registration.Members,
  /** The device code, which the polls send. */
  deviceCode: Stored.secret("deviceCode"),
  /** What a person enters or confirms. Show it always, beside the URL. */
  userCode,
  /** Where a person enters the code. Opaque. */
  verificationUri,
  /** Where a person finds the code filled in; newer ones do not hold the code. Opaque. Absent if the service gave none. */
  verificationUriComplete,
  /** The deadline: from here on no poll is sent. */
  expiresAt: Schema.DateTimeUtcFromMillis,
  /** The least time between a response and the next poll, with what `slow_down` added. At least a second. */
  interval: Numbers.Interval,
  /** How many polls in a row, at the end, brought no response to the grant. */
  failures: Numbers.Count,
  /** Whether a poll's response was lost, and with it, perhaps, the token. */
  responseLost: Schema.Boolean,
  /** No poll before this. */
  nextPollAt: Schema.DateTimeUtcFromMillis,
  /** The wait that set `nextPollAt`. A clock that was set back stretches no wait beyond it. */
  wait: Numbers.Wait,
  /** What was in the way of the last poll that failed. Absent if none did since the last `authorization_pending`. */
  lastTrouble: Schema.optionalKey(Trouble),
  /** How many polls in a row, at the end, the service asked to slow down. Absent: none. */
  slowDowns: Schema.optionalKey(Numbers.Count)
})

/**
 * A started device login, which waits for its approval.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingAuthorization extends Schema.Schema.Type<typeof Members> {}

/**
 * The schema to store a pending authorization with. Its encoding is JSON text in a `Redacted`, since it is a secret: unwrap it only
 * where you write it, and wrap it where you read it. A codec for JSON that holds it fails to encode.
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
 * The pending authorization as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (pending: PendingAuthorization): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(PendingAuthorization)(pending))

/**
 * The pending authorization that a secret text holds. A text that holds none fails with a `SchemaError`, which does not repeat
 * the text.
 *
 * A stored text is trusted no more than a response of the service. Its interval is at least a second, its numbers are finite, and
 * its texts are printable.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<PendingAuthorization, Schema.SchemaError> =>
  Schema.decodeEffect(PendingAuthorization)(text)
