/**
 * `credentials` in this process, against the emulator.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as Effect from "effect/Effect"
import { config, getRole, role, within } from "../support/roleHome.ts"

const credentials = ["credentials", "--profile", "dev"]

const given = (stdout: string): Readonly<Record<string, unknown>> => JSON.parse(stdout)

const arm = (fault: Parameters<Emulator.Service["faults"]["arm"]>[0]) =>
  Emulator.Emulator.use(({ faults }) => faults.arm(fault))

describe("sso-oidc credentials", () => {
  it.live("prints the form process, keeps it on disk, and sends nothing a second time (K4, P6)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const first = yield* home.run(credentials)
        assert.deepStrictEqual([first.code, first.stderr], [0, ""])
        assert.match(first.stdout, /^\{"Version":1,.*\}\n$/)
        const members = given(first.stdout)
        assert.deepStrictEqual(Object.keys(members), [
          "Version",
          "AccessKeyId",
          "SecretAccessKey",
          "SessionToken",
          "Expiration",
          "AccountId"
        ])
        assert.strictEqual(members["AccountId"], role.accountId)
        assert.match(String(members["Expiration"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        assert.isAbove(Date.parse(String(members["Expiration"])), Date.now() + 15 * 60_000)
        assert.deepStrictEqual(home.sent(), [getRole])
        assert.deepStrictEqual(yield* home.run([...credentials, "--json"]), first)
        assert.deepStrictEqual(yield* home.run([...credentials, "--login", "--format=process"]), first)
        assert.deepStrictEqual(home.sent(), [])
        assert.lengthOf(home.kept(), 1)
        // another role of the same session has credentials of its own
        const other = yield* home.run([...credentials, "--role", "AdministratorAccess"])
        assert.notStrictEqual(given(other.stdout)["AccessKeyId"], members["AccessKeyId"])
      })
    ))

  it.live("says what to run without a login, asks no person, and sends nothing (K3, K4)", () =>
    within((home) =>
      Effect.gen(function*() {
        const sentence = "This session is not logged in: no token is stored. Run: sso-oidc login --profile dev"
        const interactive = { isInteractive: true, hasTerminal: true }
        for (
          const args of [credentials, [...credentials, "--format", "env"], [
            ...credentials,
            "--json",
            "--format=process"
          ]]
        ) {
          const ran = yield* home.run(args, { host: interactive })
          assert.deepStrictEqual(ran, { code: 1, stdout: "", stderr: `${sentence}\n` })
        }
        const json = yield* home.run([...credentials, "--json"])
        assert.deepStrictEqual([json.code, json.stderr], [1, `${sentence}\n`])
        assert.deepStrictEqual(given(json.stdout), { error: { tag: "NotLoggedIn", message: sentence } })
        assert.deepStrictEqual(home.sent(), [])
      })
    ))

  it.live("prints less than 15 minutes with a warning, and nothing that has expired (K4)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        yield* home.plant({ minutesLeft: 9.5 })
        const short = yield* home.run(credentials)
        assert.strictEqual(short.code, 0)
        assert.strictEqual(given(short.stdout)["AccessKeyId"], "ASIAPLANTED")
        assert.match(short.stderr, /^Warning: these credentials expire at .* UTC, in 9 minutes\. .*\n$/)
        yield* home.plant({ minutesLeft: -1 })
        const past = yield* home.run([...credentials, "--role=AdministratorAccess", "--format", "env"])
        assert.deepStrictEqual([past.code, past.stdout], [3, ""])
        assert.include(past.stderr, "expired already")
      })
    ))

  it.live("gives those that are valid if the portal fails, and gets better ones as soon as it can (P6)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        yield* home.plant({ minutesLeft: 9.5 })
        yield* home.run(credentials)
        yield* arm({ _tag: "Exception", operation: "GetRoleCredentials", exception: "ForbiddenException" })
        const kept = yield* home.run(credentials)
        assert.strictEqual(given(kept.stdout)["AccessKeyId"], "ASIAPLANTED")
        assert.include(kept.stderr, "Role credentials are not renewed")
        assert.include(kept.stderr, "in 9 minutes")
        const better = yield* home.run(credentials)
        assert.match(String(given(better.stdout)["AccessKeyId"]), /^ASIA(?!PLANTED)/)
        assert.strictEqual(better.stderr, "")
        assert.deepStrictEqual(home.sent(), [getRole, getRole, getRole])
      })
    ))

  it.live("leaves standard output empty for values that the form cannot have (K4)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        yield* home.plant({ secretAccessKey: "a%PATH%" })
        const ran = yield* home.run([...credentials, "--format", "windows-cmd"])
        assert.deepStrictEqual([ran.code, ran.stdout], [3, ""])
        assert.include(ran.stderr, "--format powershell")
        assert.notInclude(ran.stderr, "PATH")
        const env = yield* home.run([...credentials, "--format", "env"])
        assert.include(env.stdout, "export AWS_SECRET_ACCESS_KEY='a%PATH%'\n")
        assert.match(env.stdout, /export AWS_CREDENTIAL_EXPIRATION=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/)
      })
    ))

  it.live.each(
    [
      [["--json", "--format", "env"], "--json"],
      [["--format", "xml"], "xml"],
      [["--sso-session", "corp"], "--sso-session"],
      [["--account", "12"], "--account"],
      [["--role", ""], "--role"]
    ] as const
  )("ends with 2 for %j, and sends nothing (K1, K3)", ([args, word]) =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const { code, stderr, stdout } = yield* home.run([...credentials, ...args])
        assert.deepStrictEqual([code, stdout], [2, ""])
        assert.include(stderr, word)
        assert.deepStrictEqual(home.sent(), [])
      })
    ))

  it.live("ends with 1 for a role that is not assigned, and names it (K3)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const { code, stderr, stdout } = yield* home.run([
          "credentials",
          "--sso-session",
          "corp",
          "--account",
          role.accountId,
          "--role",
          "Nope"
        ])
        assert.deepStrictEqual([code, stdout], [1, ""])
        assert.include(stderr, "Nope")
      })
    ))

  describe("whose profile has a credential_process", () => {
    const runs = "credential_process = sh -c 'touch \"$HOME/it-ran\"; sso-oidc credentials --profile dev'\n"

    it.live("serves a profile with SSO settings, and never runs the program (K4)", () =>
      within((home) =>
        Effect.gen(function*() {
          yield* home.login()
          assert.strictEqual((yield* home.run(credentials)).code, 0)
          assert.isFalse(home.has("it-ran"))
        }), { config: config(`sso_account_id = ${role.accountId}\nsso_role_name = ${role.roleName}\n${runs}`) }))

    it.live("names it if the profile has nothing else, and never runs the program (K4)", () =>
      within((home) =>
        Effect.gen(function*() {
          const { code, stderr, stdout } = yield* home.run(credentials)
          assert.deepStrictEqual([code, stdout], [2, ""])
          assert.match(
            stderr,
            /section \[profile dev\], line 2: the profile gets its credentials from credential_process/
          )
          assert.isFalse(home.has("it-ran"))
        }), { config: `[profile dev]\n${runs}` }))
  })
})

/** Approves each login as soon as it is there. */
const approving = { options: { autoApprove: 0 } }

describe("sso-oidc credentials --login", () => {
  it.live("logs in without a terminal if the portal says that the session has ended, with plain lines on stderr (K4, S14)", () =>
    within((home) =>
      Effect.gen(function*() {
        // a token that reads as valid, and that the portal does not know any more
        yield* home.login("corp", { isRefreshable: false })
        yield* Emulator.Emulator.use(({ state }) => state.reset)
        const { code, stderr, stdout } = yield* home.run([...credentials, "--login"])
        assert.strictEqual(code, 0, stderr)
        assert.match(String(given(stdout)["AccessKeyId"]), /^ASIA/)
        assert.match(
          stderr,
          /^Open http:\/\/\S+\/device\?user_code=(\w{4}-\w{4}) and go on only if the page shows the code \1$/m
        )
        assert.include(stderr, "(device grant), as asked.")
        assert.notInclude(stderr, "\x1b")
        // now there is another way
        home.sent()
        const again = yield* home.run([...credentials, "--login", "--role", "AdministratorAccess"])
        assert.deepStrictEqual([again.code, again.stderr], [0, ""])
        assert.deepStrictEqual(home.sent(), [getRole])
      }), approving))
})
