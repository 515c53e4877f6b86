/**
 * The exceptions of the service.
 *
 * The service's model has fourteen exceptions. They keep its names and members. The client's own errors are in `aws/ClientError`.
 *
 * An operation fails with the exceptions that the model lists for it, and with the client's own three errors. Each `message` says
 * what happened, what to do, and which request id to quote to AWS support. No error holds a request, a response, or a plain
 * secret. Invisible characters are removed from the service's texts, and the secrets of the request are masked in them.
 *
 * `message` is a member, not a getter, because loggers, `console.error` and JSON show the members of an error.
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

// An editor shows no comment of a schema's field on hover. So each class also has an interface, with the whole comments.

/**
 * What the service said in an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionFields {
  /** The OAuth error code (RFC 6749 section 5.2, RFC 8628 section 3.5). */
  readonly error: string
  /** The service's own description. Absent if the service gave none. */
  readonly errorDescription?: string
  /** The HTTP status of the response. */
  readonly status: number
  /** The request id of the response (`x-amzn-requestid`). Absent if the response has none. */
  readonly requestId?: string
  /** The seconds that the service asks you to wait (RFC 9110 section 10.2.3). Absent if it asks for no wait. */
  readonly retryAfter?: number
  /** What to do. An operation sets it where the words of the class do not fit it. Absent otherwise. */
  readonly advice?: string
}

/**
 * What the service said in an exception that has a reason.
 *
 * @category models
 * @since 0.1.0
 */
export interface FieldsWithReason extends ExceptionFields {
  /** Why a customer-managed KMS key failed: `KMS_AccessDeniedException`, `KMS_NotFoundException`, or a newer value. */
  readonly reason?: string
}

/**
 * What the service said in an exception that names another region.
 *
 * @category models
 * @since 0.1.0
 */
export interface FieldsWithRegion extends ExceptionFields {
  /** The endpoint that the service names. Check it before you call it. */
  readonly endpoint?: string
  /** The region that the service names. */
  readonly region?: string
}

/**
 * What the service said in an exception, with the members that only a few exceptions have.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionDetail extends FieldsWithReason, FieldsWithRegion {}

/**
 * The class of an exception as a value. The engine finds it by its `type`, or else by its `error`, and makes the exception with
 * it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionClass<out E> extends Operation.ExceptionClass<E, ExceptionDetail> {
  /** The OAuth code that the model gives to the exception. */
  readonly error: string
}

const sentenceOf = (
  advice: string,
  self: ExceptionFields & { readonly _tag: string; readonly reason?: string }
): string =>
  [
    // an empty description adds nothing to the sentence
    self.errorDescription?.trim() && Wire.sentence(self.errorDescription),
    self.reason && `Reason: ${Wire.sentence(self.reason)}`,
    self.advice ?? advice,
    Wire.facts(self, self._tag, `HTTP ${self.status}`)
  ].filter(Boolean).join(" ")

// Fields, one for each kind, and not one for each class: they are smaller in a bundle.
const text = Schema.optionalKey(Schema.String)

const fields = {
  /** The OAuth error code. */
  error: Schema.String,
  /** The service's own description. */
  errorDescription: text,
  /** The HTTP status of the response. */
  status: Schema.Int,
  /** The request id. */
  requestId: text,
  /** The seconds that the service asks you to wait. */
  retryAfter: Schema.optionalKey(Schema.Number),
  /** What to do. */
  advice: text
} as const

/** What the class of an exception says about it. */
interface Model<Type extends string, Code extends string, Status extends number> {
  /** The name of the exception in the model. */
  readonly type: Type
  /** The OAuth code that the model gives to the exception. */
  readonly error: Code
  /** The HTTP status that the model gives to the exception. */
  readonly status: Status
}

/** The class that an exception extends. A bundler keeps a spread at the top of a module, so the fields are joined here. */
const exception = <Self, Members>() =>
<
  const Type extends string,
  const Code extends string,
  More extends Schema.Struct.Fields,
  const Status extends number
>(
  type: Type,
  error: Code,
  status: Status,
  more: More
) => {
  const model: Model<Type, Code, Status> = { type, error, status }
  return Object.assign(
    Schema.TaggedError<Self, Members>(`@sso-oidc/core/${type}`)(type, { ...fields, ...more }),
    model
  )
}

/**
 * The person denied the login, or is not assigned to the application in Identity Center.
 *
 * @category errors
 * @since 0.1.0
 */
export class AccessDeniedException
  extends exception<AccessDeniedException, FieldsWithReason>()("AccessDeniedException", "access_denied", 400, {
    /** Why a customer-managed KMS key failed. */ reason: text
  })
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "Access was denied in the browser, or the user has no access here: start a new login to try again.",
    this
  )
}

