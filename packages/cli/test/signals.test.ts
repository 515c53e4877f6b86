/**
 * The command as a process: signals while a request is in flight, and outputs that take nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type * as Fault from "@sso-oidc/emulator/Fault"
import * as Child from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Home from "./support/home.ts"

const program = Program.bundled(join(import.meta.dirname, "../src/bin.ts"))

const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  Child.run(process.execPath, { args: [program, ...args], env, input: "" })

/** How long an effect takes, in seconds. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const since = performance.now()
    const result = yield* effect
    return { ...result, seconds: (performance.now() - since) / 1000 }
  })

interface Moment {
  readonly args: ReadonlyArray<string>
  /** The request that is in flight, and how long its response takes. */
  readonly operation: Fault.OperationName
  readonly seconds: number
  /** How long the token is valid. */
  readonly left: number
}

/** Runs a command until the request of the moment is in flight, sends the signals, and waits for its end. */
const interrupted = (moment: Moment, ...signals: ReadonlyArray<NodeJS.Signals>) =>
  Effect.gen(function*() {
    const { faults } = yield* Emulator.Emulator
    const home = yield* Home.make()
    yield* home.logIn(moment.left)
    const before = home.stored()
    yield* faults.arm({ _tag: "Delay", operation: moment.operation, duration: `${moment.seconds} seconds` })
    const running = yield* start(moment.args, home.env)
    for (let isArmed = true; isArmed;) {
      yield* Effect.sleep("10 millis")
      isArmed = (yield* faults.list).length > 0
    }
    const ended = yield* timed(Effect.gen(function*() {
      for (const signal of signals) {
        yield* running.signal(signal)
        yield* Effect.sleep("100 millis")
      }
      return yield* running.ended
    }))
    assert.notMatch(ended.stderr, /\n\s+at |Error:/)
    return { ...ended, before, after: home.stored(), files: home.names(".aws/sso/cache"), home }
  }).pipe(Effect.provide(Home.emulator()), Effect.scoped)

const accounts: Moment = { args: ["accounts"], operation: "ListAccounts", seconds: 30, left: 3600 }

const refreshing: Moment = { args: ["accounts", "--json"], operation: "CreateToken", seconds: 1, left: -60 }

describe.skipIf(!existsSync("/dev/full"))("an output that takes nothing", () => {
  it.live("ends with 5 and one sentence on a full disk, and as SIGPIPE does after its reader has gone (K2, K3)", () =>
    Effect.gen(function*() {
      const home = yield* Home.make()
      const shell = yield* Child.run("bash", {
        env: { ...home.env, NODE: process.execPath, PROGRAM: program },
        input: `sso-oidc() { "$NODE" "$PROGRAM" "$@"; }
sso-oidc status --json >/dev/full; echo "full $?"
sso-oidc --help | true; echo "gone \${PIPESTATUS[0]}"
# without a result there is nothing to write
sso-oidc accounts >/dev/full 2>/dev/full; echo "error $?"
`
      })
      const { stderr, stdout } = yield* shell.ended
      assert.deepStrictEqual(stdout.split("\n"), ["full 5", "gone 141", "error 1", ""])
      assert.strictEqual(
        stderr,
        "sso-oidc cannot write its output (ENOSPC). Check the disk or the program that reads it.\n"
      )
    }).pipe(Effect.scoped, Effect.provide(Home.emulator())))
})

describe("a signal during a request", () => {
  it.live("ends a request at once with 128 and the number of the signal, and prints nothing (K7, K3)", () =>
    Effect.gen(function*() {
      const all = yield* Effect.all([
        interrupted(accounts, "SIGINT"),
        interrupted({ ...accounts, args: ["credentials"], operation: "GetRoleCredentials" }, "SIGHUP"),
        interrupted({ ...accounts, args: ["roles", "--json"] }, "SIGTERM"),
        // by itself, Node opens its debugger
        interrupted(accounts, "SIGUSR1")
      ], { concurrency: 4 })
      assert.deepStrictEqual(all.map(({ code }) => code), [130, 129, 143, 138])
      for (const { seconds, stderr, stdout } of all) {
        assert.isBelow(seconds, 2)
        assert.strictEqual(stdout + stderr, "")
      }
    }))

  it.live("waits for a refresh in flight and stores it; a second Ctrl-C ends the process (K7, S9)", () =>
    Effect.gen(function*() {
      const [stored, twice] = yield* Effect.all([
        interrupted(refreshing, "SIGINT"),
        interrupted({ ...refreshing, seconds: 30 }, "SIGINT", "SIGINT")
      ], { concurrency: 2 })
      assert.deepInclude(stored, { code: 130, stdout: "" })
      assert.isAbove(stored.seconds, 0.5)
      assert.notStrictEqual(stored.after?.accessToken, stored.before?.accessToken)
      assert.notStrictEqual(stored.after?.refreshToken, stored.before?.refreshToken)
      assert.deepStrictEqual(stored.files.filter((name) => name.endsWith(".sent")), [])
      // what was sent is remembered
      assert.deepInclude(twice, { code: 130, stdout: "", after: twice.before })
      assert.isBelow(twice.seconds, 1.5)
      assert.lengthOf(twice.files.filter((name) => name.endsWith(".sent")), 1)
    }))

  it.live("removes the token also if a logout is interrupted (K7, S20)", () =>
    Effect.gen(function*() {
      const out = yield* interrupted({ ...accounts, args: ["logout"], operation: "Logout" }, "SIGINT")
      assert.deepInclude(out, { code: 130, stdout: "", after: undefined })
      assert.isBelow(out.seconds, 2)
    }))
})
