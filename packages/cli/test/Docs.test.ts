/**
 * What docs/cli.md says of the command in its tables.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../src/Cli.ts"
import * as CredentialText from "../src/CredentialText.ts"
import * as Ended from "../src/Ended.ts"
import * as Signals from "../src/Signals.ts"

const docs = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8")

/** The first cells of the first table below a heading. */
const firstCells = (heading: string): ReadonlyArray<string> => {
  const [, below = ""] = docs.split(`\n## ${heading}\n`)
  return (/(?:^\|.*\n)+/m.exec(below)?.[0] ?? "").trim().split("\n").slice(2)
    .map((row) => row.split("|")[1]?.trim() ?? "")
}

const names = (cells: ReadonlyArray<string>): ReadonlyArray<string> =>
  cells.flatMap((cell) => cell.match(/[a-z][a-z-]*(?=[^a-z-]|$)/g)?.slice(0, 1) ?? []).sort()

describe("docs/cli.md", () => {
  it("lists every exit code (K3)", () => {
    const listed = firstCells("Exit codes").flatMap((cell) => cell.split(", ").map(Number))
    const bySignal = [Signals.numbers.SIGHUP, Signals.numbers.SIGINT, Signals.numbers.SIGTERM].map((n) => 128 + n)
    // 141: the reader of the output has gone
    const all = new Set([...Object.values(Ended.codes), ...bySignal, 141])
    assert.deepStrictEqual([...listed].sort((a, b) => a - b), [...all].sort((a, b) => a - b))
  })

  it("lists every command, and every form of credentials (K1, K4)", () => {
    const commands = Cli.command.subcommands.flatMap(({ commands }) => commands.map(({ name }) => name)).sort()
    assert.deepStrictEqual(names(firstCells("The commands")), commands)
    assert.deepStrictEqual(names(firstCells("Credentials")), [...CredentialText.formats].sort())
  })

  it("lists every flag of login (K6)", () => {
    const flags = firstCells("Logging in").map((cell) => /--[a-z-]+/.exec(cell)?.[0] ?? "").sort()
    assert.deepStrictEqual(flags, ["--code", "--device", "--no-browser", "--paste", "--port"])
  })
})
