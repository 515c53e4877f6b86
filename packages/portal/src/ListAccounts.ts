/**
 * ListAccounts: lists the accounts in which the user has a role, page by page.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_ListAccounts.html
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
 * The request of ListAccounts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The access token. It goes into the header `x-amz-sso_bearer_token`, and nowhere else. */
  readonly accessToken: Redacted.Redacted
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
  /** The page to read. */
  nextToken: Members.optional(Schema.String),
  /** The most entries of a page. */
  maxResults: Members.optional(Schema.Finite)
})

/**
 * An account of a page.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountInfo {
  /** The number of the account: 12 digits. */
  readonly accountId: string
  /** The name of the account. Its administrator chose it: it may have characters that change a terminal. Absent if the portal gave none. */
  readonly accountName?: string
  /** The email address of the account's root user. Absent if the portal gave none. */
  readonly emailAddress?: string
}

/**
 * The schema of an account.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AccountInfo = Schema.Struct({
  /** The number of the account. */
  accountId: Members.Printable,
  /** The name of the account. */
  accountName: Members.Text,
  /** The email address of the root user. */
  emailAddress: Members.Text
})

/**
 * The response of ListAccounts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The next page, for `nextToken` of the next request. Absent on the last page. */
  readonly nextToken?: string
  /** The accounts of the page. Absent counts as none. */
  readonly accountList?: ReadonlyArray<AccountInfo>
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
  /** The accounts of the page. */
  accountList: Schema.optionalKey(Schema.Array(AccountInfo))
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions of ListAccounts: those that the model lists, and `ForbiddenException`, which the portal also sends.
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
 * ListAccounts as a value. Its request may be sent again at any time.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "ListAccounts"> = Operation.make({
  service: PortalService.service,
  name: "ListAccounts",
  method: "GET",
  path: "/assignment/accounts",
  bindings: Operation.bindings({
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
