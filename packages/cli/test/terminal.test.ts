import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Program from "@sso-oidc/test-kit/program"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as RealTerminal from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as LoginHome from "./support/loginHome.ts"

const bin = join(import.meta.dirname, "../src/bin.ts")
const picker = join(import.meta.dirname, "support/pickerProgram.ts")

const ctrlC = "\x03"

/** A home, and a way to run the command in a terminal with it. */
const make = Effect.fnUntraced(function*(options: LoginHome.Options = {}) {
  const home = yield* LoginHome.make(options)
  const run = ({ env, ...options }: Omit<RealTerminal.Run, "program">) =>
    Effect.promise(() =>
      RealTerminal.run({ program: Program.bundled(bin), env: { ...home.variables, ...env }, ...options })
    )
  return { ...home, terminal: run }
})

const emulated = (options: EmulatorServer.Options = {}) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.scoped,
    Effect.provide(EmulatorServer.layer(options)),
    Effect.provideService(References.MinimumLogLevel, "None")
  )

// `stty -a` says so of a terminal that shows what is typed, and gives it line by line
const restored = /\sisig icanon iexten echo\s/

const writesExitCode = `import { writeFileSync } from "node:fs"
process.on("exit", (code) => writeFileSync(process.env.EXIT_CODE, String(code)))`

const stack = /\n\s+at |Error:|\.ts:\d|\.mjs:\d/

