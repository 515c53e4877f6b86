import { assert, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { exception, layer, success } from "@sso-oidc/testing/ScriptedTransport"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"

// A transport is a Layer that provides HttpClient. This transport follows a script. The test fails if a call differs from it.
const script = layer([
  success(RegisterClient.operation, {
    clientId: "my-client",
    clientSecret: Redacted.make("my-client-secret"),
    clientSecretExpiresAt: 7_776_000
  }),
  success(StartDeviceAuthorization.operation, {
    deviceCode: Redacted.make("my-device-code"),
    userCode: "BCDF-GHJK",
    verificationUri: "https://device.example/",
    expiresIn: 600,
    interval: 5
  }),
  exception(CreateToken.operation, "AuthorizationPendingException"),
  success(CreateToken.operation, { accessToken: Redacted.make("my-token"), tokenType: "Bearer", expiresIn: 3600 }, {
    expect: { deviceCode: Redacted.make("my-device-code") }
  })
])

it.effect("logs in after ten seconds of the TestClock, in no real time", () =>
  Effect.gen(function*() {
    const login = DeviceGrant.login({ clientName: "my-app", startUrl: "https://my.awsapps.com/start" })
    const fiber = yield* Effect.forkChild(login)
    yield* TestClock.adjust("10 seconds")
    const token = yield* Fiber.join(fiber)
    assert.strictEqual(Redacted.value(token.accessToken), "my-token")
  }).pipe(Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(script)))))
