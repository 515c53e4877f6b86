/**
 * A session as a script: a login, a refresh, a refresh by another program, and the end.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { exception, layer, success } from "@sso-oidc/testing/ScriptedTransport"
import * as Redacted from "effect/Redacted"

const token = (number: number, expect: (request: CreateToken.Request) => boolean) =>
  success(CreateToken.operation, {
    accessToken: Redacted.make(`aoa-${number}`),
    refreshToken: Redacted.make(`aor-${number}`),
    tokenType: "Bearer",
    expiresIn: 3600
  }, { expect })

const refreshes = (number: number) => (request: CreateToken.Request): boolean =>
  request.grantType === "refresh_token" && Redacted.value(request.refreshToken) === `aor-${number}`

export const sessionScript = layer([
  success(RegisterClient.operation, {
    clientId: "client",
    clientSecret: Redacted.make("client-secret"),
    clientSecretExpiresAt: 4_000_000_000
  }),
  success(StartDeviceAuthorization.operation, {
    deviceCode: Redacted.make("device-code"),
    userCode: "BCDF-GHJK",
    verificationUri: "https://device.example/",
    expiresIn: 600,
    interval: 1
  }),
  token(0, ({ grantType }) => grantType === CreateToken.deviceCodeGrantType),
  token(1, refreshes(0)),
  token(2, refreshes(1)),
  exception(CreateToken.operation, "InvalidGrantException", { expect: refreshes(1) })
])
