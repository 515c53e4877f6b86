import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { join } from "node:path"
import { folder } from "../src/child.ts"
import * as Sqlite from "../src/sqlite.ts"

const inMemory = Effect.provide(Sqlite.layer(":memory:"))

describe("SQLite", () => {
  it.effect("returns what was stored, as plain rows, values and a stream", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE logins (id INTEGER PRIMARY KEY, name TEXT, done INTEGER, body BLOB, at TEXT)`
      const at = new Date("2026-01-02T03:04:05.678Z")
      const body = new Uint8Array([1, 2, 255])
      yield* sql`INSERT INTO logins VALUES (${1}, ${"ä"}, ${true}, ${body}, ${at})`
      const row = { id: 1, name: "ä", done: 1, body, at: "2026-01-02T03:04:05.678Z" }
      assert.deepStrictEqual(yield* sql`SELECT * FROM logins`, [row])
      assert.deepStrictEqual(yield* sql`SELECT id, name FROM logins`.values, [[1, "ä"]])
      assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT * FROM logins`.stream), [row])
    }).pipe(inMemory))

  it.effect("reads integers of 64 bits where the caller asks for them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT ${2n ** 60n} AS big`.pipe(Effect.provideService(SqlClient.SafeIntegers, true))
      assert.deepStrictEqual(rows, [{ big: 2n ** 60n }])
    }).pipe(inMemory))

  it.effect("tells a value that is there already from a statement that is wrong", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE)`
      yield* sql`INSERT INTO names VALUES (1, 'a')`
      const there = yield* Effect.flip(sql`INSERT INTO names VALUES (2, 'a')`)
      assert.strictEqual(there.reason._tag, "UniqueViolation")
      // Effect does not call this one unique, with any client of SQLite
      const key = yield* Effect.flip(sql`INSERT INTO names VALUES (1, 'b')`)
      assert.strictEqual(key.reason._tag, "ConstraintError")
      const wrong = yield* Effect.flip(sql`SELECT * FROM nowhere`)
      assert.strictEqual(wrong.reason._tag, "UnknownError")
      const type = yield* Effect.flip(sql`SELECT ${{ a: 1 }} AS one`)
      assert.match(String(type.reason.cause), /cannot store a parameter of the type object/)
    }).pipe(inMemory))

  it.effect("rolls a failed transaction back, and lets no other statement in between", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE names (name TEXT PRIMARY KEY)`
      const [begun, go] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const failing = yield* Effect.gen(function*() {
        yield* sql`INSERT INTO names VALUES ('a')`
        yield* Deferred.succeed(begun, undefined)
        yield* Deferred.await(go)
        return yield* Effect.fail("no")
      }).pipe(sql.withTransaction, Effect.forkChild)
      yield* Deferred.await(begun)
      const reading = yield* Effect.forkChild(sql`SELECT * FROM names`, { startImmediately: true })
      yield* Deferred.succeed(go, undefined)
      assert.strictEqual(yield* Effect.flip(Fiber.join(failing)), "no")
      assert.deepStrictEqual(yield* Fiber.join(reading), [])
    }).pipe(inMemory))

  it.live("keeps a file for the next client of it", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "logins.db")
      const using = Effect.provide(Sqlite.layer(file))
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE names AS SELECT 'a' AS name`).pipe(using)
      const rows = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM names`).pipe(using)
      assert.deepStrictEqual(rows, [{ name: "a" }])
    }))
})
