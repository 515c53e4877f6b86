import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import * as EngineStorage from "@sso-oidc/durable/EngineStorage"
import { LoginStoreError } from "@sso-oidc/durable/LoginStore"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as SqlClients from "@sso-oidc/test-kit/sqlClients"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as SingleRunner from "effect/cluster/SingleRunner"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { ConnectionError, LockTimeoutError, SqlError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { assertNoLeak } from "./support/stores.ts"

// -----------------------------------------------------------------------------
// an engine with two workflows
// -----------------------------------------------------------------------------

const payload = { id: Schema.String, waits: Schema.Boolean }

const Mine = Workflow.make("test/Mine", { payload, idempotencyKey: ({ id }) => id })

/** Another workflow, whose name begins like the first one's. */
const Other = Workflow.make("test/MineToo", { payload, idempotencyKey: ({ id }) => id })

const stopped = new Set<string>()

const body = ({ id, waits }: { readonly id: string; readonly waits: boolean }) =>
  waits && !stopped.has(id) ? Effect.never : Effect.void

/** An engine of one process over a client, and the client. */
const engine = <E>(client: Layer.Layer<SqlClient.SqlClient, E>) =>
  Layer.mergeAll(Mine.toLayer(body), Other.toLayer(body)).pipe(
    Layer.provideMerge(ClusterWorkflowEngine.layer),
    Layer.provideMerge(SingleRunner.layer({ runnerStorage: "memory" })),
    Layer.provide(NodeCrypto.layerDigest),
    Layer.provideMerge(EngineStorage.layerSql()),
    Layer.provideMerge(client),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
  )

const count = (table: "messages" | "replies") =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ n: number | string }>`SELECT count(*) AS n FROM ${sql(`cluster_${table}`)}`
  ).pipe(
    Effect.map(([row]) => Number(row?.n))
  )

/** Waits until an effect gives a value, and gives up after 10 seconds. */
const until = <E, R>(effect: Effect.Effect<boolean, E, R>) =>
  effect.pipe(
    Effect.filterOrFail((is) => is, () => new Error("it did not come")),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 150 })
  )

const tests = <E>(name: string, client: Layer.Layer<SqlClient.SqlClient, E>) =>
  describe(name, () => {
    it.layer(engine(client), { excludeTestServices: true })((it) => {
      it.effect("a row and its hand-over are both there or both absent (W2)", () =>
        Effect.gen(function*() {
          const [sql, storage] = [yield* SqlClient.SqlClient, yield* EngineStorage.EngineStorage]
          yield* sql`CREATE TABLE held (id TEXT PRIMARY KEY)`
          const begin = (id: string, end: Effect.Effect<string, string>) =>
            storage.transaction(Effect.gen(function*() {
              yield* sql`INSERT INTO held VALUES (${id})`
              const execution = yield* Mine.execute({ id, waits: false }, { discard: true })
              return [execution, yield* end] as const
            }))
          const failed = yield* Effect.flip(begin("rolled back", Effect.fail("no")))
          assert.strictEqual(failed, "no")
          assert.deepStrictEqual([yield* sql`SELECT id FROM held`, yield* count("messages")], [[], 0])
          const [execution, value] = yield* begin("committed", Effect.succeed("yes"))
          assert.strictEqual(value, "yes")
          assert.deepStrictEqual(yield* sql`SELECT id FROM held`, [{ id: "committed" }])
          yield* until(Effect.map(Mine.poll(execution), Option.isSome))
          // the id that the removal relies on
          assert.strictEqual(execution.length, 32)
          yield* storage.forget(Mine._tag, [execution])
          assert.deepStrictEqual([yield* count("messages"), yield* count("replies")], [0, 0])
        }))

      it.effect("what an execution left is removed, and nothing of another execution or workflow (W9)", () =>
        Effect.gen(function*() {
          const [sql, storage, engine] = [
            yield* SqlClient.SqlClient,
            yield* EngineStorage.EngineStorage,
            yield* WorkflowEngine
          ]
          // more than the removal takes at a time
          const many = yield* Effect.forEach(
            Array.from({ length: 260 }, (_, at) => at),
            (at) => Mine.execute({ id: `many-${at}`, waits: false }, { discard: true })
          )
          const kept = yield* Mine.execute({ id: "kept", waits: false }, { discard: true })
          // the other workflow has the same key
          const others = yield* Effect.forEach(
            ["many-0", name],
            (id) => Other.execute({ id, waits: false }, { discard: true })
          )
          const interrupted = yield* Mine.execute({ id: name, waits: true }, { discard: true })
          yield* until(Effect.map(count("replies"), (n) => n === 263))
          stopped.add(name)
          yield* engine.interruptUnsafe(Mine, interrupted)
          yield* until(Effect.map(Mine.poll(interrupted), Option.isSome))
          // the run, the signal, and the interruption, which has no message id
          const left = sql<{ n: number | string }>`
            SELECT count(*) AS n FROM cluster_messages WHERE entity_id = ${interrupted}
          `
          assert.deepStrictEqual(Number((yield* left)[0]?.n), 3)
          yield* until(Effect.map(count("replies"), (n) => n === 265))
          assert.strictEqual(yield* count("messages"), 266)

          // ids of executions that left nothing, and the ids under the name of the other workflow
          yield* storage.forget("test/Absent", [...many, interrupted])
          yield* storage.forget(Mine._tag, [])
          yield* storage.forget(Mine._tag, others)
          assert.deepStrictEqual([yield* count("messages"), yield* count("replies")], [266, 265])

          yield* storage.forget(Mine._tag, [...many, interrupted])
          const messages = yield* sql<{ entity_id: string }>`SELECT entity_id FROM cluster_messages`
          assert.sameMembers(messages.map((row) => row.entity_id), [kept, ...others])
          assert.strictEqual(yield* count("replies"), 3)
          assert.isTrue(Option.isSome(yield* Mine.poll(kept)))
          yield* storage.forget(Mine._tag, [kept])
          yield* storage.forget(Other._tag, others)
          assert.deepStrictEqual([yield* count("messages"), yield* count("replies")], [0, 0])
        }))
    })
  })

