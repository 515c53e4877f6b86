/**
 * A table for a person: its cells in columns, and without control characters.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as CliOutput from "effect/cli/CliOutput"

type Row = ReadonlyArray<string | undefined>

/** The rows, with two blanks or more between their cells. A cell that is absent is empty. Where there is no room, a row goes on below. */
export const lines = (rows: ReadonlyArray<Row>): ReadonlyArray<Layout.Line> => {
  const cleaned = rows.map((row) => row.map((cell) => Wire.printable(cell ?? "")))
  const widths = (cleaned[0] ?? []).map((_, column) =>
    cleaned.reduce((most, row) => Math.max(most, CliOutput.displayWidth(row[column] ?? "")), 0)
  )
  return cleaned.map((row) => ({
    text: row.map((cell, column) => {
      // the last cell that has a text needs no blanks after it
      if (row.slice(column + 1).every((cell) => cell === "")) return cell
      const blanks = (widths[column] ?? 0) - CliOutput.displayWidth(cell) + 1
      return `${cell.trim() === "" ? "" : cell}${Layout.joined.repeat(blanks)}`
    }).join(" ").trimEnd()
  }))
}
