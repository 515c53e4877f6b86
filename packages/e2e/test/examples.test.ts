import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Session from "@sso-oidc/example-service/Session"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"

const startUrl = "https://my.awsapps.com/start"

describe("README's examples run", () => {
  it.live("in an Effect service: one login, whoever asks for the token", () =>
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
        assert.match(
          said[0] ?? "",
          /^Open http:\/\/127\.0\.0\.1:\d+\/device and go on only if it shows [A-Z]{4}-[A-Z]{4}$/
        )
        assert.strictEqual(said[1], "Logged in: <redacted:accessToken>")
      }).pipe(
        Effect.provide(Session.layerLive.pipe(Layer.provide(environment))),
        Effect.provide(TestConsole.layer)
      )
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))))

  it.live("in a serverless function: each invocation sends at most one poll, and the token comes", () =>
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
      yield* emulator.approve(started.code)
      yield* Effect.sleep("1100 millis")
      const approved = yield* step(started.id)
      assert.match(approved.state === "approved" ? Redacted.value(approved.token.accessToken) : approved.state, /^aoa/)
      assert.strictEqual((yield* step(started.id)).state, "unknown")
    }).pipe(Effect.provide(EmulatorServer.layer())))
})
