import { assert, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import * as FakeScreen from "./support/screen.ts"

const main = join(import.meta.dirname, "../src/main.ts")

// the `script` of util-linux gives a program a terminal of its own; others have it with other flags
const hasTerminal = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false
if (!hasTerminal) console.warn("SKIPPED: the demo in a terminal, since there is no script of util-linux here")

const ctrlC = "\x03"

interface Run {
  readonly args?: string
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
  /** What is pressed, each when its text has come. */
  readonly keys?: ReadonlyArray<readonly [after: string, key: string]>
}

/** Runs the demo in a terminal, and gives what it wrote, and what is on the screen in the end. */
const run = async ({ args = "", columns = 100, env = {}, keys = [], rows = 40 }: Run) => {
  const child = spawn(
    "script",
    ["-qec", `stty cols ${columns} rows ${rows}; exec "${process.execPath}" "${main}" ${args}`, "/dev/null"],
    {
      env: { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
      stdio: ["pipe", "pipe", "inherit"]
    }
  )
  const left = [...keys]
  let text = ""
  let from = 0
  child.stdout.setEncoding("utf8").on("data", (data: string) => {
    text += data
    for (let [next] = left; next !== undefined && text.includes(next[0], from); [next] = left) {
      from = text.indexOf(next[0], from) + next[0].length
      left.shift()
      child.stdin.write(next[1])
    }
  })
  const [code] = await once(child, "close")
  assert.deepStrictEqual(left, [], text)
  const { screen } = FakeScreen.make({ columns, rows })
  screen.write(text)
  return { code, text, screen: screen.text, lines: screen.text.split("\n"), column: screen.column }
}

const prompt = "press Enter here"

describe.skipIf(!hasTerminal)("the demo in a terminal", { concurrent: true, timeout: 60_000 }, () => {
  it.each(
    [
      ["Enter", [[prompt, "\n"]]],
      ["Enter, and again and again", [[prompt, "\n"], ["pressed Allow", "\n\n"], ["left", "\n"]]],
      ["other keys, and Enter", [[prompt, "abc"], ["9:5", "d\n"]]],
      ["Enter before there is anything to press it for", [["plays AWS", "\n"], ["9:5", "\n"]]]
    ] as const
  )("%s: the login is approved, and nothing of the changing line is left", async (_, keys) => {
    const { code, column, lines, screen } = await run({ keys })
    assert.strictEqual(code, 0, screen)
    assert.deepStrictEqual(lines.filter((line) => line.startsWith("waiting")), [], screen)
    assert.deepStrictEqual(
      lines.map((line) => line.split(" ")[0]).filter((word) => /^[a-z]/.test(word ?? "")),
      ["emulator", "registered", "open", "or", "code", "person", "person", "approved"]
    )
    assert.strictEqual(column, 0)
    assert.match(screen, /[▀▄█]/)
  })

  it.each(["plays AWS", "this very code", prompt, "9:5"])(
    "Ctrl-C at '%s' ends it with 130, and the changing line is gone",
    async (moment) => {
      const { code, lines, screen } = await run({ keys: [[moment, ctrlC]] })
      assert.strictEqual(code, 130, screen)
      assert.deepStrictEqual(lines.filter((line) => line.startsWith("waiting")), [], screen)
      assert.include(["", "^C"], lines.at(-1), screen)
    }
  )

  it("Ctrl-C right after Enter ends it with 130 too", async () => {
    const { code, lines, screen } = await run({ keys: [[prompt, `\n${ctrlC}`]] })
    assert.strictEqual(code, 130, screen)
    assert.deepStrictEqual(lines.filter((line) => line.startsWith("waiting")), [], screen)
  })

  it.each([[30, 40], [100, 12]])("%d columns and %d rows: no QR code, and all the rest", async (columns, rows) => {
    const { code, screen } = await run({ columns, rows, args: "--auto" })
    assert.strictEqual(code, 0, screen)
    assert.notMatch(screen, /[▀▄█]/)
    assert.match(screen, /^code +[A-Z]{4}-[A-Z]{4}$/m)
  })

  it("NO_COLOR: no colours, and so no QR code; the countdown stays", async () => {
    const { code, text } = await run({ env: { NO_COLOR: "1" }, args: "--auto" })
    assert.strictEqual(code, 0)
    assert.strictEqual(FakeScreen.withoutColours(text), text)
    assert.include(text, "left;")
  })

  it("TERM=dumb: plain lines, and Enter works", async () => {
    const { code, text } = await run({ env: { TERM: "dumb" }, keys: [["waiting", "\n"]] })
    assert.strictEqual(code, 0)
    assert.notInclude(text, FakeScreen.escape)
    assert.match(text, /^waiting +nobody has approved yet; next poll in 1 s\r$/m)
  })

  it("an end without a token: the changing line is gone, one sentence, and its code", async () => {
    const { code, lines } = await run({
      args: "--start-url https://my.awsapps.com/start --region eu-west-1",
      env: { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }
    })
    assert.strictEqual(code, 18)
    assert.deepStrictEqual(lines.filter((line) => line !== "").length, 1)
  })
})
