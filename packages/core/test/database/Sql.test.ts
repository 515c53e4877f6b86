import { assert, describe, it } from "@effect/vitest"
import * as Sql from "@sso-oidc/core/database/Sql"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import * as SqlClients from "@sso-oidc/test-kit/sqlClients"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import {
  AuthenticationError,
  AuthorizationError,
  ConnectionError,
  DeadlockError,
  LockTimeoutError,
  SerializationError,
  SqlError,
  SqlSyntaxError,
  StatementTimeoutError,
  UniqueViolation,
  UnknownError
} from "effect/sql/SqlError"

const secret = "planted-parameter-0123456789"

const open = (options: Partial<Sql.Options> = {}) =>
  SqlClient.SqlClient.use((client) =>
    Sql.open(client, { table: "t", columns: { id: "TEXT PRIMARY KEY", value: "TEXT" }, ...options })
  )

describe("Sql.troubleOf", () => {
  it("keeps the kind and the code of a driver's error, and nothing else of it", () => {
    const cause = (code: unknown) => Object.assign(new Error(secret), { code, parameters: [secret] })
    for (
      const [reason, detail, code] of [
        [new ConnectionError({ cause: cause("ECONNREFUSED") }), "there is no connection", "ECONNREFUSED"],
        [new AuthenticationError({ cause: cause("28P01") }), "the database rejected the user", "28P01"],
        [new AuthorizationError({ cause: cause("42501") }), "has no right to read and write", "42501"],
        [new SqlSyntaxError({ cause: cause("42P01"), message: secret }), "it does not know the table", "42P01"],
        [new DeadlockError({ cause: cause("40P01") }), "other transactions hold the row", "40P01"],
        [new SerializationError({ cause: cause("40001") }), "other transactions hold the row", "40001"],
        [new LockTimeoutError({ cause: cause("SQLITE_BUSY") }), "other transactions hold the row", "SQLITE_BUSY"],
        [new StatementTimeoutError({ cause: cause("57014") }), "a statement took too long", "57014"],
        [new UniqueViolation({ cause: cause(23_505), constraint: secret }), "the database rejected", undefined],
        [new UnknownError({ cause: cause(secret), operation: secret }), "the database rejected a statement", undefined],
        [new UnknownError({ cause: { cause: { code: "ECONNRESET" } } }), "the database rejected", "ECONNRESET"]
      ] as const
    ) {
      const trouble = Sql.troubleOf(new SqlError({ reason }))
      assert.include(trouble.detail, detail)
      assert.deepStrictEqual([trouble.code, trouble.reason], [code, "unavailable"])
      for (const text of textsOf(trouble)) assert.isUndefined(leakIn(text, secret))
    }
  })
})

describe("Sql.open", () => {
  it.effect("makes a table that is absent, with its constraints, and uses a table that is there", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { dialect, name, run } = yield* open({ constraints: ["UNIQUE (value, id)"] })
      assert.strictEqual(dialect, "sqlite")
      yield* run(sql`INSERT INTO ${name} (id, value) VALUES ('a', 'b')`)
      const again = yield* open()
      assert.deepStrictEqual(yield* again.run(sql`SELECT * FROM ${name}`), [{ id: "a", value: "b" }])
      const [made] = yield* sql<{ sql: string }>`SELECT sql FROM sqlite_master WHERE name = 't'`
      assert.strictEqual(made?.sql, `CREATE TABLE "t" (id TEXT PRIMARY KEY, value TEXT, UNIQUE (value, id))`)
    }).pipe(Effect.provide(Sqlite.layer(":memory:"))))

  it.effect("looks once at a table that is there, so that a cold start sends one statement", () =>
    Effect.gen(function*() {
      let statements = 0
      const client = SqlClients.over(() => Effect.as(Effect.sync(() => statements++), []))
      yield* Effect.provide(open(), client)
      assert.strictEqual(statements, 1)
    }))

  it.effect("refuses a name that could be something else", () =>
    Effect.gen(function*() {
      for (const table of ["", "a b", "a\"b", "1a", "a.b.c", ".a", "ü", "a".repeat(64), 7, null, undefined, ["a"]]) {
        const trouble = yield* Effect.flip(open({ table }))
        assert.include(trouble.detail, "the option table must be a name")
      }
      yield* open({ table: "main.t" })
    }).pipe(Effect.provide(Sqlite.layer(":memory:"))))

  it.effect("refuses another database, and says which ones it can use", () =>
    Effect.gen(function*() {
      const client = SqlClients.over(() => Effect.succeed([]), "mysql")
      assert.strictEqual(
        (yield* Effect.flip(Effect.provide(open(), client))).detail,
        "it needs PostgreSQL or SQLite, and the client speaks mysql"
      )
    }))
})

describe("a statement of a table", () => {
  it.effect("runs again after a conflict, at most three times, and after no other error", () =>
    Effect.gen(function*() {
      for (
        const [reason, runs] of [
          [new DeadlockError({ cause: "" }), 4],
          [new SerializationError({ cause: "" }), 4],
          [new LockTimeoutError({ cause: "" }), 4],
          [new ConnectionError({ cause: "" }), 1],
          [new StatementTimeoutError({ cause: "" }), 1]
        ] as const
      ) {
        let tries = 0
        const client = SqlClients.over(
          () => Effect.andThen(Effect.sync(() => tries++), Effect.fail(new SqlError({ reason }))),
          "sqlite",
          1
        )
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const table = yield* open()
          for (const run of [table.run, table.join]) {
            tries = 0
            yield* Effect.flip(run(sql`SELECT 1`))
            assert.strictEqual(tries, runs, reason._tag)
          }
        }).pipe(Effect.provide(client))
      }
    }))

  it.effect("joins the caller's transaction by join alone, and runs once there", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { join, name } = yield* open()
      const rolledBack = sql.withTransaction(
        Effect.andThen(join(sql`INSERT INTO ${name} (id) VALUES ('a')`), Effect.fail("rolled back"))
      )
      assert.strictEqual(yield* Effect.flip(rolledBack), "rolled back")
      assert.deepStrictEqual(yield* sql`SELECT * FROM t`, [])
      yield* join(sql`INSERT INTO ${name} (id) VALUES ('a')`)
      assert.strictEqual((yield* sql`SELECT * FROM t`).length, 1)
      const twice = sql.withTransaction(join(sql`INSERT INTO ${name} (id) VALUES ('a')`))
      assert.deepInclude(yield* Effect.flip(twice), { reason: "unavailable" })
    }).pipe(Effect.provide(Sqlite.layer(":memory:"))))
})
