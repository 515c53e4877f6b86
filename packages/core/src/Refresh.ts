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
import * as Redacted from "effect/Redacted"
import * as ClientError from "./aws/ClientError.ts"
import * as CreateToken from "./CreateToken.ts"
import * as SsoOidc from "./SsoOidc.ts"
import * as SsoOidcError from "./SsoOidcError.ts"

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
// errors
// -----------------------------------------------------------------------------

/**
 * All that a refresh can fail with. Two exceptions of CreateToken belong to the device grant alone (RFC 8628 section 3.5) and
 * are not among them:
 *
 * - `ExpiredTokenException`: an expired refresh token is `invalid_grant` (RFC 6749 section 5.2). Where the service says
 *   `expired_token` all the same, the error is `InvalidGrantException`, and its `error` is what the service wrote.
 * - `AuthorizationPendingException`: no refresh waits for a person. Where the service says so all the same, the error is
 *   `UnexpectedResponse` with that `code`.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error = Exclude<
  CreateToken.Error,
  SsoOidcError.AuthorizationPendingException | SsoOidcError.ExpiredTokenException
>

// -----------------------------------------------------------------------------
// operations
// -----------------------------------------------------------------------------

/**
 * Trades a refresh token for a new access token. One request, and no span beside its own.
 *
 * Fails as {@link Error} says. `InvalidGrantException`: the session is over, or the token was used before. After a
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
): Effect.fn.Return<Response, Error, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const response = yield* oidc.createToken({ ...request, grantType: "refresh_token" }).pipe(
    Effect.catchTags({
      ExpiredTokenException: (error) => Effect.fail(new SsoOidcError.InvalidGrantException(fieldsOf(error))),
      AuthorizationPendingException: (error) => {
        const { error: _error, errorDescription: _description, ...fields } = fieldsOf(error)
        return Effect.fail(
          new ClientError.UnexpectedResponse({
            ...fields,
            operation: CreateToken.operation.name,
            problem: "status",
            code: error._tag,
            body: Redacted.make("", { label: "body" })
          })
        )
      }
    })
  )
  return { ...response, refreshToken: response.refreshToken ?? request.refreshToken }
})

const fieldsOf = ({
  error,
  errorDescription,
  requestId,
  retryAfter,
  status
}: SsoOidcError.ExceptionFields): SsoOidcError.ExceptionFields => ({
  error,
  status,
  ...(errorDescription === undefined ? {} : { errorDescription }),
  ...(requestId === undefined ? {} : { requestId }),
  ...(retryAfter === undefined ? {} : { retryAfter })
})
