import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Program from "@sso-oidc/test-kit/program"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as RealTerminal from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
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

const stack = /\n\s+at |Error:|\.ts:\d|\.mjs:\d/

describe.skipIf(isMissing(RealTerminal.script))(
  `the command in a terminal of ${RealTerminal.script.title}`,
  { concurrent: true },
  () => {
    it.live("Ctrl-C ends a login with 130 at the code, at the URL and at the prompt (K7)", () =>
      emulated()(Effect.gen(function*() {
        const home = yield* make()
        for (
          const [args, moment] of [
            ["login --device --profile dev", "left"],
            ["login --code --no-browser --profile dev", "left"],
            ["login --paste --no-browser --profile dev", "URL: "]
          ] as const
        ) {
          const { code, lines, screen, text } = yield* home.terminal({
            args,
            keys: [[moment, ctrlC]],
            after: "stty -a"
          })
          assert.strictEqual(code, 130, screen)
          assert.match(lines.join(" "), restored)
          assert.notMatch(screen, stack)
          // the line that counts down is gone
          assert.notMatch(screen, /left/)
          assert.notInclude(text, `${FakeScreen.escape}[?25l`)
        }
        // a registration is stored, and no part of a token
        assert.strictEqual(home.files().length, 1)
      })))

    it.live("SIGTERM ends a login with 143, and SIGHUP with 129 (K7)", () =>
      emulated()(Effect.gen(function*() {
        const home = yield* make()
        for (const [signal, expected] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
          const { code, screen } = yield* home.terminal({
            args: "login --device --profile dev",
            keys: [["left", (pid) => process.kill(pid, signal)]]
          })
          assert.strictEqual(code, expected, screen)
          assert.notMatch(screen, stack)
        }
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
        const run = (keys: ReadonlyArray<string>) =>
          Effect.suspend(() => {
            let text = ""
            const came = new Promise<void>((resolve) => (sent = resolve))
            const act = (pid: number) => {
              const [url = ""] = /http:\S+\/authorize\S+/.exec(text) ?? []
              void LoginHome.pressed(url)
              void came.then(() => keys.forEach((_, at) => setTimeout(() => process.kill(pid, "SIGINT"), at * 200)))
            }
            return home.terminal({ args, keys: [["left", (pid, shown) => (text = shown, act(pid))]] })
          })
        const first = yield* run([ctrlC])
        assert.strictEqual(first.code, 130, first.screen)
        assert.strictEqual((yield* home.run(["status", "--profile", "dev"])).code, 0)
        assert.notMatch(first.screen, stack)
        takes = 8000
        const began = Date.now()
        const second = yield* run([ctrlC, ctrlC])
        assert.strictEqual(second.code, 130, second.screen)
        assert.isBelow(Date.now() - began, 4000)
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
              void LoginHome.decided(url).then((back) => type(`${back}&long=${"y".repeat(6000)}\r`))
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
        assert.match(one.screen, /^Choose a role:\n {2}\d{12} search-prod-eu-5\n {2}AdministratorAccess\nchosen 208\n/)
        assert.match(one.screen, restored)
        const many = await run({ args: "many", keys: [["300)", "\t\x1b[B\t"], ["2 marked", "\r"]] })
        assert.match(many.screen, /\nchosen 0 2\n/)
        const left = await run({ args: "many", keys: [["300)", "x"], ["(0 of 300)", ctrlC]] })
        assert.strictEqual(left.code, 130, left.screen)
        assert.notInclude(left.screen, "Choose")
        assert.match(left.screen, restored)
        // nothing is drawn on standard output
        const drawn = await run({ args: ">/dev/null", keys: [["300)", "\r"]] })
        assert.include(drawn.screen, "Choose a role:")
        assert.notInclude(drawn.screen, "chosen")
      }))
  }
)
