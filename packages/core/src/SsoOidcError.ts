/**
 * The exceptions of the service.
 *
 * Fourteen exceptions come from the service's model and keep its names and members. The client's own errors are in
 * `aws/ClientError`.
 *
 * Each operation's error type lists exactly the exceptions that the model lists for it, plus the client's three. Every
 * `message` is a sentence for a person: what happened, what to do, and the request id to quote to AWS support. No error
 * holds a request, a response, or a secret in the clear; texts of the service are stripped of characters that cannot be seen and
 * masked where they repeat a secret of the request.
 *
 * `message` is a member of its own, not a getter: loggers, `console.error` and JSON show an error by its members.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as Operation from "./aws/Operation.ts"
import * as Wire from "./aws/Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const fields = {
  /** The OAuth error code (RFC 6749 section 5.2, RFC 8628 section 3.5). */
  error: Schema.String,
  /** The service's own words, where it gave any. */
  errorDescription: Schema.optionalKey(Schema.String),
  /** The HTTP status of the answer. */
  status: Schema.Int,
  /** `x-amzn-requestid` of the answer. */
  requestId: Schema.optionalKey(Schema.String),
  /** Seconds that the service asks to wait (RFC 9110 section 10.2.3). */
  retryAfter: Schema.optionalKey(Schema.Number)
}

const fieldsWithReason = {
  ...fields,
  /** Why, for a customer-managed KMS key: `KMS_AccessDeniedException`, `KMS_NotFoundException`, … (open). */
  reason: Schema.optionalKey(Schema.String)
}

/**
 * What the service said in an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionFields {
  readonly error: string
  readonly errorDescription?: string
  readonly status: number
  readonly requestId?: string
  readonly retryAfter?: number
}

/**
 * The same with the members that a few exceptions add to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionDetail extends ExceptionFields {
  readonly reason?: string
  readonly endpoint?: string
  readonly region?: string
}

/**
 * An exception's class as a value: how the engine finds it (`type`, else `error`) and makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionClass<out E> extends Operation.ExceptionClass<E, ExceptionDetail> {
  /** The OAuth code that the model gives it. */
  readonly error: string
}

const told = (advice: string, self: ExceptionFields & { readonly _tag: string; readonly reason?: string }): string =>
  [
    // an empty text says nothing
    self.errorDescription?.trim() && Wire.sentence(self.errorDescription),
    self.reason && `Reason: ${Wire.sentence(self.reason)}`,
    advice,
    Wire.facts(self, self._tag, `HTTP ${self.status}`)
  ].filter(Boolean).join(" ")

// -----------------------------------------------------------------------------
// errors of the service's model
// -----------------------------------------------------------------------------

/**
 * The person, or the application's assignment in Identity Center, does not allow this sign-in.
 *
 * @category errors
 * @since 0.1.0
 */
export class AccessDeniedException
  extends Schema.TaggedError<AccessDeniedException>("@sso-oidc/core/AccessDeniedException")(
    "AccessDeniedException",
    fieldsWithReason
  )
{
  static readonly type = "AccessDeniedException"
  static readonly error = "access_denied"
  static readonly status = 400
  override readonly message: string = told(
    "Access was denied: the request was refused in the browser, or the user has no access here.",
    this
  )
}

/**
 * Nobody has approved the device code yet (RFC 8628 section 3.5). Not a failure: poll on, at the grant's pace.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizationPendingException
  extends Schema.TaggedError<AuthorizationPendingException>("@sso-oidc/core/AuthorizationPendingException")(
    "AuthorizationPendingException",
    fields
  )
{
  static readonly type = "AuthorizationPendingException"
  static readonly expected = true
  static readonly error = "authorization_pending"
  static readonly status = 400
  override readonly message: string = told(
    "The sign-in waits for a person to approve it in the browser: poll again after the interval.",
    this
  )
}

/**
 * The device code or token is past its life (RFC 8628 section 3.5).
 *
 * @category errors
 * @since 0.1.0
 */
export class ExpiredTokenException
  extends Schema.TaggedError<ExpiredTokenException>("@sso-oidc/core/ExpiredTokenException")(
    "ExpiredTokenException",
    fields
  )
{
  static readonly type = "ExpiredTokenException"
  static readonly error = "expired_token"
  static readonly status = 400
  override readonly message: string = told("The code or token has expired: start a new sign-in.", this)
}

/**
 * The service failed on its side.
 *
 * @category errors
 * @since 0.1.0
 */
export class InternalServerException
  extends Schema.TaggedError<InternalServerException>("@sso-oidc/core/InternalServerException")(
    "InternalServerException",
    fields
  )
{
  static readonly type = "InternalServerException"
  static readonly error = "server_error"
  static readonly status = 500
  override readonly message: string = told(
    "The service failed: try again later, and quote the request id to AWS support if it lasts.",
    this
  )
}

