/**
 * The requests and responses of this package's tests.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const register: RegisterClient.Request = { clientName: "a tool", clientType: "public" }

export const registered: RegisterClient.Response = {
  clientId: "a client",
  clientSecret: Redacted.make("Zq8vK2nWp4Xr7JdLm", { label: "clientSecret" }),
  clientSecretExpiresAt: 7_776_000
}

export const start: StartDeviceAuthorization.Request = {
  clientId: "a client",
  clientSecret: registered.clientSecret,
  startUrl: "https://my.awsapps.com/start"
}

export const started: StartDeviceAuthorization.Response = {
  deviceCode: Redacted.make("Hy6tB9sGf3kNw0Ue5Oi", { label: "deviceCode" }),
  userCode: "BRCJ-PDVT",
  verificationUri: "https://my.awsapps.com/start/#/device",
  verificationUriComplete: "https://my.awsapps.com/start/#/device?user_code=BRCJ-PDVT",
  expiresIn: 600,
  interval: 1
}

export const poll = {
  grantType: CreateToken.deviceCodeGrantType,
  clientId: "a client",
  clientSecret: registered.clientSecret,
  deviceCode: started.deviceCode
} as const satisfies CreateToken.Request

export const refresh = {
  grantType: "refresh_token",
  clientId: "a client",
  clientSecret: registered.clientSecret,
  refreshToken: Redacted.make("Bv7nQ3zJx9tLc2Wr", { label: "refreshToken" })
} as const satisfies CreateToken.Request

export const token: CreateToken.Response = {
  accessToken: Redacted.make("Gm4kY8sPd1hXe6Vb", { label: "accessToken" }),
  tokenType: "Bearer",
  expiresIn: 3600
}

/** Every secret of these requests and responses. */
export const secrets: ReadonlyArray<string> = [
  registered.clientSecret,
  started.deviceCode,
  refresh.refreshToken,
  token.accessToken
].map(Redacted.value)

/** The client over a transport, and the services of the transport. */
export const over = <R, E, RIn>(transport: Layer.Layer<HttpClient.HttpClient | R, E, RIn>) =>
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(transport), Layer.orDie)

/** The client in the context. */
export const oidc = SsoOidc.SsoOidc

/** Runs a test that must fail, and gives the text that a runner would show. */
export const said = <A, E>(test: Effect.Effect<A, E>): Effect.Effect<string> =>
  Effect.map(Effect.exit(test), (exit) =>
    exit._tag === "Success"
      ? "(it passed)"
      : exit.cause.reasons.map((reason) =>
        String(reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : "interrupted")
      ).join("\n---\n"))
