/**
 * The token of a login, which can be stored and refreshed.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { RequestInvalid } from "./aws/ClientError.ts"
import * as CreateToken from "./CreateToken.ts"
import * as Refresh from "./Refresh.ts"
import * as Registration from "./Registration.ts"
import * as SsoOidc from "./SsoOidc.ts"
import * as Stored from "./Stored.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The members of a token. Their encoding has its secrets in plain text. Use them only inside a schema whose whole encoding is a
 * secret, and use {@link Token} everywhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Members = Schema.Struct({
  /** The access token. */
  accessToken: Stored.secret("accessToken"),
  /** The type of the access token. */
  tokenType: Stored.Printable,
  /** When the access token expires. */
  expiresAt: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  /** The refresh token. */
  refreshToken: Schema.optionalKey(Stored.secret("refreshToken")),
  /** The ID token. */
  idToken: Schema.optionalKey(Stored.secret("idToken")),
  /** The client that the token was issued to. */
  registration: Registration.Members
})

/**
 * A token, with the registration that it was issued to. Keep the two together: a refresh token is good only for that client, in
 * that region.
 *
 * @category models
 * @since 0.1.0
 */
export interface Token {
  /** The access token, which the portal accepts. It is not empty. */
  readonly accessToken: Redacted.Redacted
  /** The type of the access token: `Bearer`. It has no invisible characters. */
  readonly tokenType: string
  /** When the access token expires, on this machine's clock. Absent if the service did not say it. */
  readonly expiresAt?: DateTime.Utc
  /** The refresh token, for the next access token without a person. Absent if the registration has no scopes. */
  readonly refreshToken?: Redacted.Redacted
  /** The ID token. The service gives none today. */
  readonly idToken?: Redacted.Redacted
  /** The client that the token was issued to, with its region and endpoint. */
  readonly registration: Registration.Registration
}

/**
 * The schema to store a token with. Its encoding is JSON text in a `Redacted`.
 *
 * A reader of the text has the person's access. Store it encrypted, and unwrap it only where you write it. A codec for JSON that
 * contains this schema fails to encode it.
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
  /** The refresh token, for the next access token without a person. */
  readonly refreshToken: Redacted.Redacted<string>
}

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/**
 * Encodes a token as a secret text.
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
 * Decodes a token from a secret text. A text that is no token fails with a `SchemaError`. The error names the member that is
 * wrong, and never repeats the text. Log in again then.
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
 * Makes a token from a response of CreateToken. `now` is the time of its receipt, in milliseconds since 1970. The expiry counts
 * from it.
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
 * Refreshes a token: one request, and no person. If the service issues no new refresh token, the old one stays.
 *
 * It fails as `Refresh.refresh` does. After `InvalidGrantException` the session is over, and after `InvalidClientException` the
 * registration has expired: log in again. A token of another region or endpoint than the client's fails with `RequestInvalid`, and
 * nothing is sent. Do not refresh the same token twice at the same time.
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
  const oidc = yield* SsoOidc.SsoOidc
  if (!Registration.isOf(token.registration, oidc)) {
    return yield* new RequestInvalid({
      operation: CreateToken.operation.name,
      detail: `the token is from another region or endpoint than this client's (${oidc.region} at ${oidc.endpoint}). ` +
        "Use the region and endpoint that it was issued at, or log in again"
    })
  }
  const { clientId, clientSecret } = token.registration
  const response = yield* Refresh.refresh({ clientId, clientSecret, refreshToken: token.refreshToken })
  const now = yield* Clock.currentTimeMillis
  return { ...fromResponse(response, token.registration, now), refreshToken: response.refreshToken }
})
