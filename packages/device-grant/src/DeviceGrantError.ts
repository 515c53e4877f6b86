/**
 * How a device grant can end beside what the service says: its code expired, or its token may be lost.
 *
 * @since 0.1.0
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Schema from "effect/Schema"
import { Trouble } from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The device code's life ended before anybody approved it, or before the approval could be fetched.
 *
 * - `detectedBy`: the service said so, or the clock: then no further poll fitted before the end.
 * - `responseLost`: an answer was lost on the way and none came after it, so that a token may have been issued.
 * - `failures`: how many polls in a row, at the end, brought no answer. Above 0 the service could not be reached, or
 *   could not answer.
 * - `lastTrouble`: what was in the way of the last poll that failed, if any did since the last pending answer.
 *
 * Start a new login; RFC 8628 section 3.5 asks not to do so without the person.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeviceCodeExpired
  extends Schema.TaggedError<DeviceCodeExpired>("@sso-oidc/device-grant/DeviceCodeExpired")("DeviceCodeExpired", {
    detectedBy: Schema.Literals(["service", "clock"]),
    responseLost: Schema.Boolean,
    failures: Schema.Natural,
    lastTrouble: Schema.optionalKey(Trouble),
    requestId: Schema.optionalKey(Schema.String)
  })
{
  override readonly message: string = [
    this.failures > 0
      ? "The code expired while no answer came from the service."
      : this.responseLost
      ? "The code expired."
      : "The code expired before anybody approved it.",
    ...(this.responseLost ? ["An answer was lost on the way, so a token may have been issued."] : []),
    ...(this.lastTrouble === undefined ? [] : [`The last poll that failed: ${this.lastTrouble.message}`]),
    "Start a new login.",
    ...(this.requestId === undefined ? [] : [`(request ${this.requestId})`])
  ].join(" ")
}

/**
 * The service issued a token, or may have, and it did not arrive: it cannot be asked for again.
 *
 * `cause` says how it came to light: a success that could not be used (`UnexpectedResponse`), or an `invalid_grant`
 * after an answer had been lost (`InvalidGrantException`). Start a new login. Who wants to end the lost session signs
 * out of the access portal.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenPossiblyLost
  extends Schema.TaggedError<TokenPossiblyLost>("@sso-oidc/device-grant/TokenPossiblyLost")("TokenPossiblyLost", {
    cause: Schema.Union([ClientError.UnexpectedResponse, SsoOidcError.InvalidGrantException])
  })
{
  override readonly message: string =
    `The login was approved, or may have been, but its token did not arrive and cannot be asked for again (${
      [
        this.cause._tag,
        `HTTP ${this.cause.status}`,
        ...(this.cause.requestId === undefined ? [] : [`request ${this.cause.requestId}`])
      ].join(", ")
    }). Start a new login.`
}
