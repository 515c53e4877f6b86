import { assert, describe, it, type Vitest } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as SqlClients from "@sso-oidc/test-kit/sqlClients"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { ConnectionError, SqlSyntaxError, UnknownError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import { join } from "node:path"
import { assertNoLeak, failures, keeps, rowOf, secret } from "./support/stores.ts"

const build = (options?: SqlLoginStore.Options) =>
  Effect.map(Layer.build(Layer.fresh(SqlLoginStore.layer(options))), Context.get(LoginStore.LoginStore))

const rows = (table = "sso_oidc_logins") =>
  SqlClient.SqlClient.use((sql) => sql<Record<string, unknown>>`SELECT * FROM ${sql(table)}`)

const approved = (row: LoginStore.Row): LoginStore.Outcome => ({
  ...rowOf({ attempt: row.attempt, sealed: "a sealed token" }),
  state: "approved"
})

/** The same laws for both databases. Each test has a table of its own. */
const laws = (it: Vitest.MethodsNonLive<SqlClient.SqlClient>) => {
  it.effect("keeps one row for each login, with its plain members (W9)", () =>
    Effect.gen(function*() {
      const store = yield* build({ table: "one_row" })
      const row = rowOf()
      yield* store.insert("a", row)
      const next = rowOf({ attempt: row.attempt, holder: "h", heldUntil: row.writtenAt + 40_000 })
      yield* store.set("a", row.version, next)
      const [stored, ...others] = yield* rows("one_row")
      assert.deepStrictEqual(others, [])
      const { held_until, remove_at, written_at, ...texts } = stored ?? {}
      assert.deepStrictEqual(texts, {
        id: "a",
        version: next.version,
        attempt: row.attempt,
        state: "pending",
        driver: "step",
        holder: "h",
        sealed: secret,
        error: null
      })
      assert.deepStrictEqual(
        [held_until, remove_at, written_at].map(Number),
        [next.heldUntil, next.removeAt, next.writtenAt]
      )
    }))

  it.effect("reads no row that is not in its form, and leaks nothing of it", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build({ table: "foreign_rows" }), yield* SqlClient.SqlClient]
      const changes = [
        `state = 'revoked'`,
        `state = ''`,
        `driver = '${secret}'`,
        `version = ''`,
        `attempt = ''`,
        `written_at = 9007199254740993`,
        `remove_at = -9007199254740993`,
        `held_until = 9223372036854775807`
      ]
      for (const change of changes) {
        yield* store.insert(change, rowOf())
        yield* sql`UPDATE foreign_rows SET ${sql.literal(change)} WHERE id = ${change}`
        const error = yield* Effect.flip(store.get(change))
        assert.deepInclude(error, { _tag: "LoginStoreError", store: "SQL", operation: "get", reason: "unreadable" })
        assert.strictEqual(
          error.message,
          "The login store (SQL) did not read the login: a row is not in the form of this store. " +
            "Check what else writes there, and whether a newer release wrote it."
        )
        assertNoLeak(error)
        assert.isFalse(yield* store.insert(change, rowOf()))
      }
    }))

  it.effect("reads a row with more columns than it knows", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const row = rowOf()
      yield* (yield* build({ table: "more_columns" })).insert("a", row)
      yield* sql.unsafe("ALTER TABLE more_columns ADD COLUMN tenant TEXT")
      const store = yield* build({ table: "more_columns" })
      assert.deepStrictEqual(yield* store.get("a"), row)
      assert.isTrue(yield* store.insert("b", row))
    }))

  it.effect("refuses a row that it could not keep as it is, and leaves the row before", () =>
    Effect.gen(function*() {
      const store = yield* build()
      const row = rowOf()
      yield* store.insert("kept", row)
      for (
        const change of [
          { sealed: `${secret}\0` },
          { sealed: `${secret}\ud800` },
          { error: "\udc00" },
          { holder: "\0" },
          { writtenAt: 1.5 },
          { removeAt: Number.NaN },
          { heldUntil: Number.POSITIVE_INFINITY },
          { removeAt: 2 ** 53 }
        ]
      ) {
        const next = rowOf({ attempt: row.attempt, ...change })
        for (
          const write of [
            store.insert("new", next),
            store.set("kept", row.version, next),
            store.end("kept", row.version, { ...next, state: "approved" })
          ]
        ) {
          const error = yield* Effect.flip(write)
          assert.deepInclude(error, { reason: "unavailable", detail: "it cannot keep a text or a number of this row" })
          assertNoLeak(error)
        }
      }
      assert.isUndefined(yield* store.get("new"))
      assert.deepStrictEqual(yield* store.get("kept"), row)
    }))

  it.effect("gives whole numbers, also if the client gives bigints", () =>
    Effect.gen(function*() {
      const store = yield* build()
      const row = rowOf({ heldUntil: Number.MAX_SAFE_INTEGER, removeAt: -1 })
      yield* store.insert("bigint", row)
      const safely = Effect.provideService(SqlClient.SafeIntegers, true)
      assert.deepStrictEqual(yield* safely(store.get("bigint")), row)
      assert.deepStrictEqual(yield* safely(store.sweep(0)), [{ id: "bigint", attempt: row.attempt }])
    }))

  it.effect("takes any number for a time of its lists", () =>
    Effect.gen(function*() {
      const store = yield* build({ table: "times" })
      yield* store.insert("a", rowOf({ driver: "engine", removeAt: 1 }))
      for (const time of [Number.NaN, Number.NEGATIVE_INFINITY, -1, 0.5, 1e300]) {
        assert.strictEqual((yield* store.pending(time)).length, time > 1 ? 1 : 0)
      }
      for (const time of [Number.NaN, Number.NEGATIVE_INFINITY, 0.5]) {
        assert.deepStrictEqual(yield* store.sweep(time), [])
      }
      assert.strictEqual((yield* store.sweep(Number.POSITIVE_INFINITY)).length, 1)
    }))

  it.effect("removes nothing whose time has not come on the database's clock, if a machine's clock is ahead (W9)", () =>
    Effect.gen(function*() {
      const store = yield* build({ table: "clocks" })
      const now = Date.now()
      const [old, early, late] = [
        rowOf({ removeAt: now - 60_000 }),
        rowOf({ removeAt: now + 60_000 }),
        rowOf({ removeAt: now + 3_600_000 })
      ]
      for (const [id, row] of Object.entries({ old, early, late })) yield* store.insert(id, row)
      assert.deepStrictEqual(yield* store.sweep(now + 7_300_000), [{ id: "old", attempt: old.attempt }])
      assert.deepStrictEqual([yield* store.get("early"), yield* store.get("late")], [early, late])
    }))

  it.effect("takes a table of the user's name, in quotes", () =>
    Effect.gen(function*() {
      for (const table of ["select", "Logins", "_t1", "a".repeat(63)]) {
        const store = yield* build({ table })
        const row = rowOf({ version: table })
        assert.isTrue(yield* store.insert("a", row))
        assert.deepStrictEqual(yield* store.get("a"), row)
        assert.deepStrictEqual(yield* rows(table).pipe(Effect.map((rows) => rows.length)), 1)
      }
    }))

  it.effect("fails at its start if the table has other columns", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE others (id TEXT)`
      const error = yield* Effect.flip(build({ table: "others" }))
      assert.deepInclude(error, { _tag: "LoginStoreError", operation: "open", reason: "unavailable", store: "SQL" })
      assert.include(error.message, "cannot be used: the table cannot be made, or has other columns than this store's")
    }))

  it.effect("makes no span, because the span of a failed statement has the driver's error (W8)", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      const sql = yield* SqlClient.SqlClient
      const traced = Effect.gen(function*() {
        const store = yield* build({ table: "spans" })
        const row = rowOf()
        yield* store.insert("a", row)
        yield* store.set("a", row.version, rowOf())
        yield* store.get("a")
        yield* store.pending(1)
        yield* store.sweep(1)
        yield* Effect.withTracerEnabled(sql`DROP TABLE spans`, false)
        for (const { error } of yield* failures(store)) assertNoLeak(error)
      })
      yield* Effect.withTracer(traced, tracer)
      assert.deepStrictEqual(spans.map(({ name }) => name), [])
    }))
}

/** These tests run in real time, because databases do. */
const live = { excludeTestServices: true }

/** These tests mostly wait. They come first and at the same time. */
const waits = { concurrent: true }

const file = Layer.unwrap(Effect.map(folder, (path) => Sqlite.layer(join(path, "store.db"))))

describe("SqlLoginStore with SQLite", () => {
  it.live(
    "keeps the contract of a store of logins, through two clients of one file (W1, W3, W6, W9)",
    () =>
      Effect.gen(function*() {
        const client = Sqlite.layer(join(yield* folder, "store.db"))
        yield* keeps({ store: SqlLoginStore.layer().pipe(Layer.provide(client)) })
        assert.deepStrictEqual(yield* Effect.provide(rows(), client), [])
      }),
    waits
  )

  it.layer(file, live)(laws)

  it.effect("finds old rows and idle logins by an index", () =>
    Effect.gen(function*() {
      yield* build()
      const sql = yield* SqlClient.SqlClient
      const plan = (where: string) =>
        Effect.map(
          sql.unsafe(`EXPLAIN QUERY PLAN SELECT id FROM sso_oidc_logins WHERE ${where} LIMIT 1000`),
          (steps) => JSON.stringify(steps)
        )
      const [old, idle] = [
        yield* plan("remove_at < 1 ORDER BY remove_at"),
        yield* plan("driver = 'engine' AND state = 'pending' AND written_at < 1 AND holder IS NULL ORDER BY written_at")
      ]
      assert.match(old, /SEARCH sso_oidc_logins USING COVERING INDEX \w+ \(remove_at<\?\)/)
      assert.match(idle, /SEARCH sso_oidc_logins USING INDEX \w+ \(driver=\? AND state=\? AND written_at<\?\)/)
      for (const one of [old, idle]) assert.notInclude(one, "TEMP B-TREE")
    }).pipe(Effect.provide(file)))

  it.effect("stores a login within a transaction of the caller, and does not wait for ever for another connection", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build(), yield* SqlClient.SqlClient]
      const row = rowOf()
      yield* sql.withTransaction(store.insert("a", row))
      assert.deepStrictEqual(yield* store.get("a"), row)
      const reading = yield* Effect.forkChild(
        sql.withTransaction(Effect.andThen(store.insert("b", row), Effect.flip(store.get("b"))))
      )
      while (reading.pollUnsafe() === undefined) {
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
        yield* TestClock.adjust("1 second")
      }
      const error = yield* Fiber.join(reading)
      assert.deepInclude(error, { _tag: "LoginStoreError", operation: "get", reason: "timeout", code: "ETIMEDOUT" })
      assert.strictEqual(
        error.message,
        "The login store (SQL) did not read the login: it did not respond within 5s (ETIMEDOUT). " +
          "Check the store and the network, and try again."
      )
    }).pipe(Effect.provide(file)))

  it.effect("reads no row whose values have other types", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build(), yield* SqlClient.SqlClient]
      const others = ["version = x'00'", "holder = x'00'", "sealed = x'00'", "error = x'00'", "held_until = 'soon'"]
      for (const other of [...others, "written_at = 1.5", "remove_at = 'never'", "state = x'00'", "driver = 1"]) {
        yield* store.insert(other, rowOf())
        yield* sql`UPDATE sso_oidc_logins SET ${sql.literal(other)} WHERE id = ${other}`
        assert.strictEqual((yield* Effect.flip(store.get(other))).reason, "unreadable", other)
      }
    }).pipe(Effect.provide(file)))
})

class Url extends Context.Service<Url, string>()("test/Url") {}

const database = Layer.unwrap(
  Effect.map(Postgres.database, (url) => Layer.merge(Layer.orDie(Postgres.client(url)), Layer.succeed(Url, url)))
)

describe("SqlLoginStore with PostgreSQL", () => {
  it.layer(database, live)((it) => {
    it.effect("keeps the contract of a store of logins (W1, W3, W6, W9)", () =>
      Effect.gen(function*() {
        const client = Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient)
        yield* keeps({ store: SqlLoginStore.layer({ table: "contract" }).pipe(Layer.provide(client)) })
        assert.deepStrictEqual(yield* rows("contract"), [])
      }), waits)

    laws(it)

    it.effect("makes its table once, if many processes start at the same time", () =>
      Effect.gen(function*() {
        const client = Layer.fresh(Postgres.client(yield* Url, { maxConnections: 1 }))
        for (const table of ["one", "two"]) {
          const made = yield* Effect.forEach(
            Array.from({ length: 6 }),
            () => Effect.exit(Effect.scoped(Effect.provide(build({ table }), client))),
            { concurrency: "unbounded" }
          )
          assert.isTrue(made.every(Exit.isSuccess), String(made.find(Exit.isFailure)))
        }
      }))

    it.effect("stores a login and what belongs to it in one transaction, or neither", () =>
      Effect.gen(function*() {
        const [store, sql] = [yield* build(), yield* SqlClient.SqlClient]
        const row = rowOf()
        const insert = (id: string) =>
          Effect.gen(function*() {
            assert.isTrue(yield* store.insert(id, row))
            assert.isUndefined(yield* store.get(id))
          })
        yield* sql.withTransaction(insert("committed"))
        assert.deepStrictEqual(yield* store.get("committed"), row)
        const rolledBack = sql.withTransaction(Effect.andThen(insert("rolled back"), Effect.fail("rolled back")))
        assert.strictEqual(yield* Effect.flip(rolledBack), "rolled back")
        assert.isUndefined(yield* store.get("rolled back"))
      }))

    it.effect("keeps a token that arrived within a transaction that is rolled back (W6)", () =>
      Effect.gen(function*() {
        const [store, sql] = [yield* build({ table: "rolled_back" }), yield* SqlClient.SqlClient]
        const row = rowOf()
        const held = rowOf({ attempt: row.attempt, holder: "h" })
        const token = approved(row)
        yield* store.insert("a", row)
        yield* store.insert("old", rowOf({ removeAt: 5 }))
        const rolledBack = sql.withTransaction(
          Effect.gen(function*() {
            yield* sql`SELECT 1`
            assert.isTrue(yield* store.set("a", row.version, held))
            assert.isTrue(yield* store.end("a", held.version, token))
            assert.strictEqual((yield* store.sweep(6)).length, 1)
            return yield* Effect.fail("rolled back")
          })
        )
        assert.strictEqual(yield* Effect.flip(rolledBack), "rolled back")
        assert.deepStrictEqual(yield* store.get("a"), token)
        assert.isUndefined(yield* store.get("old"))
      }))

    it.effect("sweeps without waiting for a row that another transaction has", () =>
      Effect.gen(function*() {
        const [store, sql] = [yield* build({ table: "sweeping" }), yield* SqlClient.SqlClient]
        const [one, other] = [rowOf({ removeAt: 5 }), rowOf({ removeAt: 6 })]
        yield* store.insert("locked", one)
        yield* store.insert("free", other)
        const [locked, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const holding = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
          yield* sql`SELECT * FROM sweeping WHERE id = 'locked' FOR UPDATE`
          yield* Deferred.succeed(locked, undefined)
          yield* Deferred.await(end)
        })))
        yield* Deferred.await(locked)
        assert.deepStrictEqual(yield* store.sweep(10), [{ id: "free", attempt: other.attempt }])
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(holding)
        assert.deepStrictEqual(yield* store.sweep(10), [{ id: "locked", attempt: one.attempt }])
      }))

    it.effect("one of many inserts wins, also if their times are equal (W1)", () =>
      Effect.gen(function*() {
        const store = yield* build()
        for (let round = 0; round < 10; round++) {
          const [writtenAt, removeAt] = [1000 + round, 2000 + round]
          const said = yield* Effect.forEach(
            Array.from({ length: 8 }),
            () => store.insert(`equal ${round}`, rowOf({ writtenAt, removeAt })),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(said.filter((did) => did).length, 1)
        }
      }))

    it.effect("works with a client that changes the names of columns, and in a schema", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql.unsafe(`CREATE SCHEMA "Auth"`)
        const client = Postgres.renaming(yield* Url)
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "Auth.logins" })
          const row = rowOf({ driver: "engine", removeAt: 5 })
          yield* store.insert("a", row)
          assert.deepStrictEqual(yield* store.get("a"), row)
          const found = [{ id: "a", attempt: row.attempt }]
          assert.deepStrictEqual(yield* store.pending(row.writtenAt + 1), found)
          assert.deepStrictEqual(yield* store.sweep(6), found)
        }).pipe(Effect.provide(client))
      }))

    it.effect("uses a table that is there without the right to make one, and says if the user lacks a right", () =>
      Effect.gen(function*() {
        for (const table of ["given", "withheld"]) yield* build({ table })
        const user = yield* Postgres.poor(yield* Url, "given")
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "given" })
          const row = rowOf({ removeAt: 5 })
          assert.isTrue(yield* store.insert("a", row))
          assert.isTrue(yield* store.set("a", row.version, rowOf({ removeAt: 5 })))
          assert.strictEqual((yield* store.sweep(6)).length, 1)
          for (const table of ["withheld", "absent"]) {
            const error = yield* Effect.flip(build({ table }))
            assert.deepInclude(error, { operation: "open", code: "42501" })
            assert.include(error.message, "the user of the database has no right to read and write the table")
          }
          yield* user.revoke
          const reader = yield* Effect.flip(store.insert("a", row))
          assert.deepInclude(reader, { operation: "insert", reason: "unavailable", code: "42501" })
          assertNoLeak(reader)
        }).pipe(Effect.provide(user.client))
      }))

    it.effect("tries again when transactions of a stricter isolation collide (W3)", () =>
      Effect.gen(function*() {
        const client = Postgres.serializable(yield* Url)
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "strict" })
          let row = rowOf()
          yield* store.insert("a", row)
          for (let round = 0; round < 5; round++) {
            const { version } = row
            const all = Array.from({ length: 8 }, () => rowOf({ attempt: row.attempt }))
            const said = yield* Effect.forEach(all, (next) => store.set("a", version, next), {
              concurrency: "unbounded"
            })
            assert.strictEqual(said.filter((did) => did).length, 1)
            row = all[said.indexOf(true)] ?? row
          }
          assert.deepStrictEqual(yield* store.get("a"), row)
        }).pipe(Effect.provide(client))
      }))
  })

  it.live("says that a server is gone, and nothing of what was sent to it (W8)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const server = yield* Effect.provideService(Postgres.make(), Scope.Scope, scope)
      yield* Effect.gen(function*() {
        const store = yield* build()
        yield* store.insert("id", rowOf())
        yield* Scope.close(scope, Exit.void)
        for (const { error, operation } of yield* failures(store)) {
          assert.deepStrictEqual([error.operation, error.reason], [operation, "unavailable"])
          assertNoLeak(error)
        }
      }).pipe(Effect.provide(Postgres.client(server.urlOf("postgres"))))
    }), waits)
})

describe("SqlLoginStore with a client of a user", () => {
  it.effect("refuses a table whose name could be something else, and another database", () =>
    Effect.gen(function*() {
      for (const table of ["", "a b", "a\"; DROP TABLE t; --", "1a", "a.b.c", "a.", ".a", "ü", "a".repeat(64), "a\n"]) {
        const error = yield* Effect.flip(build({ table }))
        assert.deepInclude(error, { _tag: "LoginStoreError", operation: "open", store: "SQL" })
        assert.include(error.message, "the option table must be a name")
      }
      const mysql = SqlClients.failing(new UnknownError({ cause: "unused" }), "mysql")
      assert.strictEqual(
        (yield* Effect.flip(Effect.provide(build(), mysql))).message,
        "The login store (SQL) cannot be used: it needs PostgreSQL or SQLite, and the client speaks mysql. " +
          "Correct this, and start again."
      )
    }).pipe(Effect.provide(Sqlite.layer(":memory:"))))

  it.effect("keeps the code of a driver's error, and nothing else of it (W8)", () =>
    Effect.gen(function*() {
      const cause = (code: string) => Object.assign(new Error(secret), { code, detail: secret })
      for (
        const [reason, code] of [
          [new SqlSyntaxError({ cause: cause("42P01"), message: secret }), "42P01"],
          [new ConnectionError({ cause: cause("ECONNREFUSED") }), "ECONNREFUSED"],
          [new UnknownError({ cause: cause(secret), operation: secret }), undefined],
          [new UnknownError({ cause: secret }), undefined]
        ] as const
      ) {
        const store = yield* Effect.provide(build(), SqlClients.failing(reason, "sqlite", 1))
        for (const { error, operation } of yield* failures(store)) {
          assert.deepStrictEqual([error.operation, error.code, error.reason], [operation, code, "unavailable"])
          assertNoLeak(error)
        }
      }
    }))

  it.effect("keeps nothing of a defect, and takes no row of another shape (W8)", () =>
    Effect.gen(function*() {
      const dying = yield* Effect.provide(build(), SqlClients.over(() => Effect.die(new Error(secret)), "sqlite", 1))
      for (const { error } of yield* failures(dying)) {
        assert.strictEqual(error.detail, "its client failed unexpectedly")
        assertNoLeak(error)
      }
      for (const rows of [[{}], [{ id: 1, attempt: secret }], [{ id: "id" }], [{ version: secret }], [{}, {}]]) {
        const store = yield* Effect.provide(build(), SqlClients.over(() => Effect.succeed(rows), "sqlite"))
        for (const effect of [store.get("id"), store.pending(1), store.sweep(1)]) {
          const error = yield* Effect.flip<unknown, LoginStore.LoginStoreError, never>(effect)
          assert.strictEqual(error.reason, "unreadable")
          assertNoLeak(error)
        }
      }
    }))

  it.effect("does not wait for ever for a database that does not respond", () =>
    Effect.gen(function*() {
      const store = yield* Effect.provide(build(), SqlClients.over(() => Effect.never, "sqlite", 1))
      const failing = yield* Effect.forkChild(failures(store))
      yield* TestClock.adjust("1 minute")
      for (const { error, operation } of yield* Fiber.join(failing)) {
        assert.deepStrictEqual([error.operation, error.code, error.reason], [operation, "ETIMEDOUT", "timeout"])
      }
    }))
})