/**
 * The person has not approved the device code yet (RFC 8628 section 3.5). This is no failure: poll again after the interval.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizationPendingException extends exception<AuthorizationPendingException, ExceptionFields>()(
  "AuthorizationPendingException",
  "authorization_pending",
  400,
  {}
) {
  /** The response is part of the ordinary course: its span ends without error status. */
  static readonly expected = true
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The login waits for a person to approve it in the browser: poll again after the interval.",
    this
  )
}

/**
 * The device code or the token has expired (RFC 8628 section 3.5).
 *
 * @category errors
 * @since 0.1.0
 */
export class ExpiredTokenException
  extends exception<ExpiredTokenException, ExceptionFields>()("ExpiredTokenException", "expired_token", 400, {})
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf("The code or token has expired: start a new login.", this)
}

/**
 * The service failed on its side.
 *
 * @category errors
 * @since 0.1.0
 */
export class InternalServerException
  extends exception<InternalServerException, ExceptionFields>()("InternalServerException", "server_error", 500, {})
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The service failed: try again later, and quote the request id to AWS support if it lasts.",
    this
  )
}

/**
 * The client's id or secret is unknown, wrong or expired. A registration is good in one region only.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidClientException
  extends exception<InvalidClientException, ExceptionFields>()("InvalidClientException", "invalid_client", 401, {})
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The client registration is not accepted: register again, in the region of the start URL.",
    this
  )
}

/**
 * RegisterClient: the service does not accept a member of the registration (RFC 7591 section 3.2.2).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidClientMetadataException extends exception<InvalidClientMetadataException, ExceptionFields>()(
  "InvalidClientMetadataException",
  "invalid_client_metadata",
  400,
  {}
) {
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The client registration is not accepted: check clientName, and clientType (`public`).",
    this
  )
}

/**
 * The device code, authorization code, refresh token or assertion is unknown, used or revoked, or belongs to another client.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidGrantException
  extends exception<InvalidGrantException, ExceptionFields>()("InvalidGrantException", "invalid_grant", 400, {})
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The code or token is unknown, used, revoked, or belongs to another client: start a new login.",
    this
  )
}

/**
 * RegisterClient: the service does not accept a redirect URI (RFC 7591 section 3.2.2).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRedirectUriException extends exception<InvalidRedirectUriException, ExceptionFields>()(
  "InvalidRedirectUriException",
  "invalid_redirect_uri",
  400,
  {}
) {
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "A redirect URI is not accepted: use http://127.0.0.1/oauth/callback.",
    this
  )
}

/**
 * A member of the request is missing or malformed. From StartDeviceAuthorization, the start URL is often one of another region.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestException
  extends exception<InvalidRequestException, FieldsWithReason>()("InvalidRequestException", "invalid_request", 400, {
    /** Why a customer-managed KMS key failed. */ reason: text
  })
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    // Only a 400 comes from the service. Another status comes from a proxy before it, and its own text says what is wrong.
    this.status === 400
      ? "The request is not accepted: check the start URL, and that the region is the start URL's."
      : "The request is not accepted.",
    this
  )
}

/**
 * CreateTokenWithIAM: the application is in another region, which the response names.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestRegionException extends exception<InvalidRequestRegionException, FieldsWithRegion>()(
  "InvalidRequestRegionException",
  "invalid_request",
  400,
  {
    /** The endpoint that the service names. */
    endpoint: text,
    /** The region that the service names. */
    region: text
  }
) {
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
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
  extends exception<InvalidScopeException, ExceptionFields>()("InvalidScopeException", "invalid_scope", 400, {})
{
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "A scope is not accepted: check the scopes, for example sso:account:access.",
    this
  )
}

/**
 * Requests come too fast. After a poll, add 5 seconds to the interval for all later polls (RFC 8628 section 3.5).
 *
 * @category errors
 * @since 0.1.0
 */
export class SlowDownException
  extends exception<SlowDownException, ExceptionFields>()("SlowDownException", "slow_down", 400, {})
{
  /** The response is part of the ordinary course: its span ends without error status. */
  static readonly expected = true
  /** The service asks for fewer requests. */
  static readonly throttling = true
  /** A sentence for a person. */
  override readonly message: string = sentenceOf("Requests come too fast: wait longer between them.", this)
}

/**
 * The service knows the client, but the client may not use this grant.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnauthorizedClientException extends exception<UnauthorizedClientException, ExceptionFields>()(
  "UnauthorizedClientException",
  "unauthorized_client",
  400,
  {}
) {
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The client may not use this grant: register it with the grant in grantTypes.",
    this
  )
}

/**
 * The service does not know this grant type.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsupportedGrantTypeException extends exception<UnsupportedGrantTypeException, ExceptionFields>()(
  "UnsupportedGrantTypeException",
  "unsupported_grant_type",
  400,
  {}
) {
  /** A sentence for a person. */
  override readonly message: string = sentenceOf("The grant type is not supported: check grantTypes.", this)
}
