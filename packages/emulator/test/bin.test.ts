import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import { script } from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import { Effect } from "effect"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { version } from "../src/internal/version.ts"
import { exchange, grantType, registration, startUrl } from "./support.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Effect.Effect<Ended>
  /** The first line on stdout. */
  readonly ready: Effect.Effect<string>
  /** The first two lines on stdout. */
  readonly both: Effect.Effect<string>
}

/** Runs the command in its own process, which ends with the test at the latest. */
const run = (...args: ReadonlyArray<string>) => runIn({}, ...args)

const runIn = (variables: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const child = spawn(process.execPath, [Program.bundled(bin), ...args], { env: { ...process.env, ...variables } })
      let stdout = ""
      let stderr = ""
      child.stderr.on("data", (chunk) => {
        stderr += String(chunk)
      })
      child.stdout.on("data", (chunk) => {
        stdout += String(chunk)
      })
      const lines = (count: number) =>
        new Promise<string>((resolve) => {
          child.stdout.on("data", () => {
            if (stdout.split("\n").length > count) resolve(stdout)
          })
        })
      const [ready, both] = [lines(1), lines(2)]
      const ended = new Promise<Ended>((resolve) => {
        child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
      })
      return {
        child,
        ended: Effect.promise(() => ended),
        ready: Effect.promise(() => ready),
        both: Effect.promise(() => both)
      }
    }),
    ({ child }) =>
      Effect.sync(() => {
        child.kill("SIGKILL")
      })
  )

const urlOf = (line: string): string => /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ""

/** A whole login over HTTP, at an emulator that approves at once. */
const login = Effect.fnUntraced(function*(url: string, scopes: ReadonlyArray<string> = registration.scopes) {
  const post = (path: string, body: unknown) =>
    Effect.map(exchange(url, { path, body: JSON.stringify(body) }), ({ text }) => JSON.parse(text))
  const { clientId, clientSecret } = yield* post("/client/register", { ...registration, scopes })
  const client = { clientId: String(clientId), clientSecret: String(clientSecret) }
  const { deviceCode } = yield* post("/device_authorization", { ...client, startUrl })
  const token: { readonly accessToken: string; readonly expiresIn: number; readonly refreshToken: string | null } =
    yield* post("/token", {
      ...client,
      grantType,
      deviceCode
    })
  return { client, token }
})

