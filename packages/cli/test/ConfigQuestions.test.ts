/**
 * `sso-oidc configure` at a terminal: it asks, logs in, lets a person choose roles, and writes after a yes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type { Terminal } from "@sso-oidc/terminal/Terminal"
import { withoutColours } from "@sso-oidc/test-kit/screen"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as EffectTerminal from "effect/Terminal"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Home from "./support/home.ts"
import { run } from "./support/ran.ts"

/** A key by its name, or a text to type. */
type Key = "enter" | "tab" | "down" | "ctrl-c" | { readonly text: string }

/** A person who types after the texts that they read. */
const person = (script: ReadonlyArray<readonly [after: string, ...keys: ReadonlyArray<Key>]>) => {
  const keys = Effect.runSync(Queue.unbounded<EffectTerminal.UserInput, Cause.Done>())
  const left = [...script]
  let read = ""
  let from = 0
  const named = (name: string, input: Option.Option<string> = Option.none()) =>
    Queue.offerUnsafe(keys, { input, key: { name, ctrl: false, meta: false, shift: false } })
  const press = (key: Key) => {
    if (key === "ctrl-c") Queue.endUnsafe(keys)
    else if (typeof key === "string") named(key)
    else for (const char of key.text) named(char, Option.some(char))
  }
  const terminal: Terminal = {
    write: (text) => {
      read += withoutColours(text)
      const [next] = left
      const at = next === undefined ? -1 : read.indexOf(next[0], from)
      if (next === undefined || at === -1) return
      left.shift()
      from = at + next[0].length
      const [, ...pressed] = next
      pressed.forEach(press)
    },
    size: () => ({ columns: 80, rows: 40 }),
    colours: false,
    utf8: true,
    onEnter: () => () => {},
    onResize: () => () => {},
    keys: Effect.succeed(keys)
  }
  return { terminal, left, read: () => read }
}

const typed = (text: string): readonly [Key, Key] => [{ text }, "enter"]

const at = (home: Home.Home, { terminal }: ReturnType<typeof person>) => ({
  // a sign of another machine, so that the login takes a code
  env: { ...home.env, AWS_PROFILE: "", SSH_TTY: "/dev/pts/1" },
  host: { isInteractive: true, hasTerminal: true, terminal }
})

describe("sso-oidc configure at a terminal", () => {
  it.live("asks for a session, logs in, and writes profiles for the chosen roles after a yes (K1)", () =>
    Effect.gen(function*() {
      const home = yield* Home.make("# mine\n")
      const one = person([
        ["URL of the access portal", ...typed("https://corp.awsapps.com/start")],
        ["Region of the access portal", ...typed("eu west 1")],
        ["not a region name", "ctrl-c"]
      ])
      const quit = yield* run(["configure"], at(home, one))
      assert.deepInclude(quit, { code: 130, stdout: "" })
      assert.strictEqual(readFileSync(join(home.path, ".aws/config"), "utf8"), "# mine\n")

      const two = person([
        ["URL of the access portal", ...typed("https://corp.awsapps.com/start")],
        ["Region of the access portal", ...typed("eu-west-1")],
        ["Name of the session", "enter"],
        ["Which roles do you want profiles for?", "tab", "down", "tab", "enter"],
        ["Region for your programs", ...typed("us-east-1")],
        ["Add this to the AWS config file?", "enter"]
      ])
      const { code, stderr, stdout } = yield* run(["configure", "--json"], at(home, two))
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(two.left, [])
      assert.deepStrictEqual(JSON.parse(stdout).written, [
        "sso-session sso",
        "profile Development-AdministratorAccess",
        "profile Production-ReadOnlyAccess"
      ])
      const text = readFileSync(join(home.path, ".aws/config"), "utf8")
      assert.strictEqual(
        text,
        `# mine

[sso-session sso]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access

[profile Development-AdministratorAccess]
sso_session = sso
sso_account_id = 111122223333
sso_role_name = AdministratorAccess
region = us-east-1

[profile Production-ReadOnlyAccess]
sso_session = sso
sso_account_id = 444455556666
sso_role_name = ReadOnlyAccess
region = us-east-1
`
      )
      // what is written was shown before
      for (const line of text.split("\n").slice(2)) assert.include(stderr, line)

      // the login is that of the session, and a second time it needs none
      const three = person([
        ["Which session are the profiles for?", "enter"],
        ["Which role is it for?", "enter"],
        ["Region for your programs", "enter"],
        ["Add this to the AWS config file?", { text: "n" }]
      ])
      const no = yield* run(["configure", "--profile", "one", "--account", "444455556666"], at(home, three))
      assert.deepStrictEqual([no.code, three.left], [1, []], no.stderr)
      assert.notInclude(no.stderr, "Logging in")
      assert.include(no.stderr, "[profile one]\nsso_session = sso\nsso_account_id = 444455556666\n")
      assert.include(no.stderr, "Nothing was written.\n")
      assert.strictEqual(readFileSync(join(home.path, ".aws/config"), "utf8"), text)
    }).pipe(Effect.scoped, Effect.provide(Home.emulator({ autoApprove: 0 }))))

  it.live("asks nothing with all flags, and says before a login that a name is taken or no role fits (K1)", () =>
    Effect.gen(function*() {
      const home = yield* Home.make()
      yield* home.logIn(3600)
      const reader = person([])
      const flags = ["--account", "444455556666", "--role", "ReadOnlyAccess"]
      const all = yield* run(["configure", "--sso-session", "corp", "--profile", "p", ...flags], at(home, reader))
      assert.deepStrictEqual([all.code, reader.read()], [0, ""], all.stderr)
      const { faults } = yield* Emulator.Emulator
      yield* faults.arm({ _tag: "Delay", duration: "1 hour" })
      const taken = ["--sso-session", "corp", "--start-url", "https://other.awsapps.com/start"]
      const two = yield* run(["configure", ...taken, "--region", "eu-west-1"], at(home, reader))
      assert.deepStrictEqual([two.code, (yield* faults.list).length], [2, 1])
      assert.match(two.stderr, /sso_start_url has another value/)
      yield* faults.clear
      const none = yield* run(["configure", "--sso-session", "corp", "--role", "Nobody"], at(home, reader))
      assert.strictEqual(none.code, 2)
      assert.match(none.stderr, /No role of yours fits --account and --role/)
      assert.isFalse(existsSync(join(home.path, ".aws/config.sso-oidc-new")))
    }).pipe(Effect.scoped, Effect.provide(Home.emulator({ autoApprove: 0 }))))
})
