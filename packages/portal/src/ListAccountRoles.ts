/**
 * ListAccountRoles: lists the roles that the user has in an account, page by page.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_ListAccountRoles.html
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
 * The request of ListAccountRoles.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The access token. It goes into the header `x-amz-sso_bearer_token`, and nowhere else. */
  readonly accessToken: Redacted.Redacted
  /** The number of the account: 12 digits. */
  readonly accountId: string
  /** The page to read: `nextToken` of the response before. Absent for the first page. */
  readonly nextToken?: string | undefined
  /** The most entries of a page, from 1 to 100. The portal chooses if it is absent. */
  readonly maxResults?: number | undefined
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
  /** The page to read. */
  nextToken: Members.optional(Schema.String),
  /** The most entries of a page. */
  maxResults: Members.optional(Schema.Finite)
})

/**
 * A role of a page.
 *
 * @category models
 * @since 0.1.0
 */
export interface RoleInfo {
  /** The name of the role, which is the name of its permission set. */
  readonly roleName: string
  /** The number of its account: 12 digits. Absent if the portal gave none. */
  readonly accountId?: string
}

/**
 * The schema of a role.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RoleInfo = Schema.Struct({
  /** The name of the role. */
  roleName: Members.Printable,
  /** The number of its account. */
  accountId: Members.Text
})

/**
 * The response of ListAccountRoles.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The next page, for `nextToken` of the next request. Absent on the last page. */
  readonly nextToken?: string
  /** The roles of the page. Absent counts as none. */
  readonly roleList?: ReadonlyArray<RoleInfo>
}

/**
 * The schema of the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The next page. Another type is refused: as the end of the list, it would hide the rest. */
  nextToken: Schema.optionalKey(Schema.String),
  /** The roles of the page. */
  roleList: Schema.optionalKey(Schema.Array(RoleInfo))
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions of ListAccountRoles: those that the model lists, and `ForbiddenException`, which the portal also sends.
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
 * ListAccountRoles as a value. Its request may be sent again at any time.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "ListAccountRoles"> = Operation.make({
  service: PortalService.service,
  name: "ListAccountRoles",
  method: "GET",
  path: "/assignment/roles",
  bindings: Operation.bindings({
    accountId: Operation.query("account_id"),
    nextToken: Operation.query("next_token"),
    maxResults: Operation.query("max_result", "number"),
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
})
