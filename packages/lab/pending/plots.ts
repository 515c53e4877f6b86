/**
 * Draws the figures of `pnpm pending` for docs/durable.md.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Plot } from "../bench/bench.ts"
import * as Svg from "../bench/plot.ts"
import type { Figures } from "./figures.ts"

const images = join(import.meta.dirname, "../../../docs/images")
const kept = join(import.meta.dirname, "figures.json")

const nameOf = ({ everyPoll, store }: Figures): string =>
  `${store === "postgres" ? "PostgreSQL" : store}${everyPoll ? ", each poll stored" : ""}`

const keyOf = (figures: Figures) => `${nameOf(figures)} ${figures.count}`

/** One series for each store, at the counts that all of them were measured with. */
const plot = (
  all: ReadonlyArray<Figures>,
  rest: Pick<Plot, "file" | "title" | "unit">,
  value: (figures: Figures) => number
): Plot => {
  const series = Map.groupBy(all.filter(({ everyPoll }) => !everyPoll), nameOf)
  const counts = [...new Set(all.map(({ count }) => count))].toSorted((a, b) => a - b)
    .filter((count) => [...series.values()].every((figures) => figures.some((one) => one.count === count)))
  return {
    ...rest,
    kind: "bars",
    x: counts.map((count) => `${count.toLocaleString("en")} pending`),
    series: [...series].map(([name, figures]) => ({
      name,
      values: counts.flatMap((count) => figures.filter((one) => one.count === count).map(value))
    }))
  }
}

/** Keeps new figures beside the old ones, and draws all of them. */
export const write = (measured: ReadonlyArray<Figures>): void => {
  const old: ReadonlyArray<Figures> = JSON.parse(readFileSync(kept, "utf8"))
  const byKey = new Map([...old, ...measured].map((figures) => [keyOf(figures), figures]))
  const all = [...byKey.values()].toSorted((a, b) => keyOf(a).localeCompare(keyOf(b), "en", { numeric: true }))
  writeFileSync(kept, `${JSON.stringify(all, undefined, 2)}\n`)
  const plots = [
    plot(all, { file: "pending-heap", title: "Heap of each pending login", unit: "kB" }, ({ heap }) => heap / 1000),
    plot(
      all,
      { file: "pending-cpu", title: "Processor time of a poll over the Node transport", unit: "ms" },
      ({ cpuPerPoll }) => cpuPerPoll
    )
  ]
  for (const one of plots) writeFileSync(join(images, `${one.file}.svg`), Svg.svg(one))
}

/** What this reads of a report of `pnpm chaos --json`. */
interface Chaos {
  readonly judgement: {
    readonly samples: Readonly<Record<"SIGKILL" | "SIGSTOP" | "SIGTERM", ReadonlyArray<{ readonly millis: number }>>>
  }
}

const parts = [0.1, 0.25, 0.5, 0.75, 0.9, 1]

const quantile = (values: ReadonlyArray<number>, part: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0

/** Draws how long logins wait for their next poll after each kind of blow. */
export const recovery = (path: string): void => {
  const { judgement }: Chaos = JSON.parse(readFileSync(path, "utf8"))
  const series = (["SIGTERM", "SIGKILL", "SIGSTOP"] as const).map((kind) => ({
    name: `${kind}, ${judgement.samples[kind].length} logins`,
    values: parts.map((part) => quantile(judgement.samples[kind].map(({ millis }) => millis / 1000), part))
  }))
  const x = parts.map((part) => part === 1 ? "all logins" : `${part * 100} % of the logins`)
  const title = "From a blow to the next poll, at an interval of 2 s"
  writeFileSync(
    join(images, "pending-recovery.svg"),
    Svg.svg({ file: "pending-recovery", title, unit: "s, at most", kind: "bars", x, series })
  )
}
