/**
 * What a login brings: a token that can be kept, and its refresh.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as CreateToken from "./CreateToken.ts"
import * as Refresh from "./Refresh.ts"
import * as Registration from "./Registration.ts"
import type * as SsoOidc from "./SsoOidc.ts"
import * as Stored from "./Stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The members of a token. Their encoding has its secrets in the clear. So use them inside a schema whose encoding is a secret as a
 * whole, and {@link Token} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members = Schema.Struct({
  /** The access token, which the portal takes. Not empty. */
  accessToken: Stored.secret("accessToken"),
  /** `Bearer`. Printable. */
  tokenType: Stored.Printable,
  /** When the access token expires, on this machine's clock. Absent if the service did not say. */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  /** The refresh token, which brings the next access token without a person. Absent if the registration has no scopes. */
  refreshToken: Schema.optionalKey(Stored.secret("refreshToken")),
  /** The ID token. The service gives none today. */
  idToken: Schema.optionalKey(Stored.secret("idToken")),
  /** The client that the token was issued to, with its region and endpoint. */
  registration: Registration.Members
})

/**
 * A token, with the registration that it was issued to. A refresh token is good for that client in that region alone, so keep the
 * two together.
 *
 * @category models
 * @since 0.1.0
 */
export interface Token extends Schema.Schema.Type<typeof Members> {}

/**
 * The schema to keep a token with. Its encoding is JSON text in a `Redacted`: a reader of the text has the person's access. Store
 * it encrypted, and unwrap it only where you write it. A codec for JSON that holds it fails to encode.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Token: Schema.Codec<Token, Redacted.Redacted<string>> = Stored.encodedAsSecret("token", Members)

/**
 * A token that can be refreshed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refreshable extends Token {
  /** The refresh token, which brings the next access token without a person. */
  readonly refreshToken: Redacted.Redacted<string>
}

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/**
 * The token as a secret text.
 *
 * @example
 * ```ts
 * import * as Token from "@sso-oidc/core/Token"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const keep = (token: Token.Token, write: (text: string) => Effect.Effect<void>) =>
 *   Effect.flatMap(Token.encode(token), (secret) => write(Redacted.value(secret)))
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (token: Token): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(Token)(token))

/**
 * The token that a secret text holds. A text that holds none fails with a `SchemaError`, which does not repeat the text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<Token, Schema.SchemaError> =>
  Schema.decodeEffect(Token)(text)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The token of a response of CreateToken. `now` is the time of its receipt, in milliseconds since 1970: the expiry counts from it.
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
  ...(response.expiresIn === undefined ? {} : { expiresAt: Stored.after(now, Stored.seconds(response.expiresIn)) }),
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
 * The next token, by a refresh: one request and no person. If the service gives no new refresh token, the old one stays.
 *
 * It fails as `Refresh.refresh` does. After `InvalidGrantException` the session is over, and after `InvalidClientException` the
 * registration: log in again. Do not refresh the same token twice at once.
 *
 * @example
 * ```ts
 * import * as Token from "@sso-oidc/core/Token"
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