describe.skipIf(isMissing(RealTerminal.script))(
  `the command in a terminal of ${RealTerminal.script.title}`,
  { concurrent: true },
  () => {
    it.live("Ctrl-C ends a login with 130, and SIGTERM with 143, and the terminal is as before (K7)", () =>
      emulated()(Effect.gen(function*() {
        const home = yield* make()
        const term: RealTerminal.Act = (pid) => process.kill(pid, "SIGTERM")
        for (
          const [args, moment, act, expected] of [
            ["login --device --profile dev", "left", ctrlC, 130],
            ["login --paste --no-browser --profile dev", "URL: ", ctrlC, 130],
            ["login --code --no-browser --profile dev", "left", term, 143]
          ] as const
        ) {
          const { code, lines, screen, text } = yield* home.terminal({
            args,
            keys: [[moment, act]],
            ...expected === 130 ? { after: "stty -a" } : {}
          })
          assert.strictEqual(code, expected, screen)
          if (expected === 130) assert.match(lines.join(" "), restored)
          assert.notMatch(screen, stack)
          // the line that counts down is gone
          assert.notMatch(screen, /left/)
          assert.notInclude(text, `${FakeScreen.escape}[?25l`)
        }
        // a registration is stored, and no part of a token
        assert.strictEqual(home.files().length, 1)
      })))

    it.live("a window that is closed during a paste ends the login with 129 (K7)", () =>
      emulated()(Effect.gen(function*() {
        const home = yield* make()
        const file = join(home.home, "exit-code")
        let pid = 0
        yield* home.terminal({
          args: "login --paste --no-browser --profile dev",
          env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(writesExitCode)}`, EXIT_CODE: file },
          keys: [["URL: ", (program) => {
            pid = program
            // the program `script` is the window
            const [, parent = ""] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${program}/status`, "utf8")) ?? []
            process.kill(Number(parent), "SIGKILL")
          }]]
        })
        const code = yield* Effect.sync(() => existsSync(file) ? readFileSync(file, "utf8") : "").pipe(
          Effect.filterOrFail((text) => text !== ""),
          Effect.retry({ times: 200, schedule: Schedule.spaced("50 millis") }),
          Effect.ensuring(Effect.sync(() => {
            try {
              process.kill(pid, "SIGKILL")
            } catch {
              // it has ended
            }
          }))
        )
        assert.strictEqual(code, "129")
      })))

    it.live("a code exchange in flight is awaited and stored after Ctrl-C, and a second Ctrl-C does not wait (K7)", () =>
      emulated()(Effect.gen(function*() {
        let takes = 1500
        let sent: (() => void) | undefined
        const home = yield* make({
          takes: (path) => {
            if (path !== "/token") return 0
            sent?.()
            return takes
          }
        })
        const args = "login --code --no-browser --profile dev"
        // when the last Ctrl-C was pressed
        let last = 0
        const run = (times: number) =>
          Effect.suspend(() => {
            const came = new Promise<void>((resolve) => (sent = resolve))
            const press = (pid: number) => {
              last = Date.now()
              process.kill(pid, "SIGINT")
            }
            return home.terminal({
              args,
              keys: [["left", (pid, shown) => {
                void LoginHome.pressed(/http:\S+\/authorize\S+/.exec(shown)?.[0] ?? "")
                void came.then(() => {
                  for (let at = 0; at < times; at++) setTimeout(press, at * 200, pid)
                })
              }]]
            })
          })
        const first = yield* run(1)
        assert.strictEqual(first.code, 130, first.screen)
        assert.strictEqual((yield* home.run(["status", "--profile", "dev"])).code, 0)
        assert.notMatch(first.screen, stack)
        takes = 8000
        const second = yield* run(2)
        assert.strictEqual(second.code, 130, second.screen)
        assert.isBelow(Date.now() - last, 1000)
        assert.notMatch(second.screen, stack)
      })))

    it.live("a pasted text may be longer than a line of a terminal, and the program ends by itself (K6)", () =>
      emulated()(Effect.gen(function*() {
        const home = yield* make()
        const { code, screen } = yield* home.terminal({
          args: "login --paste --no-browser --profile dev",
          columns: 200,
          keys: [
            ["URL: ", `https://corp.awsapps.com/start?${"x".repeat(6000)}\r`],
            ["URL: ", (_, shown, type) => {
              const [url = ""] = /http:\S+\/authorize\S+/.exec(shown) ?? []
              void LoginHome.decided(url).then((back) => type(`${back.replace("?", `?long=${"y".repeat(6000)}&`)}\r`))
            }]
          ]
        })
        assert.strictEqual(code, 0, screen)
        assert.match(screen, /Logged in\. The token is valid until/)
      })))

    it.live("a window that becomes narrower shows the code again, and TERM=dumb gives plain lines", () =>
      emulated({ autoApprove: "2 seconds" })(Effect.gen(function*() {
        const home = yield* make()
        const args = "login --device --profile dev"
        const narrow = yield* home.terminal({ args, keys: [["left", { columns: 40, rows: 24 }]] })
        assert.strictEqual(narrow.code, 0)
        assert.match(narrow.screen, /[▀▄█]/)
        assert.strictEqual(narrow.screen.match(/^Or open/gm)?.length, 2, narrow.screen)
        const dumb = yield* home.terminal({ args, columns: 40, env: { TERM: "dumb", NO_COLOR: "1" } })
        assert.strictEqual(dumb.code, 0)
        assert.notInclude(dumb.text, FakeScreen.escape)
        assert.match(dumb.text.replace(/\s+/g, " "), /Open http:\S+ and go on only if the page shows the code \w{4}-/)
        for (const line of dumb.lines) if (line.length >= 40) assert.notInclude(line, " ")
      })))

    it.live("a list is searched while a person types, drawn on standard error, and gone after Ctrl-C", () =>
      Effect.promise(async () => {
        const run = (options: Omit<RealTerminal.Run, "program">) =>
          RealTerminal.run({ program: Program.bundled(picker), after: "stty -a", ...options })
        const one = await run({
          columns: 40,
          rows: 20,
          keys: [["(300 of 300)", "admin eu-5 prod search"], ["(1 of 300)", "\r"]]
        })
        assert.strictEqual(one.code, 0, one.screen)
        assert.match(
          one.screen,
          /^Which roles do you want profiles for\?\n {2}\d{12} AdministratorAccess\n {2}search-prod-eu-5\nchosen 208\n/
        )
        assert.match(one.screen, restored)
        const left = await run({ args: "many >/dev/null", keys: [["300)", "\t"], ["the marked one", ctrlC]] })
        assert.strictEqual(left.code, 130, left.screen)
        assert.notInclude(left.screen, "Which roles")
        assert.match(left.screen, restored)
      }))
  }
)
