/**
 * Many logins that wait at once, with the real clock: the memory of one, how late its polls are, and what a poll takes.
 */
import { atMost, type Context, type Measurement, ratioAtMost, type Samples } from "./bench.ts"
import { run } from "./child.ts"

// -----------------------------------------------------------------------------
// runs
// -----------------------------------------------------------------------------

/** Kilobytes of one login, and microseconds of one poll. */
interface Memory {
  readonly asleep: number
  readonly polled: number
  readonly cpu: number
}

/** The polls of a part of the run: their mean lateness in milliseconds, and the microseconds of one. */
interface Window {
  readonly lateness: number
  readonly cpu: number
  readonly polls: number
}

interface Lateness {
  readonly windows: ReadonlyArray<Window>
  readonly memory: number
}

const hasNumbers = (value: unknown, ...keys: ReadonlyArray<string>): boolean =>
  typeof value === "object" && value !== null && keys.every((key) => Number.isFinite(Reflect.get(value, key)))

const isMemory = (value: unknown): value is Memory => hasNumbers(value, "asleep", "polled", "cpu")

const isLateness = (value: unknown): value is Lateness => {
  if (!hasNumbers(value, "memory") || typeof value !== "object" || value === null || !("windows" in value)) return false
  return Array.isArray(value.windows) && value.windows.every((window) => hasNumbers(window, "lateness", "cpu", "polls"))
}

/** What polls. The first two are ours: over a service in memory, and over the whole client and an `HttpClient` in memory. */
type Kind = "grant" | "client" | "fiber" | "promise"

const names: Readonly<Record<Kind, string>> = {
  grant: "ours",
  client: "ours, with the whole client",
  fiber: "a bare fiber that sleeps",
  promise: "an async loop by hand"
}

const rounds = 5

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

export const measurement: Measurement = {
  title: "Many logins at once",
  measure: async ({ bundle, work }: Context) => {
    const { path } = await bundle({ name: "grants" })
    const output = async <A>(
      is: (value: unknown) => value is A,
      ...args: ReadonlyArray<string | number>
    ): Promise<A> => {
      const { stdout } = await run(path, { work, flags: ["--expose-gc"], args: args.map(String) })
      const value: unknown = JSON.parse(stdout)
      if (!is(value)) throw new TypeError(`the program of ${args.join(" ")} printed ${stdout}`)
      return value
    }
    const memoryOf = (kind: Kind, logins: number) => output(isMemory, kind, logins, 1.5, "memory")
    const latenessOf = (logins: number) => output(isLateness, "client", logins, 5, "lateness")
    const mean = ({ windows }: Lateness): number =>
      windows.reduce((sum, { lateness, polls }) => sum + lateness * polls, 0) /
      windows.reduce((sum, { polls }) => sum + polls, 0)

    // Memory does not depend on the load of the machine. So the programs of one round run at the same time.
    const kinds: ReadonlyArray<Kind> = ["grant", "fiber", "promise"]
    const memories = new Map(kinds.map((kind) => [kind, new Array<Memory>()]))
    for (let round = 0; round < rounds; round++) {
      const ran = await Promise.all(kinds.map((kind) => memoryOf(kind, 5000)))
      for (const [at, kind] of kinds.entries()) memories.get(kind)?.push(...ran.slice(at, at + 1))
    }
    const samples = (kind: Kind, figure: (memory: Memory) => number, of = names[kind]): Samples => ({
      of,
      values: (memories.get(kind) ?? []).map(figure)
    })
    const polled = ({ polled }: Memory) => polled

    const sizes = [1000, 2000, 5000, 10_000]
    const megabytes: Array<ReadonlyArray<number>> = []
    for (const logins of sizes) {
      const ran = await Promise.all(kinds.map((kind) => memoryOf(kind, logins)))
      megabytes.push(ran.map(({ polled }) => polled * logins / 1000))
    }
    const late: Array<Lateness> = []
    for (const logins of sizes) late.push(await latenessOf(logins))
    const most = late.at(-1) ?? { memory: Number.NaN, windows: [] }
    const { memory, windows } = most

    return {
      rows: [
        {
          measure: "memory of one waiting login after polls, without its registration and code",
          unit: "kB",
          ours: samples("grant", polled),
          peer: samples("fiber", polled),
          goal: atMost(4)
        },
        {
          measure: "… compared with its memory before the first poll",
          unit: "kB",
          ours: samples("grant", polled, "ours after polls"),
          peer: samples("grant", ({ asleep }) => asleep, "ours before the first poll"),
          goal: ratioAtMost(1.05)
        },
        {
          measure: "… compared with a loop by hand, which keeps no rule of the grant",
          unit: "kB",
          ours: samples("grant", polled),
          peer: samples("promise", polled)
        },
        {
          measure: "memory of one waiting login of the whole client after polls, with its code",
          unit: "kB",
          ours: { of: names.client, values: [memory] }
        },
        {
          measure: "processor time of a poll, over a service in memory",
          unit: "µs",
          ours: samples("grant", ({ cpu }) => cpu),
          peer: samples("fiber", ({ cpu }) => cpu)
        },
        {
          measure: "10,000 logins at 5 s, begun over 5 s: mean lateness of a poll, with the whole client",
          unit: "ms",
          ours: { of: names.client, values: [mean(most)] },
          goal: atMost(200)
        },
        {
          measure: "… processor time of a poll",
          unit: "µs",
          ours: { of: names.client, values: windows.map(({ cpu }) => cpu) },
          goal: atMost(180)
        }
      ],
      plots: [
        {
          file: "bench-logins-memory",
          title: "Memory of waiting logins after polls, by their number",
          unit: "MB",
          kind: "lines",
          x: sizes.map(String),
          series: kinds.map((kind, at) => ({
            name: names[kind],
            values: megabytes.map((values) => values[at] ?? Number.NaN)
          }))
        },
        {
          file: "bench-logins-lateness",
          title: "Mean lateness of a poll at an interval of 5 s, by the number of logins",
          unit: "ms",
          kind: "lines",
          x: sizes.map(String),
          series: [{ name: names.client, values: late.map(mean) }]
        }
      ]
    }
  }
}
