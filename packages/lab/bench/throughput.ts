/**
 * Calls a second over loopback, and the processor time of the client for each.
 *
 * All clients call the same bare node:http server, which has a process of its own. Each has a connection for each caller. The machine has to
 * serve both processes, so that the processor time of the client says more about the client than the calls a second do.
 */
import { type Context, type Measurement, median, ratioAtLeast, type Row, type Samples } from "./bench.ts"
import * as Loopback from "./loopback.ts"
import * as Shaped from "./programs/shaped.ts"
import type { Run } from "./programs/throughput.ts"

const rounds = 5
const millis = 450
const warmUp = 20_000
const longestWarmUp = 14_000

const clients = {
  ours: "throughput-ours",
  "@aws-sdk/client-sso-oidc": "throughput-official",
  "node:http by hand": "throughput-http",
  "fetch by hand": "throughput-fetch"
} as const

const official = "@aws-sdk/client-sso-oidc"
const outcomes = { token: Shaped.deviceCode("approved"), pending: Shaped.deviceCode("pending") }
const concurrencies = [1, 16, 256] as const

export const measurement: Measurement = {
  title: "Throughput",
  measure: async ({ bundle }: Context) => {
    const server = Loopback.start((await bundle({ name: "loopback-server" })).path)
    const port = await server.line()
    const started = new Map<string, Loopback.Program>()
    for (const [of, name] of Object.entries(clients)) {
      started.set(of, Loopback.start((await bundle({ name })).path, port))
    }
    const run = async (of: string, concurrent: number, code: string, time: number): Promise<Run> =>
      JSON.parse(await started.get(of)?.ask(`${concurrent} ${code} ${time}`) ?? "")

    // Node optimises a client for some ten thousand calls. A server that polls is past that, so that the figures begin after it.
    for (const of of started.keys()) {
      let calls = 0
      for (const end = performance.now() + longestWarmUp; calls < warmUp && performance.now() < end;) {
        for (const code of Object.values(outcomes)) calls += (await run(of, 16, code, 1000)).calls
      }
      // opens the connections
      await run(of, 256, outcomes.token, millis)
    }
    const rows: Array<Row> = []
    const rates = new Map<string, Array<number>>()
    for (const [outcome, code] of Object.entries(outcomes)) {
      for (const callers of concurrencies) {
        const samples = Object.keys(clients).map((of) => ({ of, rate: new Array<number>(), cpu: new Array<number>() }))
        for (let round = 0; round < rounds; round++) {
          for (const { cpu, of, rate } of samples) {
            const ran = await run(of, callers, code, millis)
            rate.push(ran.calls / ran.wall * 1000)
            cpu.push(ran.cpu / ran.calls)
          }
        }
        const rowsOf = (measure: string, unit: string, key: "rate" | "cpu"): ReadonlyArray<Row> => {
          const [ours, ...peers] = samples.map((sample): Samples => ({ of: sample.of, values: sample[key] }))
          if (ours === undefined) return []
          return peers.map((peer) => ({
            measure: `${measure}, ${outcome}, ${callers} concurrent`,
            unit,
            ours,
            peer,
            ...(key === "rate" && peer.of === official ? { goal: ratioAtLeast(0.8) } : {})
          }))
        }
        rows.push(
          ...rowsOf("calls a second", "calls/s", "rate"),
          ...rowsOf("the client's processor time of a call", "µs", "cpu").filter(({ peer }) => peer?.of === official)
        )
        if (outcome === "token") {
          for (const { of, rate } of samples) rates.set(of, [...rates.get(of) ?? [], median(rate)])
        }
      }
    }
    for (const program of started.values()) await program.end()
    await server.end()
    return {
      rows,
      plots: [{
        file: "bench-throughput",
        title: "Calls a second over loopback, by concurrent callers",
        unit: "calls/s",
        kind: "lines",
        x: concurrencies.map(String),
        series: [...rates].map(([name, values]) => ({ name, values }))
      }]
    }
  }
}
