/**
 * The steps after the person: the code in the callback, and the token for it.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ExchangeError, FinishError, PendingCode } from "../../AuthorizationCode.ts"
import { AuthorizationExpired, ExchangePossiblyLost } from "../../AuthorizationCodeError.ts"
import * as Answer from "./answer.ts"

/** How long a login waits for its callback. */
export const lifetime = Duration.minutes(10)

/** The error of a login whose deadline has passed. */
export const expired = (): AuthorizationExpired => new AuthorizationExpired({ minutes: Duration.toMinutes(lifetime) })

/** Whether the service may have used the code, and a token is lost. */
const isLoss = (error: CreateToken.Error): error is ClientError.TransportError | ClientError.UnexpectedResponse =>
  error._tag === "TransportError"
    ? error.sent !== "no"
    : error._tag === "UnexpectedResponse" && error.status >= 200 && error.status < 300

/** Sends the code, once. */
export const exchange = Effect.fnUntraced(function*(
  { codeVerifier, redirectUri, registration }: PendingCode,
  code: Redacted.Redacted<string>
): Effect.fn.Return<Token.Token, ExchangeError, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  if (!Registration.isOf(registration, oidc)) {
    return yield* new ClientError.RequestInvalid({
      operation: CreateToken.operation.name,
      detail:
        `the login was started at another region or endpoint than this client's (${oidc.region} at ${oidc.endpoint}). ` +
        "Use the region and endpoint that it was started at, or start a new login"
    })
  }
  const { clientId, clientSecret } = registration
  const response = yield* oidc.createToken({
    grantType: "authorization_code",
    clientId,
    clientSecret,
    redirectUri,
    code,
    codeVerifier
  }).pipe(Effect.mapError((error) => isLoss(error) ? new ExchangePossiblyLost({ cause: error }) : error))
  return Token.fromResponse(response, registration, yield* Clock.currentTimeMillis)
})

/** The whole end of a login whose callback the program received. */
export const finish = Effect.fnUntraced(function*(
  pending: PendingCode,
  callback: Redacted.Redacted<string>
): Effect.fn.Return<Token.Token, FinishError, SsoOidc.SsoOidc> {
  if (DateTime.isGreaterThanOrEqualTo(yield* DateTime.now, pending.expiresAt)) return yield* expired()
  return yield* exchange(pending, yield* Effect.fromResult(Answer.read(callback, pending.state)))
}, Wire.withSpan("AuthorizationCode.finish"))
