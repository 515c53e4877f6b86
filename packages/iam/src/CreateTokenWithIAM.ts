/**
 * CreateTokenWithIAM: exchanges a code or a token of a trusted issuer for a token of IAM Identity Center.
 *
 * It is the operation of trusted identity propagation, and the only one of the service that is signed. {@link createToken} needs `Credentials`
 * beside the client `SsoOidc`. The request is a union over `grantType`, so that a request without a required member of its grant does not
 * compile.
 *
 * A request has a code, a token or an assertion that is good for one use. No part of this project sends it again, unless it is certain that it
 * did not leave.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateTokenWithIAM.html
 * @see RFC 6749 sections 4.1.3 and 6, RFC 7523 section 2.1, RFC 8693 section 2.1
 * @since 0.1.0
 */
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Members from "@sso-oidc/core/aws/Members"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Credentials from "./Credentials.ts"
import type * as IamError from "./IamError.ts"
import * as Absent from "./internal/absent.ts"
import * as Advice from "./internal/advice.ts"
import * as Forgetting from "./internal/forgetting.ts"
import * as Sign from "./internal/sign.ts"
import * as Verdict from "./internal/verdict.ts"

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each schema has an interface, with the whole comments. The fields of a schema
// have the order of the model, so that the bytes of a body are those of the official client.

/**
 * The members that every request of CreateTokenWithIAM has.
 *
 * @category models
 * @since 0.1.0
 */
export interface ApplicationMembers {
  /** The ARN of the application in Identity Center: `arn:aws:sso::111122223333:application/ssoins-…/apl-…`. */
  readonly clientId: string
  /** The scopes of the token. The service gives `openid`, `aws` and `sts:identity_context` by default. */
  readonly scope?: ReadonlyArray<string> | undefined
}

const scope = Members.optional(Members.Texts)

/**
 * The request of the authorization code grant.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationCodeRequest extends ApplicationMembers {
  /** The grant type of the authorization code grant. */
  readonly grantType: "authorization_code"
  /** The authorization code from the redirect. */
  readonly code: Redacted.Redacted
  /** The redirect URI that the browser was sent to. The application lists it. */
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
  /** The ARN of the application. */
  clientId: Schema.String,
  /** The grant type of the authorization code grant. */
  grantType: Schema.Literal("authorization_code"),
  /** The authorization code. */
  code: Members.secret("code"),
  /** The scopes of the token. */
  scope,
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
export interface RefreshTokenRequest extends ApplicationMembers {
  /** The grant type of a refresh. */
  readonly grantType: "refresh_token"
  /** The refresh token that an earlier response had. */
  readonly refreshToken: Redacted.Redacted
}

/**
 * The schema of a request of the refresh token grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RefreshTokenRequest = Schema.Struct({
  /** The ARN of the application. */
  clientId: Schema.String,
  /** The grant type of a refresh. */
  grantType: Schema.Literal("refresh_token"),
  /** The refresh token. */
  refreshToken: Members.secret("refreshToken"),
  /** The scopes of the token. */
  scope
})

/**
 * The `grantType` of the JWT bearer grant (RFC 7523 section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const jwtBearerGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/**
 * The request of the JWT bearer grant: a token of your own identity provider for one of Identity Center.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwtBearerRequest extends ApplicationMembers {
  /** The grant type of the JWT bearer grant. */
  readonly grantType: typeof jwtBearerGrantType
  /** The JWT of the trusted issuer that the application lists. */
  readonly assertion: Redacted.Redacted
}

/**
 * The schema of a request of the JWT bearer grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const JwtBearerRequest = Schema.Struct({
  /** The ARN of the application. */
  clientId: Schema.String,
  /** The grant type of the JWT bearer grant. */
  grantType: Schema.Literal(jwtBearerGrantType),
  /** The JWT. */
  assertion: Members.secret("assertion"),
  /** The scopes of the token. */
  scope
})

/**
 * The `grantType` of the token exchange (RFC 8693 section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const tokenExchangeGrantType = "urn:ietf:params:oauth:grant-type:token-exchange"

/**
 * The type of an access token in a token exchange (RFC 8693 section 3).
 *
 * @category models
 * @since 0.1.0
 */
export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

/**
 * The type of a refresh token in a token exchange (RFC 8693 section 3).
 *
 * @category models
 * @since 0.1.0
 */
export const refreshTokenType = "urn:ietf:params:oauth:token-type:refresh_token"

/**
 * The request of the token exchange: an access token of one application for a token of another.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenExchangeRequest extends ApplicationMembers {
  /** The grant type of the token exchange. */
  readonly grantType: typeof tokenExchangeGrantType
  /** The access token to exchange. Its audience has to be the application. */
  readonly subjectToken: Redacted.Redacted
  /** The type of `subjectToken`: {@link accessTokenType} is the only type that the service knows. */
  readonly subjectTokenType: string
  /** The type of the token to get: {@link accessTokenType}, which is the default, or {@link refreshTokenType}. */
  readonly requestedTokenType?: string | undefined
}

