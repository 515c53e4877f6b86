import { assert, describe, it } from "@effect/vitest"
import type { LoginStoreError } from "@sso-oidc/durable/LoginStore"
import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
import { folder, run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const inMemory = Effect.provide(NodeSqlite.layer({ file: ":memory:" }))

/** What the layer fails with. */
const refused = (options: NodeSqlite.Options): Effect.Effect<LoginStoreError> =>
  Effect.flip(Effect.scoped(Layer.build(NodeSqlite.layer(options)))).pipe(
    Effect.catch(() => Effect.die(new Error("the layer was built")))
  )

describe("NodeSqlite", () => {
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

  it.effect("reads integers of 64 bits where the caller asks for them, with the same prepared statement", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const read = sql`SELECT ${2n ** 40n} AS big`
      assert.deepStrictEqual(yield* Effect.provideService(read, SqlClient.SafeIntegers, true), [{ big: 2n ** 40n }])
      assert.deepStrictEqual(yield* read, [{ big: 2 ** 40 }])
      assert.deepStrictEqual(yield* read.values, [[2 ** 40]])
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

  it.effect("runs more statements than it keeps prepared", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const numbers = Array.from({ length: 250 }, (_, at) => at)
      for (const _ of [1, 2]) {
        const read = yield* Effect.forEach(numbers, (at) => sql<{ n: number }>`SELECT ${sql.literal(String(at))} AS n`)
        assert.deepStrictEqual(read.flat(), numbers.map((n) => ({ n })))
      }
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

  it.live("keeps a file for the next client of it, readable for its owner alone, and each write survives a loss of power", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "logins.db")
      const using = Effect.provide(NodeSqlite.layer({ file }))
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE names AS SELECT 'a' AS name`
        assert.deepStrictEqual(yield* sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
        // 2 is FULL
        assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 2 }])
        assert.deepStrictEqual(yield* sql`PRAGMA busy_timeout`, [{ timeout: 5000 }])
        for (const end of ["", "-wal", "-shm"]) assert.strictEqual(statSync(`${file}${end}`).mode & 0o777, 0o600)
      }).pipe(using)
      const rows = yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM names`).pipe(using)
      assert.deepStrictEqual(rows, [{ name: "a" }])
    }))

  it.live("a path that looks like a URI names a file", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const before = process.cwd()
      yield* Effect.acquireRelease(
        Effect.sync(() => process.chdir(path)),
        () => Effect.sync(() => process.chdir(before))
      )
      yield* Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE names (name TEXT)`).pipe(
        Effect.provide(NodeSqlite.layer({ file: "file:logins.db?mode=memory" }))
      )
      assert.isAbove(statSync(join(path, "file:logins.db?mode=memory")).size, 0)
    }))

  it.live("says why a file cannot be opened, without its path", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const text = join(path, "text")
      writeFileSync(
        text,
        "this is no database, and longer than its header, which has a hundred bytes at least".repeat(9)
      )
      mkdirSync(join(path, "folder"))
      const cases: ReadonlyArray<readonly [file: string, pattern: RegExp, code: string | undefined]> = [
        ["", /the option file must be the path of a file/, undefined],
        ["a\0b", /the option file must be the path of a file/, undefined],
        [join(path, "absent/logins.db"), /the folder that the option file names does not exist/, "ENOENT"],
        [join(path, "folder"), /cannot be opened/, "SQLITE_CANTOPEN"],
        [text, /is no SQLite database/, "SQLITE_NOTADB"]
      ]
      for (const [file, pattern, code] of cases) {
        const error = yield* refused({ file })
        assert.strictEqual(error._tag, "LoginStoreError")
        assert.strictEqual(error.operation, "open")
        assert.match(error.message, pattern)
        assert.strictEqual(error.code, code)
        assert.notInclude(error.message, path)
      }
    }))

  it.live("a process that wants a file for itself is told that another one has it, and gets it when that one is killed", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "logins.db")
      const holder = bundled(fileURLToPath(new URL("support/holder.ts", import.meta.url)))
      const first = yield* run(process.execPath, { args: [holder, file] })
      yield* first.printed(/open/)
      // another process, and then this one
      const second = yield* run(process.execPath, { args: [holder, file] })
      assert.match(
        (yield* second.ended).stdout,
        /SQLITE_BUSY .*another process has the file open .*one process at a time/
      )
      assert.match((yield* refused({ file, exclusive: true })).message, /one process at a time may use it/)
      yield* first.signal("SIGKILL")
      yield* first.ended
      yield* Effect.scoped(Layer.build(NodeSqlite.layer({ file, exclusive: true })))
      // it prints nothing else, such as a warning of Node
      assert.strictEqual((yield* first.ended).stderr, "")
    }))

  it.live("two clients of one process cannot both have a file for themselves", () =>
    Effect.gen(function*() {
      const file = join(yield* folder, "logins.db")
      yield* Layer.build(NodeSqlite.layer({ file, exclusive: true }))
      assert.strictEqual((yield* refused({ file, exclusive: true })).code, "SQLITE_BUSY")
      // the failed attempt took no lock away from the first client
      const holder = bundled(fileURLToPath(new URL("support/holder.ts", import.meta.url)))
      const other = yield* run(process.execPath, { args: [holder, file] })
      assert.match((yield* other.ended).stdout, /SQLITE_BUSY/)
    }))

  it.live("a Node without SQLite is told which one to use", () =>
    Effect.gen(function*() {
      const holder = bundled(fileURLToPath(new URL("support/holder.ts", import.meta.url)))
      const child = yield* run(process.execPath, {
        args: ["--no-experimental-sqlite", holder, join(yield* folder, "logins.db")]
      })
      assert.match((yield* child.ended).stdout, /it needs the SQLite of Node 22\.19 or newer, and this is Node \d/)
    }))
})
