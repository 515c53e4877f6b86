import { assert, describe, it } from "@effect/vitest"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Program from "@sso-oidc/test-kit/program"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as RealTerminal from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import { join } from "node:path"

const main = join(import.meta.dirname, "../src/main.ts")

const ctrlC = "\x03"

/** Runs the demo in a terminal. */
const run = (options: Omit<RealTerminal.Run, "program">) =>
  RealTerminal.run({ program: Program.bundled(main), ...options })

const prompt = "Enter here"

const waits = (lines: ReadonlyArray<string>) => lines.filter((line) => /left;|not approved/.test(line))

describe("the locale of a terminal", () => {
  it.each(
    [
      [{ LANG: "en_US.UTF-8" }, "linux", true],
      [{ LANG: "C.utf8" }, "linux", true],
      [{ LC_CTYPE: "UTF-8" }, "darwin", true],
      [{ LANG: "ca_ES.UTF-8@valencia" }, "linux", true],
      [{ LANG: "C", LC_CTYPE: "en_US.UTF-8" }, "linux", true],
      [{ LC_ALL: "", LC_CTYPE: "", LANG: "en_US.UTF-8" }, "linux", true],
      [{}, "win32", true],
      [{}, "linux", false],
      [{ LANG: "" }, "darwin", false],
      [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, "linux", false],
      [{ LC_ALL: "POSIX", LC_CTYPE: "en_US.UTF-8" }, "linux", false],
      [{ LC_CTYPE: "C", LANG: "en_US.UTF-8" }, "linux", false],
      [{ LANG: "en_US.ISO-8859-1" }, "linux", false],
      [{ LANG: "de_DE" }, "linux", false],
      [{ LC_ALL: "C" }, "win32", false]
    ] as const
  )("the locale %j on %s is UTF-8: %s", (variables, platform, expected) => {
    assert.strictEqual(Terminal.isUtf8(variables, platform), expected)
  })
})

