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

// not `Schema.Natural`, whose comparison brings 0.25 kB into each bundle
const isNatural = Schema.makeFilter((count: number) => count >= 0 || "the count must be at least 0")

// Each class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const expiryOf = (error: DeviceCodeExpired): string =>
  [
    error.failures > 0
      ? "The code expired while no response came from the service."
      : error.responseLost
      ? "The code expired."
      : "The code expired before the person approved it.",
    ...(error.responseLost ? ["The response to a poll was lost, so a token may have been issued."] : []),
    ...(error.lastTrouble === undefined ? [] : [`The last poll that failed: ${error.lastTrouble.message}`]),
    "Start a new login.",
    ...(error.requestId === undefined ? [] : [`(request ${error.requestId})`])
  ].join(" ")

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
    failures: Schema.Int.check(isNatural),
    /** The last failure. */
    lastTrouble: Schema.optionalKey(Trouble),
    /** The service's request id. */
    requestId: Schema.optionalKey(Schema.String)
  })
{
  /** `"service"`: the service responded that the code expired. `"clock"`: no further poll fits before the deadline. */
  declare readonly detectedBy: "service" | "clock"

  /** `true` if the service may have issued a token in a response that did not arrive. */
  declare readonly responseLost: boolean

  /** How many polls in a row failed, up to the last one. Above 0, the service was out of reach or busy at the end. */
  declare readonly failures: number

  /** Why the last failed poll failed. Absent if no poll failed since the last `authorization_pending`. */
  declare readonly lastTrouble?: Trouble

  /** The request id of the service's response. Absent if `detectedBy` is `"clock"`, or if the response had none. */
  declare readonly requestId?: string

  /** The sentence of this error: why the code expired, and what to do. */
  override readonly message: string = expiryOf(this)
}

const lossOf = ({ cause }: TokenPossiblyLost): string =>
  `The person may have approved the login, but its token did not arrive and cannot be requested again ${
    Wire.facts(cause, cause._tag, `HTTP ${cause.status}`)
  }. Start a new login.`

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
  /**
   * `UnexpectedResponse`: the service responded with success, and the response cannot be used. `InvalidGrantException`: the
   * service responded `invalid_grant` after a response was lost.
   */
  declare readonly cause: ClientError.UnexpectedResponse | SsoOidcError.InvalidGrantException

  /** The sentence of this error: what happened, and what to do. */
  override readonly message: string = lossOf(this)
}
