/**
 * A store in a table of PostgreSQL or SQLite. Each step is one statement, whose `WHERE` checks the lease and whose `RETURNING` says whether
 * anything changed.
 */
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import type { Service } from "../../TokenStore.ts"
import * as Lease from "./lease.ts"
import * as Record from "./record.ts"

const store = "SQL"

const failed = (detail: string, code?: string): StoreError =>
  new StoreError({
    store,
    operation: "open",
    reason: "unavailable",
    detail,
    ...(code === undefined ? {} : { code })
  })

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const meanings: Readonly<Record<string, string>> = {
  ConnectionError: "there is no connection to the database",
  AuthenticationError: "the database rejected the user or the password",
  AuthorizationError: "the user of the database has no right to read and write the table",
  DeadlockError: "other transactions hold the row",
  SerializationError: "other transactions hold the row",
  LockTimeoutError: "other transactions hold the row or the database",
  StatementTimeoutError: "a statement took too long",
  SqlSyntaxError: "it does not know the table or a column"
}

const conflicts: ReadonlyArray<string> = ["DeadlockError", "SerializationError", "LockTimeoutError"]

// The error of a driver may hold the statement's parameters, so nothing but its kind and a code is kept of it.
const troubleOf = ({ reason }: SqlError): Lease.Trouble => {
  const code = Wire.nameIn(reason.cause, "code")
  return {
    reason: "unavailable",
    detail: meanings[reason._tag] ?? "the database rejected a statement",
    code: code !== undefined && /^(?:[0-9A-Z]{5}|E[A-Z]{2,20}|SQLITE_[A-Z_]{2,30})$/.test(code) ? code : undefined
  }
}

// -----------------------------------------------------------------------------
// dialects
// -----------------------------------------------------------------------------

/** The database's own clock, in milliseconds since 1970. The clock of a client may be off. */
const clocks: Readonly<Partial<Record<Statement.Dialect, string>>> = {
  pg: "floor(extract(epoch from clock_timestamp()) * 1000)::bigint",
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
}

const dialects: ReadonlyArray<Statement.Dialect> = ["pg", "sqlite", "mysql", "mssql", "clickhouse"]

const dialectOf = (sql: SqlClient.SqlClient): Statement.Dialect | undefined =>
  dialects.find((dialect) => sql.onDialectOrElse({ [dialect]: () => true, orElse: () => false }))

// A longer name is cut off by PostgreSQL, and would be another table's.
const name = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** The name of a table in quotes, with or without a schema. */
const quoted = (table: unknown): string | undefined => {
  const parts = typeof table === "string" ? table.split(".") : []
  return (parts.length === 1 || parts.length === 2) && parts.every((part) => name.test(part))
    ? parts.map((part) => `"${part}"`).join(".")
    : undefined
}

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

export interface Options {
  readonly table?: string | undefined
}

