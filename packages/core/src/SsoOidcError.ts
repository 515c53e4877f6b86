/**
 * Every way a call to the service can fail.
 *
 * Fourteen exceptions come from the service's model and keep its names and members. Three errors are the client's own:
 * {@link TransportError} (no usable answer arrived), {@link UnexpectedResponse} (an answer outside the model) and
 * {@link RequestInvalid} (nothing was sent). {@link EndpointError} belongs to the construction of a client.
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
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

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
 * An exception's class as a value: how the codec finds it (`type`, else `error`) and makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionClass<out E> {
  /** The model's name, as in `x-amzn-errortype`; also the `_tag`. */
  readonly type: string
  /** The OAuth code that the model gives it. */
  readonly error: string
  /** The HTTP status that the model gives it. */
  readonly status: number
  new(detail: ExceptionDetail): E
}

const sentence = (text: string): string => {
  const trimmed = text.trim()
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

const told = (advice: string, self: ExceptionFields & { readonly _tag: string; readonly reason?: string }): string =>
  [
    ...(self.errorDescription === undefined || self.errorDescription.trim() === ""
      ? []
      : [sentence(self.errorDescription)]),
    ...(self.reason === undefined || self.reason === "" ? [] : [`Reason: ${sentence(self.reason)}`]),
    advice,
    `(${self._tag}, HTTP ${self.status}${self.requestId === undefined ? "" : `, request ${self.requestId}`})`
  ].join(" ")

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

// -----------------------------------------------------------------------------
// errors of the client
// -----------------------------------------------------------------------------

const undelivered = (
  self: {
    readonly operation: string
    readonly sent: "no" | "maybe" | "answered"
    readonly code: string
    readonly heals: boolean
    readonly host?: string | undefined
    readonly hint?: string | undefined
    readonly status?: number | undefined
    readonly requestId?: string | undefined
  }
): string => {
  const to = self.host === undefined ? "" : ` to ${self.host}`
  const what = self.sent === "no"
    ? `${self.operation} could not be sent${to}`
    : self.sent === "maybe"
    ? `${self.operation} may have been sent${to}, but no response came`
    : `${self.operation} was sent${to}, but the response did not arrive whole`
  // a proxy, a network and a region have no part in it
  const isLocal = self.code === "ECONNREFUSED" && /^(?:localhost|127\.|\[::1\])/.test(self.host ?? "")
  return `${what} (${self.code}${self.status === undefined ? "" : `, HTTP ${self.status}`}${
    self.requestId === undefined ? "" : `, request ${self.requestId}`
  }). ${
    self.hint ?? (self.heals
      ? isLocal
        ? "Nothing listens there: start the server, such as the emulator, or correct the endpoint."
        : "Check the network, the proxy, and that region and endpoint are right, and try again."
      : "Waiting does not mend it: check certificates and proxy settings.")
  }`
}

/**
 * No usable response arrived.
 *
 * `sent` is what decides whether the request may be sent again:
 *
 * - `"no"`: it certainly did not leave this process.
 * - `"maybe"`: it may have been received and acted upon.
 * - `"answered"`: the service answered (with `status`), but the answer was cut off or took too long: it acted.
 *
 * `code` names the failure (`ECONNREFUSED`, `TIMEOUT`, …); `host` is the host that was called, with its port where the URL has
 * one; `heals` is `false` for what does not mend by waiting, such as an untrusted certificate. `hint` says why it failed and what
 * to change, where the transport knows; `message` ends with it. A response that was cut off has its `status`, `requestId` and
 * `retryAfter` (seconds). `cause` is a copy of the platform error's name, code and system call, never the error itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Schema.TaggedError<TransportError>("@sso-oidc/core/TransportError")(
  "TransportError",
  {
    operation: Schema.String,
    sent: Schema.Literals(["no", "maybe", "answered"]),
    code: Schema.String,
    heals: Schema.Boolean,
    host: Schema.optionalKey(Schema.String),
    hint: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.Int),
    requestId: Schema.optionalKey(Schema.String),
    retryAfter: Schema.optionalKey(Schema.Number),
    cause: Schema.optionalKey(Schema.Struct({
      name: Schema.String,
      code: Schema.optionalKey(Schema.String),
      syscall: Schema.optionalKey(Schema.String)
    }))
  }
) {
  override readonly message: string = undelivered(this)
}

/**
 * What was wrong with an answer that {@link UnexpectedResponse} reports.
 *
 * - `"status"`: a status or error type that the model does not list for the operation.
 * - `"redirect"`: a redirect, or a response from another URL than the one asked, which is what a transport that follows
 *   redirects brings back. Its body is not read, and it is never a reason to send again.
 * - `"contentEncoding"`: the body is encoded and the transport did not undo it.
 * - `"tooLarge"`: the body is over the cap.
 * - `"malformed"`: a success whose body is no JSON object or lacks required members.
 *
 * @category models
 * @since 0.1.0
 */
export const Problem = Schema.Literals(["status", "redirect", "contentEncoding", "tooLarge", "malformed"])

/**
 * @category models
 * @since 0.1.0
 */
export type Problem = typeof Problem.Type

const problems: { readonly [P in Problem]: string } = {
  status: "an answer that the service's model does not list",
  redirect: "a response from another URL than the one asked",
  contentEncoding: "a body in a content encoding that the transport did not undo",
  tooLarge: "a body over the size limit",
  malformed: "a success whose body cannot be used"
}

const outside = (
  self: {
    readonly operation: string
    readonly problem: Problem
    readonly status: number
    readonly detail?: string | undefined
    readonly code?: string | undefined
    readonly contentType?: string | undefined
    readonly requestId?: string | undefined
  }
): string => {
  // a transport that follows redirects shows the status of where it ended
  const isRedirect = self.problem === "redirect" && (self.status === 0 || (self.status >= 300 && self.status < 400))
  return `${self.operation} got ${isRedirect ? "a redirect, which was not followed" : problems[self.problem]} (${
    [
      `HTTP ${self.status}`,
      ...(self.code === undefined ? [] : [self.code]),
      ...(self.contentType === undefined ? [] : [self.contentType]),
      ...(self.requestId === undefined ? [] : [`request ${self.requestId}`])
    ].join(", ")
  }).${
    self.detail === undefined ? "" : ` ${sentence(self.detail)}`
  } Check that the endpoint, proxy and region are the right ones.`
}

const marker = "<redacted>"

// An error crosses process boundaries in its encoded form: into logs, stores and other services. The body stays behind.
const Body = Schema.Redacted(Schema.String, { disallowJsonEncode: true }).pipe(
  Schema.encodeTo(Schema.String, {
    decode: SchemaGetter.transform(() => Redacted.make(marker, { label: "body" })),
    encode: SchemaGetter.transform(() => marker)
  })
)

/**
 * A response outside the service's model: from a proxy, a captive portal, a wrong endpoint, or a changed service.
 *
 * `code` is the error type that was found, if any. `body` is the first KiB of the response, redacted since it may hold
 * anything; it is for the program that got the response, and what the error is encoded to has a marker in its place. `length` is the size of the body in bytes: what was read of it, or what it announced when it was too large.
 * `retryAfter` is in seconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedResponse extends Schema.TaggedError<UnexpectedResponse>("@sso-oidc/core/UnexpectedResponse")(
  "UnexpectedResponse",
  {
    operation: Schema.String,
    problem: Problem,
    status: Schema.Int,
    /** What exactly was wrong, where there is more to say. Never holds a value of the answer. */
    detail: Schema.optionalKey(Schema.String),
    code: Schema.optionalKey(Schema.String),
    requestId: Schema.optionalKey(Schema.String),
    retryAfter: Schema.optionalKey(Schema.Number),
    contentType: Schema.optionalKey(Schema.String),
    length: Schema.optionalKey(Schema.Number),
    body: Body
  }
) {
  override readonly message: string = outside(this)
}

/**
 * The request cannot be what the operation needs; nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid>("@sso-oidc/core/RequestInvalid")(
  "RequestInvalid",
  {
    operation: Schema.String,
    /** Which member, and what is wrong with it. Never holds a value of the request. */
    detail: Schema.String
  }
) {
  override readonly message: string = `${this.operation} was not sent, because the request is invalid: ${
    sentence(this.detail)
  }`
}

/**
 * A region that is no host label, or an endpoint that cannot be used. In the error channel of the client's layer.
 *
 * @category errors
 * @since 0.1.0
 */
export class EndpointError extends Schema.TaggedError<EndpointError>("@sso-oidc/core/EndpointError")(
  "EndpointError",
  {
    problem: Schema.Literals(["region", "endpoint", "fipsWithEndpoint", "dualstackWithEndpoint"]),
    detail: Schema.String
  }
) {
  override readonly message: string = `The client has no endpoint to call: ${sentence(this.detail)}`
}

/**
 * The client's own three: what any operation can fail with, beside its exceptions.
 *
 * @category errors
 * @since 0.1.0
 */
export type ClientError = TransportError | UnexpectedResponse | RequestInvalid
