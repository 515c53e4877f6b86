/**
 * Measures one process that holds many pending logins.
 *
 *     pnpm pending [--count N,N] [--store memory,file,postgres] [--interval SECONDS] [--window SECONDS] [--every-poll] [--write]
 *     pnpm pending --engine [--count N,N]
 *     pnpm pending --recovery FILE
 *
 * The process polls over the Node transport. The service runs in a process of its own, so that its processor time does not count, and so does
 * PostgreSQL. All share the cores of this machine: a load near 1 means that the process had no more to take. The exit code is 1 if a poll
 * came too early.
 *
 * `--write` keeps the figures in figures.json, and draws the plots of docs/durable.md. `--engine` measures the heap of Effect's engine alone, for
 * executions that do nothing but wait. `--recovery` draws a report of `pnpm chaos --json`. `--profile FOLDER` writes a profile of the process,
 * which the developer tools of Chrome open.
 */
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Server from "@sso-oidc/test-kit/server"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Figures, Runner, Store, Task } from "./figures.ts"
import * as Plots from "./plots.ts"

const { values } = parseArgs({
  options: {
    "count": { type: "string", default: "10000" },
    "store": { type: "string", default: "postgres" },
    "interval": { type: "string", default: "20" },
    "window": { type: "string", default: "20" },
    "every-poll": { type: "boolean", default: false },
    "write": { type: "boolean", default: false },
    "engine": { type: "boolean", default: false },
    "recovery": { type: "string" },
    "profile": { type: "string" }
  }
})

const whole = (name: string, text: string, least: number): number => {
  if (/^\d{1,7}$/.test(text) && Number(text) >= least) return Number(text)
  throw new RangeError(`--${name} takes whole numbers of at least ${least}, not ${text}`)
}
const isStore = (text: string): text is Store => text === "memory" || text === "file" || text === "postgres"

const counts = values.count.split(",").map((text) => whole("count", text, 100))
const interval = whole("interval", values.interval, 1)
const window = whole("window", values.window, 1)
const stores = values.store.split(",").filter(isStore)
if (stores.length === 0) throw new RangeError(`--store takes memory, file or postgres, not ${values.store}`)

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url))

interface Counted {
  readonly polls: number
  readonly early: number
  readonly cpu: number
}

/** Starts a program. It gives the lines that it prints, and a way to write to it. */
const run = (flags: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [...flags], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    line: async (): Promise<string> => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`${flags.join(" ")} ended too early`)
      return String(value)
    }
  }
}

const measure = async (store: Store, count: number, database: string): Promise<Figures> => {
  const service = run([program("service.ts"), String(interval)])
  const asked = async (): Promise<Counted> => {
    service.child.stdin.write("\n")
    return JSON.parse(await service.line())
  }
  try {
    const endpoint = `http://127.0.0.1:${await service.line()}`
    const everyPoll = values["every-poll"]
    const task: Task = { store, count, database, endpoint, port: await Server.freePort(), interval, window, everyPoll }
    const profile = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`]
    const runner = run(["--expose-gc", ...profile, program("runner.ts"), JSON.stringify(task)])
    try {
      await runner.line()
      const [before, at] = [await asked(), performance.now()]
      await runner.line()
      const [after, seconds] = [await asked(), (performance.now() - at) / 1000]
      const measured: Runner = JSON.parse(await runner.line())
      // it writes its profile when it ends
      await new Promise((resolve) => runner.child.once("close", resolve))
      return {
        ...measured,
        store,
        count,
        interval,
        everyPoll: values["every-poll"],
        wantedPerSecond: count / interval,
        early: after.early,
        serviceLoad: (after.cpu - before.cpu) / seconds / 1000
      }
    } finally {
      runner.child.kill("SIGKILL")
    }
  } finally {
    service.child.stdin.end()
  }
}

const heading = [
  "store",
  "pending",
  "heap each",
  "memory",
  "polls/s",
  "wanted",
  "CPU a poll",
  "load",
  "service",
  "commits a poll",
  "rows a poll",
  "starts/s",
  "CPU a start",
  "release",
  "stop",
  "not released"
]

const cells = (figures: Figures): ReadonlyArray<string> => [
  figures.everyPoll ? `${figures.store}, each` : figures.store,
  String(figures.count),
  `${(figures.heap / 1000).toFixed(1)} kB`,
  `${(figures.rss / 1e6).toFixed(0)} MB`,
  figures.pollsPerSecond.toFixed(0),
  figures.wantedPerSecond.toFixed(0),
  `${figures.cpuPerPoll.toFixed(2)} ms`,
  figures.load.toFixed(2),
  figures.serviceLoad.toFixed(2),
  figures.database?.commitsPerPoll.toFixed(3) ?? "",
  figures.database === undefined
    ? ""
    : `${figures.database.rowsPerPoll.toFixed(3)} + ${figures.database.otherRowsPerPoll.toFixed(3)}`,
  figures.startsPerSecond.toFixed(0),
  `${figures.cpuPerStart.toFixed(2)} ms`,
  `${figures.release.toFixed(1)} s`,
  `${figures.stop.toFixed(1)} s`,
  String(figures.unreleased)
]

const print = (row: ReadonlyArray<string>) => console.log(row.map((cell) => cell.padStart(15)).join(""))

const folder = mkdtempSync(join(tmpdir(), "sso-oidc-pending-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const databaseOf = (store: Store, count: number) =>
  store === "postgres" ? Postgres.database : Effect.succeed(join(folder, `${count}.db`))

if (values.recovery !== undefined) {
  Plots.recovery(values.recovery)
  process.exit()
}

if (values.engine) {
  for (const count of counts) {
    const engine = run(["--expose-gc", program("bare.ts"), String(count)])
    const bytes = Number(await engine.line())
    engine.child.kill("SIGKILL")
    console.log(`${count} executions that wait: ${(bytes / 1000).toFixed(1)} kB of heap each`)
  }
  process.exit()
}

const all: Array<Figures> = []
console.log(`${cpus().length} cores for the process, the service and the database. "rows a poll": logins + engine.`)
print(heading)
for (const store of stores) {
  for (const count of counts) {
    const figures = await Effect.runPromise(Effect.scoped(
      Effect.flatMap(databaseOf(store, count), (database) => Effect.promise(() => measure(store, count, database)))
    ))
    all.push(figures)
    print(cells(figures))
  }
}
if (values.write) Plots.write(all)
const early = all.reduce((sum, figures) => sum + figures.early, 0)
if (early > 0) {
  console.error(`${early} polls came too early`)
  process.exitCode = 1
}
process.exit()
