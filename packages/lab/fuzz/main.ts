/**
 * `pnpm fuzz`: core against mutated responses.
 *
 *     pnpm fuzz [--seed N] [--cases N] [--operation CreateToken] [--only N]
 *
 * Every case depends only on the seed and its number. The cases run in a worker, so that an endless loop is found too.
 */
import * as Effect from "effect/Effect"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import * as Fuzz from "./fuzz.ts"

interface Job {
  readonly seed: number
  readonly first: number
  readonly cases: number
  readonly operation: string | undefined
  /** The number of the running case. */
  readonly at: Int32Array
}

const MB = 1024 * 1024
const hangMillis = 15_000
const maxHeap = 256 * MB

const work = async (job: Job): Promise<void> => {
  for (let index = job.first; index < job.first + job.cases; index++) {
    Atomics.store(job.at, 0, index)
    const one = Fuzz.caseOf(job.seed, index, job.operation)
    const violation = await Effect.runPromise(Fuzz.violationOf(one)) ??
      (process.memoryUsage().heapUsed > maxHeap ? `more than ${maxHeap / MB} MB in the heap` : undefined)
    if (violation !== undefined) {
      const least = await Effect.runPromise(Fuzz.shrink(one))
      parentPort?.postMessage({ index, violation, shown: Fuzz.describeCase(least) })
      return
    }
  }
  parentPort?.postMessage(undefined)
}

const usage = "pnpm fuzz [--seed N] [--cases N] [--operation NAME] [--only N]"

const given = () => {
  try {
    return parseArgs({
      options: {
        seed: { type: "string" },
        cases: { type: "string", default: "20000" },
        operation: { type: "string" },
        only: { type: "string" },
        help: { type: "boolean", short: "h" }
      }
    }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message.split(". ")[0] : String(error)}\n${usage}\n`)
    process.exit(2)
  }
}

const main = (): void => {
  const values = given()
  if (values.help === true) {
    process.stdout.write(`${usage}\n`)
    return
  }
  const whole = (name: string, text: string): number => {
    if (/^\d{1,9}$/.test(text)) return Number(text)
    process.stderr.write(`--${name} must be a whole number, not ${text}\n`)
    process.exit(2)
  }
  const { operation } = values
  if (operation !== undefined && !Fuzz.operations.includes(operation)) {
    process.stderr.write(`--operation must be one of ${Fuzz.operations.join(", ")}\n`)
    process.exit(2)
  }
  const seed = values.seed === undefined ? Date.now() % 1e9 : whole("seed", values.seed)
  const first = values.only === undefined ? 0 : whole("only", values.only)
  const cases = values.only === undefined ? whole("cases", values.cases) : 1
  process.stdout.write(`seed ${seed}, ${cases} cases${operation === undefined ? "" : ` of ${operation}`}\n`)

  const at = new Int32Array(new SharedArrayBuffer(4))
  const began = performance.now()
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed, first, cases, operation, at } })
  const fail = (index: number, violation: string, shown: string): void => {
    const only = operation === undefined ? "" : ` --operation ${operation}`
    process.stdout.write(
      `case ${index} of seed ${seed}: ${violation}\n  ${shown}\nreplay: pnpm fuzz --seed ${seed} --only ${index}${only}\n`
    )
    process.exit(1)
  }
  let moved = { index: -1, since: performance.now() }
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
    const index = Atomics.load(at, 0)
    if (index !== moved.index) moved = { index, since: performance.now() }
    else if (performance.now() - moved.since > hangMillis) {
      fail(index, "no outcome, and the program hangs", Fuzz.describeCase(Fuzz.caseOf(seed, index, operation)))
    }
  }, 100)
  worker.on("error", (error) => fail(Atomics.load(at, 0), "the process ended", String(error)))
  worker.on("message", (found: { index: number; violation: string; shown: string } | undefined) => {
    if (found !== undefined) return fail(found.index, found.violation, found.shown)
    clearInterval(watch)
    const seconds = (performance.now() - began) / 1000
    process.stdout.write(
      `no violation; ${Math.round(cases / seconds)} cases a second, at most ${Math.round(peak / MB)} MB in all\n`
    )
  })
}

if (isMainThread) main()
else await work(workerData)
