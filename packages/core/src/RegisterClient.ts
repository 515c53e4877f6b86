/**
 * RegisterClient: makes a public client that can ask for tokens, good for 90 days and one region.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html
 * @see RFC 7591, on which it is modelled
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
 * What RegisterClient takes.
 *
 * - `clientName`: shown to the person who approves.
 * - `clientType`: the service knows `public` alone.
 * - `scopes`: what the tokens may do, for example `sso:account:access`. Without scopes there is no refresh token.
 * - `grantTypes`: what the client may use. Leave it out for a device login; one registration is for one flow.
 * - `redirectUris`, `issuerUrl`: for the authorization code grant.
 * - `entitledApplicationArn`: limits an application of IAM Identity Center.
 *
 * An optional member that is `undefined` counts as absent, here and in the other requests.
 *
 * @category models
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  clientName: Schema.String,
  clientType: Schema.String,
  scopes: Members.optional(Schema.Array(Schema.String)),
  redirectUris: Members.optional(Schema.Array(Schema.String)),
  grantTypes: Members.optional(Schema.Array(Schema.String)),
  issuerUrl: Members.optional(Schema.String),
  entitledApplicationArn: Members.optional(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export type Request = typeof Request.Type

/**
 * What RegisterClient gives. `clientIdIssuedAt` and `clientSecretExpiresAt` are seconds since 1970 on the service's clock; leave
 * a margin. A `clientSecretExpiresAt` of 0 means that the secret never expires (RFC 7591 section 3.2.1). The two endpoints are
 * absent in practice.
 *
 * @category models
 * @since 0.1.0
 */
export const Response = Schema.Struct({
  clientId: Members.Printable,
  clientSecret: Members.secret("clientSecret"),
  clientIdIssuedAt: Members.OptionalEpochSeconds,
  clientSecretExpiresAt: Members.EpochSeconds,
  authorizationEndpoint: Schema.optionalKey(Members.Printable),
  tokenEndpoint: Schema.optionalKey(Members.Printable)
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
 * RegisterClient as a value. It may be sent again at any time: that makes another client, and the first is forgotten.
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
