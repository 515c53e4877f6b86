import { assert, describe, it } from "@effect/vitest"
import * as Table from "../src/Table.ts"

const look = (columns: number, utf8 = true) => ({ columns, colours: false, utf8 })

describe("Table.render", () => {
  it("puts the cells in columns, and leaves out blanks at the end", () => {
    assert.deepStrictEqual(
      Table.render([["111122223333", "Dev", "a@x"], ["444455556666", "日本", undefined]], look(Infinity)),
      ["111122223333  Dev   a@x", "444455556666  日本"]
    )
  })

  it("breaks each row between words if one is wider than the output, and loses nothing (K2)", () => {
    const rows = [["111122223333", "AdministratorAccess", "Development"], ["444455556666", "A", "P"]]
    assert.deepStrictEqual(Table.render(rows, look(40)), [
      "111122223333 AdministratorAccess",
      "  Development",
      "444455556666 A P"
    ])
  })

  it("shows no control characters, and only ASCII where the output has no more (K2)", () => {
    assert.deepStrictEqual(Table.render([["1", "a\x1b[2Jb\nc", "é"]], look(80, false)), ["1  a [2Jb c  e"])
  })

  it("gives no line without rows", () => {
    assert.deepStrictEqual(Table.render([], look(80)), [])
  })
})
