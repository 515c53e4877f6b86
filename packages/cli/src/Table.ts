/**
 * A table for a person: its cells in columns, and without control characters.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as CliOutput from "effect/cli/CliOutput"

/** The cells of a table, row by row. A cell that is absent is empty. */
export type Rows = ReadonlyArray<ReadonlyArray<string | undefined>>

const gap = "  "

/** The rows of the table. If one is wider than the output, each row is broken between words instead, so that nothing is lost. */
export const render = (rows: Rows, look: Layout.Look): ReadonlyArray<string> => {
  const cells = rows.map((row) =>
    row.map((cell = "") => look.utf8 ? Wire.printable(cell) : Layout.ascii(Wire.printable(cell)))
  )
  const widths = (cells[0] ?? []).map((_, at) =>
    cells.reduce((most, row) => Math.max(most, CliOutput.displayWidth(row[at] ?? "")), 0)
  )
  const lines = cells.map((row) =>
    row.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - CliOutput.displayWidth(cell))).join(gap).trimEnd()
  )
  return lines.every((line) => CliOutput.displayWidth(line) < look.columns)
    ? lines
    : cells.flatMap((row) => {
      const text = row.filter((cell) => cell !== "").join(" ")
      const [first = "", ...rest] = Layout.render({ text }, { ...look, columns: look.columns - gap.length })
      return [first, ...rest.map((line) => gap + line)]
    })
}
