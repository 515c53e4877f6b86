/**
 * The two errors that the device grant adds to those of the service: the code expired, or the token may be lost.
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

// An editor shows the comment of an interface's member on hover, and not that of a schema's field.

/**
 * The members of this error.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DeviceCodeExpired {
  /** `"service"`: the service responded that the code expired. `"clock"`: no further poll fits before the deadline. */
  readonly detectedBy: "service" | "clock"
  /** `true` if the service may have issued a token in a response that did not arrive. */
  readonly responseLost: boolean
  /** How many polls in a row failed, up to the last one. Above 0, the service was out of reach or busy at the end. */
  readonly failures: number
  /** Why the last failed poll failed. Absent if no poll failed since the last `authorization_pending`. */
  readonly lastTrouble?: Trouble
  /** The request id of the service's response. Absent if `detectedBy` is `"clock"`, or if the response had none. */
  readonly requestId?: string
}

/**
 * The device code expired before the person approved, or before a poll could fetch the token.
 *
 * Start a new login, but only if the person asks for it (RFC 8628 section 3.5).
 *
 * @category errors
 * @since 0.1.0
 */
export class DeviceCodeExpired
  extends Schema.TaggedError<DeviceCodeExpired>("@sso-oidc/device-grant/DeviceCodeExpired")("DeviceCodeExpired", {
    /** Whether the service or the clock says so. */
    detectedBy: Schema.Literals(["service", "clock"]),
    /** Whether a token may have been issued. */
    responseLost: Schema.Boolean,
    /** Failed polls in a row. */
    failures: Schema.Natural,
    /** The last failure. */
    lastTrouble: Schema.optionalKey(Trouble),
    /** The service's request id. */
    requestId: Schema.optionalKey(Schema.String)
  })
{
  /** The sentence of this error: why the code expired, and what to do. */
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
 * The members of this error.
 *
 * @category errors
 * @since 0.1.0
 */
export interface TokenPossiblyLost {
  /**
   * `UnexpectedResponse`: the service responded with success, and the response cannot be used. `InvalidGrantException`: the
   * service responded `invalid_grant` after a response was lost.
   */
  readonly cause: ClientError.UnexpectedResponse | SsoOidcError.InvalidGrantException
}

/**
 * The service issued a token, or may have issued one, and it did not arrive. The service gives it only once.
 *
 * Start a new login. To end the lost session, the person signs out of the access portal.
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenPossiblyLost
  extends Schema.TaggedError<TokenPossiblyLost>("@sso-oidc/device-grant/TokenPossiblyLost")("TokenPossiblyLost", {
    /** The error that ended the grant. */
    cause: Schema.Union([ClientError.UnexpectedResponse, SsoOidcError.InvalidGrantException])
  })
{
  /** The sentence of this error: what happened, and what to do. */
  override readonly message: string =
    `The person may have approved the login, but its token did not arrive and cannot be requested again ${
      Wire.facts(this.cause, this.cause._tag, `HTTP ${this.cause.status}`)
    }. Start a new login.`
}
