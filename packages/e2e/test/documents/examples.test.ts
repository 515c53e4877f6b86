import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Step from "@sso-oidc/durable/Step"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Live from "@sso-oidc/example-serverless/Live"
import * as Logins from "@sso-oidc/example-serverless/Logins"
import * as Durable from "@sso-oidc/example-service/Durable"
import * as Program from "@sso-oidc/example-service/Program"
import * as Session from "@sso-oidc/example-service/Session"
import * as Ours from "@sso-oidc/session/Session"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestConsole from "effect/testing/TestConsole"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const startUrl = "https://my.awsapps.com/start"

describe("README's examples run", () => {
  it.live("the program of five lines logs in once, and its second run needs no person (S14)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const home = yield* folder
      mkdirSync(join(home, ".aws"))
      writeFileSync(
        join(home, ".aws/config"),
        "[profile dev]\nsso_session = s\n\n" +
          `[sso-session s]\nsso_start_url = ${startUrl}\nsso_region = us-east-1\nsso_use_device_code = true\n`
      )
      const run = Effect.map(
        Program.program,
        (token) => token === undefined ? assert.fail("denied") : Redacted.value(token.accessToken)
      )
      yield* Effect.gen(function*() {
        const first = yield* run
        assert.match(first, /^aoa/)
        assert.strictEqual(yield* run, first)
        const said = (yield* TestConsole.logLines).map(String)
        assert.strictEqual(said.length, 2)
        for (const line of said) assert.match(line, /^Logged in until \S+: <redacted:accessToken>$/)
        const shown = (yield* TestConsole.errorLines).map(String)
        assert.strictEqual(shown.length, 3)
        assert.strictEqual(
          shown[0],
          "Logging in with a code (device grant), because sso_use_device_code is set."
        )
      }).pipe(
        Effect.provide(ConfigProvider.layer(
          ConfigProvider.fromEnvRecord({ HOME: home, AWS_ENDPOINT_URL_SSO_OIDC: url })
        )),
        Effect.provide(TestConsole.layer)
      )
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 })), Effect.scoped))

  it.live("the single packages log in once, however many callers want the token (S14)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
        SSO_REGION: "us-east-1",
        SSO_START_URL: startUrl,
        AWS_ENDPOINT_URL_SSO_OIDC: url
      }))
      yield* Effect.gen(function*() {
        const ensure = Ours.Session.use((session) => session.ensure())
        const [program, ...others] = yield* Effect.all([Session.program, ensure, ensure], { concurrency: "unbounded" })
        if (program === undefined) return assert.fail("denied")
        assert.match(Redacted.value(program.accessToken), /^aoa/)
        for (const other of others) {
          assert.strictEqual(Redacted.value(other.accessToken), Redacted.value(program.accessToken))
        }
        assert.deepStrictEqual(yield* TestConsole.logLines, ["Logged in: <redacted:accessToken>"])
        const shown = (yield* TestConsole.errorLines).map(String)
        const code = "([A-Z]{4}-[A-Z]{4})"
        const page = "http://127\\.0\\.0\\.1:\\d+/device"
        assert.match(
          shown[1] ?? "",
          new RegExp(
            `^Open ${page}\\?user_code=${code} and go on only if the page shows the code \\1\nOr open ${page} and enter the code \\1\n`
          )
        )
      }).pipe(
        Effect.provide(Session.layerLive.pipe(Layer.provide(environment))),
        Effect.provide(TestConsole.layer)
      )
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))))

  it.live("a function sends at most one poll for each invocation, and its token is taken once (W1, W6)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const emulator = yield* Emulator.Emulator
      const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
        SSO_REGION: "us-east-1",
        SSO_START_URL: startUrl,
        AWS_ENDPOINT_URL_SSO_OIDC: url,
        DATABASE_URL: yield* Postgres.database,
        SEALER_CURRENT: "2026-11",
        SEALER_KEYS: `2026-11=${Buffer.alloc(32, 7).toString("base64")}`
      }))
      yield* Effect.gen(function*() {
        const id = crypto.randomUUID()
        const started = yield* Logins.start(id)
        assert.isAbove(started.retryIn, 0)
        assert.isAtMost(started.retryIn, 1)
        const { code, open } = yield* Logins.start(id)
        assert.deepStrictEqual([code, open], [started.code, started.open])
        assert.strictEqual((yield* Logins.poll(id)).state, "waiting")
        yield* emulator.authorizations.approve(started.code)
        yield* Effect.sleep("1100 millis")
        // one of them polls, and the others send nothing
        const all = yield* Effect.all(Array.from({ length: 8 }, () => Logins.poll(id)), { concurrency: "unbounded" })
        const states = all.map(({ state }) => state)
        assert.isAtLeast(states.filter((state) => state === "approved").length, 1)
        assert.isEmpty(states.filter((state) => state !== "approved" && state !== "waiting"))
        assert.match(Redacted.value((yield* Step.take(id)).accessToken), /^aoa/)
        assert.strictEqual((yield* Effect.flip(Step.take(id)))._tag, "LoginUnknown")
        assert.strictEqual((yield* Logins.poll(crypto.randomUUID())).state, "unknown")
      }).pipe(Effect.provide(Live.layer), Effect.provide(environment))
    }).pipe(Effect.scoped, Effect.provide(EmulatorServer.layer())))

  it.live(
    "a service that is started again shows the same code, and uses its token until it took it (W1, W10)",
    () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const emulator = yield* Emulator.Emulator
        const home = yield* folder
        const service = SsoOidc.layer({ region: "eu-west-1", endpoint: url }).pipe(
          Layer.provide(NodeTransport.layer()),
          Layer.orDie
        )
        const sealing = Sealer.layer({ current: "one", keys: { one: Redacted.make(new Uint8Array(32).fill(7)) } })
        const cwd = process.cwd()
        // the program keeps its file in the folder where it runs
        process.chdir(home)
        yield* Effect.addFinalizer(() => Effect.sync(() => process.chdir(cwd)))
        const shown = Effect.map(TestConsole.logLines, (lines) => lines.map(String))
        const used: Array<string> = []
        const run = (end: Effect.Effect<void>) =>
          Durable.program("device-17", ({ accessToken }) => {
            used.push(Redacted.value(accessToken))
            return end
          }).pipe(Effect.provide(Layer.fresh(Durable.layer(sealing, service))))

        // it ends before the person approves
        const first = yield* Effect.forkChild(run(Effect.void))
        while ((yield* shown).length === 0) yield* Effect.sleep("50 millis")
        yield* Fiber.interrupt(first)
        const [line = ""] = yield* shown
        const code = /enter ([A-Z]{4}-[A-Z]{4})$/.exec(line)?.[1] ?? assert.fail(line)
        yield* emulator.authorizations.approve(code)

        // it ends while it uses the token
        const second = yield* Effect.forkChild(run(Effect.never))
        while (used.length === 0) yield* Effect.sleep("50 millis")
        yield* Fiber.interrupt(second)
        assert.deepStrictEqual(yield* shown, [line, line])

        yield* run(Effect.void)
        assert.match(used[0] ?? "", /^aoa/)
        assert.deepStrictEqual(used, [used[0], used[0]])
        const again = yield* Effect.flip(run(Effect.void))
        assert.include(again, { _tag: "LoginUnknown", reason: "taken" })
        assert.deepStrictEqual(yield* shown, [line, line])
      }).pipe(Effect.scoped, Effect.provide(TestConsole.layer), Effect.provide(EmulatorServer.layer())),
    30_000
  )
})