/**
 * The schema of a request of the token exchange.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TokenExchangeRequest = Schema.Struct({
  /** The ARN of the application. */
  clientId: Schema.String,
  /** The grant type of the token exchange. */
  grantType: Schema.Literal(tokenExchangeGrantType),
  /** The scopes of the token. */
  scope,
  /** The access token to exchange. */
  subjectToken: Members.secret("subjectToken"),
  /** The type of the subject token. */
  subjectTokenType: Schema.String,
  /** The type of the token to get. */
  requestedTokenType: Members.optional(Schema.String)
})

/**
 * The request of CreateTokenWithIAM, of one of four grants.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = AuthorizationCodeRequest | RefreshTokenRequest | JwtBearerRequest | TokenExchangeRequest

/**
 * The schema of the request, of one of four grants.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request: Schema.Union<
  readonly [
    typeof AuthorizationCodeRequest,
    typeof RefreshTokenRequest,
    typeof JwtBearerRequest,
    typeof TokenExchangeRequest
  ]
> = Schema.Union([AuthorizationCodeRequest, RefreshTokenRequest, JwtBearerRequest, TokenExchangeRequest])

// -----------------------------------------------------------------------------
// response
// -----------------------------------------------------------------------------

/**
 * What AWS adds to the token.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdditionalDetails {
  /**
   * The identity of the user, for STS. Pass it to `AssumeRole` as the `ContextAssertion` of `ProvidedContexts`. It is a secret: with it and a role,
   * a program acts for the user. Absent if the token has no scope `sts:identity_context`.
   */
  readonly identityContext?: Redacted.Redacted
}

/**
 * The schema of what AWS adds to the token.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AdditionalDetails = Schema.Struct({
  /** The identity of the user, for STS. */
  identityContext: Absent.orNull(Members.secret("identityContext"))
})

/**
 * The response of CreateTokenWithIAM.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The access token. */
  readonly accessToken: Redacted.Redacted
  /** The type of the access token: `Bearer`. */
  readonly tokenType: string
  /** The seconds from the receipt until the access token expires. Absent if the service gave no usable number. */
  readonly expiresIn?: number
  /** The refresh token. Absent if the application has no refresh token grant. */
  readonly refreshToken?: Redacted.Redacted
  /** The ID token, a JWT about the user. */
  readonly idToken?: Redacted.Redacted
  /** The type of the token: {@link accessTokenType} or {@link refreshTokenType}. */
  readonly issuedTokenType?: string
  /** The scopes that the service gave. */
  readonly scope?: ReadonlyArray<string>
  /** What AWS adds to the token. Absent if it adds nothing. */
  readonly awsAdditionalDetails?: AdditionalDetails
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
  idToken: Schema.optionalKey(Members.secret("idToken")),
  /** The type of the token. */
  issuedTokenType: Members.Text,
  /** The scopes that the service gave. */
  scope: Absent.orNull(Members.Texts),
  /** What AWS adds to the token. */
  awsAdditionalDetails: Schema.optionalKey(AdditionalDetails)
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions that the model lists for CreateTokenWithIAM.
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
  | SsoOidcError.InvalidRequestRegionException
  | SsoOidcError.InvalidScopeException
  | SsoOidcError.SlowDownException
  | SsoOidcError.UnauthorizedClientException
  | SsoOidcError.UnsupportedGrantTypeException

/**
 * The errors of a signature.
 *
 * @category errors
 * @since 0.1.0
 */
export type SignatureError = IamError.CredentialsError | IamError.ClockSkewed

/**
 * Every error of a call.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = Exception | SignatureError | ClientError.ClientError

// -----------------------------------------------------------------------------
// operation
// -----------------------------------------------------------------------------

const modelled = Operation.make({
  service: Advice.service,
  name: "CreateTokenWithIAM",
  method: "POST",
  path: "/token",
  query: { aws_iam: "t" },
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
    SsoOidcError.InvalidRequestRegionException,
    SsoOidcError.InvalidScopeException,
    SsoOidcError.SlowDownException,
    SsoOidcError.UnauthorizedClientException,
    SsoOidcError.UnsupportedGrantTypeException
  ],
  resend: () => "unsent",
  authenticate: Sign.authenticate
})

/**
 * CreateTokenWithIAM as a value. It asks `Credentials` for an identity and signs each request right before it is sent. A request may be sent again
 * only if it is certain that the first did not leave.
 *
 * `exceptions` also lists the types of the responses that mean a {@link SignatureError}.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<
  Request,
  Response,
  Exception | SignatureError,
  Credentials.Credentials,
  "CreateTokenWithIAM"
> = /* @__PURE__ */ Verdict.withSignature(modelled)

/**
 * Exchanges a code, a token or an assertion for a token of IAM Identity Center. It sends one signed request to the region of the client, without
 * retry.
 *
 * @example
 * ```ts
 * import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
 * import type * as Redacted from "effect/Redacted"
 *
 * const exchange = (jwt: Redacted.Redacted) =>
 *   CreateTokenWithIAM.createToken({
 *     clientId: "arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-1111111111111111",
 *     grantType: CreateTokenWithIAM.jwtBearerGrantType,
 *     assertion: jwt
 *   })
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const createToken = (
  request: Request
): Effect.Effect<Response, Error, SsoOidc.SsoOidc | Credentials.Credentials> =>
  SsoOidc.SsoOidc.use((oidc) => Forgetting.forgetting(oidc.execute(operation, request)))
