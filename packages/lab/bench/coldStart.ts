/**
 * The cold start: a bundled program registers a client, starts a device authorization, and gets a token.
 *
 * The figure is the processor time of the whole process, without a cache of compiled code. The server is bare node:http in a process of its
 * own, so that its time does not count. As for the sizes, ours has the transport without proxies, since the official client has none either.
 */
import { type Context, inTurn, type Measurement, median, ratioAtMost, type Row, type Samples } from "./bench.ts"
import * as Child from "./child.ts"
import * as Loopback from "./loopback.ts"

const rounds = 12

const programs = [
  { of: "ours", name: "start-ours" },
  { of: "@aws-sdk/client-sso-oidc", name: "start-official" },
  { of: "node:http by hand", name: "start-http" },
  { of: "effect alone", name: "start-effect" },
  { of: "ours with the device grant", name: "start-grant" },
  { of: "ours with proxies", name: "start-proxies" }
] as const

const none: Samples = { of: "", values: [] }

export const measurement: Measurement = {
  title: "Cold start",
  measure: async ({ bundle, work }: Context) => {
    const server = Loopback.start((await bundle({ name: "loopback-server" })).path)
    const port = await server.line()
    const bundled = await Promise.all(programs.map(async ({ name, of }) => ({ of, ...await bundle({ name }) })))
    const [ours = none, official = none, http = none, effect = none, grant = none, proxies = none] = await inTurn(
      rounds,
      bundled.map(({ of, path }) => ({
        of,
        run: async () => {
          const { cpu, stdout } = await Child.run(path, { work, args: [port] })
          if (stdout.trim() !== "700") throw new Error(`${path} got no token: ${stdout}`)
          return cpu
        }
      }))
    )
    await server.end()
    const measure = "three calls from a cold start, processor time of the process"
    const rows: ReadonlyArray<Row> = [
      { measure, unit: "ms", ours, peer: official, goal: ratioAtMost(0.7) },
      { measure, unit: "ms", ours, peer: http, goal: ratioAtMost(1.5) },
      { measure: "the same, against the smallest program on Effect", unit: "ms", ours, peer: effect },
      { measure: "a whole login with the device grant", unit: "ms", ours: grant, peer: official },
      {
        measure: "three calls with proxies and certificates (NodeTransport)",
        unit: "ms",
        ours: proxies,
        peer: official
      }
    ]
    const all = [ours, proxies, grant, official, http, effect]
    return {
      rows,
      plots: [{
        file: "bench-cold-start",
        title: "Processor time of a cold start",
        unit: "ms",
        kind: "bars",
        x: all.map(({ of }) => of),
        series: [{ name: "processor time", values: all.map(({ values }) => median(values)) }]
      }]
    }
  }
}
