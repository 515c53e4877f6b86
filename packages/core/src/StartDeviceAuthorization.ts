/**
 * StartDeviceAuthorization: gives the code that a person enters or confirms, and the one that the device polls with.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html
 * @see RFC 8628 sections 3.1 and 3.2
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as ClientError from "./aws/ClientError.ts"
import * as Operation from "./aws/Operation.ts"
import * as Members from "./internal/members.ts"
import * as SsoOidcError from "./SsoOidcError.ts"
import * as SsoOidcService from "./SsoOidcService.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What StartDeviceAuthorization takes. `startUrl` is the AWS access portal's URL, of the same region as the endpoint.
 *
 * @category models
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  clientId: Schema.String,
  clientSecret: Members.secret("clientSecret"),
  startUrl: Schema.String
})

/**
 * @category models
 * @since 0.1.0
 */
export type Request = typeof Request.Type

/**
 * What StartDeviceAuthorization gives.
 *
 * Show a person the `userCode` always, and the URLs as they are: what they look like has changed three times since 2021, and newer
 * ones do not hold the code. `expiresIn` and `interval` are seconds, absent where the service gave none that can be
 * used; then RFC 8628 says 5 s for the interval.
 *
 * @category models
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  deviceCode: Members.secret("deviceCode"),
  userCode: Members.Printable,
  verificationUri: Members.BrowserUrl,
  verificationUriComplete: Schema.optionalKey(Members.BrowserUrl),
  expiresIn: Members.Seconds,
  interval: Members.Seconds
})

/**
 * @category models
 * @since 0.1.0
 */
export type Response = typeof Response.Type

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions that the model lists for StartDeviceAuthorization.
 *
 * @category errors
 * @since 0.1.0
 */
export type Exception =
  | SsoOidcError.InternalServerException
  | SsoOidcError.InvalidClientException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.SlowDownException
  | SsoOidcError.UnauthorizedClientException

/**
 * All that a call can fail with.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = Exception | ClientError.ClientError

// -----------------------------------------------------------------------------
// operation
// -----------------------------------------------------------------------------

/**
 * StartDeviceAuthorization as a value. It may be sent again at any time: the first code then expires unused.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "StartDeviceAuthorization"> = Operation
  .make({
    service: SsoOidcService.service,
    name: "StartDeviceAuthorization",
    method: "POST",
    path: "/device_authorization",
    request: Request,
    response: Response,
    exceptions: [
      SsoOidcError.InternalServerException,
      SsoOidcError.InvalidClientException,
      SsoOidcError.InvalidRequestException,
      SsoOidcError.SlowDownException,
      SsoOidcError.UnauthorizedClientException
    ],
    resend: () => "anytime"
  })
