/**
 * RegisterClient: registers a public client that can request tokens. A registration lasts 90 days, in one region.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html
 * @see RFC 7591, on which the operation is modelled
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
 * The request of RegisterClient. An optional member that is `undefined` counts as absent, here and in the other requests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** The name of the client. The person who approves sees it. */
  readonly clientName: string
  /** The type of the client. The service knows only `public`. */
  readonly clientType: string
  /** The scopes of the tokens, for example `sso:account:access`. Without scopes, the service issues no refresh token. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The redirect URIs of the authorization code grant. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /** The grants that the client may use. Leave it out for a device login. Use one registration for one grant. */
  readonly grantTypes?: ReadonlyArray<string> | undefined
  /** The issuer URL of the authorization code grant. */
  readonly issuerUrl?: string | undefined
  /** The ARN of an application of IAM Identity Center. It restricts the scopes, grants and redirect URIs of the client. */
  readonly entitledApplicationArn?: string | undefined
}

/**
 * The schema of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  /** The name of the client. */
  clientName: Schema.String,
  /** The type of the client. */
  clientType: Schema.String,
  /** The scopes of the tokens. */
  scopes: Members.optional(Members.Texts),
  /** The redirect URIs. */
  redirectUris: Members.optional(Members.Texts),
  /** The grants of the client. */
  grantTypes: Members.optional(Members.Texts),
  /** The issuer URL. */
  issuerUrl: Members.optional(Schema.String),
  /** The ARN of an application. */
  entitledApplicationArn: Members.optional(Schema.String)
})

/**
 * The response of RegisterClient.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** The id of the client. */
  readonly clientId: string
  /** The secret of the client. */
  readonly clientSecret: Redacted.Redacted
  /** When the id was issued, in seconds since 1970 on the service's clock. Absent if the service gave no number. */
  readonly clientIdIssuedAt?: number
  /**
   * When the secret expires, in seconds since 1970 on the service's clock. Leave a margin, because your clock may differ. 0 means
   * that the secret never expires (RFC 7591 section 3.2.1).
   */
  readonly clientSecretExpiresAt: number
  /** The authorization endpoint. The service gives none today. */
  readonly authorizationEndpoint?: string
  /** The token endpoint. The service gives none today. */
  readonly tokenEndpoint?: string
}

/**
 * The schema of the response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  /** The id of the client. */
  clientId: Members.Printable,
  /** The secret of the client. */
  clientSecret: Members.secret("clientSecret"),
  /** When the id was issued. */
  clientIdIssuedAt: Members.OptionalEpochSeconds,
  /** When the secret expires. */
  clientSecretExpiresAt: Members.Epoch,
  /** The authorization endpoint. */
  authorizationEndpoint: Schema.optionalKey(Members.Printable),
  /** The token endpoint. */
  tokenEndpoint: Schema.optionalKey(Members.Printable)
})

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
