/**
 * A table for a person: its cells in columns, and without control characters.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { Line } from "@sso-oidc/terminal/Layout"

/** The rows, with two blanks or more between their cells. A cell that is absent is empty. */
export const lines = (rows: ReadonlyArray<ReadonlyArray<string | undefined>>): ReadonlyArray<Line> =>
  rows.map((row) => ({ text: row.map((cell) => Wire.printable(cell ?? "")).join("  ").trimEnd() }))
