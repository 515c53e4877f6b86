import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { folder } from "../src/child.ts"
import * as Postgres from "../src/postgres.ts"
import { isRunning } from "./support/running.ts"

const versionOf = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ readonly server_version: string }>`SHOW server_version`
    return row?.server_version
  }).pipe(Effect.provide(Postgres.client(url)))

describe("PostgreSQL", () => {
  it.effect("gives each user an empty database, which ends with its scope", () =>
    Effect.gen(function*() {
      const [one, other] = yield* Effect.all([Postgres.database, Postgres.database])
      assert.notStrictEqual(one, other)
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE logins (id TEXT PRIMARY KEY)`
        yield* sql`INSERT INTO logins ${sql.insert([{ id: "a" }, { id: "b" }])}`
        assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS many FROM logins`, [{ many: 2 }])
      }).pipe(Effect.provide(Postgres.client(one)))
      const tables = yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
        sql`SELECT 1 FROM pg_tables WHERE tablename = 'logins'`)
        .pipe(Effect.provide(Postgres.client(other)))
      assert.deepStrictEqual(tables, [])
      const dropped = yield* Effect.scoped(Postgres.database)
      const error = yield* Effect.flip(versionOf(dropped))
      // PostgreSQL's code for a database that does not exist
      assert.match(inspect(error, { depth: null }), /3D000/)
    }))

  it.layer(Postgres.layer)("with its layer", (it) => {
    it.effect("tells a value that is there already from other failures", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE names (name TEXT PRIMARY KEY)`
        yield* sql`INSERT INTO names VALUES ('a')`
        const error = yield* Effect.flip(sql`INSERT INTO names VALUES ('a')`)
        assert.isTrue(SqlError.isSqlError(error))
        assert.strictEqual(error.reason._tag, "UniqueViolation")
      }))
  })

  it.live("starts from programs in a folder that only its owner may enter, also as root, beside another server", () =>
    Effect.gen(function*() {
      const closed = yield* folder
      const programs = join(closed, "native")
      cpSync(Postgres.native() ?? assert.fail("no programs for this platform"), programs, {
        recursive: true,
        verbatimSymlinks: true
      })
      // as pnpm leaves it without the package's script
      for (const entry of readdirSync(join(programs, "lib"), { withFileTypes: true })) {
        if (entry.isSymbolicLink()) rmSync(join(programs, "lib", entry.name))
      }
      assert.strictEqual(statSync(closed).mode & 0o777, 0o700)
      const ended = yield* Effect.scoped(Effect.gen(function*() {
        const servers = yield* Effect.all(
          [Postgres.make({ native: programs }), Postgres.make({ settings: { max_connections: "7" } })],
          { concurrency: "unbounded" }
        )
        const connections = yield* Effect.forEach(
          servers,
          ({ urlOf }) =>
            Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SHOW max_connections`).pipe(
              Effect.provide(Postgres.client(urlOf("postgres")))
            )
        )
        assert.deepStrictEqual(connections.flat(), [{ max_connections: "100" }, { max_connections: "7" }])
        return servers
      }))
      for (const { folder, pid } of ended) {
        assert.isFalse(isRunning(pid))
        assert.isFalse(existsSync(folder))
      }
    }))
})
