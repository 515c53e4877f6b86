/**
 * The refresh of a token, without losing what refreshes the next one.
 *
 * An answer to a refresh may leave out `refreshToken`, and the old one stays good then (RFC 6749 section 6). A caller
 * who stores the answer as it came has lost it, as official clients have. Here the result always has one.
 *
 * @see RFC 6749 section 6
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as CreateToken from "./CreateToken.ts"
import * as SsoOidc from "./SsoOidc.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a refresh takes: the refresh token, and the client it was issued to, in whose region alone it is good. `scope` is
 * without effect at the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request extends Omit<typeof CreateToken.RefreshTokenRequest.Type, "grantType"> {}

/**
 * What a refresh gives: CreateToken's answer, whose `refreshToken` is always there. It is the one to use next: the
 * service's new one, or the one that was sent. `expiresIn` is in seconds from the receipt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response extends CreateToken.Response {
  readonly refreshToken: Redacted.Redacted
}

// -----------------------------------------------------------------------------
// operations
// -----------------------------------------------------------------------------

/**
 * Trades a refresh token for a new access token. One request, and no span beside its own.
 *
 * Fails as CreateToken does. `InvalidGrantException`: the session is over, or the token was used before. After a
 * `TransportError` with `sent: "no"` the token is as good as it was; with `"maybe"` or `"answered"`, and after an
 * interruption, the service may have replaced it by one that nobody knows, and the next refresh says so with
 * `InvalidGrantException`. So store the result before anything else, and do not refresh the same token twice at once.
 *
 * @example
 * ```ts
 * import * as Refresh from "@sso-oidc/core/Refresh"
 * import * as Effect from "effect/Effect"
 *
 * const renew = (stored: Refresh.Request) =>
 *   Effect.map(Refresh.refresh(stored), ({ accessToken, refreshToken }) => ({
 *     accessToken,
 *     stored: { ...stored, refreshToken }
 *   }))
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const refresh = Effect.fnUntraced(function*(
  request: Request
): Effect.fn.Return<Response, CreateToken.Error, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const response = yield* oidc.createToken({ ...request, grantType: "refresh_token" })
  return { ...response, refreshToken: response.refreshToken ?? request.refreshToken }
})
