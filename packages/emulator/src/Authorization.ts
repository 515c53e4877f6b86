/**
 * A login that a person or a program approves or denies: a device code, or a browser that waits at `/authorize`.
 *
 * These are schemas, since the control API shows them to other programs.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The state of an authorization.
 *
 * - `"pending"`: no decision yet.
 * - `"approved"`, `"denied"`: decided, and the client does not have its token.
 * - `"used"`: the client has its token.
 * - `"expired"`: its time is over.
 *
 * @category models
 * @since 0.1.0
 */
export const Status = Schema.Literals(["pending", "approved", "denied", "used", "expired"])

/**
 * The state of an authorization.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = typeof Status.Type

/**
 * The program that sent the request, as far as the transport tells. Nothing of it is proved.
 *
 * @category models
 * @since 0.1.0
 */
export const Requester = Schema.Struct({
  /** The IP address on the other side of the connection. Absent where there is no connection. */
  address: Schema.optionalKey(Schema.String),
  /** The header `user-agent`, as the client wrote it: never trust it, and escape it. */
  userAgent: Schema.optionalKey(Schema.String)
})

/**
 * The program that sent the request, as far as the transport tells.
 *
 * @category models
 * @since 0.1.0
 */
export type Requester = typeof Requester.Type

const common = {
  /** What became of it. */
  status: Status,
  /** As the client wrote it: never trust it, and escape it. */
  clientName: Schema.String,
  /** The id of the registration. */
  clientId: Schema.String,
  /** The scopes that the client gets. */
  scopes: Schema.Array(Schema.String),
  /** The program that sent the request. Absent where nothing was told of it. */
  requester: Schema.optionalKey(Requester),
  /** When it began, in milliseconds since 1970. */
  issuedAt: Schema.Finite,
  /** When it ends, in milliseconds since 1970. */
  expiresAt: Schema.Finite
}

/**
 * An authorization of the device grant (RFC 8628).
 *
 * @category models
 * @since 0.1.0
 */
export const DeviceAuthorization = Schema.TaggedStruct("DeviceAuthorization", {
  ...common,
  /** The code that the person compares. It names the authorization. */
  userCode: Schema.String,
  /** The start URL of the request. */
  startUrl: Schema.String
})

/**
 * An authorization of the device grant (RFC 8628).
 *
 * @category models
 * @since 0.1.0
 */
export type DeviceAuthorization = typeof DeviceAuthorization.Type

/**
 * An authorization of the authorization code grant (RFC 6749 section 4.1).
 *
 * @category models
 * @since 0.1.0
 */
export const CodeAuthorization = Schema.TaggedStruct("CodeAuthorization", {
  ...common,
  /** It names the authorization. */
  id: Schema.String,
  /** Where the browser goes afterwards. */
  redirectUri: Schema.String,
  /** What the client registered. Absent where it registered none. */
  issuerUrl: Schema.optionalKey(Schema.String),
  /** The redirect URI with the code, or with the error. Absent while there is no decision. */
  location: Schema.optionalKey(Schema.RedactedFromValue(Schema.String, { label: "location" }))
})

/**
 * An authorization of the authorization code grant (RFC 6749 section 4.1).
 *
 * @category models
 * @since 0.1.0
 */
export type CodeAuthorization = typeof CodeAuthorization.Type

/**
 * An authorization of either grant.
 *
 * @category models
 * @since 0.1.0
 */
export const Authorization = Schema.Union([DeviceAuthorization, CodeAuthorization])

/**
 * An authorization of either grant.
 *
 * @category models
 * @since 0.1.0
 */
export type Authorization = typeof Authorization.Type
