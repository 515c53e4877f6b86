/**
 * `exec` as a process: what it holds while its child runs, and who gets the signals.
 */
import { assert, describe, it } from "@effect/vitest"
import { run } from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import { script } from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Home, within } from "../support/roleHome.ts"

const command = () => Program.bundled(join(import.meta.dirname, "../../src/bin.ts"))

const started = (home: Home, shell: string, input?: string) =>
  run(process.execPath, {
    args: [command(), "exec", "--profile", "dev", "--", "sh", "-c", shell],
    env: home.variables,
    ...input === undefined ? {} : { input }
  })

describe("sso-oidc exec as a process", () => {
  it.live.skipIf(!existsSync("/proc/self/fd"))(
    "gives its streams to the child, and has no socket and no file of the session open meanwhile (K5)",
    () =>
      within((home) =>
        Effect.gen(function*() {
          // it needs a refresh, and then the credentials
          yield* home.login("corp", { secondsLeft: 60 })
          const child = yield* started(home, "cat; ls -l /proc/$PPID/fd >&2; exit 4", "typed\n")
          const { code, stderr, stdout } = yield* child.ended
          assert.deepStrictEqual([code, stdout], [4, "typed\n"])
          const open = stderr.split("\n").filter((line) => / -> /.test(line) && !/ [012] -> /.test(line))
          assert.isAbove(open.length, 2)
          assert.deepStrictEqual(open.filter((line) => line.includes("socket:") || line.includes(home.path)), [])
          assert.deepStrictEqual(home.sent(), ["POST /token", "GET /federation/credentials"])
        })
      ),
    30_000
  )

  it.live(
    "passes each signal on, and ends when the child does (K3, K5)",
    () =>
      within((home) =>
        Effect.gen(function*() {
          yield* home.login()
          const names = ["TERM", "HUP", "INT", "QUIT", "USR1"] as const
          const traps = names.map((name) => `trap 'echo got-${name}' ${name}`).join("; ")
          const child = yield* started(
            home,
            `${traps}; trap 'echo end; exit 9' USR2; echo ready; while :; do sleep 0.02; done`
          )
          yield* child.printed(/ready/)
          for (const name of names) {
            yield* child.signal(`SIG${name}`)
            yield* child.printed(new RegExp(`got-${name}`))
          }
          yield* child.signal("SIGUSR2")
          const { code, stderr, stdout } = yield* child.ended
          assert.deepStrictEqual([code, stderr], [9, ""])
          assert.strictEqual(stdout, ["ready", ...names.map((name) => `got-${name}`), "end", ""].join("\n"))
        })
      ),
    30_000
  )

  it.live.skipIf(isMissing(script))(
    "leaves Ctrl-C to the terminal, which sends it to the child once (K5, K7)",
    () =>
      within((home) =>
        Effect.gen(function*() {
          yield* home.login()
          // not a shell: for its trap, two signals at once are one
          home.write(
            "child.cjs",
            "let n = 6; process.on('SIGINT', () => { if (n++ === 6) setTimeout(() => process.exit(n), 300) });" +
              "console.log('ready'); setTimeout(() => {}, 30_000)"
          )
          const terminal = yield* run("script", {
            args: [
              "-qec",
              `stty noflsh; n="${process.execPath}"; exec "$n" "${command()}" exec --profile dev -- "$n" "${home.path}/child.cjs"`,
              "/dev/null"
            ],
            env: { ...home.variables, SHELL: "/bin/sh", TERM: "xterm", LANG: "C.UTF-8" }
          })
          yield* terminal.printed(/ready/)
          yield* terminal.write("\x03")
          const { code, stdout } = yield* terminal.ended
          assert.deepStrictEqual([code, stdout], [7, "ready\r\n^C"])
        })
      ),
    30_000
  )
})
