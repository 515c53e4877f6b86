/**
 * A login that waits for a decision: a device code, or a browser at `/authorize`. A person or a program approves or denies
 * it.
 *
 * The control API shows these values to other programs, so they are schemas.
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
 * - `"approved"`, `"denied"`: decided, and the client does not have its token yet.
 * - `"used"`: the client has its token.
 * - `"expired"`: it expired.
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
 * The program that sent the request, as the transport describes it. Nothing of it is verified.
 *
 * @category models
 * @since 0.1.0
 */
export class Requester extends Schema.Opaque<Requester>()(Schema.Struct({
  /** The IP address on the other side of the connection. Absent if there is no connection. */
  address: Schema.optionalKey(Schema.String),
  /** The header `user-agent`. The client wrote it, so escape it and do not trust it. */
  userAgent: Schema.optionalKey(Schema.String)
})) {}

/**
 * An authorization of the device grant (RFC 8628).
 *
 * @category models
 * @since 0.1.0
 */
export class DeviceAuthorization extends Schema.Opaque<DeviceAuthorization>()(
  Schema.TaggedStruct("DeviceAuthorization", {
    /** Its state. */
    status: Status,
    /** The name of the client. The client wrote it, so escape it and do not trust it. */
    clientName: Schema.String,
    /** The id of the client's registration. */
    clientId: Schema.String,
    /** The scopes that the client gets. */
    scopes: Schema.Array(Schema.String),
    /** The program that started the login. Absent if the transport described none. */
    requester: Schema.optionalKey(Requester),
    /** When the device code was issued, in milliseconds since 1970. */
    issuedAt: Schema.Finite,
    /** When the device code expires, in milliseconds since 1970. */
    expiresAt: Schema.Finite,
    /** The code that the person compares, such as `BCDF-GHJK`. It identifies the authorization. */
    userCode: Schema.String,
    /** The start URL of the request. */
    startUrl: Schema.String
  })
) {}

/**
 * An authorization of the authorization code grant (RFC 6749 section 4.1).
 *
 * @category models
 * @since 0.1.0
 */
export class CodeAuthorization extends Schema.Opaque<CodeAuthorization>()(
  Schema.TaggedStruct("CodeAuthorization", {
    /** Its state. */
    status: Status,
    /** The name of the client. The client wrote it, so escape it and do not trust it. */
    clientName: Schema.String,
    /** The id of the client's registration. */
    clientId: Schema.String,
    /** The scopes that the client gets. */
    scopes: Schema.Array(Schema.String),
    /** The program that started the login. Absent if the transport described none. */
    requester: Schema.optionalKey(Requester),
    /** When the browser came to `/authorize`, in milliseconds since 1970. */
    issuedAt: Schema.Finite,
    /** When the page and the authorization code expire, in milliseconds since 1970. */
    expiresAt: Schema.Finite,
    /** The id of the authorization, a UUID. */
    id: Schema.String,
    /** The redirect URI, to which the browser goes after the decision. */
    redirectUri: Schema.String,
    /** The issuer URL that the client registered. Absent if it registered none. */
    issuerUrl: Schema.optionalKey(Schema.String),
    /** The redirect URI with the code, or with the error. Present only while the status is `approved` or `denied`. */
    location: Schema.optionalKey(Schema.RedactedFromValue(Schema.String, { label: "location" }))
  })
) {}

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
