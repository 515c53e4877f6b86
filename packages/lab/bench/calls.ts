/**
 * The processor time of one CreateToken, without any network.
 */
import {
  type Context,
  inTurn,
  type Measurement,
  median,
  type Plot,
  ratioAtMost,
  type Row,
  type Samples
} from "./bench.ts"
import { run } from "./child.ts"

const officialName = "@aws-sdk/client-sso-oidc"
const calls = 6000
const rounds = 3

type Outcome = "success" | "pending"

/** The layers of a call, each with those before it. */
const layers = [
  ["bare", "Effect alone: HttpClient and JSON"],
  ["coded", "schemas"],
  ["limited", "the time limit"],
  ["spanned", "the span"],
  ["ours", "the rest: errors, masks, headers, the cap of the body"]
] as const

export const measurement: Measurement = {
  title: "Processor time of a call",
  measure: async ({ bundle, work }: Context) => {
    const { path } = await bundle({ name: "calls" })
    const timed = (outcome: Outcome, length: number, peers: ReadonlyArray<readonly [peer: string, of: string]>) =>
      inTurn(
        rounds,
        peers.map(([peer, of]) => ({
          of,
          run: async () => Number((await run(path, { work, args: [peer, outcome, `${length}`, `${calls}`] })).stdout)
        }))
      )
    const rows: Array<Row> = []
    const byLayer: Array<readonly [Outcome, ReadonlyArray<number>]> = []
    const row = (
      measure: string,
      [ours, ...peers]: ReadonlyArray<Samples | undefined>,
      goal: Pick<Row, "goal"> = {}
    ) => {
      for (const [at, peer] of peers.entries()) {
        if (ours !== undefined && peer !== undefined) {
          rows.push({ measure, unit: "µs", ours, peer, ...(at === 0 ? goal : {}) })
        }
      }
    }
    for (const [outcome, limit] of [["success", 1.3], ["pending", 1.1]] as const) {
      const [ours, official, hand, ...below] = await timed(outcome, 1700, [
        ["ours", "ours"],
        ["official", officialName],
        ["hand", "fetch by hand"],
        ...layers.slice(0, -1)
      ])
      row(`CreateToken in memory: ${outcome}`, [ours, official, hand, below[0]], { goal: ratioAtMost(limit) })
      const figures = [...below, ours].map((samples) => median(samples?.values ?? []))
      byLayer.push([outcome, figures.map((figure, at) => Math.max(0, figure - (figures[at - 1] ?? 0)))])
    }
    for (const length of [100, 8000]) {
      const samples = await timed("pending", length, [["ours", "ours"], ["official", officialName]])
      row(`CreateToken in memory: pending, a client secret of ${length} characters`, samples)
    }
    return { rows, plots: [plotOf(byLayer)] }
  }
}

const plotOf = (byLayer: ReadonlyArray<readonly [Outcome, ReadonlyArray<number>]>): Plot => ({
  file: "bench-calls",
  title: "Processor time of a call in memory, by layer",
  unit: "µs",
  kind: "stacks",
  x: byLayer.map(([outcome]) => outcome),
  series: layers.map(([, name], at) => ({ name, values: byLayer.map(([, figures]) => figures[at] ?? 0) }))
})