tests("EngineStorage.layerSql with SQLite", Sqlite.layer(":memory:"))
tests("EngineStorage.layerSql with PostgreSQL", Postgres.layer)

// -----------------------------------------------------------------------------
// statements
// -----------------------------------------------------------------------------

const prefix = "mine"

/** An engine's tables with the messages and responses of 20,000 executions, of which the first ones are those of the test. */
const filled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const ids = Array.from({ length: 300 }, () => crypto.randomUUID().replaceAll("-", ""))
  yield* sql`
    INSERT INTO mine_messages (id, message_id, shard_id, entity_type, entity_id, kind, tag, processed, request_id)
    SELECT n, 'Workflow/a/' || coalesce((${JSON.stringify(ids)}::json)->>(n::int - 1), n::text) || '/run/', 'default:1',
      'Workflow/a', n::text, 0, 'run', TRUE, n
    FROM generate_series(1, 20000) AS n
  `
  yield* sql`
    INSERT INTO mine_replies (id, kind, request_id, payload) SELECT n, 0, n, '{}' FROM generate_series(1, 20000) AS n
  `
  yield* sql`ANALYZE mine_messages`
  yield* sql`ANALYZE mine_replies`
  return ids
})

/** How often each of the tables was read from one end to the other. */
const scans = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.andThen(
    // the server counts with a delay
    sql`SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()`,
    sql<{ scans: string }>`
      SELECT relname, seq_scan::text AS scans, idx_scan > 0 AS indexed FROM pg_stat_user_tables
      WHERE relname IN ('mine_messages', 'mine_replies') ORDER BY relname
    `
  ))

describe("the removal of messages", () => {
  it.live("finds each message by an index, in tables with a prefix of their own (W9)", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.database
      yield* Effect.gen(function*() {
        const [sql, storage] = [yield* SqlClient.SqlClient, yield* EngineStorage.EngineStorage]
        const ids = yield* filled
        const before = yield* scans
        yield* storage.forget("a", ids)
        const after = yield* scans
        assert.deepStrictEqual(after.map((row) => row.scans), before.map((row) => row.scans))
        const left = yield* sql`
          SELECT (SELECT count(*)::int FROM mine_messages) AS messages, (SELECT count(*)::int FROM mine_replies) AS replies
        `
        assert.deepStrictEqual(left, [{ messages: 19_700, replies: 19_700 }])
        // the counters do count
        yield* sql`SELECT count(*) FROM mine_messages`
        assert.notDeepEqual((yield* scans).map((row) => row.scans), after.map((row) => row.scans))
      }).pipe(Effect.provide(
        EngineStorage.layerSql({ prefix }).pipe(
          Layer.provideMerge(SqlMessageStorage.layerMigrations({ prefix })),
          Layer.provideMerge(Postgres.client(url, { maxConnections: 1 }))
        )
      ))
    }))
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const secret = "planted-parameter-0123456789"

