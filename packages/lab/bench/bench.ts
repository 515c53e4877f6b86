/**
 * What a measurement of `pnpm bench` gives: rows of figures with goals, and plots.
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The figures of one program, one for each run. */
export interface Samples {
  /** The program, as the table names it: `ours`, `@aws-sdk/client-sso-oidc`, `node:http by hand`. */
  readonly of: string
  /** One figure for each run, in the unit of the row. An exact figure, such as a size, is alone. */
  readonly values: ReadonlyArray<number>
}

/** What the figure of a row should be. */
export interface Goal {
  /** Whether the goal is about the figure itself, or about its ratio to the peer's. */
  readonly of: "figure" | "ratio"
  /** On which side of `limit` the goal is. */
  readonly side: "at most" | "at least"
  /** The limit, in the unit of the row or as a ratio. */
  readonly limit: number
}

/** One row of the table. */
export interface Row {
  /** What is measured. */
  readonly measure: string
  /** The unit of the figures: `kB`, `ms`, `µs`, `calls/s`. */
  readonly unit: string
  /** The figures of our program. */
  readonly ours: Samples
  /** The figures of the program that ours is compared with, from the same run. */
  readonly peer?: Samples
  /** What the figure should be. Without a goal, the row only informs. */
  readonly goal?: Goal
}

/** A plot: for each of `x`, one figure of each series. */
export interface Plot {
  /** The name of its file, without `.svg`. */
  readonly file: string
  readonly title: string
  /** The unit of the figures. */
  readonly unit: string
  /** `stacks` adds the series of one x, `bars` puts them side by side, `lines` joins each series. */
  readonly kind: "bars" | "lines" | "stacks"
  readonly x: ReadonlyArray<string>
  readonly series: ReadonlyArray<{ readonly name: string; readonly values: ReadonlyArray<number> }>
}

/** The result of one measurement. */
export interface Section {
  readonly rows: ReadonlyArray<Row>
  readonly plots: ReadonlyArray<Plot>
}

/** A measurement. Its title is that of its part of docs/benchmarks.md. */
export interface Measurement {
  readonly title: string
  readonly measure: (context: Context) => Promise<Section>
}

/** What a measurement works with. */
export interface Context {
  /** Bundles a program of `programs/`, or a text, as a user would ship it. It gives the path of the file. */
  readonly bundle: (program: Program) => Promise<Bundled>
  /** A folder for files, which is removed at the end. */
  readonly work: string
}

/** A program to bundle. */
export interface Program {
  /** The name of the file that is made. */
  readonly name: string
  /** The text of the program. Without it, the program is the file of that name in `programs/`. */
  readonly text?: string
  /** The platform that esbuild bundles for. `node` by default. */
  readonly platform?: "browser" | "node"
  /** Values for names that the program has free, as esbuild's `define`. */
  readonly define?: Readonly<Record<string, string>>
}

/** A bundled and minified program. */
export interface Bundled {
  readonly path: string
  /** The bytes after gzip. */
  readonly gzipped: number
  /** The bytes of each input that esbuild kept, before gzip, by the input's path. */
  readonly inputs: ReadonlyMap<string, number>
}

// -----------------------------------------------------------------------------
// figures
// -----------------------------------------------------------------------------

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

/** The medians' ratio. `NaN` without a peer. */
export const ratio = ({ ours, peer }: Row): number => median(ours.values) / median(peer?.values ?? [])

/** Whether the row meets its goal. `undefined` without a goal. */
export const isMet = (row: Row): boolean | undefined => {
  if (row.goal === undefined) return undefined
  const figure = row.goal.of === "ratio" ? ratio(row) : median(row.ours.values)
  return row.goal.side === "at most" ? figure <= row.goal.limit : figure >= row.goal.limit
}

export const atMost = (limit: number): Goal => ({ of: "figure", side: "at most", limit })
export const atLeast = (limit: number): Goal => ({ of: "figure", side: "at least", limit })
export const ratioAtMost = (limit: number): Goal => ({ of: "ratio", side: "at most", limit })
export const ratioAtLeast = (limit: number): Goal => ({ of: "ratio", side: "at least", limit })

/**
 * Measures several programs in turn, so that a slow phase of the machine slows all of them. It drops the first turn. The samples have the
 * order of the programs.
 */
export const inTurn = async (
  rounds: number,
  programs: ReadonlyArray<{ readonly of: string; readonly run: () => Promise<number> }>
): Promise<ReadonlyArray<Samples>> => {
  const samples = programs.map(({ of, run }) => ({ of, run, values: new Array<number>() }))
  for (let round = 0; round <= rounds; round++) {
    for (const { run, values } of samples) {
      const value = await run()
      if (round > 0) values.push(value)
    }
  }
  return samples.map(({ of, values }) => ({ of, values }))
}
