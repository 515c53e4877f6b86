/**
 * Logout: ends the session of an access token at the portal.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_Logout.html
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Members from "@sso-oidc/core/aws/Members"
import * as Operation from "@sso-oidc/core/aws/Operation"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as PortalError from "./PortalError.ts"
import * as PortalService from "./PortalService.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each schema has an interface, with the whole comments.

/**
 * The request of Logout.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The access token. It goes into the header `x-amz-sso_bearer_token`, and nowhere else. */
  readonly accessToken: Redacted.Redacted
}

/**
 * The schema of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  /** The access token. */
  accessToken: Members.secret("accessToken")
})

/**
 * The response of Logout.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {}

/**
 * The schema of the response. It drops the members of the body, as every response drops members that the model does not have: a struct without
 * members would keep them.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({}).pipe(
  Schema.decodeTo(Schema.Struct({}), SchemaTransformation.transform({ decode: () => ({}), encode: () => ({}) }))
)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions of Logout: those that the model lists, and `ForbiddenException`, which the portal also sends.
 *
 * @category errors
 * @since 0.1.0
 */
export type Exception =
  | PortalError.ForbiddenException
  | PortalError.InvalidRequestException
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
 * Logout as a value. Its request may be sent again at any time: a second one finds no session. An empty response counts as `{}`.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "Logout"> = Operation.make({
  service: PortalService.service,
  name: "Logout",
  method: "POST",
  path: "/logout",
  bindings: Operation.bindings({
    accessToken: Operation.header("x-amz-sso_bearer_token")
  }),
  // The AWS CLI and the SDKs send no body.
  hasBody: false,
  allowsEmptyResponse: true,
  request: Request,
  response: Response,
  exceptions: [
    PortalError.ForbiddenException,
    PortalError.InvalidRequestException,
    PortalError.TooManyRequestsException,
    PortalError.UnauthorizedException
  ],
  resend: () => "anytime"
})
