/**
 * A login as a script.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { layer, success } from "@sso-oidc/testing/ScriptedTransport"
import * as Redacted from "effect/Redacted"

export const script = layer([
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
  success(CreateToken.operation, { accessToken: Redacted.make("aoa-scripted"), tokenType: "Bearer", expiresIn: 3600 })
])