export const make = Effect.fnUntraced(
  function*({ table = "sso_oidc_tokens" }: Options = {}): Effect.fn.Return<Service, StoreError, SqlClient.SqlClient> {
    const client = yield* SqlClient.SqlClient
    // The names of columns stay as they are, whatever the client does to names.
    const sql = client.withoutTransforms()
    const dialect = dialectOf(sql)
    const clock = dialect === undefined ? undefined : clocks[dialect]
    if (clock === undefined) {
      return yield* failed(`it needs PostgreSQL or SQLite, and the client speaks ${dialect ?? "another dialect"}`)
    }
    const named = quoted(table)
    if (named === undefined) {
      return yield* failed(
        "the option table must be a name of up to 63 letters, digits and underscores, or a schema, a dot and such a name"
      )
    }
    const rows = sql.literal(named)
    const now = sql.literal(clock)
    const until = sql.literal(`${clock} + ${Duration.toMillis(Lease.lease)}`)

    const latest = sql.literal(`${clock} + ${2 * Duration.toMillis(Lease.lease)}`)

    // A transaction of the caller is not joined: if it were rolled back, a token that has arrived would be lost. No span is made, because
    // the span of a failed statement has the driver's error, which may hold parameters.
    const run = <A extends object>(statement: Statement.Statement<A>): Effect.Effect<ReadonlyArray<A>, SqlError> =>
      statement.pipe(
        Effect.withTracerEnabled(false),
        Effect.updateContext((context: Context.Context<never>) => Context.omit(client.transactionService)(context)),
        Effect.retry({ while: (error) => conflicts.includes(error.reason._tag), times: 3 })
      )

    const changes = (statement: Statement.Statement<{ id: string }>): Effect.Effect<boolean, Lease.Trouble> =>
      Effect.mapBoth(run(statement), { onSuccess: (rows) => rows.length === 1, onFailure: troubleOf })

    const column = (name: "content" | "mark", id: string): Effect.Effect<unknown, Lease.Trouble> =>
      run(sql<{ value: unknown }>`SELECT ${sql.literal(name)} AS value FROM ${rows} WHERE id = ${id}`).pipe(
        Effect.mapBoth({ onSuccess: ([row]) => row?.value, onFailure: troubleOf })
      )

    const held = (id: string, holder: string) =>
      sql`WHERE id = ${id} AND holder = ${holder} AND held_until > ${now} RETURNING id`

    const change = (id: string, holder: string, set: Statement.Fragment) =>
      changes(sql`UPDATE ${rows} SET ${set}, written_at = ${now} ${held(id, holder)}`)

    // A lease that ends much later than any does was taken before the database's clock was set back.
    const isFree = sql`kept.held_until IS NULL OR kept.held_until <= ${now} OR kept.held_until > ${latest}`

    yield* open(run, sql, rows)

    return Lease.make({
      name: store,
      text: (id) => column("content", id),
      mark: (id) => column("mark", id),
      acquire: (id, holder) =>
        changes(sql`INSERT INTO ${rows} AS kept (id, holder, held_until, written_at)
          VALUES (${id}, ${holder}, ${until}, ${now})
          ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, held_until = ${until}
          WHERE ${isFree} RETURNING id`),
      prolong: (id, holder) => changes(sql`UPDATE ${rows} SET held_until = ${until} ${held(id, holder)}`),
      release: (id, holder) =>
        run(
          sql`UPDATE ${rows} SET holder = NULL, held_until = NULL WHERE id = ${id} AND holder = ${holder}
            RETURNING content IS NULL AND mark IS NULL AS is_empty`
        ).pipe(
          // A row that holds nothing is not left behind.
          Effect.flatMap(([row]) =>
            row === undefined || row["is_empty"] === false || row["is_empty"] === 0
              ? Effect.void
              : run(sql`DELETE FROM ${rows} WHERE id = ${id} AND holder IS NULL AND content IS NULL AND mark IS NULL`)
          ),
          Effect.mapError(troubleOf)
        ),
      prepare: (id, holder, mark, bytes) => change(id, holder, sql`mark = ${mark}, room = ${Record.room(bytes)}`),
      commit: (id, holder, text) => change(id, holder, sql`content = ${text}, mark = NULL, room = NULL`),
      settle: (id, holder, mark) =>
        change(id, holder, mark === undefined ? sql`mark = NULL, room = NULL` : sql`mark = ${mark}, room = NULL`),
      remove: (id, holder) => change(id, holder, sql`content = NULL, mark = NULL, room = NULL`),
      ids: Effect.suspend(() => run(sql<{ id: string }>`SELECT id FROM ${rows} WHERE content IS NOT NULL`)).pipe(
        Effect.mapBoth({ onSuccess: (found) => found.map(({ id }) => id), onFailure: troubleOf })
      )
    })
  }
)

/** Makes the table unless it is there. A user that may not make tables can use a table that is there. */
const open = Effect.fnUntraced(function*(
  run: <A extends object>(statement: Statement.Statement<A>) => Effect.Effect<ReadonlyArray<A>, SqlError>,
  sql: SqlClient.SqlClient,
  rows: Statement.Fragment
): Effect.fn.Return<void, StoreError> {
  const look = run(sql`SELECT id, content, mark, room, holder, held_until, written_at FROM ${rows} WHERE 1 = 0`)
  const create = run(sql`CREATE TABLE IF NOT EXISTS ${rows} (id VARCHAR(40) PRIMARY KEY, content TEXT, mark TEXT,
    room TEXT, holder TEXT, held_until BIGINT, written_at BIGINT)`)
  // If several processes make it at the same time, PostgreSQL may let all fail but one: so the last look decides.
  const made = yield* Effect.result(look).pipe(
    Effect.flatMap((looked) => Result.isSuccess(looked) ? Effect.succeed(looked) : Effect.result(create))
  )
  yield* Effect.catch(look, (error) => {
    const cause = Result.isFailure(made) ? made.failure : error
    const { code, detail } = troubleOf(cause)
    const isStatement = ["SqlSyntaxError", "UnknownError"].includes(cause.reason._tag)
    return Effect.fail(
      failed(isStatement ? "the table cannot be made, or has other columns than this store's" : detail, code)
    )
  })
})
