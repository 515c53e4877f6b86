/**
 * CreateToken: trades a device code, an authorization code or a refresh token for an access token.
 *
 * The request is a union over `grantType`, so that a grant cannot be written without what it needs.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
 * @see RFC 8628 section 3.4, RFC 6749 sections 4.1.3 and 6
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

const client = {
  clientId: Schema.String,
  clientSecret: Members.secret("clientSecret"),
  /** Without effect at the service: a token carries the scopes of the registration. */
  scope: Members.optional(Schema.Array(Schema.String))
}

/**
 * The device grant's `grantType` (RFC 8628 section 3.4).
 *
 * @category models
 * @since 0.1.0
 */
export const deviceCodeGrantType = "urn:ietf:params:oauth:grant-type:device_code"

/**
 * A poll of the device grant.
 *
 * @category models
 * @since 0.1.0
 */
export const DeviceCodeRequest = Schema.Struct({
  ...client,
  grantType: Schema.Literal(deviceCodeGrantType),
  deviceCode: Members.secret("deviceCode")
})

/**
 * The authorization code grant. `redirectUri` is the one that the browser was sent to, with its port.
 *
 * @category models
 * @since 0.1.0
 */
export const AuthorizationCodeRequest = Schema.Struct({
  ...client,
  grantType: Schema.Literal("authorization_code"),
  code: Members.secret("code"),
  redirectUri: Schema.String,
  codeVerifier: Members.optional(Members.secret("codeVerifier"))
})

/**
 * The refresh token grant. A refresh token is good for the client, and in the region, that it was issued to.
 *
 * @category models
 * @since 0.1.0
 */
export const RefreshTokenRequest = Schema.Struct({
  ...client,
  grantType: Schema.Literal("refresh_token"),
  refreshToken: Members.secret("refreshToken")
})

/**
 * What CreateToken takes: one of three grants.
 *
 * @category models
 * @since 0.1.0
 */
export const Request = Schema.Union([DeviceCodeRequest, AuthorizationCodeRequest, RefreshTokenRequest])

/**
 * @category models
 * @since 0.1.0
 */
export type Request = typeof Request.Type

/**
 * What CreateToken gives. `expiresIn` is in seconds from the receipt. `tokenType` is `Bearer`. A refresh token comes
 * only to clients that were registered with scopes, and an answer to a refresh may leave it out: keep the old one then, as
 * `Refresh.refresh` does.
 *
 * @category models
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  accessToken: Members.secret("accessToken"),
  tokenType: Members.Printable,
  expiresIn: Members.Seconds,
  refreshToken: Schema.optionalKey(Members.secret("refreshToken")),
  idToken: Schema.optionalKey(Members.secret("idToken"))
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
 * The exceptions that the model lists for CreateToken.
 *
 * @category errors
 * @since 0.1.0
 */
export type Exception =
  | SsoOidcError.AccessDeniedException
  | SsoOidcError.AuthorizationPendingException
  | SsoOidcError.ExpiredTokenException
  | SsoOidcError.InternalServerException
  | SsoOidcError.InvalidClientException
  | SsoOidcError.InvalidGrantException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.InvalidScopeException
  | SsoOidcError.SlowDownException
  | SsoOidcError.UnauthorizedClientException
  | SsoOidcError.UnsupportedGrantTypeException

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
 * CreateToken as a value. A poll with a device code must be repeated, at the grant's pace; a code or a refresh token
 * may be sent again only when it is certain that it did not leave.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "CreateToken"> = Operation.make({
  service: SsoOidcService.service,
  name: "CreateToken",
  method: "POST",
  path: "/token",
  request: Request,
  response: Response,
  exceptions: [
    SsoOidcError.AccessDeniedException,
    SsoOidcError.AuthorizationPendingException,
    SsoOidcError.ExpiredTokenException,
    SsoOidcError.InternalServerException,
    SsoOidcError.InvalidClientException,
    SsoOidcError.InvalidGrantException,
    SsoOidcError.InvalidRequestException,
    SsoOidcError.InvalidScopeException,
    SsoOidcError.SlowDownException,
    SsoOidcError.UnauthorizedClientException,
    SsoOidcError.UnsupportedGrantTypeException
  ],
  resend: (request) => request.grantType === deviceCodeGrantType ? "paced" : "unsent"
})
