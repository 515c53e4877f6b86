import { assert, describe, it, type Vitest } from "@effect/vitest"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as SqlClients from "@sso-oidc/test-kit/sqlClients"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { ConnectionError, type SqlError, SqlSyntaxError, UnknownError } from "effect/sql/SqlError"
import * as TestClock from "effect/testing/TestClock"
import { join } from "node:path"
import { assertNoLeak, commit, freezes, idOf, keeps, of, patient, secret, textOf } from "./support/stores.ts"

const build = (options?: TokenStore.SqlOptions) =>
  Effect.map(Layer.build(Layer.fresh(TokenStore.layerSql(options))), Context.get(TokenStore.TokenStore))

const expire = (table: string) => (key: string) =>
  Effect.gen(function*() {
    const [id, sql] = [yield* idOf(key), yield* SqlClient.SqlClient]
    yield* sql`UPDATE ${sql(table)} SET held_until = 0 WHERE id = ${id}`
  })

const rows = (table = "sso_oidc_tokens") => SqlClient.SqlClient.use((sql) => sql`SELECT * FROM ${sql(table)}`)

/** These tests mostly wait. They come first and at the same time, and no other test uses their keys. */
const waits = { concurrent: true }

/** The same laws for both databases. Each test has a table of its own. */
const laws = (it: Vitest.MethodsNonLive<SqlClient.SqlClient>) => {
  it.effect(
    "is freed 3 seconds after its holder froze, who then stores nothing (S8, S22)",
    () => Effect.flatMap(build(), freezes),
    waits
  )

  it.effect("frees a lease that was taken before the database's clock was set back (S8)", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build({ table: "set_back" }), yield* SqlClient.SqlClient]
      yield* commit(store, "k", "text")
      yield* sql`UPDATE set_back SET holder = 'dead', held_until = ${Date.now() + 86_400_000}`
      yield* store.exclusively("k", () => Effect.void, { wait: Duration.zero })
      yield* sql`UPDATE set_back SET holder = 'alive', held_until = ${Date.now() + 5000}`
      const error = yield* Effect.flip(store.exclusively("k", () => Effect.void, { wait: Duration.zero }))
      assert.strictEqual(error._tag, "StoreBusy")
    }))

  it.effect("keeps one row for each key, and none for a key that holds nothing", () =>
    Effect.gen(function*() {
      const store = yield* build({ table: "one_row" })
      yield* store.exclusively("login:k", () => Effect.void, patient)
      assert.deepStrictEqual(yield* rows("one_row"), [])
      for (const text of ["one", "two"]) yield* commit(store, "k", text)
      yield* store.exclusively("k", (hold) => hold.prepare(of, 5000), patient)
      const [row, ...others] = yield* rows("one_row")
      assert.deepStrictEqual(others, [])
      assert.deepInclude(row, { id: yield* idOf("k"), holder: null, held_until: null })
      assert.strictEqual(String(row?.["room"]).length, 5000)
      assert.closeTo(Number(row?.["written_at"]), Date.now(), 60_000)
      yield* store.exclusively("k", (hold) => hold.remove, patient)
      assert.deepStrictEqual(yield* rows("one_row"), [])
    }))

  it.effect("says that a value of another program is unreadable, and replaces it at the next commit", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build({ table: "foreign_values" }), yield* SqlClient.SqlClient]
      for (const foreign of ["", "{}", "12", secret, `"${secret}`]) {
        yield* commit(store, "k", "text")
        yield* sql`UPDATE foreign_values SET content = ${foreign}, mark = ${foreign}`
        for (const error of [yield* Effect.flip(store.read("k")), yield* Effect.flip(store.marks("k"))]) {
          assert.deepInclude(error, { _tag: "StoreError", reason: "unreadable", operation: "read" })
          assertNoLeak(error)
        }
      }
      yield* store.exclusively("k", (hold) => hold.prepare(of, 10), patient)
      yield* commit(store, "k", "again")
      assert.strictEqual(yield* textOf(store, "k"), "again")
    }))

  it.effect("keeps a text that UTF-8 cannot carry", () =>
    Effect.gen(function*() {
      const store = yield* build()
      yield* commit(store, "k", "a\ud800b\udc00\0")
      assert.strictEqual(yield* textOf(store, "k"), "a\ud800b\udc00\0")
    }))

  it.effect("takes a table of the user's name, in quotes", () =>
    Effect.gen(function*() {
      for (const table of ["select", "Tokens", "_t1", "a".repeat(63)]) {
        const store = yield* build({ table })
        assert.isUndefined(yield* textOf(store, "k"))
        yield* commit(store, "k", table)
        assert.strictEqual(yield* textOf(store, "k"), table)
      }
    }))

  it.effect("fails at its start if the table has other columns", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE others (id INTEGER)`
      const error = yield* Effect.flip(build({ table: "others" }))
      assert.deepInclude(error, { _tag: "StoreError", operation: "open", reason: "unavailable", store: "SQL" })
      assert.include(error.message, "the table cannot be made, or has other columns")
    }))

  it.effect("makes no span, because the span of a failed statement has the driver's error (S21)", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      const store = yield* build()
      const traced = Effect.gen(function*() {
        yield* commit(store, "k", secret)
        yield* store.read("k")
      })
      yield* Effect.withTracer(traced, tracer)
      assert.deepStrictEqual(spans.map(({ name }) => name), [])
    }))
}

/** These tests run in real time, because databases do. */
const live = { excludeTestServices: true }

const file = Layer.unwrap(Effect.map(folder, (path) => Sqlite.layer(join(path, "store.db"))))

describe("TokenStore.layerSql with SQLite", () => {
  it.live("keeps the contract of a store, through two clients of one file (S8)", () =>
    Effect.gen(function*() {
      const client = Sqlite.layer(join(yield* folder, "store.db"))
      yield* Effect.gen(function*() {
        yield* keeps({ store: TokenStore.layerSql().pipe(Layer.provide(client)), expire: expire("sso_oidc_tokens") })
        assert.deepStrictEqual(yield* rows(), [])
      }).pipe(Effect.provide(client))
    }), waits)

  it.layer(file, live)(laws)

  it.effect("measures the lease with the database's clock, however wrong the client's is (S22)", () =>
    Effect.gen(function*() {
      const store = yield* build()
      // The test's clock says 1970.
      const error = yield* store.exclusively("k", (hold) =>
        Effect.gen(function*() {
          yield* hold.commit(Redacted.make("text"))
          return yield* Effect.flip(
            store.exclusively("k", () => Effect.void, { ...patient, meanwhile: Effect.fail("held") })
          )
        }), patient)
      assert.strictEqual(error, "held")
    }).pipe(Effect.provide(file)))

  it.effect("does not wait for ever within a transaction that has the only connection", () =>
    Effect.gen(function*() {
      const [store, sql] = [yield* build(), yield* SqlClient.SqlClient]
      const reading = yield* Effect.forkChild(sql.withTransaction(Effect.flip(store.read("k"))))
      while (reading.pollUnsafe() === undefined) {
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
        yield* TestClock.adjust("1 second")
      }
      const error = yield* Fiber.join(reading)
      assert.deepInclude(error, { _tag: "StoreError", reason: "unavailable", code: "ETIMEDOUT" })
    }).pipe(Effect.provide(file)))
})

class Url extends Context.Service<Url, string>()("test/Url") {}

const database = Layer.unwrap(
  Effect.map(Postgres.database, (url) => Layer.merge(Layer.orDie(Postgres.client(url)), Layer.succeed(Url, url)))
)

describe("TokenStore.layerSql with PostgreSQL", () => {
  it.layer(database, live)((it) => {
    it.effect("keeps the contract of a store (S8)", () =>
      Effect.gen(function*() {
        const client = Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient)
        yield* keeps({
          store: TokenStore.layerSql({ table: "contract" }).pipe(Layer.provide(client)),
          expire: expire("contract")
        })
        assert.deepStrictEqual(yield* rows("contract"), [])
      }), waits)

    laws(it)

    it.effect("makes its table once, if many processes start at the same time", () =>
      Effect.gen(function*() {
        const client = Layer.fresh(Postgres.client(yield* Url, { maxConnections: 1 }))
        for (const table of ["one", "two", "three"]) {
          const made = yield* Effect.forEach(
            Array.from({ length: 6 }),
            () => Effect.exit(Effect.scoped(Effect.provide(build({ table }), client))),
            { concurrency: "unbounded" }
          )
          assert.isTrue(made.every(Exit.isSuccess), String(made.find(Exit.isFailure)))
        }
      }))

    it.effect("keeps a token that arrived within a transaction that is rolled back (S9)", () =>
      Effect.gen(function*() {
        const [store, sql] = [yield* build(), yield* SqlClient.SqlClient]
        const rolledBack = sql.withTransaction(
          Effect.andThen(commit(store, "rolled back", "arrived"), Effect.fail("rolled back"))
        )
        assert.strictEqual(yield* Effect.flip(rolledBack), "rolled back")
        assert.strictEqual(yield* textOf(store, "rolled back"), "arrived")
      }))

    it.effect("works with a client that changes the names of columns, and in a schema", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql.unsafe(`CREATE SCHEMA "Auth"`)
        const client = Postgres.renaming(yield* Url)
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "Auth.tokens" })
          yield* store.exclusively(
            "k",
            (hold) => Effect.andThen(hold.commit(Redacted.make("text")), hold.prepare(of, 1)),
            patient
          )
          assert.strictEqual(yield* textOf(store, "k"), "text")
          assert.deepStrictEqual(yield* store.marks("k"), [{ of, state: "sent" }])
        }).pipe(Effect.provide(client))
      }))

    it.effect("uses a table that is there without the right to make one, and says if the user lacks a right", () =>
      Effect.gen(function*() {
        for (const table of ["given", "withheld"]) yield* build({ table })
        const user = yield* Postgres.poor(yield* Url, "given")
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "given" })
          yield* commit(store, "k", "text")
          assert.strictEqual(yield* textOf(store, "k"), "text")
          for (const table of ["withheld", "absent"]) {
            const error = yield* Effect.flip(build({ table }))
            assert.deepInclude(error, { operation: "open", code: "42501" })
            assert.include(error.message, "the user of the database has no right to read and write the table")
          }
        }).pipe(Effect.provide(user.client))
      }))

    it.effect("tries again when transactions of a stricter isolation collide (S8)", () =>
      Effect.gen(function*() {
        const client = Postgres.serializable(yield* Url)
        yield* Effect.gen(function*() {
          const store = yield* build({ table: "strict" })
          let inside = 0
          const count = store.exclusively("k", (hold) =>
            Effect.gen(function*() {
              assert.strictEqual(++inside, 1)
              const number = Number((yield* textOf(store, "k")) ?? "0")
              yield* hold.commit(Redacted.make(String(number + 1)))
              inside--
            }), patient)
          yield* Effect.forEach(Array.from({ length: 10 }), () => count, { concurrency: "unbounded" })
          assert.strictEqual(yield* textOf(store, "k"), "10")
        }).pipe(Effect.provide(client))
      }))
  })
})

describe("TokenStore.layerSql at its start", () => {
  it.effect("refuses a table whose name could be something else", () =>
    Effect.gen(function*() {
      for (const table of ["", "a b", "a\"; DROP TABLE t; --", "1a", "a.b.c", "a.", ".a", "ü", "a".repeat(64), "a\n"]) {
        const error = yield* Effect.flip(build({ table }))
        assert.deepInclude(error, { _tag: "StoreError", operation: "open", store: "SQL" })
        assert.include(error.message, "the option table must be a name")
      }
    }).pipe(Effect.provide(Sqlite.layer(":memory:"))))

  it.effect("refuses another database, and says which ones it can use", () =>
    Effect.gen(function*() {
      const client = SqlClients.failing(new UnknownError({ cause: "unused" }), "mysql")
      const error = yield* Effect.flip(Effect.provide(build(), client))
      assert.strictEqual(
        error.message,
        "The SQL store cannot be opened: it needs PostgreSQL or SQLite, and the client speaks mysql. Mend the store, and try again."
      )
    }))

  it.effect("keeps the code of a driver's error, and nothing else of it (S21)", () =>
    Effect.gen(function*() {
      const reasons: ReadonlyArray<readonly [SqlError["reason"], string | undefined]> = [
        [
          new SqlSyntaxError({
            cause: Object.assign(new Error(secret), { code: "42P01", detail: secret }),
            message: secret
          }),
          "42P01"
        ],
        [new ConnectionError({ cause: Object.assign(new Error(secret), { code: "ECONNREFUSED" }) }), "ECONNREFUSED"],
        [new UnknownError({ cause: Object.assign(new Error(secret), { code: secret }), operation: secret }), undefined],
        [new UnknownError({ cause: secret }), undefined]
      ]
      for (const [reason, code] of reasons) {
        const error = yield* Effect.flip(Effect.provide(build(), SqlClients.failing(reason)))
        assert.strictEqual(error.code, code)
        assertNoLeak(error)
      }
    }))
})
