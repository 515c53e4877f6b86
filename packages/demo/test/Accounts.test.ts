import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { once } from "node:events"
import { createServer } from "node:http"
import * as Accounts from "../src/Accounts.ts"
import type * as Display from "../src/Display.ts"
import * as Screen from "../src/Screen.ts"

/** A display that keeps what it shows. */
const make = () => {
  const lines: Array<Layout.Line> = []
  const display: Display.Display = {
    print: (...more) => Effect.sync(() => void lines.push(...more)),
    event: () => Effect.void,
    enter: Effect.never
  }
  return { display, rows: (columns = Infinity) => rows(lines, columns) }
}

const rows = (lines: ReadonlyArray<Layout.Line>, columns = Infinity) =>
  lines.flatMap((line) => Layout.render(line, { columns, colours: false, utf8: true }))

const token = (accessToken: string) => ({
  accessToken: Redacted.make(accessToken, { label: "accessToken" }),
  expiresAt: DateTime.makeUnsafe(4_000_000_000_000)
})

/** A token of the emulator. */
const issued = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  const { clientId, clientSecret } = yield* emulator.registerClient({
    clientName: "test",
    clientType: "public",
    scopes: ["sso:account:access"]
  })
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({
    clientId,
    clientSecret,
    startUrl: "https://demo.awsapps.com/start"
  })
  yield* emulator.authorizations.approve(userCode)
  const { accessToken } = yield* emulator.createToken({
    clientId,
    clientSecret,
    grantType: "urn:ietf:params:oauth:grant-type:device_code",
    deviceCode
  })
  return { accessToken, expiresAt: DateTime.makeUnsafe(4_000_000_000_000) }
})

const emulator = (accounts?: Emulator.Options["accounts"]) =>
  Layer.provide(EmulatorServer.layer({ accounts }), Layer.succeed(References.MinimumLogLevel, "Warn"))

describe("the accounts of the demo", () => {
  it.live("shows ten accounts with their roles, and how many more there are", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { display, rows } = make()
      yield* Accounts.emulated(display, yield* issued, url)
      const shown = rows()
      assert.lengthOf(shown, 11)
      assert.strictEqual(shown[0], "accounts   100000000000 a 0: R")
      assert.strictEqual(shown[9], "           100000000009 a 9: R")
      assert.strictEqual(shown[10], "           and 2 more")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        emulator(
          Array.from({ length: 12 }, (_, at) => ({
            accountId: String(100_000_000_000 + at),
            accountName: `a ${at}`,
            roles: ["R"]
          }))
        )
      )
    ))

  it.live("shows the error of an account whose roles cannot be listed, and the others", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { display, rows } = make()
      const token = yield* issued
      yield* Emulator.Emulator.use(({ faults }) =>
        faults.arm({ _tag: "Exception", operation: "ListAccountRoles", exception: "InvalidRequestException" })
      )
      yield* Accounts.emulated(display, token, url)
      assert.lengthOf(rows().filter((row) => row.includes("InvalidRequestException")), 1)
      assert.lengthOf(rows().filter((row) => row.endsWith("ReadOnlyAccess")), 1)
    }).pipe(Effect.scoped, Effect.provide(emulator())))

  it.live("says that the accounts cannot be listed if the portal rejects the token, and does not show it (C6)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { display, rows } = make()
      yield* Accounts.emulated(display, token("a-token-of-nobody"), url)
      assert.deepStrictEqual(rows(), [
        "accounts   They cannot be listed: This session has ended: the portal rejected its access token. Run: pnpm demo"
      ])
    }).pipe(Effect.scoped, Effect.provide(emulator())))

  it.effect("says so if the endpoint of the environment cannot be used", () =>
    Effect.gen(function*() {
      const { display, rows } = make()
      yield* Accounts.aws(display, token("t"), "eu-west-1")
      assert.lengthOf(rows(), 1)
      assert.match(rows()[0] ?? "", /^accounts {3}They cannot be listed: .+AWS_ENDPOINT_URL_SSO.+\.$/)
    }).pipe(Effect.provide(
      ConfigProvider.layer(ConfigProvider.fromEnvRecord({ AWS_ENDPOINT_URL_SSO: "http://portal.example" }))
    )))

  it.effect("says so after 20 seconds without a response", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer()
          server.listen(0, "127.0.0.1")
          await once(server, "listening")
          return server
        }),
        (server) =>
          Effect.sync(() => {
            server.closeAllConnections()
            server.close()
          })
      )
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const { display, rows } = make()
      const asked = Effect.promise(() => once(server, "request"))
      const fiber = yield* Effect.forkChild(Accounts.emulated(display, token("t"), `http://127.0.0.1:${port}`))
      yield* asked
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(rows(), [
        "accounts   They cannot be listed: the portal did not respond in time."
      ])
    }).pipe(Effect.scoped))
})

describe("the lines of accounts", () => {
  const account = { accountId: "111122223333", accountName: "Development", roles: ["Administrator", "ReadOnlyAccess"] }

  it("stand in 40 columns, and each row but the first is indented", () => {
    const shown = rows(Screen.accounts([account, { accountId: "444455556666", roles: [] }], 3), 40)
    assert.deepStrictEqual(shown, [
      "accounts   111122223333 Development:",
      "           Administrator,",
      "           ReadOnlyAccess",
      "           444455556666: no role",
      "           and 3 more"
    ])
  })

  it("have no control character of a name or a sentence", () => {
    const odd = "a\x1b[31mb\x07c\u202Ed\u009Be"
    const shown = rows([
      ...Screen.accounts([{ ...account, accountName: odd, roles: [odd] }, { ...account, roles: odd }], 0),
      ...Screen.noAccounts(odd)
    ]).join("")
    assert.notMatch(shown, /[\p{Cc}\p{Cf}]/u)
    assert.include(shown, "a")
  })

  it("say that no account is assigned", () => {
    assert.deepStrictEqual(rows(Screen.accounts([], 0)), ["accounts   none is assigned to you yet"])
  })
})
