/**
 * What a login brings.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Redacted from "effect/Redacted"
import type * as Registration from "./Registration.ts"

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
  readonly accessToken: Redacted.Redacted<string>
  readonly tokenType: string
  readonly expiresAt?: DateTime.Utc
  readonly refreshToken?: Redacted.Redacted<string>
  readonly idToken?: Redacted.Redacted<string>
  readonly registration: Registration.Registration
}
