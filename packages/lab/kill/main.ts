/**
 * `pnpm kill`: the holder of a refresh is killed, and others ask for the token.
 *
 *     pnpm kill [--runs N] [--seed N] [--store files|redis] [--rotation strict|lenient] [--only N]
 *
 * Each run has a process of its own. It is killed at a random time, 300 times by default under each rotation, and once at each point of a
 * refresh. Then two others ask at once, and one after them. The seed and the number of a run decide when it is killed. The machine decides
 * how far the process is at that time. The exit code is 1 if something is torn, lost without a word, or late.
 */
import * as Kill from "@sso-oidc/test-kit/sessions/kill"
import * as KillRedis from "@sso-oidc/test-kit/sessions/kill-redis"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Workers from "@sso-oidc/test-kit/sessions/workers"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Arguments from "../arguments.ts"

const usage = "pnpm kill [--runs N] [--seed N] [--store files|redis] [--rotation strict|lenient] [--only N]"

const { fail, given, whole } = Arguments.reader(usage)

const values = given({
  runs: { type: "string", default: "300" },
  seed: { type: "string" },
  store: { type: "string", default: "files" },
  rotation: { type: "string" },
  only: { type: "string" }
})

const seed = values.seed === undefined ? Date.now() % 1e9 : whole("seed", values.seed)
const runs = whole("runs", values.runs)
const { only, store } = values
if (store !== "files" && store !== "redis") fail(`--store must be files or redis, not ${store}`)
const rotations = (["strict", "lenient"] as const).filter((one) =>
  values.rotation === undefined || values.rotation === one
)
if (rotations.length === 0) fail(`--rotation must be strict or lenient, not ${values.rotation}`)

// A run mostly waits: for the start of its process, and after a rejection.
const concurrency = 3

const isToken = (run: Kill.Run): boolean => run.told.every(({ _tag }) => _tag === "Token")

const milliseconds = (runs: ReadonlyArray<Kill.Run>): string =>
  `${(Math.max(0, ...runs.map(({ worst }) => worst)) / 1000).toFixed(1)} s`

/** One line for each state that the killed processes left. */
const rowsOf = (runs: ReadonlyArray<Kill.Run>): ReadonlyArray<ReadonlyArray<string>> =>
  (["nothing", "mark", "response", "token"] as const).map((left) => {
    const found = runs.filter((run) => run.left === left)
    return [
      left,
      `${found.length}`,
      `${found.filter(isToken).length}`,
      `${found.filter((run) => run.told.some(({ _tag }) => _tag === "SessionPossiblyLost")).length}`,
      `${found.reduce((sum, { requests }) => sum + requests, 0)}`,
      milliseconds(found)
    ]
  })

const heading = ["left behind", "runs", "token", "possibly lost", "requests", "worst wait"]

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows.map((row) => row.map((cell, column) => column === 0 ? cell.padEnd(18) : cell.padStart(14)).join("")).join("\n")

const main = Effect.gen(function*() {
  const ground = store === "redis" ? yield* KillRedis.ground : Kill.files
  const path = yield* Workers.bundle(store === "redis" ? "redis" : "files")
  yield* Console.log(`seed ${seed}, store ${store}`)
  const violations: Array<string> = []

  for (const rotation of rotations) {
    const service = yield* Service.make(rotation)
    let done = 0
    const one = (n: number | Kill.Point, plan: Kill.Plan) =>
      Effect.gen(function*() {
        const worker = yield* Workers.startNode(path)
        const run = yield* Kill.run(plan, service, rotation, ground, worker)
        for (const violation of run.violations) violations.push(`${rotation}, run ${n}: ${violation}`)
        if (++done % 50 === 0) yield* Console.error(`${rotation}: ${done} runs`)
        return run
      }).pipe(Effect.scoped)

    const numbers = only === undefined ? Array.from({ length: runs }, (_, n) => n) : [whole("only", only)]
    const random = yield* Effect.forEach(numbers, (n) => one(n, Kill.random(seed, n)), { concurrency })
    yield* Console.log(`\n${rotation}: killed at random times\n\n${table([heading, ...rowsOf(random)])}`)
    if (only !== undefined) continue

    const points = ground.hasFiles ? Kill.points : KillRedis.points
    const chosen = yield* Effect.forEach(
      points,
      (point) => Effect.map(one(point, { moment: point, before: 0, after: 0 }), (run) => ({ point, run })),
      { concurrency }
    )
    yield* Console.log(`\n${rotation}: killed at a point\n\n${
      table([
        ["point", "left behind", "all told", "requests", "worst wait"],
        ...chosen.map(({ point, run }) => [
          point,
          run.left,
          isToken(run) ? "token" : "possibly lost",
          `${run.requests}`,
          milliseconds([run])
        ])
      ])
    }`)
  }

  yield* Console.log(violations.length === 0 ? "\nno violation" : `\n${violations.join("\n")}`)
  if (violations.length > 0) yield* Console.log(`replay: pnpm kill --seed ${seed} --store ${store} --only N`)
  return violations.length === 0 ? 0 : 1
}).pipe(Effect.scoped)

process.exitCode = await Effect.runPromise(main)
