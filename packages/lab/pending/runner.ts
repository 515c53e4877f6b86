/**
 * The process that `pnpm pending` measures: it starts logins, polls for them, and counts.
 *
 *     node --expose-gc runner.ts TASK
 *
 * It prints a line when its window begins and when it ends, and then its figures. The service counts between the two.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as LoginMetrics from "@sso-oidc/durable/LoginMetrics"
import * as Logins from "@sso-oidc/durable/Logins"
import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as Engines from "./engines.ts"
import type { Database, Runner, Task } from "./figures.ts"

const task: Task = JSON.parse(process.argv[2] ?? "{}")

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const cpu = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

const polls = Effect.map(Metric.value(LoginMetrics.polls), ({ count }) => Number(count))
const held = Effect.map(Metric.value(LoginMetrics.pending), ({ value }) => Number(value))

/** Waits until a condition holds. */
const until = (condition: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.flatMap(condition, (holds) => holds ? Effect.void : Effect.delay(until(condition), "200 millis"))

interface Counts {
  readonly commits: number
  readonly rows: number
  readonly others: number
}

/** What the database has counted since it began. */
const counted = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<Record<keyof Counts, string>>`
    SELECT
      (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
      (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
        WHERE relname = 'sso_oidc_logins') AS rows,
      (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
        WHERE relname <> 'sso_oidc_logins') AS others`
  return { commits: Number(row?.commits), rows: Number(row?.rows), others: Number(row?.others) }
})

/** The counts of the database, on a connection that the logins do not use. */
const statistics = task.store === "postgres"
  ? Effect.asSome(counted).pipe(
    Effect.provide(PgClient.layer({ url: Redacted.make(task.database), maxConnections: 1 }))
  )
  : Effect.succeedNone

/** A client for after the stop. */
const client = (): Layer.Layer<SqlClient.SqlClient, unknown> =>
  task.store === "file"
    ? NodeSqlite.layer({ file: task.database })
    : PgClient.layer({ url: Redacted.make(task.database), maxConnections: 1 })

/** How many rows a stop left with a holder, so that the next process has to take them over. */
const unreleased: Effect.Effect<number, unknown> = Effect.suspend(() =>
  task.store === "memory"
    ? Effect.succeed(0)
    : Effect.provide(
      Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT id FROM sso_oidc_logins WHERE holder IS NOT NULL`),
      client()
    ).pipe(Effect.map((rows) => rows.length))
)

const idOf = (n: number) => `device-${n}`

const start = (n: number) =>
  Effect.flatMap(
    Logins.Logins,
    (logins) => logins.start({ id: idOf(n), clientName: "pending", startUrl: "https://pending.awsapps.com/start" })
  )

const tell = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

const measured = Effect.gen(function*() {
  // what is loaded and compiled once does not count
  for (let n = 0; n < 50; n++) yield* start(n)
  yield* until(Effect.map(polls, (count) => count > 50))
  const base = heap()

  const [startedAt, cpuBefore] = [performance.now(), cpu()]
  yield* Effect.forEach(
    Array.from({ length: task.count - 50 }, (_, n) => n + 50),
    start,
    { concurrency: 20, discard: true }
  )
  const startsPerSecond = (task.count - 50) / (performance.now() - startedAt) * 1000
  const cpuPerStart = (cpu() - cpuBefore) / (task.count - 50)
  yield* until(Effect.map(held, (count) => count >= task.count))
  // a process that was busy with starts may have stood still, and each login then confirms its row
  yield* Effect.sleep(task.interval * 1000 + 2000)

  const countsBefore = yield* statistics
  yield* tell("begin")
  const [from, cpuFrom, pollsFrom] = [performance.now(), cpu(), yield* polls]
  yield* Effect.sleep(task.window * 1000)
  const [seconds, used, sent] = [(performance.now() - from) / 1000, cpu() - cpuFrom, (yield* polls) - pollsFrom]
  yield* tell("end")
  const countsAfter = yield* statistics

  // last, because to collect so much garbage at once is a standstill
  const heapPerLogin = (heap() - base) / (task.count - 50)
  const database: Database | undefined = countsBefore._tag === "Some" && countsAfter._tag === "Some"
    ? {
      commitsPerPoll: (countsAfter.value.commits - countsBefore.value.commits) / sent,
      rowsPerPoll: (countsAfter.value.rows - countsBefore.value.rows) / sent,
      otherRowsPerPoll: (countsAfter.value.others - countsBefore.value.others) / sent
    }
    : undefined
  return {
    heap: heapPerLogin,
    base,
    rss: process.memoryUsage().rss,
    startsPerSecond,
    cpuPerStart,
    pollsPerSecond: sent / seconds,
    cpuPerPoll: used / sent,
    load: used / seconds / 1000,
    database
  }
})

const service: Layer.Layer<SsoOidc.SsoOidc, EndpointError> = SsoOidc.layer({
  region: "eu-west-1",
  endpoint: task.endpoint
}).pipe(Layer.provide(NodeTransport.layer()))

const main = Effect.gen(function*() {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Layer.provide(Engines.layer(task), service), scope)
  const figures = yield* Effect.provide(measured, context)
  const closedAt = performance.now()
  const seconds = Effect.sync(() => (performance.now() - closedAt) / 1000)
  const released = yield* Effect.forkChild(Effect.andThen(until(Effect.map(held, (count) => count === 0)), seconds))
  yield* Scope.close(scope, Exit.void)
  const [stop, release] = [yield* seconds, yield* Fiber.join(released)]
  const all: Runner = { ...figures, stop, release, unreleased: yield* unreleased }
  yield* tell(JSON.stringify(all))
})

// its output is for the figures
const logs = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
await Effect.runPromise(Effect.provide(main, logs))
process.exit()
