/**
 * A store in a table of PostgreSQL or SQLite. Each method is one statement, whose `WHERE` compares and whose `RETURNING` says whether anything
 * changed.
 */
import * as Sql from "@sso-oidc/core/database/Sql"
import type { Trouble } from "@sso-oidc/core/database/Trouble"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type { Found, LoginStoreError, Service } from "../LoginStore.ts"
import * as Database from "./database.ts"
import { names, type Stored } from "./row.ts"

const store = "SQL"

const columns: Readonly<Record<"id" | keyof Stored, string>> = {
  id: "TEXT PRIMARY KEY",
  version: "TEXT NOT NULL",
  attempt: "TEXT NOT NULL",
  state: "TEXT NOT NULL",
  driver: "TEXT NOT NULL",
  holder: "TEXT",
  held_until: "BIGINT",
  sealed: "TEXT",
  error: "TEXT",
  written_at: "BIGINT NOT NULL",
  remove_at: "BIGINT NOT NULL"
}

// They are the indexes of `sweep` and `pending`, and reject nothing, because the id is unique. Unlike an index, a constraint is made with the
// table, in one statement, and its name is the database's.
const constraints = ["UNIQUE (remove_at, id)", "UNIQUE (driver, state, written_at, id)"]

export interface Options {
  readonly table?: string | undefined
}

export const make = Effect.fnUntraced(
  function*(
    { table = "sso_oidc_logins" }: Options = {}
  ): Effect.fn.Return<Service, LoginStoreError, SqlClient.SqlClient> {
    const client = yield* SqlClient.SqlClient
    const { dialect, join, name: rows, run, sql } = yield* Effect.mapError(
      Sql.open(client, { table, columns, constraints }),
      Database.errorOf(store, "open")
    )
    const all = sql.literal(names.join(", "))
    const most = sql.literal(String(Database.most))

    const values = (row: Stored) =>
      sql`${row.version}, ${row.attempt}, ${row.state}, ${row.driver}, ${row.holder}, ${row.held_until}, ${row.sealed},
        ${row.error}, ${row.written_at}, ${row.remove_at}`

    const changes = (statement: Statement.Statement<object>, how = run): Effect.Effect<boolean, Trouble> =>
      Effect.map(how(statement), (rows) => rows.length === 1)

    const replace = (id: string, row: Stored, is: Statement.Fragment) =>
      changes(sql`UPDATE ${rows} SET (${all}) = (${values(row)}) WHERE id = ${id} AND ${is} RETURNING id`)

    // Not by the caller's clock alone: if one machine's clock is ahead, it must not remove what the others use.
    const isOld = (before: number) => sql`remove_at < ${before} AND remove_at < ${sql.literal(Sql.clocks[dialect])}`

    // A row that another transaction has is not waited for: it is being removed, or is in use.
    const oldest = (before: number) =>
      dialect === "pg"
        ? sql`= ANY(ARRAY(SELECT id FROM ${rows} WHERE ${isOld(before)} ORDER BY remove_at LIMIT ${most}
          FOR UPDATE SKIP LOCKED))`
        : sql`IN (SELECT id FROM ${rows} WHERE ${isOld(before)} ORDER BY remove_at LIMIT ${most})`

    return Database.make({
      name: store,
      // No conflict target: PostgreSQL would else fail if two processes insert at once and meet at another constraint.
      insert: (id, row) =>
        changes(
          sql`INSERT INTO ${rows} (id, ${all}) VALUES (${id}, ${values(row)}) ON CONFLICT DO NOTHING RETURNING id`,
          join
        ),
      get: (id) =>
        Effect.flatMap(
          // SQLite of Node refuses to read a number that is too large for a JavaScript number.
          Effect.provideService(
            run(sql<Readonly<Record<string, unknown>>>`SELECT ${all} FROM ${rows} WHERE id = ${id}`),
            SqlClient.SafeIntegers,
            true
          ),
          (found) => found.length > 1 ? Effect.fail(Database.unreadable) : Effect.succeed(found[0])
        ),
      set: (id, version, row) => replace(id, row, sql`version = ${version}`),
      end: (id, version, row) =>
        replace(
          id,
          row,
          row.state === "approved"
            ? sql`attempt = ${row.attempt} AND (state = 'lost' OR state = 'pending' AND version = ${version})`
            : sql`attempt = ${row.attempt} AND state = 'pending' AND version = ${version}`
        ),
      pending: (before) =>
        Effect.flatMap(
          run(sql`SELECT id, attempt FROM ${rows} WHERE driver = 'engine' AND state = 'pending' AND
            written_at < ${before} AND holder IS NULL ORDER BY written_at LIMIT ${most}`),
          foundIn
        ),
      // The second comparison is for a row that was replaced meanwhile.
      sweep: (before) =>
        Effect.flatMap(
          run(sql`DELETE FROM ${rows} WHERE id ${oldest(before)} AND ${isOld(before)} RETURNING id, attempt`),
          foundIn
        )
    })
  }
)

const foundIn = (rows: ReadonlyArray<object>): Effect.Effect<ReadonlyArray<Found>, Trouble> => {
  const found = rows.flatMap((row) =>
    "id" in row && "attempt" in row && typeof row.id === "string" && typeof row.attempt === "string"
      ? [{ id: row.id, attempt: row.attempt }]
      : []
  )
  return found.length === rows.length ? Effect.succeed(found) : Effect.fail(Database.unreadable)
}
