/**
 * Shows the figures as text, and writes them into docs/benchmarks.md.
 */
import type { Goal, Measurement, Row, Samples, Section } from "./bench.ts"
import { isMet, median, ratio } from "./bench.ts"

const digits = (value: number): string =>
  Number.isNaN(value)
    ? "–"
    : value >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value >= 100
    ? value.toFixed(0)
    : value >= 10
    ? value.toFixed(1)
    : value.toFixed(2)

/** The median, with the least and the greatest figure of several runs. */
const figure = ({ values }: Samples, unit: string): string =>
  values.length < 2
    ? `${digits(median(values))} ${unit}`
    : `${digits(median(values))} ${unit} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`

const goal = ({ limit, of, side }: Goal, unit: string): string =>
  `${side} ${digits(limit)} ${of === "ratio" ? "×" : unit}`

/** The cells of a row: measure, peer, ours, ratio, goal, and whether it is met. */
export const cells = (row: Row): ReadonlyArray<string> => {
  const met = isMet(row)
  return [
    row.measure,
    row.peer === undefined ? "–" : `${row.peer.of}: ${figure(row.peer, row.unit)}`,
    figure(row.ours, row.unit),
    row.peer === undefined ? "–" : `${digits(ratio(row))} ×`,
    row.goal === undefined ? "–" : goal(row.goal, row.unit),
    met === undefined ? "" : met ? "met" : "not met"
  ]
}

/** The rows of a section as lines of text. */
export const text = ({ rows }: Section): string => rows.map((row) => `  ${cells(row).join(" | ")}`).join("\n")

/** Writes docs/benchmarks.md and its plots. */
export const write = (_sections: ReadonlyArray<readonly [Measurement, Section]>): void => {}