describe("the command", () => {
  it.effect("prints one line with its URL and one for each login, serves, and ends with 130 on Ctrl-C (E1, E4)", () =>
    Effect.gen(function*() {
      const { child, ended, ready } = yield* run(
        "--port",
        "0",
        "--interval",
        "2",
        "--expires-in",
        "30",
        "--auto-approve=0"
      )
      const line = yield* ready
      assert.match(line, /^SSO OIDC emulator: http:\/\/127\.0\.0\.1:\d+\n$/)
      const url = urlOf(line)
      const post = (path: string, body: unknown) =>
        Effect.map(exchange(url, { path, body: JSON.stringify(body) }), ({ text }) => JSON.parse(text))
      const { clientId, clientSecret } = yield* post("/client/register", registration)
      const code = yield* post("/device_authorization", { clientId, clientSecret, startUrl })
      assert.deepInclude(code, { interval: 2, expiresIn: 30, verificationUri: `${url}/device` })
      const { deviceCode } = code
      assert.strictEqual(
        (yield* post("/token", { clientId, clientSecret, grantType, deviceCode })).tokenType,
        "Bearer"
      )
      child.kill("SIGINT")
      const { stdout, ...end } = yield* ended
      assert.deepStrictEqual(end, { code: 130, signal: null, stderr: "" })
      // Then it prints a line for each login, with the URL of the page
      assert.isTrue(stdout.startsWith(line))
      assert.match(
        stdout.slice(line.length),
        new RegExp(`^.*INFO.*A login waits for a person: open ${url}/device\\?user_code=${code.userCode}\n$`)
      )
    }))

  it.effect("ends with exit code 0 on SIGTERM (E1, E5)", () =>
    Effect.gen(function*() {
      const { child, ended, ready } = yield* run("--port", "0")
      const line = yield* ready
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* ended, { code: 0, signal: null, stdout: line, stderr: "" })
    }))

  it.effect.each([
    ["--port 99999", /^The emulator cannot start: --port must be a whole number from 0 to 65535, not 99999\.\n$/],
    ["--interval x", /^Invalid value for flag --interval: "x"\..*\n$/],
    ["--expires-in -5", /^The emulator cannot start: --expires-in must be a whole number of seconds, .*, not -5s\.\n$/],
    [
      "--account 1111=x:y",
      /^The emulator cannot start: --account must be ID=NAME:ROLE,ROLE, such as 111122223333=Sandbox:ReadOnlyAccess, not "1111=x:y"\.\n$/
    ],
    [
      "--account 111122223333=a:b --account 111122223333=a:b",
      /^The emulator cannot start: --account must be a list of accounts, .*; the account 111122223333 is there twice\.\n$/
    ],
    [
      "--accounts no-such-file",
      /^The emulator cannot start: --accounts must be a file that this user can read \(NotFound\)\.\n$/
    ],
    [`--accounts ${bin}`, /^The emulator cannot start: --accounts must be a JSON file with .*; it is no JSON\.\n$/],
    [
      "--role-session-duration 43201",
      /^The emulator cannot start: --role-session-duration must be .* from 1 second to 12 hours, not 12h 1s\.\n$/
    ],
    ["--interval 0", /^The emulator cannot start: --interval must be .*, not 0\.\n$/],
    ["--auto-approve -1", /^The emulator cannot start: --auto-approve must be .*, not -1s\.\n$/],
    [
      "--auto-approve 0.5",
      /^The emulator cannot start: --auto-approve must be zero, or 1 second or more, not 500ms\.\n$/
    ],
    [
      "--session-duration 0",
      /^The emulator cannot start: --session-duration must be a whole number of seconds, .*, not 0\.\n$/
    ],
    [
      "--access-token-lifetime -60",
      /^The emulator cannot start: --access-token-lifetime must be a whole number of seconds, .*, not -1m\.\n$/
    ],
    ["--rotation loose", /^Invalid value for flag --rotation: "loose"\. Expected.*strict.*lenient.*\n$/],
    ["--cors *", /^The emulator cannot start: --cors must be .*\.\n$/],
    ["--nope", /^Unrecognized flag: --nope .*\n$/]
  ])("refuses %s in one line (E1)", ([args, says]) =>
    Effect.gen(function*() {
      const { ended } = yield* run(...String(args).split(" "))
      const { code, stderr, stdout } = yield* ended
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, new RegExp(says ?? ""))
    }))

  it.effect("rotates refresh tokens and ends sessions and access tokens as its flags say (E3)", () =>
    Effect.gen(function*() {
      for (const [flags, used, expiresIn] of [[[], 400, 3600], [["--rotation", "lenient"], 200, 3600]] as const) {
        const { child, ended, ready } = yield* run("--port", "0", "--auto-approve", "0", ...flags)
        const url = urlOf(yield* ready)
        const { client, token } = yield* login(url)
        const refresh = exchange(url, {
          path: "/token",
          body: JSON.stringify({ ...client, grantType: "refresh_token", refreshToken: token.refreshToken })
        })
        assert.strictEqual(token.expiresIn, expiresIn)
        assert.strictEqual((yield* refresh).status, 200)
        assert.strictEqual((yield* refresh).status, used)
        child.kill("SIGTERM")
        yield* ended
      }
      const { child, ended, ready } = yield* run(
        "--port=0",
        "--auto-approve=0",
        "--session-duration=40",
        "--access-token-lifetime=30"
      )
      const url = urlOf(yield* ready)
      assert.strictEqual((yield* login(url)).token.expiresIn, 30)
      assert.strictEqual((yield* login(url, [])).token.expiresIn, 40)
      child.kill("SIGTERM")
      yield* ended
    }))

  it.effect("prints a second line with --control, and its token opens the control API (E4)", () =>
    Effect.gen(function*() {
      const { both, child, ended } = yield* run("--port", "0", "--control")
      const [, url = "", token = ""] =
        /^SSO OIDC emulator: (http:\S+)\ncontrol token: ([\w-]{43})\n$/.exec(yield* both) ?? []
      const headers = { authorization: `Bearer ${token}` }
      assert.strictEqual((yield* exchange(url, { path: "/control/clock", headers })).status, 200)
      child.kill("SIGTERM")
      assert.strictEqual((yield* ended).stdout, yield* both)
    }))

  it.effect("takes a token from the environment without printing it, and has no control API without --control (E4)", () =>
    Effect.gen(function*() {
      const token = "a-token-for-the-tests"
      const variables = { SSO_OIDC_EMULATOR_CONTROL_TOKEN: token }
      const headers = { authorization: `Bearer ${token}` }
      for (
        const [flags, status] of [[["--control", "--cors", "http://a.test", "--cors", "http://b.test"], 200], [
          [],
          404
        ]] as const
      ) {
        const { child, ended, ready } = yield* runIn(variables, "--port", "0", ...flags)
        const url = urlOf(yield* ready)
        assert.strictEqual((yield* exchange(url, { path: "/control/clock", headers })).status, status)
        if (status === 200) {
          const { headers } = yield* exchange(url, { path: "/token", body: "{}", headers: { origin: "http://b.test" } })
          assert.strictEqual(headers["access-control-allow-origin"], "http://b.test")
        }
        child.kill("SIGTERM")
        assert.deepStrictEqual(yield* ended, {
          code: 0,
          signal: null,
          stdout: `SSO OIDC emulator: ${url}\n`,
          stderr: ""
        })
      }
    }))

  it.effect("refuses an unusable token in the environment, and names its variable (E4)", () =>
    Effect.gen(function*() {
      const { ended } = yield* runIn({ SSO_OIDC_EMULATOR_CONTROL_TOKEN: "short" }, "--port", "0", "--control")
      assert.deepStrictEqual(yield* ended, {
        code: 1,
        signal: null,
        stdout: "",
        stderr: "The emulator cannot start: SSO_OIDC_EMULATOR_CONTROL_TOKEN must have at least 16 printable " +
          "ASCII characters, without a space.\n"
      })
    }))

  it.effect("says in one line that its port is in use (E5)", () =>
    Effect.gen(function*() {
      const server = createServer()
      yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
      yield* Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      })
      const address = server.address()
      const port = typeof address === "object" && address !== null ? String(address.port) : ""
      const { code, stderr, stdout } = yield* (yield* run("--port", port)).ended
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.strictEqual(
        stderr,
        `The emulator cannot start: port ${port} on 127.0.0.1 is in use, perhaps by an emulator that still runs; choose another, or 0 for any free port.\n`
      )
    }))

  it.effect("has the accounts of its flags and of a file, and none of the default accounts then (E4, E7)", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "accounts.json")
      const billing = {
        accountId: "000000000001",
        accountName: "Billing",
        emailAddress: "b@example.com",
        roles: ["a,b"]
      }
      writeFileSync(file, JSON.stringify([billing]))
      const { child, ready } = yield* run(
        "--port",
        "0",
        "--auto-approve",
        "0",
        "--accounts",
        file,
        "--account",
        "111122223333=One: two:Reader, Admin",
        "--account",
        "222233334444=:",
        "--role-session-duration",
        "900"
      )
      const url = urlOf(yield* ready)
      const { accessToken } = (yield* login(url)).token
      const get = (path: string) =>
        Effect.map(
          exchange(url, { path, headers: { "x-amz-sso_bearer_token": accessToken } }),
          ({ text }) => JSON.parse(text)
        )
      const { roles: _, ...shown } = billing
      assert.deepStrictEqual((yield* get("/assignment/accounts")).accountList, [
        shown,
        { accountId: "111122223333", accountName: "One: two", emailAddress: null }
      ])
      const role = "account_id=111122223333&role_name=Admin"
      const { roleCredentials } = yield* get(`/federation/credentials?${role}`)
      assert.closeTo(roleCredentials.expiration - Date.now(), 900_000, 60_000)
      child.kill("SIGTERM")
    }).pipe(Effect.scoped))

  it.effect("has exactly the flags that the README lists (E1)", () =>
    Effect.gen(function*() {
      const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
      const listed = [...readme.matchAll(/^\| `--([a-z-]+)[^`]*` \| `(\w+)` \|/gm)].map(([, flag]) => flag)
      const { stdout } = yield* (yield* run("--help")).ended
      const own = /FLAGS\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? ""
      const flags = [...own.matchAll(/^ +--([a-z-]+)/gm)].map(([, flag]) => flag)
      assert.isAtLeast(flags.length, 12)
      assert.sameMembers(listed, flags)
    }))

  it.effect("prints the version of the package with --version (E1)", () =>
    Effect.gen(function*() {
      const manifest: { readonly version: string } = JSON.parse(
        readFileSync(new URL("../package.json", import.meta.url), "utf8")
      )
      assert.strictEqual(version, manifest.version)
      const { code, stdout } = yield* (yield* run("--version")).ended
      assert.deepStrictEqual([code, stdout.includes(version)], [0, true])
    }))
})

describe.skipIf(isMissing(script))(`the command in a terminal of ${script.title}`, () => {
  /** Runs the command in a terminal of this width until it prints a text, and gives its output. */
  const show = (columns: number, until: string, variables: Readonly<Record<string, string>>, ...args: Array<string>) =>
    Effect.promise(() =>
      new Promise<string>((resolve) => {
        const command = `stty cols ${columns}; exec "${process.execPath}" "${Program.bundled(bin)}" ${args.join(" ")}`
        const child = spawn("script", ["-qec", command, "/dev/null"], {
          env: {
            PATH: process.env["PATH"] ?? "",
            NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
            SHELL: "/bin/sh",
            TERM: "xterm-256color",
            ...variables
          },
          stdio: ["pipe", "pipe", "inherit"]
        })
        let text = ""
        child.stdout.setEncoding("utf8").on("data", (data: string) => {
          text += data
          // Ctrl-C
          if (text.includes(until) && text.endsWith("\n")) child.stdin.write("\x03")
        })
        child.on("close", () =>
          resolve(
            text.replaceAll("\r\n", "\n").replaceAll("\x1b[1m", "<b>").replaceAll("\x1b[22m", "</b>").replace("^C", "")
          ))
      })
    )

  it.effect.each(
    [
      [80, {}, /^SSO OIDC emulator: <b>http:\S+<\/b>\ncontrol token: <b>[\w-]{43}<\/b>\n$/],
      [80, { NO_COLOR: "1" }, /^SSO OIDC emulator: http:\S+\ncontrol token: [\w-]{43}\n$/],
      [80, { TERM: "dumb" }, /^SSO OIDC emulator: http:\S+\ncontrol token: [\w-]{43}\n$/],
      [30, { NO_COLOR: "1" }, /^SSO OIDC emulator:\nhttp:\S+\ncontrol token:\n[\w-]{43}\n$/]
    ] as const
  )("prints whole the URL and the token in %d columns with %j (E1)", ([columns, variables, expected]) =>
    Effect.map(
      show(columns, "control token:", variables, "--port", "0", "--control"),
      (text) => assert.match(text, expected)
    ))

  it.effect("breaks an error only between words (E1)", () =>
    Effect.map(show(40, "not start", {}, "--port", "99999"), (text) => {
      assert.strictEqual(
        text,
        "The emulator cannot start: --port must\nbe a whole number from 0 to 65535, not\n99999.\n"
      )
    }))
})

it.effect("puts no colors into the line that a script reads, even with FORCE_COLOR (E1)", () =>
  Effect.gen(function*() {
    const { child, ended, ready } = yield* runIn({ FORCE_COLOR: "1" }, "--port", "0")
    assert.match(yield* ready, /^SSO OIDC emulator: http:\/\/127\.0\.0\.1:\d+\n$/)
    child.kill("SIGTERM")
    yield* ended
  }))
