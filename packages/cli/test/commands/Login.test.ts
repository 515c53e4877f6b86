import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run as child } from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import { createServer } from "node:net"
import { join } from "node:path"
import * as Typed from "../../src/Typed.ts"
import * as LoginHome from "../support/loginHome.ts"

const bin = join(import.meta.dirname, "../../src/bin.ts")

/** Runs a test with an emulator whose person approves a code at once, if asked for. */
const emulated = (options: EmulatorServer.Options = {}) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(EmulatorServer.layer(options)),
    Effect.provideService(References.MinimumLogLevel, "None")
  )

const approving = emulated({ autoApprove: 0 })

const dev = ["--profile", "dev"]

/** The first URL with this text in it that the terminal shows, as soon as it shows one. */
const urlOn = (fake: ReturnType<typeof FakeScreen.make>, part: string) =>
  Effect.suspend(() => {
    const url = fake.screen.text.split(/\s+/).find((word) => word.startsWith("http") && word.includes(part))
    return url === undefined ? Effect.fail("none yet") : Effect.succeed(url)
  }).pipe(Effect.delay("20 millis"), Effect.retry({ times: 300 }))

const free = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

describe("the flags of login", { concurrent: true }, () => {
  it.live("contradictions and ports out of range are usage errors, and send nothing (K6)", () =>
    approving(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const { terminal } = FakeScreen.make({ columns: 100, rows: 40 })
      for (
        const [flags, part] of [
          [["--device", "--code"], "--device cannot stand together with --code."],
          [["--device", "--paste", "--port", "8080"], "--device cannot stand together with --paste and --port."],
          [["--port", "0"], "--port must be a whole number from 1 to 65535."],
          [["--port", "65536"], "--port must be a whole number from 1 to 65535."],
          [["--port=-1"], "--port must be"],
          [["--port", "8080.5"], "port"],
          [["--sso-session", "corp"], "--profile and --sso-session cannot stand together."]
        ] as const
      ) {
        const { code, stderr, stdout } = yield* home.run(["login", ...dev, ...flags], { terminal })
        assert.deepStrictEqual([code, stdout], [2, ""], stderr)
        assert.include(stderr.replace(/\s+/g, " "), part)
      }
      assert.deepStrictEqual(home.sent(), [])
    })))

  it.live("without a terminal a login ends with 2 and sends nothing, unless it has --device (K6)", () =>
    approving(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      for (const flags of [[], ["--code"], ["--paste"], ["--no-browser"], ["--port", "8080"], ["--json"]]) {
        const { code, stderr, stdout } = yield* home.run(["login", ...dev, ...flags])
        assert.strictEqual(code, 2)
        assert.include(stderr, "or with --device")
        assert.strictEqual(stdout.includes("UsageError"), flags[0] === "--json", stdout)
      }
      assert.deepStrictEqual(home.sent(), [])
    })))
})

describe("a login with a code", { concurrent: true }, () => {
  it.live("without a terminal --device prints code and URLs as plain lines, and ends with 0 (K2, K6)", () =>
    approving(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const { code, stderr, stdout } = yield* home.run(["login", ...dev, "--device", "--no-browser"])
      assert.deepStrictEqual([code, stdout], [0, ""], stderr)
      const [, userCode = ""] = /shows the code (\w{4}-\w{4})\n/.exec(stderr) ?? []
      const lines = stderr.trimEnd().split("\n")
      assert.strictEqual(lines[0], "Logging in with a code (device grant), as asked.")
      assert.match(lines[1] ?? "", /^Open http:\S+ and go on only if the page shows the code \w{4}-\w{4}$/)
      assert.include(lines[1] ?? "", `user_code=${userCode} `)
      assert.match(lines[2] ?? "", new RegExp(`^Or open http:\\S+ and enter the code ${userCode}$`))
      assert.match(lines[3] ?? "", /^The code is good until .* UTC\.$/)
      assert.match(lines[4] ?? "", /^Logged in\. The token is valid until [-\d]+ [:\d]+ UTC\.$/)
      assert.strictEqual(lines.length, 5)
      assert.notMatch(stderr, /\p{Cc}(?<!\n)/u)
      // the token, the registration, and the mark of the login
      assert.strictEqual(home.files().length, 3)
    })))

  it.live("--json prints the status after the login as one line (K2)", () =>
    approving(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const { code, stdout } = yield* home.run(["login", "--sso-session", "corp", "--device", "--json"])
      assert.strictEqual(code, 0)
      assert.strictEqual(stdout.split("\n").length, 2)
      const { expiresAt, registrationExpiresAt, ...rest } = JSON.parse(stdout)
      assert.deepStrictEqual(rest, { state: "valid", refreshable: true, warnings: [] })
      for (const time of [expiresAt, registrationExpiresAt]) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      assert.strictEqual((yield* home.run(["status", ...dev])).code, 0)
    })))

  it.live("a person who denies ends it with 1, and nothing of the login is stored (K3)", () =>
    emulated()(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const fake = FakeScreen.make({ columns: 40, rows: 24 })
      const deny = Effect.flatMap(
        urlOn(fake, "user_code="),
        (url) => Emulator.Emulator.use(({ authorizations }) => authorizations.deny(url.split("=")[1] ?? ""))
      )
      const [{ code, stderr }] = yield* Effect.all([home.run(["login", ...dev, "--device"], fake), deny], {
        concurrency: "unbounded"
      })
      assert.strictEqual(code, 1, stderr)
      assert.notMatch(fake.screen.text, /left/)
      assert.strictEqual(home.files().length, 1)
    })))
})

