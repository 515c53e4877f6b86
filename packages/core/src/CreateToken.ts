/**
 * CreateToken: exchanges a device code, an authorization code or a refresh token for an access token.
 *
 * The request is a union over `grantType`, so that a request without a required member of its grant does not compile.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
 * @see RFC 8628 section 3.4, RFC 6749 sections 4.1.3 and 6
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
 * The members that every request of CreateToken has.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientMembers {
  /** The id of the registered client. */
  readonly clientId: string
  /** The secret of the registered client. */
  readonly clientSecret: Redacted.Redacted
  /** The scopes of the token. The service ignores them: a token has the scopes of the registration. */
  readonly scope?: ReadonlyArray<string> | undefined
}

const clientSecret = Members.secret("clientSecret")
const scope = Members.optional(Members.Texts)

/**
 * The `grantType` of the device grant (RFC 8628 section 3.4).
 *
 * @category models
 * @since 0.1.0
 */
export const deviceCodeGrantType = "urn:ietf:params:oauth:grant-type:device_code"

/**
 * The request of the device grant: a poll.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeviceCodeRequest extends ClientMembers {
  /** The grant type of the device grant. */
  readonly grantType: typeof deviceCodeGrantType
  /** The device code from StartDeviceAuthorization. */
  readonly deviceCode: Redacted.Redacted
}

/**
 * The schema of a request of the device grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeviceCodeRequest = Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** The secret of the client. */
  clientSecret,
  /** The scopes of the token. */
  scope,
  /** The grant type of the device grant. */
  grantType: Schema.Literal(deviceCodeGrantType),
  /** The device code. */
  deviceCode: Members.secret("deviceCode")
})

/**
 * The request of the authorization code grant.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationCodeRequest extends ClientMembers {
  /** The grant type of the authorization code grant. */
  readonly grantType: "authorization_code"
  /** The authorization code from the redirect. */
  readonly code: Redacted.Redacted
  /** The redirect URI that the browser was sent to, with its port. */
  readonly redirectUri: string
  /** The code verifier of PKCE (RFC 7636). */
  readonly codeVerifier?: Redacted.Redacted | undefined
}

/**
 * The schema of a request of the authorization code grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuthorizationCodeRequest = Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** The secret of the client. */
  clientSecret,
  /** The scopes of the token. */
  scope,
  /** The grant type of the authorization code grant. */
  grantType: Schema.Literal("authorization_code"),
  /** The authorization code. */
  code: Members.secret("code"),
  /** The redirect URI. */
  redirectUri: Schema.String,
  /** The code verifier. */
  codeVerifier: Members.optional(Members.secret("codeVerifier"))
})

/**
 * The request of the refresh token grant.
 *
 * @category models
 * @since 0.1.0
 */
export interface RefreshTokenRequest extends ClientMembers {
  /** The grant type of a refresh. */
  readonly grantType: "refresh_token"
  /** The refresh token. It is good only for the client that it was issued to, in that client's region. */
  readonly refreshToken: Redacted.Redacted
}

/**
 * The schema of a request of the refresh token grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RefreshTokenRequest = Schema.Struct({
  /** The id of the client. */
  clientId: Schema.String,
  /** The secret of the client. */
  clientSecret,
  /** The scopes of the token. */
  scope,
  /** The grant type of a refresh. */
  grantType: Schema.Literal("refresh_token"),
  /** The refresh token. */
  refreshToken: Members.secret("refreshToken")
})

/**
 * The request of CreateToken, of one of three grants.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = DeviceCodeRequest | AuthorizationCodeRequest | RefreshTokenRequest

/**
 * The schema of the request, of one of three grants.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request: Schema.Union<
  readonly [typeof DeviceCodeRequest, typeof AuthorizationCodeRequest, typeof RefreshTokenRequest]
> = Schema.Union([DeviceCodeRequest, AuthorizationCodeRequest, RefreshTokenRequest])

/**
 * The response of CreateToken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The access token, which the portal accepts. */
  readonly accessToken: Redacted.Redacted
  /** The type of the access token: `Bearer`. */
  readonly tokenType: string
  /** The seconds from the receipt until the access token expires. Absent if the service gave no usable number. */
  readonly expiresIn?: number
  /**
   * The refresh token. Only a client that was registered with scopes gets one. The response to a refresh may leave it out: keep
   * the old refresh token then, as `Refresh.refresh` does.
   */
  readonly refreshToken?: Redacted.Redacted
  /** The ID token. The service gives none today. */
  readonly idToken?: Redacted.Redacted
}

/**
 * The schema of the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The access token. */
  accessToken: Members.secret("accessToken"),
  /** The type of the access token. */
  tokenType: Members.Printable,
  /** The seconds until the access token expires. */
  expiresIn: Members.Seconds,
  /** The refresh token. */
  refreshToken: Schema.optionalKey(Members.secret("refreshToken")),
  /** The ID token. */
  idToken: Schema.optionalKey(Members.secret("idToken"))
})

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
 * CreateToken as a value. The device grant repeats a poll after its interval. A request with an authorization code or a refresh
 * token may be sent again only if it is certain that the first did not leave.
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
