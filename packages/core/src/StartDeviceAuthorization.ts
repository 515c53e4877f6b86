/**
 * StartDeviceAuthorization: requests a user code, which a person enters or confirms, and a device code, which the device polls
 * with.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_StartDeviceAuthorization.html
 * @see RFC 8628 sections 3.1 and 3.2
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as ClientError from "./aws/ClientError.ts"
import * as Members from "./aws/Members.ts"
import * as Operation from "./aws/Operation.ts"
import * as SsoOidcError from "./SsoOidcError.ts"
import * as SsoOidcService from "./SsoOidcService.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each schema has an interface, with the whole comments.

/**
 * The request of StartDeviceAuthorization.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The id of the registered client. */
  readonly clientId: string
  /** The secret of the registered client. */
  readonly clientSecret: Redacted.Redacted
  /** The URL of the AWS access portal, in the region of the endpoint. */
  readonly startUrl: string
}

/**
 * The schema of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** The secret of the client. */
  clientSecret: Members.secret("clientSecret"),
  /** The URL of the access portal. */
  startUrl: Schema.String
})

/**
 * The response of StartDeviceAuthorization.
 *
 * Always show the person the `userCode`, and show the URLs unchanged. Their form has changed three times since 2021, and newer
 * URLs do not contain the code.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The code that the device polls with. */
  readonly deviceCode: Redacted.Redacted
  /** The code that the person enters or compares. */
  readonly userCode: string
  /** The URL at which the person enters the code: https, or http to loopback. */
  readonly verificationUri: string
  /** The URL that may contain the code, so that the person only compares it. Absent if the service gave none. */
  readonly verificationUriComplete?: string
  /** The seconds until the device code expires. Absent if the service gave no usable number. */
  readonly expiresIn?: number
  /** The seconds between two polls. Absent if the service gave no usable number: then RFC 8628 says 5 seconds. */
  readonly interval?: number
}

/**
 * The schema of the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The code that the device polls with. */
  deviceCode: Members.secret("deviceCode"),
  /** The code that the person enters or compares. */
  userCode: Members.Printable,
  /** The URL without the code. */
  verificationUri: Members.BrowserUrl,
  /** The URL that may contain the code. */
  verificationUriComplete: Schema.optionalKey(Members.BrowserUrl),
  /** The seconds until the device code expires. */
  expiresIn: Members.Seconds,
  /** The seconds between two polls. */
  interval: Members.Seconds
})

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
 * StartDeviceAuthorization as a value. Its request may be sent again at any time: the first code then expires unused.
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