/**
 * The client's id or secret is unknown here, wrong, or expired; registrations belong to one region.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidClientException
  extends Schema.TaggedError<InvalidClientException>("@sso-oidc/core/InvalidClientException")(
    "InvalidClientException",
    fields
  )
{
  static readonly type = "InvalidClientException"
  static readonly error = "invalid_client"
  static readonly status = 401
  override readonly message: string = told(
    "The client registration is not accepted: register again, in the region of the start URL.",
    this
  )
}

/**
 * RegisterClient: a member of the registration is not acceptable (RFC 7591 section 3.2.2).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidClientMetadataException
  extends Schema.TaggedError<InvalidClientMetadataException>("@sso-oidc/core/InvalidClientMetadataException")(
    "InvalidClientMetadataException",
    fields
  )
{
  static readonly type = "InvalidClientMetadataException"
  static readonly error = "invalid_client_metadata"
  static readonly status = 400
  override readonly message: string = told(
    "The registration's members are not accepted: check clientName and clientType (`public`).",
    this
  )
}

/**
 * The device code, authorization code, refresh token or assertion is unknown, used, revoked, or another client's.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidGrantException
  extends Schema.TaggedError<InvalidGrantException>("@sso-oidc/core/InvalidGrantException")(
    "InvalidGrantException",
    fields
  )
{
  static readonly type = "InvalidGrantException"
  static readonly error = "invalid_grant"
  static readonly status = 400
  override readonly message: string = told(
    "The code or token is unknown, used, revoked, or belongs to another client: start a new sign-in.",
    this
  )
}

/**
 * RegisterClient: a redirect URI is not acceptable (RFC 7591 section 3.2.2).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRedirectUriException
  extends Schema.TaggedError<InvalidRedirectUriException>("@sso-oidc/core/InvalidRedirectUriException")(
    "InvalidRedirectUriException",
    fields
  )
{
  static readonly type = "InvalidRedirectUriException"
  static readonly error = "invalid_redirect_uri"
  static readonly status = 400
  override readonly message: string = told("A redirect URI is not accepted: use http://127.0.0.1/oauth/callback.", this)
}

/**
 * A member is missing or malformed; from StartDeviceAuthorization often a start URL of another region.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestException
  extends Schema.TaggedError<InvalidRequestException>("@sso-oidc/core/InvalidRequestException")(
    "InvalidRequestException",
    fieldsWithReason
  )
{
  static readonly type = "InvalidRequestException"
  static readonly error = "invalid_request"
  static readonly status = 400
  override readonly message: string = told(
    // the service says 400: another status is of something before it, which says by itself what is wrong
    this.status === 400
      ? "The request is not accepted: check the start URL, and that the region is the start URL's."
      : "The request is not accepted.",
    this
  )
}

/**
 * CreateTokenWithIAM: the application lives in another region, which the answer names.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestRegionException
  extends Schema.TaggedError<InvalidRequestRegionException>("@sso-oidc/core/InvalidRequestRegionException")(
    "InvalidRequestRegionException",
    {
      ...fields,
      /** The endpoint that the service says to call. Do not call it unchecked. */
      endpoint: Schema.optionalKey(Schema.String),
      /** The region that the service says to use. */
      region: Schema.optionalKey(Schema.String)
    }
  )
{
  static readonly type = "InvalidRequestRegionException"
  static readonly error = "invalid_request"
  static readonly status = 400
  override readonly message: string = told(
    this.region === undefined
      ? "The request went to the wrong region."
      : `The request went to the wrong region: use ${this.region}.`,
    this
  )
}

/**
 * A scope is unknown, malformed, or not allowed for this client.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidScopeException
  extends Schema.TaggedError<InvalidScopeException>("@sso-oidc/core/InvalidScopeException")(
    "InvalidScopeException",
    fields
  )
{
  static readonly type = "InvalidScopeException"
  static readonly error = "invalid_scope"
  static readonly status = 400
  override readonly message: string = told(
    "A scope is not accepted: check the scopes, for example sso:account:access.",
    this
  )
}

/**
 * Requests come too fast. To a device-code poll it means: add 5 seconds to the interval, for good (RFC 8628 section 3.5).
 *
 * @category errors
 * @since 0.1.0
 */
export class SlowDownException extends Schema.TaggedError<SlowDownException>("@sso-oidc/core/SlowDownException")(
  "SlowDownException",
  fields
) {
  static readonly type = "SlowDownException"
  static readonly expected = true
  static readonly throttling = true
  static readonly error = "slow_down"
  static readonly status = 400
  override readonly message: string = told("Requests come too fast: wait longer between them.", this)
}

/**
 * The client is known but not allowed to use this grant.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnauthorizedClientException
  extends Schema.TaggedError<UnauthorizedClientException>("@sso-oidc/core/UnauthorizedClientException")(
    "UnauthorizedClientException",
    fields
  )
{
  static readonly type = "UnauthorizedClientException"
  static readonly error = "unauthorized_client"
  static readonly status = 400
  override readonly message: string = told(
    "The client may not use this grant: register it for the grant that it uses.",
    this
  )
}

/**
 * The service does not know this grant type.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsupportedGrantTypeException
  extends Schema.TaggedError<UnsupportedGrantTypeException>("@sso-oidc/core/UnsupportedGrantTypeException")(
    "UnsupportedGrantTypeException",
    fields
  )
{
  static readonly type = "UnsupportedGrantTypeException"
  static readonly error = "unsupported_grant_type"
  static readonly status = 400
  override readonly message: string = told("The grant type is not supported.", this)
}