const cause = Object.assign(new Error(`a driver's error with ${secret}`), { code: "ECONNRESET" })

const over = (reason: SqlError["reason"]) =>
  Effect.provide(EngineStorage.layerSql().pipe(Layer.provide(SqlClients.failing(reason))))

const storage = Effect.service(EngineStorage.EngineStorage)

describe("a database that fails", () => {
  it.effect("its error is one of the store, without the driver's text, and no span has it (W8)", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      const { forget, transaction } = yield* storage
      const errors = [
        yield* Effect.flip(Effect.withTracer(transaction(Effect.void), tracer)),
        yield* Effect.flip(Effect.withTracer(forget("a", ["b"]), tracer))
      ]
      assert.deepStrictEqual(errors.map(({ code, operation, reason, store }) => [store, operation, reason, code]), [
        ["SQL", "insert", "unavailable", "ECONNRESET"],
        ["SQL", "sweep", "unavailable", "ECONNRESET"]
      ])
      for (const error of errors) {
        assert.instanceOf(error, LoginStoreError)
        assertNoLeak(error, secret)
      }
      assert.deepStrictEqual(spans, [])
    }).pipe(over(new ConnectionError({ cause, message: secret, operation: "execute" }))))

  it.effect("a removal that collides with another transaction runs again", () =>
    Effect.gen(function*() {
      let statements = 0
      const locked = new SqlError({ reason: new LockTimeoutError({ cause, operation: "execute" }) })
      const client = SqlClients.over(() =>
        Effect.suspend(() => ++statements < 3 ? Effect.fail(locked) : Effect.succeed([]))
      )
      yield* Effect.flatMap(storage, ({ forget }) => forget("a", ["b"])).pipe(
        Effect.provide(EngineStorage.layerSql().pipe(Layer.provide(client)))
      )
      assert.isAbove(statements, 3)
    }))
})

describe("a transaction", () => {
  it.effect("keeps the effect's own error and spans, and gives a defect as an error of the store", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      const { transaction } = yield* storage
      const own = new SqlError({ reason: new ConnectionError({ cause, message: "mine", operation: "execute" }) })
      assert.strictEqual(yield* Effect.flip(transaction(Effect.fail(own))), own)
      const defect = yield* Effect.flip(transaction(Effect.die(new Error(secret))))
      assert.match(defect.message, /the login was not handed to the engine/)
      assertNoLeak(defect, secret)
      yield* transaction(Effect.withSpan(Effect.void, "inner")).pipe(
        Effect.withSpan("outer"),
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(spans.map(({ name }) => name).toSorted(), ["inner", "outer"])
      yield* Effect.withTracer(transaction(Effect.withSpan(Effect.void, "inner")), tracer).pipe(
        Effect.withTracerEnabled(false)
      )
      assert.strictEqual(spans.length, 2)
    }).pipe(Effect.provide(EngineStorage.layerSql().pipe(Layer.provide(Sqlite.layer(":memory:"))))))

  it.effect("ends after 15 seconds, and nothing of it stays (W2)", () =>
    Effect.gen(function*() {
      const [sql, { transaction }] = [yield* SqlClient.SqlClient, yield* storage]
      yield* sql`CREATE TABLE held (id TEXT PRIMARY KEY)`
      const hanging = yield* Effect.forkChild(
        Effect.flip(transaction(Effect.andThen(sql`INSERT INTO held VALUES ('a')`, Effect.never))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("15 seconds")
      const error = yield* Fiber.join(hanging)
      assert.deepInclude(error, { _tag: "LoginStoreError", operation: "insert", reason: "timeout", code: "ETIMEDOUT" })
      assert.deepStrictEqual(yield* sql`SELECT * FROM held`, [])
    }).pipe(Effect.provide(EngineStorage.layerSql().pipe(Layer.provideMerge(Sqlite.layer(":memory:"))))))
})
