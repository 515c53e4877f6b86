/**
 * Tables on terminals of several widths.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as CliOutput from "effect/cli/CliOutput"
import * as Table from "../src/Table.ts"

const rows = [
  ["111122223333", "Development of everything", "development@example.com"],
  ["444455556666", undefined, "production@example.com"],
  ["777788889999", "東京\u001b[2J", undefined]
]

const shown = (columns: number) =>
  Table.lines(rows).map((line) => Layout.render(line, { columns, colours: false, utf8: true }))

describe("Table.lines", () => {
  it("puts the cells into columns, with two blanks or more between them, and cleans them (K2)", () => {
    assert.deepStrictEqual(shown(Infinity), [
      ["111122223333  Development of everything  development@example.com"],
      ["444455556666                             production@example.com"],
      ["777788889999  東京 [2J"]
    ])
  })

  it.each([40, 60, 80])("loses nothing in %d columns, and no row is wider (K2)", (columns) => {
    for (const [at, lines] of shown(columns).entries()) {
      for (const line of lines) assert.isBelow(CliOutput.displayWidth(line), columns, line)
      const words = rows[at]?.flatMap((cell) => cell?.replace("\u001b", " ").split(" ") ?? [])
      assert.deepStrictEqual(lines.join(" ").split(/ +/).filter((word) => word !== ""), words)
    }
  })

  it("has no line without a row (K2)", () => {
    assert.deepStrictEqual(Table.lines([]), [])
  })
})
