/**
 * A sign-in that a person or a program decides on: a device code, or a browser that waits at `/authorize`.
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
 * What became of a sign-in.
 *
 * - `"pending"`: nobody has decided yet.
 * - `"approved"`, `"denied"`: decided, and the client does not have its token.
 * - `"used"`: the client has its token.
 * - `"expired"`: its time is over.
 *
 * @category models
 * @since 0.1.0
 */
export const Status = Schema.Literals(["pending", "approved", "denied", "used", "expired"])

/**
 * What became of a sign-in.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = typeof Status.Type

/**
 * Where the request for a sign-in came from, as far as the transport tells: nothing of it is proved.
 *
 * @category models
 * @since 0.1.0
 */
export const From = Schema.Struct({
  /** The address on the other side of the connection. */
  address: Schema.optionalKey(Schema.String),
  /** As the client wrote it: never trust it, and escape it. */
  userAgent: Schema.optionalKey(Schema.String)
})

/**
 * Where the request for a sign-in came from.
 *
 * @category models
 * @since 0.1.0
 */
export type From = typeof From.Type

const common = {
  status: Status,
  /** As the client wrote it: never trust it, and escape it. */
  clientName: Schema.String,
  clientId: Schema.String,
  scopes: Schema.Array(Schema.String),
  from: Schema.optionalKey(From),
  /** Milliseconds since 1970. */
  issuedAt: Schema.Finite,
  /** Milliseconds since 1970. */
  expiresAt: Schema.Finite
}

/**
 * The device grant: `userCode` names it (RFC 8628).
 *
 * @category models
 * @since 0.1.0
 */
export const DeviceAuthorization = Schema.TaggedStruct("DeviceAuthorization", {
  ...common,
  userCode: Schema.String,
  startUrl: Schema.String
})

/**
 * The device grant.
 *
 * @category models
 * @since 0.1.0
 */
export type DeviceAuthorization = typeof DeviceAuthorization.Type

/**
 * The authorization code grant: `id` names it (RFC 6749 section 4.1). `issuerUrl` is what the client registered. Once
 * somebody has decided, `location` is where the browser goes: the redirect URI with the code, or with the error.
 *
 * @category models
 * @since 0.1.0
 */
export const CodeAuthorization = Schema.TaggedStruct("CodeAuthorization", {
  ...common,
  id: Schema.String,
  redirectUri: Schema.String,
  issuerUrl: Schema.optionalKey(Schema.String),
  location: Schema.optionalKey(Schema.RedactedFromValue(Schema.String, { label: "location" }))
})

/**
 * The authorization code grant.
 *
 * @category models
 * @since 0.1.0
 */
export type CodeAuthorization = typeof CodeAuthorization.Type

/**
 * A sign-in of either grant.
 *
 * @category models
 * @since 0.1.0
 */
export const Authorization = Schema.Union([DeviceAuthorization, CodeAuthorization])

/**
 * A sign-in of either grant.
 *
 * @category models
 * @since 0.1.0
 */
export type Authorization = typeof Authorization.Type
