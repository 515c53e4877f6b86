import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Session from "@sso-oidc/example-service/Session"
import * as ScriptedTransport from "@sso-oidc/testing/ScriptedTransport"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as TestConsole from "effect/testing/TestConsole"

const startUrl = "https://my.awsapps.com/start"

describe("README's examples run", () => {
  it.live("an Effect service logs in once, however many callers want the token", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
        SSO_REGION: "us-east-1",
        SSO_START_URL: startUrl,
        AWS_ENDPOINT_URL_SSO_OIDC: url
      }))
      yield* Effect.gen(function*() {
        const [program, first, second] = yield* Effect.all([
          Session.program,
          Session.Session.use((session) => session.token),
          Session.Session.use((session) => session.token)
        ], { concurrency: "unbounded" })
        assert.match(Redacted.value(first.accessToken), /^aoa/)
        assert.strictEqual(first, second)
        assert.strictEqual(first, program)
        const said = (yield* TestConsole.logLines).map(String)
        assert.strictEqual(said.length, 2)
        const code = "([A-Z]{4}-[A-Z]{4})"
        const page = "http://127\\.0\\.0\\.1:\\d+/device"
        assert.match(
          said[0] ?? "",
          new RegExp(
            `^Open ${page}\\?user_code=${code} and go on only if the page shows the code \\1\nOr open ${page} and enter the code \\1$`
          )
        )
        assert.strictEqual(said[1], "Logged in: <redacted:accessToken>")
      }).pipe(
        Effect.provide(Session.layerLive.pipe(Layer.provide(environment))),
        Effect.provide(TestConsole.layer)
      )
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))))

  it.effect("an Effect service refreshes a token before it expires, and asks the person only if that fails", () => {
    const registered = ScriptedTransport.success(RegisterClient.operation, {
      clientId: "my-client",
      clientSecret: Redacted.make("my-client-secret"),
      clientSecretExpiresAt: 4_102_444_800
    })
    const started = ScriptedTransport.success(StartDeviceAuthorization.operation, {
      deviceCode: Redacted.make("my-device-code"),
      userCode: "BCDF-GHJK",
      verificationUri: "https://device.example/",
      expiresIn: 600,
      interval: 5
    })
    const gives = (accessToken: string, expiresIn: number, grantType: string) =>
      ScriptedTransport.success(CreateToken.operation, {
        accessToken: Redacted.make(accessToken),
        tokenType: "Bearer",
        expiresIn,
        refreshToken: Redacted.make("my-refresh-token")
      }, { expect: (request) => request.grantType === grantType })
    const script = ScriptedTransport.layer([
      registered,
      started,
      gives("first", 3600, CreateToken.deviceCodeGrantType),
      gives("second", 300, "refresh_token"),
      ScriptedTransport.exception(CreateToken.operation, "InvalidGrantException"),
      registered,
      started,
      gives("third", 3600, CreateToken.deviceCodeGrantType)
    ])
    const layer = Session.layer.pipe(
      Layer.provide(SsoOidc.layer({ region: "eu-west-1" })),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ SSO_START_URL: startUrl })))
    )
    const after = (minutes: number) =>
      Effect.gen(function*() {
        yield* TestClock.adjust(Duration.minutes(minutes))
        const fiber = yield* Effect.forkChild(Session.Session.use((session) => session.token))
        yield* TestClock.adjust("10 seconds")
        return Redacted.value((yield* Fiber.join(fiber)).accessToken)
      })
    return Effect.gen(function*() {
      assert.strictEqual(yield* after(0), "first")
      assert.strictEqual(yield* after(58), "first")
      // a minute before it expires
      assert.strictEqual(yield* after(1), "second")
      assert.strictEqual(yield* after(3), "second")
      assert.strictEqual(yield* after(1), "third")
      assert.strictEqual((yield* TestConsole.logLines).length, 2)
    }).pipe(Effect.provide(layer), Effect.provide(script), Effect.provide(TestConsole.layer))
  })

  it.live("a serverless function sends at most one poll for each invocation, and gets the token", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const emulator = yield* Emulator.Emulator
      // the handler reads the process's environment when its instance is built
      yield* Effect.acquireRelease(
        Effect.sync(() => Object.assign(process.env, { SSO_REGION: "us-east-1", AWS_ENDPOINT_URL_SSO_OIDC: url })),
        () =>
          Effect.sync(() => {
            delete process.env["SSO_REGION"]
            delete process.env["AWS_ENDPOINT_URL_SSO_OIDC"]
          })
      )
      const handler = yield* Effect.acquireRelease(
        Effect.promise(() => import("@sso-oidc/example-serverless/handler")),
        ({ runtime }) => Effect.promise(() => runtime.dispose())
      )
      const step = (id: string) => Effect.promise(() => handler.step(id))
      const started = yield* Effect.promise(() => handler.start(startUrl))
      assert.strictEqual(started.retryIn, 1)
      assert.strictEqual((yield* step(started.id)).state, "waiting")
      yield* Effect.sleep("1100 millis")
      const pending = yield* step(started.id)
      assert.strictEqual(pending.state, "waiting")
      yield* emulator.authorizations.approve(started.code)
      yield* Effect.sleep("1100 millis")
      const approved = yield* step(started.id)
      assert.match(approved.state === "approved" ? Redacted.value(approved.token.accessToken) : approved.state, /^aoa/)
      assert.strictEqual((yield* step(started.id)).state, "unknown")
    }).pipe(Effect.provide(EmulatorServer.layer())))
})