describe("a login with a browser", { concurrent: true }, () => {
  it.live("--code shows the URL in one piece, listens on --port, and stores the token (K6)", () =>
    emulated()(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const port = yield* free
      const fake = FakeScreen.make({ columns: 40, rows: 24 })
      const allow = Effect.gen(function*() {
        const url = yield* urlOn(fake, "/authorize?")
        assert.strictEqual(new URL(url).searchParams.get("redirect_uri"), `http://127.0.0.1:${port}/oauth/callback`)
        assert.include(fake.screen.text, "waiting    for the browser, ")
        assert.strictEqual(yield* Effect.promise(() => LoginHome.pressed(url)), 200)
      })
      const [{ code, stdout }] = yield* Effect.all(
        [home.run(["login", ...dev, "--no-browser", "--port", `${port}`], fake), allow],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([code, stdout], [0, ""])
      const text = fake.screen.text.replace(/\s+/g, " ")
      assert.match(text, /^Logging in with a browser on this machine, as asked\. Open this URL in a browser: http/)
      assert.match(text, /Logged in\. The token is valid until [-\d]+ [:\d]+ UTC\. $/)
      assert.notMatch(text, /left/)
      assert.deepStrictEqual(home.sent(), ["/client/register", "/authorize", "/authorize", "/token"])
    })))

  it.live("--paste takes the URL that the browser ended at, and tells of a wrong one (K6)", () =>
    emulated()(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const fake = FakeScreen.make({ columns: 100, rows: 40 })
      const prompts: Array<string> = []
      const typed: Typed.Service = {
        line: (prompt) =>
          Effect.gen(function*() {
            prompts.push(prompt)
            if (prompts.length === 1) return "https://corp.awsapps.com/start"
            const url = yield* Effect.orDie(urlOn(fake, "/authorize?"))
            return yield* Effect.promise(() => LoginHome.decided(url))
          }),
        above: (write) => write
      }
      const { code, stderr, stdout } = yield* Effect.provideService(
        home.run(["login", ...dev, "--paste", "--no-browser"], fake),
        Typed.Typed,
        typed
      )
      assert.deepStrictEqual([code, stdout], [0, ""], stderr)
      assert.deepStrictEqual(prompts, ["URL: ", "URL: "])
      assert.include(stderr.replace(/\s+/g, " "), "Paste the URL of that page here.")
      assert.include(stderr.replace(/\s+/g, " "), "The login waits until")
      // no countdown stands where the person types
      assert.notMatch(fake.writes.join(""), /left/)
    })))

  it.live("a port that is in use ends it with 2, and the sentence names the flags (K6)", () =>
    emulated()(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const { port } = yield* EmulatorServer.EmulatorServer
      const { terminal } = FakeScreen.make({ columns: 100, rows: 40 })
      const { code, stderr } = yield* home.run(["login", ...dev, "--port", `${port}`], { terminal })
      assert.strictEqual(code, 2, stderr)
      assert.include(stderr.replace(/\s+/g, " "), `port ${port} (EADDRINUSE)`)
      assert.include(stderr.replace(/\s+/g, " "), "Give another --port, or --device.")
      assert.deepStrictEqual(home.sent(), [])
    })))
})

describe("two logins at once", { concurrent: true }, () => {
  it.live("the second process waits, takes the token of the first, and both end with 0 (S14)", () =>
    emulated()(Effect.gen(function*() {
      const home = yield* LoginHome.make()
      const fake = FakeScreen.make({ columns: 100, rows: 40 })
      const other = Effect.gen(function*() {
        const url = yield* urlOn(fake, "user_code=")
        const running = yield* child(process.execPath, {
          args: [Program.bundled(bin), "login", "--device", ...dev, "--json"],
          env: home.variables,
          input: ""
        })
        // the second one has read the store by then, and no one but it and the emulator would tell
        yield* Effect.sleep("1 second")
        yield* Emulator.Emulator.use(({ authorizations }) => authorizations.approve(url.split("=")[1] ?? ""))
        return yield* running.ended
      })
      const [first, second] = yield* Effect.all([home.run(["login", ...dev, "--device"], fake), other], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([first.code, second.code], [0, 0], second.stderr)
      assert.match(second.stderr, /^Another login for this session is running\. This one waits for its token\.\n/)
      assert.match(second.stderr, /\nLogged in\. The token is valid until .*\n$/)
      assert.strictEqual(JSON.parse(second.stdout).state, "valid")
      assert.strictEqual(home.sent().filter((path) => path === "/device_authorization").length, 1)
    })))
})
