/**
 * A login at the emulator without a person: what a session then stores.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Token from "@sso-oidc/core/Token"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** A registration of the emulator, as core keeps one. */
export const registered = Effect.gen(function*() {
  const { registerClient } = yield* Emulator.Emulator
  const { url } = yield* EmulatorServer.EmulatorServer
  const scopes = ["sso:account:access"]
  const { clientId, clientSecret, clientSecretExpiresAt } = yield* registerClient({
    clientName: "ours",
    clientType: "public",
    scopes
  })
  const registration: Registration.Registration = {
    clientId,
    clientSecret,
    expiresAt: DateTime.makeUnsafe(clientSecretExpiresAt * 1000),
    scopes,
    region: "eu-west-1",
    endpoint: url
  }
  return registration
})

/** What another tool put into the token files. */
export const others = { ofAnotherTool: [1] }

/** Logs in at the emulator. The token has so many seconds left, and a member of another tool. */
export const issued = Effect.fnUntraced(function*(
  settings: Pick<SessionSettings.SessionSettings, "startUrl" | "region">,
  secondsLeft: number
) {
  const emulator = yield* Emulator.Emulator
  const registration = yield* registered
  const { clientId, clientSecret } = registration
  const { startUrl } = settings
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  const response = yield* emulator.createToken({
    clientId,
    clientSecret,
    grantType: CreateToken.deviceCodeGrantType,
    deviceCode
  })
  const now = DateTime.makeUnsafe(Date.now())
  const token = Token.fromResponse(response, registration, Date.now())
  const cached: CachedToken.CachedToken = {
    ...CachedToken.fromToken(token, settings, now),
    expiresAt: DateTime.add(now, { seconds: secondsLeft }),
    others: Redacted.make(others)
  }
  return cached
})
