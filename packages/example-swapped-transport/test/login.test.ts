import { assert, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

// A transport is a Layer that gives HttpClient. This one answers from a table; the first poll comes too early.
let polls = 0
const answers: Record<string, () => Response> = {
  "/client/register": () => Response.json({ clientId: "id", clientSecret: "secret", clientSecretExpiresAt: 7_776_000 }),
  "/device_authorization": () =>
    Response.json({ deviceCode: "device", userCode: "BCDF-GHJK", verificationUri: "https://device.example/" }),
  "/token": () =>
    polls++ === 0
      ? Response.json({ error: "authorization_pending" }, { status: 400 })
      : Response.json({ accessToken: "token", tokenType: "Bearer", expiresIn: 3600 })
}
const TestTransport = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request, url) =>
    Effect.sync(() =>
      HttpClientResponse.fromWeb(request, answers[url.pathname]?.() ?? new Response(null, { status: 404 }))
    )
  )
)

it.effect("logs in after ten seconds of a clock that does not run", () =>
  Effect.gen(function*() {
    const login = DeviceGrant.login({ clientName: "my-app", startUrl: "https://my.awsapps.com/start" })
    const fiber = yield* Effect.forkChild(login)
    yield* TestClock.adjust("10 seconds") // no interval was given, so it is RFC 8628's 5 seconds, twice
    const token = yield* Fiber.join(fiber)
    assert.strictEqual(Redacted.value(token.accessToken), "token")
    assert.strictEqual(polls, 2)
  }).pipe(Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(TestTransport)))))
