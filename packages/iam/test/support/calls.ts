/**
 * Requests of each grant, and a client over a scripted transport.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Credentials from "@sso-oidc/iam/Credentials"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** The secrets of the tests. No text that a program shows has a piece of them. */
export const secret = {
  code: "q1Zx8vKfTn-code",
  codeVerifier: "w2Lm5rYhGb-veri",
  refreshToken: "e3Pk9sDjUc-refr",
  assertion: "r4Vt7uWqMa-asse",
  subjectToken: "t5Hn2iXeRo-subj",
  secretAccessKey: "y6Bg4oCzLi-keyk",
  sessionToken: "u7Fd1pAwSe-sess"
} as const

export const clientId = "arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-1111111111111111"

export const requests: ReadonlyArray<CreateTokenWithIAM.Request> = [
  {
    clientId,
    grantType: "authorization_code",
    code: Redacted.make(secret.code),
    redirectUri: "https://app.example/back",
    codeVerifier: Redacted.make(secret.codeVerifier)
  },
  { clientId, grantType: "refresh_token", refreshToken: Redacted.make(secret.refreshToken) },
  {
    clientId,
    grantType: CreateTokenWithIAM.jwtBearerGrantType,
    assertion: Redacted.make(secret.assertion),
    scope: ["openid", "sts:identity_context"]
  },
  {
    clientId,
    grantType: CreateTokenWithIAM.tokenExchangeGrantType,
    subjectToken: Redacted.make(secret.subjectToken),
    subjectTokenType: CreateTokenWithIAM.accessTokenType,
    requestedTokenType: CreateTokenWithIAM.refreshTokenType
  }
]

export const keys = Credentials.layerKeys({
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: Redacted.make(secret.secretAccessKey),
  sessionToken: Redacted.make(secret.sessionToken)
})

export const success = { accessToken: "issued-access-token", tokenType: "Bearer", expiresIn: 3600 }

/** The client and the credentials, over a scripted transport. */
export const over = (wire: Wire.Wire, credentials: Layer.Layer<Credentials.Credentials> = keys) =>
  Layer.merge(
    Layer.orDie(SsoOidc.layer({ region: "eu-west-1" })).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, wire.client))
    ),
    credentials
  )

/** The request of the JWT bearer grant. */
export const bearer: CreateTokenWithIAM.Request = {
  clientId,
  grantType: CreateTokenWithIAM.jwtBearerGrantType,
  assertion: Redacted.make(secret.assertion)
}

/** One call whose response the test gives. */
export const call = (
  response: () => Response,
  request: CreateTokenWithIAM.Request = bearer,
  credentials?: Layer.Layer<Credentials.Credentials>
) => {
  const wire = Wire.responding(response)
  return Effect.map(
    Effect.result(Effect.provide(CreateTokenWithIAM.createToken(request), over(wire, credentials))),
    (result) => ({ result, sent: wire.sent })
  )
}
