/**
 * The exceptions of the portal.
 *
 * The portal's model has four exceptions, and the portal sends a fifth. They keep its names. The client's own errors are in core's
 * `aws/ClientError`.
 *
 * Each `message` says what happened, what to do, and which request id to quote to AWS support. No error holds a request, a response, or a
 * plain secret. Invisible characters are removed from the portal's texts, and the access token is masked in them.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So the interface has the whole comments.

const fields = {
  /** The portal's own description. */
  errorDescription: Schema.optionalKey(Schema.String),
  /** The HTTP status of the response. */
  status: Schema.Int,
  /** The request id. */
  requestId: Schema.optionalKey(Schema.String),
  /** The seconds that the portal asks you to wait. */
  retryAfter: Schema.optionalKey(Schema.Number),
  /** The account that was asked for. */
  accountId: Schema.optionalKey(Schema.String),
  /** The role that was asked for. */
  roleName: Schema.optionalKey(Schema.String)
} as const

/**
 * What the portal said in an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionFields {
  /** The portal's own description: `message` in the body. Absent if the portal gave none. */
  readonly errorDescription?: string
  /** The HTTP status of the response. */
  readonly status: number
  /** The request id of the response (`RequestId`). Absent if the response has none. */
  readonly requestId?: string
  /** The seconds that the portal asks you to wait (RFC 9110 section 10.2.3). Absent if it asks for no wait. */
  readonly retryAfter?: number
  /** The account that was asked for. `Portal` says it with 403 and 404. Absent otherwise. */
  readonly accountId?: string
  /** The role that was asked for. `Portal` says it with 403 and 404. Absent otherwise, and if no role was named. */
  readonly roleName?: string
}

/**
 * The class of an exception as a value. The engine finds it by its `type`, and makes the exception with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionClass<out E> extends Operation.ExceptionClass<E, ExceptionFields> {}

const askedFor = ({ accountId, roleName }: ExceptionFields): string | undefined =>
  accountId &&
  (roleName === undefined
    ? `Asked for: account ${accountId}.`
    : `Asked for: role ${roleName} in account ${accountId}.`)

const sentenceOf = (advice: string, self: ExceptionFields & { readonly _tag: string }): string =>
  [
    // an empty description adds nothing to the sentence
    self.errorDescription?.trim() && Wire.sentence(self.errorDescription),
    askedFor(self),
    advice,
    Wire.facts(self, self._tag, `HTTP ${self.status}`)
  ].filter(Boolean).join(" ")

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The token gives no access to this role or account, or to any. The portal sends this exception, but its model does not list it.
 *
 * @category errors
 * @since 0.1.0
 */
export class ForbiddenException
  extends Schema.TaggedError<ForbiddenException, ExceptionFields>("@sso-oidc/portal/ForbiddenException")(
    "ForbiddenException",
    fields
  )
{
  /** The name of the exception in the portal. */
  static readonly type = "ForbiddenException"
  /** The HTTP status that the portal gives to the exception. */
  static readonly status = 403
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The user has no access to this account or role: list the roles. If that fails too, use the scope sso:account:access.",
    this
  )
}

/**
 * The portal rejected the request, for example because a member is missing or out of range.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestException
  extends Schema.TaggedError<InvalidRequestException, ExceptionFields>("@sso-oidc/portal/InvalidRequestException")(
    "InvalidRequestException",
    fields
  )
{
  /** The name of the exception in the model. */
  static readonly type = "InvalidRequestException"
  /** The HTTP status that the model gives to the exception. */
  static readonly status = 400
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The portal rejected the request: check the account, the role and the other members.",
    this
  )
}

/**
 * The portal does not know the account or the role.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResourceNotFoundException
  extends Schema.TaggedError<ResourceNotFoundException, ExceptionFields>("@sso-oidc/portal/ResourceNotFoundException")(
    "ResourceNotFoundException",
    fields
  )
{
  /** The name of the exception in the model. */
  static readonly type = "ResourceNotFoundException"
  /** The HTTP status that the model gives to the exception. */
  static readonly status = 404
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The portal does not know this account or role: list the accounts to see which there are.",
    this
  )
}

/**
 * Too many requests in too short a time. This is no reason to log in again.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooManyRequestsException
  extends Schema.TaggedError<TooManyRequestsException, ExceptionFields>("@sso-oidc/portal/TooManyRequestsException")(
    "TooManyRequestsException",
    fields
  )
{
  /** The name of the exception in the model. */
  static readonly type = "TooManyRequestsException"
  /** The HTTP status that the model gives to the exception. */
  static readonly status = 429
  /** The portal asks for fewer requests, so `Retry` sends this one again later. */
  static readonly throttling = true
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The portal receives too many requests: wait a few seconds and try again. A login does not help.",
    this
  )
}

/**
 * The portal does not accept the access token: it has expired, or its session has ended.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnauthorizedException
  extends Schema.TaggedError<UnauthorizedException, ExceptionFields>("@sso-oidc/portal/UnauthorizedException")(
    "UnauthorizedException",
    fields
  )
{
  /** The name of the exception in the model. */
  static readonly type = "UnauthorizedException"
  /** The HTTP status that the model gives to the exception. */
  static readonly status = 401
  /** A sentence for a person. */
  override readonly message: string = sentenceOf(
    "The portal does not accept the access token: get a new one.",
    this
  )
}
