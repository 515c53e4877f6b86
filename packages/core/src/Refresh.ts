/**
 * Refreshes a token, and keeps the refresh token for the next refresh.
 *
 * The response to a refresh may leave out `refreshToken`. Then the old one stays good (RFC 6749 section 6). A caller that stores
 * the response unchanged loses the refresh token, as official clients did. The result of this refresh always has one.
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
 * The request of a refresh: the refresh token, and the client that it was issued to. It is good only in the region of that
 * client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request extends Omit<CreateToken.RefreshTokenRequest, "grantType"> {}

/**
 * The result of a refresh: the response of CreateToken, always with a refresh token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response extends CreateToken.Response {
  /** The refresh token for the next refresh: the service's new token, or else the token that was sent. */
  readonly refreshToken: Redacted.Redacted
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * Every error of a refresh. Two exceptions of CreateToken are not among them, because they belong to the device grant (RFC 8628
 * section 3.5). If the service returns such an exception anyway, it becomes another error:
 *
 * - `ExpiredTokenException` becomes `InvalidGrantException`, since an expired refresh token is `invalid_grant` (RFC 6749 section
 *   5.2). Its `error` is what the service wrote: `expired_token`.
 * - `AuthorizationPendingException` becomes `UnexpectedResponse` with that name as its `code`.
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
 * Exchanges a refresh token for a new access token. It sends one request, in the one span of CreateToken.
 *
 * Store the result before you use it, and do not refresh the same token twice at the same time: a used refresh token may be
 * refused.
 *
 * - `InvalidGrantException`: the session is over, or the token was used before. Log in again.
 * - `TransportError` with `sent: "no"`: the token is still good.
 * - `TransportError` with `sent: "maybe"` or `"answered"`, or an interruption: the service may have replaced the token, and the
 *   replacement is lost. Then the next refresh fails with `InvalidGrantException`.
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
