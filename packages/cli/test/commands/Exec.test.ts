/**
 * `exec` in this process. Its children are real, and write into the home.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync } from "node:fs"
import type * as Signals from "../../src/Signals.ts"
import { config, getRole, type Home, role, within } from "../support/roleHome.ts"

const exec = ["exec", "--profile", "dev", "--"]

/** The variables of AWS that a child got. */
const variablesOf = Effect.fnUntraced(function*(
  home: Home,
  args: ReadonlyArray<string> = exec,
  env: Readonly<Record<string, string>> = {}
) {
  const ran = yield* home.run([...args, "sh", "-c", "env -0 > \"$HOME/variables\""], { env })
  assert.deepStrictEqual(ran, { code: 0, stdout: "", stderr: "" })
  const entries = home.read("variables").split("\0").filter((entry) => entry !== "").map((entry) => {
    const at = entry.indexOf("=")
    return [entry.slice(0, at), entry.slice(at + 1)] as const
  })
  return Object.fromEntries(entries.filter(([name]) => name.startsWith("AWS_") && !name.startsWith("AWS_ENDPOINT_URL")))
})

const roleSettings = `sso_account_id = ${role.accountId}\nsso_role_name = ${role.roleName}\n`

describe("sso-oidc exec", () => {
  it.live("puts the credentials into the variables of the child, and drops the profile there (K5)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const given = JSON.parse((yield* home.run(["credentials", "--profile", "dev"])).stdout)
        home.sent()
        const variables = yield* variablesOf(home, exec, {
          AWS_PROFILE: "other",
          AWS_DEFAULT_PROFILE: "other",
          AWS_SECURITY_TOKEN: "stale",
          AWS_SESSION_TOKEN: "stale",
          AWS_PAGER: ""
        })
        assert.deepStrictEqual(variables, {
          AWS_ACCESS_KEY_ID: given.AccessKeyId,
          AWS_SECRET_ACCESS_KEY: given.SecretAccessKey,
          AWS_SESSION_TOKEN: given.SessionToken,
          AWS_CREDENTIAL_EXPIRATION: given.Expiration,
          AWS_REGION: "eu-central-1",
          AWS_DEFAULT_REGION: "eu-central-1",
          AWS_PAGER: ""
        })
        // and a profile that the variable names is used
        const named = yield* variablesOf(home, ["exec", "--"], { AWS_PROFILE: "dev" })
        assert.strictEqual(named["AWS_ACCESS_KEY_ID"], given.AccessKeyId)
        assert.deepStrictEqual(home.sent(), [])
      }), { config: config(`${roleSettings}region = eu-central-1\n`) }))

  it.live("leaves a region that is set, and takes that of the profile if none is (K5)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const regionsOf = Effect.fnUntraced(function*(env: Readonly<Record<string, string>>, args = exec) {
          const { AWS_DEFAULT_REGION, AWS_REGION } = yield* variablesOf(home, args, env)
          return [AWS_REGION, AWS_DEFAULT_REGION]
        })
        assert.deepStrictEqual(yield* regionsOf({ AWS_REGION: "us-east-2" }), ["us-east-2", undefined])
        assert.deepStrictEqual(yield* regionsOf({ AWS_DEFAULT_REGION: "us-east-2" }), [undefined, "us-east-2"])
        assert.deepStrictEqual(yield* regionsOf({ AWS_REGION: "" }), ["eu-central-1", "eu-central-1"])
        // a session has no region for the work
        const session = ["exec", "--sso-session", "corp", "--account", role.accountId, "--role", role.roleName, "--"]
        assert.deepStrictEqual(yield* regionsOf({}, session), [undefined, undefined])
        assert.deepStrictEqual(home.sent(), [getRole])
      }), { config: config(`${roleSettings}region = eu-central-1\n`) }))

  it.live("passes the arguments on as they are, and reads none of them (K1, K5)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        const args = ["", "a b", "$HOME", "line\nline", "büro 漢", "--json", "--help", "--", "-x", "\\", "'\""]
        const { code, stderr } = yield* home.run([
          ...exec,
          "sh",
          "-c",
          "printf '%s\\0' \"$@\" > \"$HOME/args\"",
          "sh",
          ...args
        ])
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.deepStrictEqual(home.read("args").split("\0"), [...args, ""])
      })
    ))

  it.live("ends with the child's own exit code, or 128 and the number of the signal that ended it (K3)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        for (
          const [script, code] of [["exit 0", 0], ["exit 3", 3], ["exit 255", 255], ["kill -9 $$", 137], [
            "kill -15 $$",
            143
          ]] as const
        ) {
          assert.deepStrictEqual(yield* home.run([...exec, "sh", "-c", script]), { code, stdout: "", stderr: "" })
        }
      })
    ))

  it.live("ends with 127 for a program that is not there, and with 126 for a file that may not be run (K3)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        home.write("bin/plain", "#!/bin/sh\nexit 0\n")
        mkdirSync(`${home.path}/bin/folder`)
        for (
          const [program, code, tag] of [
            ["no-such-program", 127, "ProgramNotFound"],
            ["", 127, "ProgramNotFound"],
            [`${home.path}/bin/absent`, 127, "ProgramNotFound"],
            [`${home.path}/bin/plain`, 126, "ProgramNotRunnable"],
            ["plain", 126, "ProgramNotRunnable"],
            [`${home.path}/bin/folder`, 126, "ProgramNotRunnable"],
            [`${home.path}/bin/plain/x`, 126, "ProgramNotRunnable"],
            ["a\0b", 126, "ProgramNotRunnable"]
          ] as const
        ) {
          const env = { PATH: `${home.path}/bin` }
          const ran = yield* home.run(["exec", "--profile", "dev", "--json", "--", program], { env })
          assert.deepStrictEqual([program, ran.code], [program, code])
          assert.strictEqual(JSON.parse(ran.stdout).error.tag, tag)
          assert.match(ran.stderr, /^exec .+\.\n$/)
        }
        // it is found on the PATH of the child
        chmodSync(`${home.path}/bin/plain`, 0o755)
        assert.strictEqual((yield* home.run([...exec, "plain"], { env: { PATH: `${home.path}/bin` } })).code, 0)
      })
    ))

  it.live("starts no child without a login, without a role, or without a program (K3, K5)", () =>
    within((home) =>
      Effect.gen(function*() {
        const touch = ["touch", `${home.path}/it-ran`]
        const absent = yield* home.run([...exec, ...touch])
        assert.strictEqual(absent.code, 1)
        assert.include(absent.stderr, "sso-oidc login --profile dev")
        yield* home.login()
        for (
          const args of [
            exec,
            ["exec", "--profile", "dev"],
            ["exec", "--profile", "dev", "--account", "1", "--", ...touch],
            ["exec", "--profile", "dev", ...touch]
          ]
        ) {
          const { code, stderr, stdout } = yield* home.run(args)
          assert.deepStrictEqual([args, code, stdout], [args, 2, ""])
          assert.match(stderr, /--/)
        }
        assert.isFalse(home.has("it-ran"))
        assert.deepStrictEqual(home.sent(), [])
      })
    ))

  it.live("fails before the child if the credentials cannot be variables (K3)", () =>
    within((home) =>
      Effect.gen(function*() {
        yield* home.login()
        yield* home.plant({ secretAccessKey: "a\0b" })
        const { code } = yield* home.run([...exec, "touch", `${home.path}/it-ran`])
        assert.deepStrictEqual([code, home.has("it-ran")], [3, false])
      })
    ))

  it.live.each([
    { hasTerminal: false, passed: ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] },
    { hasTerminal: true, passed: ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] }
  ])(
    "passes $passed on, and waits for the child, with a terminal: $hasTerminal (K5)",
    ({ hasTerminal, passed }) =>
      within((home) =>
        Effect.gen(function*() {
          yield* home.login()
          const signals: ReadonlyArray<Signals.Signal> = [
            "SIGINT",
            "SIGQUIT",
            "SIGTERM",
            "SIGHUP",
            "SIGUSR1",
            "SIGUSR2"
          ]
          // it writes each signal down, and ends after the last one
          const program =
            "const fs = require('node:fs'); const seen = (name) => fs.appendFileSync('signals', name + '\\n');" +
            "for (const name of process.argv.slice(1)) process.on(name, () => { seen(name); if (name === 'SIGUSR2') process.exit(9) });" +
            "process.chdir(process.env.HOME); seen('ready'); setInterval(() => {}, 1000)"
          let listener: (signal: Signals.Signal) => void = () => assert.fail("no child listens")
          const seen = () => home.has("signals") ? home.read("signals").trim().split("\n") : []
          const send = Effect.gen(function*() {
            while (seen().length === 0) yield* Effect.sleep("5 millis")
            for (const [at, signal] of signals.entries()) {
              listener(signal)
              const count = 1 + signals.slice(0, at + 1).filter((one) => passed.includes(one)).length
              while (seen().length < count) yield* Effect.sleep("5 millis")
            }
          })
          const host = {
            hasTerminal,
            takeSignals: (given: typeof listener) => Effect.sync(() => void (listener = given))
          }
          const [{ code }] = yield* Effect.all([
            home.run([...exec, process.execPath, "-e", program, ...signals], { host }),
            send
          ], { concurrency: 2 })
          assert.deepStrictEqual([code, seen()], [9, ["ready", ...passed]])
        })
      )
  )
})
