/**
 * The errors of a poll as one schema, to store how a login failed.
 *
 * @since 0.1.0
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Schema from "effect/Schema"
import type * as DeviceGrant from "./DeviceGrant.ts"
import * as DeviceGrantError from "./DeviceGrantError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Any error of `DeviceGrant.step` and `DeviceGrant.resume`.
 *
 * @category models
 * @since 0.1.0
 */
export type PollError = DeviceGrant.PollError

/**
 * The JSON form of a {@link PollError}. It has no secret: the body of an `UnexpectedResponse` is a marker.
 *
 * @category models
 * @since 0.1.0
 */
export type PollErrorEncoded =
  | typeof ClientError.RequestInvalid.Encoded
  | typeof ClientError.TransportError.Encoded
  | typeof ClientError.UnexpectedResponse.Encoded
  | typeof DeviceGrantError.DeviceCodeExpired.Encoded
  | typeof DeviceGrantError.TokenPossiblyLost.Encoded
  | typeof SsoOidcError.AccessDeniedException.Encoded
  | typeof SsoOidcError.InternalServerException.Encoded
  | typeof SsoOidcError.InvalidClientException.Encoded
  | typeof SsoOidcError.InvalidGrantException.Encoded
  | typeof SsoOidcError.InvalidRequestException.Encoded
  | typeof SsoOidcError.InvalidScopeException.Encoded
  | typeof SsoOidcError.UnauthorizedClientException.Encoded
  | typeof SsoOidcError.UnsupportedGrantTypeException.Encoded

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The schema of a {@link PollError}. Its encoding is plain JSON, and decoding gives the error back as an instance of its class.
 *
 * @example
 * ```ts
 * import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import * as PollError from "@sso-oidc/device-grant/PollError"
 * import * as Schema from "effect/Schema"
 *
 * const encode = Schema.encodeEffect(Schema.fromJsonString(PollError.PollError))
 * const toStore = (error: DeviceGrant.PollError) => encode(error)
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const PollError: Schema.Codec<PollError, PollErrorEncoded> = /* @__PURE__ */ Schema.Union([
  ClientError.RequestInvalid,
  ClientError.TransportError,
  ClientError.UnexpectedResponse,
  DeviceGrantError.DeviceCodeExpired,
  DeviceGrantError.TokenPossiblyLost,
  SsoOidcError.AccessDeniedException,
  SsoOidcError.InternalServerException,
  SsoOidcError.InvalidClientException,
  SsoOidcError.InvalidGrantException,
  SsoOidcError.InvalidRequestException,
  SsoOidcError.InvalidScopeException,
  SsoOidcError.UnauthorizedClientException,
  SsoOidcError.UnsupportedGrantTypeException
])