describe.skipIf(isMissing(RealTerminal.script))(
  `the demo in a terminal of ${RealTerminal.script.title}`,
  { concurrent: true, timeout: 60_000 },
  () => {
    it.each(
      [
        ["Enter", [[prompt, "\n"]]],
        ["Enter several times", [[prompt, "\n"], ["pressed Allow", "\n\n"], ["left", "\n"]]],
        ["other keys, and Enter", [[prompt, "abc"], ["9:5", "d\n"]]],
        ["Enter before the prompt, and Enter", [["plays AWS", "\n"], [prompt, ""], ["9:5", "\n"]]]
      ] as const
    )("after %s the login is approved, and the changing line is removed", async (_, keys) => {
      const { code, column, lines, screen } = await run({ keys })
      assert.strictEqual(code, 0, screen)
      assert.deepStrictEqual(waits(lines), [], screen)
      assert.deepStrictEqual(
        lines.map((line) => line.split(" ")[0]).filter((word) => /^[a-z]/.test(word ?? "")),
        ["emulator", "registered", "open", "or", "code", "person", "person", "approved", "accounts", "next"]
      )
      assert.strictEqual(column, 0)
      assert.match(screen, /[▀▄█]/)
    })

    it.each(["plays AWS", "enter the code", prompt, "9:5"])(
      "Ctrl-C at '%s' ends the demo with 130, and removes the changing line",
      async (moment) => {
        const { code, lines, screen, text } = await run({ keys: [[moment, ctrlC]] })
        assert.strictEqual(code, 130, screen)
        assert.deepStrictEqual(waits(lines), [], screen)
        assert.include(["", "^C"], lines.at(-1), screen)
        // the cursor was never hidden, and no colour is still switched on
        assert.notInclude(text, `${FakeScreen.escape}[?25l`)
        assert.notMatch(text, new RegExp(`${FakeScreen.escape}\\[(?:1|7|30;107)m(?:(?!${FakeScreen.escape}).)*$`, "s"))
      }
    )

    it("Ctrl-C right after Enter ends the demo with 130", async () => {
      const { code, lines, screen } = await run({ keys: [[prompt, `\n${ctrlC}`]] })
      assert.strictEqual(code, 130, screen)
      assert.deepStrictEqual(waits(lines), [], screen)
    })

    it("the code is shown once, in bold and reversed", async () => {
      const { text } = await run({ args: "--auto" })
      const { escape } = FakeScreen
      assert.strictEqual(text.split(`${escape}[1m${escape}[7m`).length, 2)
      assert.match(FakeScreen.withoutColours(text), /^code +[A-Z]{4}-[A-Z]{4}\r$/m)
    })

    it("a terminal of 100 columns and 12 rows gets no QR code, but all other lines", async () => {
      const { code, screen } = await run({ columns: 100, rows: 12, args: "--auto" })
      assert.strictEqual(code, 0, screen)
      assert.notMatch(screen, /[▀▄█]/)
      assert.match(screen, /^code +[A-Z]{4}-[A-Z]{4}$/m)
    })

    it.each([["", [[prompt, "\n"]]], ["--auto", []]] as const)(
      "a terminal of 80 columns and 24 rows shows all lines of the demo: %s",
      async (args, keys) => {
        const { code, visible } = await run({ args, keys, columns: 80, rows: 24 })
        assert.strictEqual(code, 0)
        assert.match(visible[0] ?? "", /^emulator +http:/)
        assert.include(visible.join("\n"), "next  ")
      }
    )

    it.each([[20, 40], [40, 24], [200, 24]])(
      "in %d columns no word is broken, and the changing line shows the next poll",
      async (columns, rows) => {
        const { code, lines, text } = await run({ columns, rows, args: "--auto" })
        assert.strictEqual(code, 0)
        // only a word that is alone in its row may be longer: the terminal breaks it
        for (const line of lines) if (line.length >= columns) assert.notInclude(line, " ")
        assert.include(lines.join(" ").replace(/\s+/g, " "), "and go on only if the page shows the code below")
        assert.match(
          text.replaceAll("\r\n", " ").replace(/\s+/g, " "),
          /left; not approved yet; next poll in \d s/
        )
      }
    )

    it("a terminal that reports no size counts as 80 columns and 24 rows", async () => {
      const { code, lines } = await run({ columns: 0, rows: 0, args: "--auto" })
      assert.strictEqual(code, 0)
      for (const line of lines) assert.isBelow(line.length, 80)
    })

    it("a window that becomes narrower during the login shows the code again, and keeps its lines whole", async () => {
      const { code, lines, screen } = await run({
        columns: 100,
        rows: 40,
        // the login goes on once the code is there again
        keys: [[prompt, { columns: 40, rows: 24 }], ["code   ", "\n"]]
      })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(waits(lines), [], screen)
      assert.strictEqual(lines.filter((line) => line.startsWith("code ")).length, 2, screen)
    })

    it("NO_COLOR removes the colours and the QR code, and the countdown stays", async () => {
      const { code, text } = await run({ env: { NO_COLOR: "1" }, args: "--auto" })
      assert.strictEqual(code, 0)
      assert.strictEqual(FakeScreen.withoutColours(text), text)
      assert.include(text, "left;")
    })

    it("FORCE_COLOR=0 removes the colours", async () => {
      const { text } = await run({ env: { FORCE_COLOR: "0" }, args: "--auto" })
      assert.strictEqual(FakeScreen.withoutColours(text), text)
    })

    it.each([{ LC_ALL: "C" }, { LANG: "" }])(
      "with %j only ASCII is written, without a QR code, and the colours stay",
      async (env) => {
        const { code, text } = await run({ env, args: "--auto" })
        assert.strictEqual(code, 0)
        assert.notMatch(text, /\P{ASCII}/u)
        assert.notStrictEqual(FakeScreen.withoutColours(text), text)
      }
    )

    it("TERM=dumb gives plain lines, broken between words, and Enter works", async () => {
      const columns = 40
      const { code, lines, text } = await run({ columns, env: { TERM: "dumb" }, keys: [["waiting", "\n"]] })
      assert.strictEqual(code, 0)
      assert.notInclude(text, FakeScreen.escape)
      assert.match(text.replace(/\s+/g, " "), /waiting not approved yet; next poll in 1 s/)
      for (const line of lines) if (line.length >= columns) assert.notInclude(line, " ")
    })

    it("after a failed login the changing line is removed, and the sentence is broken between words", async () => {
      const { code, lines } = await run({
        columns: 40,
        args: "--start-url https://my.awsapps.com/start --region eu-west-1",
        env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }
      })
      assert.strictEqual(code, 18)
      assert.match(lines.join(" ").trim(), /^No connection: .+\.$/)
      for (const line of lines) assert.isBelow(line.length, 40)
    })
  }
)
