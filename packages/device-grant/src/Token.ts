/**
 * What a login brings, and its refresh.
 *
 * @since 0.1.0
 */
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Refresh from "@sso-oidc/core/Refresh"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Instant from "./internal/instant.ts"
import type * as Registration from "./Registration.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The token, with the registration it was issued to: a refresh token is good for that client in that region alone, so
 * keep the two together.
 *
 * `expiresAt` counts from the receipt, on this machine's clock; absent where the service did not say. A refresh token
 * comes only to registrations with scopes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Token {
  /** What the portal takes. A secret. */
  readonly accessToken: Redacted.Redacted<string>
  /** `Bearer`. */
  readonly tokenType: string
  /** When the access token expires, on this machine's clock. Absent where the service did not say. */
  readonly expiresAt?: DateTime.Utc
  /** What brings the next access token without a person. Absent where the registration has no scopes. A secret. */
  readonly refreshToken?: Redacted.Redacted<string>
  /** Not implemented by the service today. A secret. */
  readonly idToken?: Redacted.Redacted<string>
  /** The client that the token was issued to, and the place where it is good. */
  readonly registration: Registration.Registration
}

/**
 * A token that can be refreshed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refreshable extends Token {
  /** What brings the next access token without a person. A secret. */
  readonly refreshToken: Redacted.Redacted<string>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The token that a response of CreateToken holds, received at the time `now`, in milliseconds since 1970.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromResponse = (
  response: CreateToken.Response,
  registration: Registration.Registration,
  now: number
): Token => ({
  accessToken: response.accessToken,
  tokenType: response.tokenType,
  ...(response.expiresIn === undefined ? {} : { expiresAt: Instant.after(now, Instant.seconds(response.expiresIn)) }),
  ...(response.refreshToken === undefined ? {} : { refreshToken: response.refreshToken }),
  ...(response.idToken === undefined ? {} : { idToken: response.idToken }),
  registration
})

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Whether the token can be refreshed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRefreshable = (token: Token): token is Refreshable => token.refreshToken !== undefined

// -----------------------------------------------------------------------------
// operations
// -----------------------------------------------------------------------------

/**
 * The next token, by a refresh: one request and no person. The old refresh token stays where the service gives no new one.
 *
 * Fails as `Refresh.refresh` of core does. After `InvalidGrantException` the session is over, and after
 * `InvalidClientException` the registration: log in again. Do not refresh the same token twice at once.
 *
 * @example
 * ```ts
 * import * as Token from "@sso-oidc/device-grant/Token"
 * import * as Effect from "effect/Effect"
 *
 * const next = (token: Token.Token) => Token.isRefreshable(token) ? Token.refresh(token) : Effect.succeed(token)
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const refresh = Effect.fnUntraced(function*(
  token: Refreshable
): Effect.fn.Return<Refreshable, Refresh.Error, SsoOidc.SsoOidc> {
  const { clientId, clientSecret } = token.registration
  const response = yield* Refresh.refresh({ clientId, clientSecret, refreshToken: token.refreshToken })
  const now = yield* Clock.currentTimeMillis
  return { ...fromResponse(response, token.registration, now), refreshToken: response.refreshToken }
})
