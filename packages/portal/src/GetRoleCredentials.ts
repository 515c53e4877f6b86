/**
 * GetRoleCredentials: gives temporary credentials for a role in an account.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Members from "@sso-oidc/core/aws/Members"
import * as Operation from "@sso-oidc/core/aws/Operation"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as PortalError from "./PortalError.ts"
import * as PortalService from "./PortalService.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each schema has an interface, with the whole comments.

/**
 * The request of GetRoleCredentials.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The access token. It goes into the header `x-amz-sso_bearer_token`, and nowhere else. */
  readonly accessToken: Redacted.Redacted
  /** The number of the account: 12 digits. */
  readonly accountId: string
  /** The name of the role, which is the name of its permission set. */
  readonly roleName: string
}

/**
 * The schema of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  /** The access token. */
  accessToken: Members.secret("accessToken"),
  /** The number of the account. */
  accountId: Schema.String,
  /** The name of the role. */
  roleName: Schema.String
})

/**
 * Temporary credentials, as the portal gives them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials {
  /** The id of the access key. It is no secret. */
  readonly accessKeyId: string
  /** The secret access key. */
  readonly secretAccessKey: Redacted.Redacted
  /** The session token. */
  readonly sessionToken: Redacted.Redacted
  /** When the credentials expire, in **milliseconds** since 1970: a time that a `Date` can hold. */
  readonly expiration: number
}

// A `Date` holds no other time.
const isTime = Schema.makeFilter((millis: number) =>
  Math.abs(millis) <= 8.64e15 ? undefined : "a time in milliseconds since 1970 is needed here"
)

/**
 * The schema of the credentials.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Credentials = Schema.Struct({
  /** The id of the access key. */
  accessKeyId: Members.Printable,
  /** The secret access key. */
  secretAccessKey: Members.secret("secretAccessKey"),
  /** The session token. */
  sessionToken: Members.secret("sessionToken"),
  /** When they expire, in milliseconds since 1970. */
  expiration: Members.Epoch.check(isTime)
})

/**
 * The response of GetRoleCredentials.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The credentials. A response without them, or without a part of them, is `UnexpectedResponse`. */
  readonly roleCredentials: Credentials
}

/**
 * The schema of the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The credentials. */
  roleCredentials: Credentials
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions of GetRoleCredentials: those that the model lists, and `ForbiddenException`, which the portal also sends.
 *
 * @category errors
 * @since 0.1.0
 */
export type Exception =
  | PortalError.ForbiddenException
  | PortalError.InvalidRequestException
  | PortalError.ResourceNotFoundException
  | PortalError.TooManyRequestsException
  | PortalError.UnauthorizedException

/**
 * Every error of a call.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = Exception | ClientError.ClientError

// -----------------------------------------------------------------------------
// operation
// -----------------------------------------------------------------------------

/**
 * GetRoleCredentials as a value. Its request may be sent again at any time.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "GetRoleCredentials"> = Operation.make(
  {
    service: PortalService.service,
    name: "GetRoleCredentials",
    method: "GET",
    path: "/federation/credentials",
    bindings: Operation.bindings({
      roleName: Operation.query("role_name"),
      accountId: Operation.query("account_id"),
      accessToken: Operation.header("x-amz-sso_bearer_token")
    }),
    request: Request,
    response: Response,
    exceptions: [
      PortalError.ForbiddenException,
      PortalError.InvalidRequestException,
      PortalError.ResourceNotFoundException,
      PortalError.TooManyRequestsException,
      PortalError.UnauthorizedException
    ],
    resend: () => "anytime"
  }
)
