/**
 * `status`, `accounts`, `roles` and `logout`: what they print, and how they end.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type * as Fault from "@sso-oidc/emulator/Fault"
import * as Effect from "effect/Effect"
import { rmSync } from "node:fs"
import * as Home from "../support/home.ts"
import { run } from "../support/ran.ts"
import { fast } from "../support/time.ts"

const armed = (fault: Fault.Fault) => Effect.flatMap(Emulator.Emulator, ({ faults }) => faults.arm(fault))

const left = Effect.map(
  Effect.flatMap(Emulator.Emulator, ({ faults }) => faults.list),
  (faults) => faults.length
)

const withEmulator = <A, E, R>(
  accounts: Emulator.Options["accounts"],
  effect: Effect.Effect<A, E, R>
) => effect.pipe(Effect.scoped, Effect.provide(Home.emulator(accounts === undefined ? {} : { accounts })))

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

describe("the flags that every command takes", () => {
  it.effect("rejects --profile together with --sso-session, and takes either of them (K1)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        // another shell may have another profile in its environment
        const { stderr } = yield* run(["accounts"], home)
        assert.match(stderr, /Run: sso-oidc login --profile dev\n$/)
        for (const command of ["login --device", "logout", "status", "accounts", "roles", "credentials"]) {
          const args = [...command.split(" "), "--profile", "dev", "--sso-session", "corp", "--json"]
          const { code, stderr, stdout } = yield* run(args, home)
          assert.deepInclude(JSON.parse(stdout), { error: { tag: "UsageError", message: stderr.trimEnd() } })
          assert.match(stderr, /--profile and --sso-session cannot stand together/)
          assert.strictEqual(code, 2)
        }
        yield* home.logIn(3600)
        const env = { ...home.env, AWS_PROFILE: "" }
        const codes = yield* Effect.forEach(
          [["--profile", "dev"], ["--sso-session", "corp"], ["--profile", "nope"], ["--sso-session", "nope"], []],
          (flags) => Effect.map(run(["status", ...flags], { env }), ({ code }) => code)
        )
        // without a flag it is the profile `default`, which is not there
        assert.deepStrictEqual(codes, [0, 0, 2, 2, 2])
        const { stdout } = yield* run(["accounts", "--json=true"], { env: { ...env, AWS_PROFILE: "nope" } })
        assert.strictEqual(JSON.parse(stdout).error.tag, "ProfileNotFound")
        // a flag may stand before the command too
        assert.strictEqual((yield* run(["--profile", "dev", "--json", "status"], { env })).code, 0)
      })
    ))
})

describe("sso-oidc status", () => {
  it.live("prints one JSON value with five members, and ends with 0 only while the token is valid (K2, K3, S19)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        // a status sends nothing, so this fault stays
        yield* armed({ _tag: "Delay", duration: "1 hour" })
        const status = Effect.map(run(["status", "--json"], home), ({ code, stderr, stdout }) => {
          assert.match(stdout, /^\{[^\n]*\}\n$/)
          assert.strictEqual(stderr, "")
          const json = JSON.parse(stdout)
          assert.deepStrictEqual(Object.keys(json), [
            "state",
            "expiresAt",
            "refreshable",
            "registrationExpiresAt",
            "warnings"
          ])
          return { code, ...json }
        })
        assert.deepStrictEqual(yield* status, {
          code: 1,
          state: "absent",
          expiresAt: null,
          refreshable: false,
          registrationExpiresAt: null,
          warnings: []
        })
        yield* home.logIn(600)
        const valid = yield* status
        assert.deepInclude(valid, { code: 0, state: "valid", refreshable: true })
        assert.match(valid.expiresAt, time)
        assert.match(valid.registrationExpiresAt, time)
        yield* home.logIn(-5)
        assert.deepInclude(yield* status, { code: 1, state: "expired", refreshable: true })
        yield* home.logIn(-5, { registrationExpiresAt: "2020-01-01T00:00:00Z" })
        assert.deepInclude(yield* status, { code: 1, state: "expired", refreshable: false })
        home.write(home.token.slice(home.path.length), "[]")
        assert.deepInclude(yield* status, { code: 1, state: "unreadable", refreshable: false })
        assert.strictEqual(yield* left, 1)
      })
    ))

  it.live("says that a legacy token cannot be refreshed, although its file has a refresh token (S3)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make(
          "[profile dev]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
        )
        yield* home.logIn(-5)
        home.moveToken("https://corp.awsapps.com/start")
        const { code, stdout } = yield* run(["status", "--json"], home)
        assert.deepInclude(JSON.parse(stdout), { state: "expired", refreshable: false })
        assert.strictEqual(code, 1)
        const { stderr } = yield* run(["accounts"], home)
        assert.match(stderr, /run: sso-oidc login/i)
      })
    ))
})

const escape = "\u001b[31m"

describe("sso-oidc accounts and roles", () => {
  it.live("prints arrays with these members, and clean text for a person (K2)", () =>
    withEmulator(
      [
        { accountId: "000000000001", accountName: `A${escape}B`, emailAddress: "a@example.com", roles: ["Admin"] },
        { accountId: "111122223333", roles: ["Audit", "ReadOnlyAccess"] }
      ],
      Effect.gen(function*() {
        const home = yield* Home.make()
        yield* home.logIn(3600)
        const [accounts, roles, one, plain, table] = yield* Effect.forEach(
          ["accounts --json", "roles --json", "roles --account 111122223333 --json", "accounts", "roles"],
          (line) => run(line.split(" "), home)
        )
        assert(accounts !== undefined && roles !== undefined && one !== undefined)
        assert.deepStrictEqual(JSON.parse(accounts.stdout), [
          // the portal's client has cleaned it
          { accountId: "000000000001", accountName: "A [31mB", emailAddress: "a@example.com" },
          { accountId: "111122223333", accountName: null, emailAddress: null }
        ])
        const all = [
          { accountId: "000000000001", roleName: "Admin" },
          { accountId: "111122223333", roleName: "Audit" },
          { accountId: "111122223333", roleName: "ReadOnlyAccess" }
        ]
        assert.deepStrictEqual(JSON.parse(roles.stdout), all)
        assert.deepStrictEqual(JSON.parse(one.stdout), all.slice(1))
        assert.deepStrictEqual(plain, {
          code: 0,
          stdout: "000000000001  A [31mB  a@example.com\n111122223333\n",
          stderr: ""
        })
        assert.deepStrictEqual(
          table?.stdout,
          "000000000001  Admin           A [31mB\n111122223333  Audit\n111122223333  ReadOnlyAccess\n"
        )
      })
    ))

  it.live("lists the accounts that it can, and ends with the error only if there is none (K2)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        yield* home.logIn(3600)
        const fault: Fault.Fault = {
          _tag: "RawResponse",
          operation: "ListAccountRoles",
          status: 403,
          body: JSON.stringify({ __type: "ForbiddenException", message: "No access" })
        }
        yield* armed(fault)
        const some = yield* run(["roles", "--json"], home)
        assert.strictEqual(some.code, 0)
        const failed = JSON.parse(some.stdout).filter((row: object) => "error" in row)
        assert.lengthOf(failed, 1)
        assert.deepStrictEqual(Object.keys(failed[0]), ["accountId", "error"])
        assert.strictEqual(failed[0].error.tag, "ForbiddenException")
        assert.strictEqual(some.stderr, `Account ${failed[0].accountId}: ${failed[0].error.message}\n`)
        yield* armed({ ...fault, times: 2 })
        const none = yield* run(["roles", "--json"], home)
        assert.strictEqual(none.code, 1)
        assert.strictEqual(JSON.parse(none.stdout).error.tag, "ForbiddenException")
      })
    ))

  it.effect("tells a person at a terminal after five seconds that it still waits (K2)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        yield* home.logIn(3600)
        for (const [isInteractive, times] of [[true, 1], [false, 0]] as const) {
          yield* armed({
            _tag: "Exception",
            operation: "ListAccounts",
            exception: "TooManyRequestsException",
            times: 6
          })
          const { code, stderr } = yield* run(["accounts"], { ...home, host: { isInteractive } })
          assert.strictEqual(code, 0)
          assert.strictEqual(
            stderr,
            "Still waiting for a response of the portal. Ctrl-C ends the wait.\n".repeat(times)
          )
        }
      }).pipe(fast)
    ))

  it.live("prints an empty array if no role is assigned, and says so to a person (K2)", () =>
    withEmulator(
      [],
      Effect.gen(function*() {
        const home = yield* Home.make()
        yield* home.logIn(3600)
        for (const command of ["accounts", "roles"]) {
          const { code, stderr, stdout } = yield* run([command, "--json"], home)
          assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: "[]\n" })
          assert.match(stderr, /is assigned to you\. Ask the administrator/)
        }
      })
    ))
})

describe("sso-oidc logout", () => {
  it.live("sends the token as stored, refreshes nothing, and removes it whatever the portal says (S20, K3)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        const logout = (...args: ReadonlyArray<string>) => run(["logout", ...args], home)
        const gone = { removed: 1, untold: [], left: [] }
        // an expired token goes to the portal too, and this fault stays
        yield* home.logIn(-60)
        yield* armed({ _tag: "Delay", operation: "CreateToken", duration: "1 hour" })
        yield* armed({ _tag: "Delay", operation: "Logout", duration: 0 })
        const yes = yield* logout("--json")
        assert.deepStrictEqual(yes, { code: 0, stdout: `${JSON.stringify(gone)}\n`, stderr: "" })
        assert.strictEqual(yield* left, 1)
        assert.isUndefined(home.stored())
        // the portal says no
        yield* home.logIn(3600, { accessToken: "no-service-issued-it" })
        const no = yield* logout()
        assert.deepInclude(no, { code: 0, stdout: "" })
        assert.match(no.stderr, /^Logged out\. The token was removed/)
        // nothing comes back
        yield* home.logIn(3600)
        yield* armed({ _tag: "ConnectionReset", operation: "Logout", carriedOut: false, times: 100 })
        const nothing = yield* logout("--json")
        assert.strictEqual(nothing.code, 0)
        const [untold] = JSON.parse(nothing.stdout).untold
        assert.strictEqual(nothing.stderr, `${untold}\n`)
        assert.match(untold, /did not confirm/)
        assert.isUndefined(home.stored())
        // nothing is stored
        assert.deepStrictEqual(yield* logout(), {
          code: 0,
          stdout: "",
          stderr: "Nothing was stored. You are logged out.\n"
        })
      })
    ))

  it.live("removes every session with --all, also a session that no config file names, and keeps registrations (S20)", () =>
    withEmulator(
      undefined,
      Effect.gen(function*() {
        const home = yield* Home.make()
        yield* home.logIn(3600)
        home.moveToken("another")
        yield* home.logIn(3600)
        home.write(".aws/sso/cache/registration.json", JSON.stringify({ clientId: "c", clientSecret: "s" }))
        const { code, stderr } = yield* run(["logout", "--all"], home)
        assert.deepInclude({ code, stderr }, {
          code: 0,
          stderr: "Logged out. 2 tokens were removed from this machine.\n"
        })
        const names = home.names(".aws/sso/cache").filter((name) => name.endsWith(".json"))
        assert.deepStrictEqual(names, ["registration.json"])
        // without a profile, and with a file that cannot be read
        for (const config of ["[profile other]\nregion = us-east-1\n", Buffer.from(Home.config, "utf16le")]) {
          home.write(".aws/config", config)
          yield* home.logIn(3600)
          const [one, all] = [yield* run(["logout"], home), yield* run(["logout", "--all"], home)]
          assert.deepStrictEqual([one.code, all.code], [2, 0])
          assert.isUndefined(home.stored())
        }
        rmSync(home.path, { recursive: true })
      })
    ))
})
