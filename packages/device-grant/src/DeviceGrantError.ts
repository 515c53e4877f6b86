/**
 * How a device grant can end beside what the service says: its code expired, or its token may be lost.
 *
 * @since 0.1.0
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Schema from "effect/Schema"
import { Trouble } from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The device code expired before the person approved, or before a poll could fetch the approval.
 *
 * Start a new login; RFC 8628 section 3.5 asks not to do so without the person.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeviceCodeExpired
  extends Schema.TaggedError<DeviceCodeExpired>("@sso-oidc/device-grant/DeviceCodeExpired")("DeviceCodeExpired", {
    /** `"service"`: the service said so. `"clock"`: no further poll fitted before the deadline. */
    detectedBy: Schema.Literals(["service", "clock"]),
    /** Whether the response to a poll was lost, and no `authorization_pending` came after it. A token may have been issued then. */
    responseLost: Schema.Boolean,
    /** How many polls in a row, at the end, brought no response to the grant. Above 0 the service was out of reach, or busy. */
    failures: Schema.Natural,
    /** What was in the way of the last poll that failed. Absent if none did since the last `authorization_pending`. */
    lastTrouble: Schema.optionalKey(Trouble),
    /** The request id of the service's response, if that response had one. */
    requestId: Schema.optionalKey(Schema.String)
  })
{
  override readonly message: string = [
    this.failures > 0
      ? "The code expired while no response came from the service."
      : this.responseLost
      ? "The code expired."
      : "The code expired before the person approved it.",
    ...(this.responseLost ? ["The response to a poll was lost, so a token may have been issued."] : []),
    ...(this.lastTrouble === undefined ? [] : [`The last poll that failed: ${this.lastTrouble.message}`]),
    "Start a new login.",
    ...(this.requestId === undefined ? [] : [`(request ${this.requestId})`])
  ].join(" ")
}

/**
 * The service issued a token, or may have, and the token did not arrive. It cannot be requested again.
 *
 * Start a new login. To end the lost session, the person signs out of the access portal.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenPossiblyLost
  extends Schema.TaggedError<TokenPossiblyLost>("@sso-oidc/device-grant/TokenPossiblyLost")("TokenPossiblyLost", {
    /** A success that cannot be used (`UnexpectedResponse`), or an `invalid_grant` after a lost response (`InvalidGrantException`). */
    cause: Schema.Union([ClientError.UnexpectedResponse, SsoOidcError.InvalidGrantException])
  })
{
  override readonly message: string =
    `The login was approved, or may have been, but its token did not arrive and cannot be requested again ${
      Wire.facts(this.cause, this.cause._tag, `HTTP ${this.cause.status}`)
    }. Start a new login.`
}
