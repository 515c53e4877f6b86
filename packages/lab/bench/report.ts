/**
 * Shows the figures as text, and writes them into docs/benchmarks.md.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { type Goal, isMet, type Measurement, median, ratio, type Row, type Samples, type Section } from "./bench.ts"
import { svg } from "./plot.ts"

const digits = (value: number): string => {
  if (Number.isNaN(value)) return "–"
  const places = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })
}

/** The median, with the least and the greatest figure of several runs. */
const figure = ({ values }: Samples, unit: string): string =>
  values.length < 2
    ? `${digits(median(values))} ${unit}`
    : `${digits(median(values))} ${unit} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`

const limitOf = ({ limit, of, side }: Goal, unit: string): string =>
  of === "ratio" ? `${side} ${limit} ×` : `${side} ${limit.toLocaleString("en-US")} ${unit}`

const heads: ReadonlyArray<string> = ["measure", "compared with", "ours", "ratio", "goal", "result"]

/** The cells of a row, in the order of the table's heads. */
export const cells = (row: Row): ReadonlyArray<string> => {
  const met = isMet(row)
  return [
    row.measure,
    row.peer === undefined ? "–" : `${row.peer.of}: ${figure(row.peer, row.unit)}`,
    figure(row.ours, row.unit),
    row.peer === undefined ? "–" : `${digits(ratio(row))} ×`,
    row.goal === undefined ? "–" : limitOf(row.goal, row.unit),
    met === undefined ? "" : met ? "met" : "**not met**"
  ]
}

/** The rows of a section as lines of text. */
export const text = ({ rows }: Section): string =>
  [heads, ...rows.map(cells)].map((line) => `  ${line.join(" | ").replaceAll("**", "")}`).join("\n")

// -----------------------------------------------------------------------------
// docs/benchmarks.md
// -----------------------------------------------------------------------------

const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (rows: ReadonlyArray<Row>): string =>
  [line(heads), line(heads.map(() => "---")), ...rows.map((row) => line(cells(row)))].join("\n")

const machine = (): string => {
  const [{ model } = { model: "an unknown processor" }, ...others] = cpus()
  const day = new Date().toISOString().slice(0, 10)
  return `Measured on ${day} with Node ${process.versions.node} on ${others.length + 1} cores (${model.trim()}).`
}

/** Puts a text into the document, between the comment that names it and the next comment that ends it. */
export const filled = (document: string, name: string, content: string): string => {
  const [begin, end] = [`<!-- figures of ${name} -->`, "<!-- end of figures -->"]
  const at = document.indexOf(begin)
  const to = document.indexOf(end, at)
  if (at === -1 || to === -1) {
    throw new Error(`docs/benchmarks.md has no place for the figures of ${name}: ${begin} … ${end}`)
  }
  return `${document.slice(0, at + begin.length)}\n\n${content}\n\n${document.slice(to)}`
}

const path = join(root, "docs/benchmarks.md")

/** Throws if the document has no place for a measurement, before anything is measured. */
export const check = (measurements: ReadonlyArray<Measurement>): void => {
  const document = readFileSync(path, "utf8")
  for (const name of ["the machine", ...measurements.map(({ title }) => title)]) filled(document, name, "")
}

/** Writes the figures into docs/benchmarks.md, where a comment names the measurement. It writes the plots beside the other pictures. */
export const write = (sections: ReadonlyArray<readonly [Measurement, Section]>): void => {
  let document = filled(readFileSync(path, "utf8"), "the machine", machine())
  for (const [{ title }, { plots, rows }] of sections) {
    const pictures = plots.map((plot) => `![${plot.title}](images/${plot.file}.svg)`)
    document = filled(document, title, [table(rows), ...pictures].join("\n\n"))
    for (const plot of plots) writeFileSync(join(root, "docs/images", `${plot.file}.svg`), svg(plot))
  }
  writeFileSync(path, document)
}
