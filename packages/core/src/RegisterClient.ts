/**
 * RegisterClient: registers a public client that can request tokens. A registration lasts 90 days, in one region.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html
 * @see RFC 7591, on which the operation is modelled
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
 * The request of RegisterClient. An optional member that is `undefined` counts as absent, here and in the other requests.
 *
 * @category models
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  /** The name of the client. The person who approves sees it. */
  clientName: Schema.String,
  /** The type of the client. The service knows only `public`. */
  clientType: Schema.String,
  /** The scopes of the tokens, for example `sso:account:access`. Without scopes, the service issues no refresh token. */
  scopes: Members.optional(Schema.Array(Schema.String)),
  /** The redirect URIs of the authorization code grant. */
  redirectUris: Members.optional(Schema.Array(Schema.String)),
  /** The grants that the client may use. Leave it out for a device login. Use one registration for one grant. */
  grantTypes: Members.optional(Schema.Array(Schema.String)),
  /** The issuer URL of the authorization code grant. */
  issuerUrl: Members.optional(Schema.String),
  /** The ARN of an application of IAM Identity Center. It restricts the scopes, grants and redirect URIs of the client. */
  entitledApplicationArn: Members.optional(Schema.String)
})

/**
 * The request of RegisterClient.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = typeof Request.Type

/**
 * The response of RegisterClient.
 *
 * @category models
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The id of the client. */
  clientId: Members.Printable,
  /** The secret of the client. */
  clientSecret: Members.secret("clientSecret"),
  /** When the id was issued, in seconds since 1970 on the service's clock. */
  clientIdIssuedAt: Members.OptionalEpochSeconds,
  /**
   * When the secret expires, in seconds since 1970 on the service's clock. Leave a margin, because your clock may differ. 0 means that
   * the secret never expires (RFC 7591 section 3.2.1).
   */
  clientSecretExpiresAt: Members.EpochSeconds,
  /** The authorization endpoint. The service gives none today. */
  authorizationEndpoint: Schema.optionalKey(Members.Printable),
  /** The token endpoint. The service gives none today. */
  tokenEndpoint: Schema.optionalKey(Members.Printable)
})

/**
 * The response of RegisterClient.
 *
 * @category models
 * @since 0.1.0
 */
export type Response = typeof Response.Type

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The exceptions that the model lists for RegisterClient.
 *
 * @category errors
 * @since 0.1.0
 */
export type Exception =
  | SsoOidcError.InternalServerException
  | SsoOidcError.InvalidClientMetadataException
  | SsoOidcError.InvalidRedirectUriException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.InvalidScopeException
  | SsoOidcError.SlowDownException
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
 * RegisterClient as a value. Its request may be sent again at any time: the service then registers a second client.
 *
 * @category operations
 * @since 0.1.0
 */
export const operation: Operation.Operation<Request, Response, Exception, never, "RegisterClient"> = Operation.make({
  service: SsoOidcService.service,
  name: "RegisterClient",
  method: "POST",
  path: "/client/register",
  request: Request,
  response: Response,
  exceptions: [
    SsoOidcError.InternalServerException,
    SsoOidcError.InvalidClientMetadataException,
    SsoOidcError.InvalidRedirectUriException,
    SsoOidcError.InvalidRequestException,
    SsoOidcError.InvalidScopeException,
    SsoOidcError.SlowDownException,
    SsoOidcError.UnsupportedGrantTypeException
  ],
  resend: () => "anytime"
})
