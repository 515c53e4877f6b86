/**
 * A table of PostgreSQL or SQLite, as the stores of this project use one.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another store, not in an application.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import * as Wire from "../aws/Wire.ts"
import type { Trouble } from "./Trouble.ts"

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

/**
 * What an error of a database means. The error of a driver may hold the statement's parameters, so nothing but its kind and a code is kept of
 * it.
 *
 * @category errors
 * @since 0.1.0
 */
export const troubleOf = ({ reason }: SqlError): Trouble => {
  const code = Wire.nameIn(reason.cause, "code")
  return {
    reason: "unavailable",
    detail: (code === "3D000" ? "there is no database of this name" : meanings[reason._tag]) ??
      "the database rejected a statement",
    code: code !== undefined && /^(?:[0-9A-Z]{5}|E[A-Z]{2,20}|SQLITE_[A-Z_]{2,30})$/.test(code) ? code : undefined
  }
}

/** After these errors, the statement has changed nothing. */
const conflicts: ReadonlyArray<string> = ["DeadlockError", "SerializationError", "LockTimeoutError"]

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A database that the stores work with.
 *
 * @category models
 * @since 0.1.0
 */
export type Dialect = "pg" | "sqlite"

/**
 * The database's own clock as an expression, in milliseconds since 1970. The clock of a client may be off.
 *
 * @category models
 * @since 0.1.0
 */
export const clocks: Readonly<Record<Dialect, string>> = {
  pg: "floor(extract(epoch from clock_timestamp()) * 1000)::bigint",
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
}

/**
 * A table, by its name and its columns.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The name of the table, as a user gave it. Anything but a name, or a schema, a dot and a name, is refused. */
  readonly table: unknown
  /** The type of each column, by its name. */
  readonly columns: Readonly<Record<string, string>>
  /** What stands behind the columns where the table is made, such as `UNIQUE (a, b)`. Nothing by default. */
  readonly constraints?: ReadonlyArray<string> | undefined
}

/**
 * A table that can be used.
 *
 * @category models
 * @since 0.1.0
 */
export interface Table {
  /** The database. */
  readonly dialect: Dialect
  /** The client. It changes no names of columns. */
  readonly sql: SqlClient.SqlClient
  /** The name of the table in quotes, for a statement. */
  readonly name: Statement.Fragment
  /**
   * Runs a statement. After a conflict with another transaction it runs again, at most three times.
   *
   * A transaction of the caller is not joined: if it were rolled back, what has arrived would be lost. No span is made, because the span of a
   * failed statement has the driver's error, which may hold parameters.
   */
  readonly run: <A extends object>(statement: Statement.Statement<A>) => Effect.Effect<ReadonlyArray<A>, Trouble>
  /**
   * Runs a statement like `run`, but within the transaction of the caller, if there is one. There a conflict ends the transaction, so the
   * statement is not run again.
   */
  readonly join: <A extends object>(statement: Statement.Statement<A>) => Effect.Effect<ReadonlyArray<A>, Trouble>
}

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

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

const unavailable = (detail: string, code?: string): Trouble => ({ reason: "unavailable", detail, code })

/**
 * Opens a table of a client. It makes the table unless it is there. A user of the database that may not make tables can use a table that is
 * there.
 *
 * @category tables
 * @since 0.1.0
 */
export const open = (
  client: SqlClient.SqlClient,
  { columns, constraints = [], table }: Options
): Effect.Effect<Table, Trouble> =>
  Effect.suspend(() => {
    // The names of columns stay as they are, whatever the client does to names.
    const sql = client.withoutTransforms()
    const dialect = dialectOf(sql)
    if (dialect !== "pg" && dialect !== "sqlite") {
      return Effect.fail(
        unavailable(`it needs PostgreSQL or SQLite, and the client speaks ${dialect ?? "another dialect"}`)
      )
    }
    const text = quoted(table)
    if (text === undefined) {
      return Effect.fail(unavailable(
        "the option table must be a name of up to 63 letters, digits and underscores, or a schema, a dot and such a name"
      ))
    }
    const name = sql.literal(text)

    const untraced = <A, E>(effect: Effect.Effect<A, E>) => Effect.withTracerEnabled(effect, false)

    const apart = <A extends object>(statement: Statement.Statement<A>): Effect.Effect<ReadonlyArray<A>, SqlError> =>
      untraced(statement).pipe(
        Effect.updateContext((context: Context.Context<never>) => Context.omit(client.transactionService)(context)),
        Effect.retry({ while: (error) => conflicts.includes(error.reason._tag), times: 3 })
      )

    const opened: Table = {
      dialect,
      sql,
      name,
      run: (statement) => Effect.mapError(apart(statement), troubleOf),
      join: (statement) =>
        Effect.flatMap(
          Effect.serviceOption(client.transactionService),
          (transaction) =>
            Effect.mapError(Option.isSome(transaction) ? untraced(statement) : apart(statement), troubleOf)
        )
    }

    const names = sql.literal(Object.keys(columns).join(", "))
    const parts = [...Object.entries(columns).map((column) => column.join(" ")), ...constraints]
    const look = apart(sql`SELECT ${names} FROM ${name} WHERE 1 = 0`)
    const create = apart(sql`CREATE TABLE IF NOT EXISTS ${name} (${sql.literal(parts.join(", "))})`)

    return Effect.gen(function*() {
      // If several processes make it at the same time, PostgreSQL may let all fail but one: so the last look decides.
      const found = yield* Effect.result(look)
      const made = Result.isSuccess(found) ? found : yield* Effect.result(create)
      yield* Effect.catch(Result.isSuccess(found) ? Effect.void : look, (error) => {
        const cause = Result.isFailure(made) ? made.failure : error
        const { code, detail } = troubleOf(cause)
        const isStatement = code !== "3D000" && ["SqlSyntaxError", "UnknownError"].includes(cause.reason._tag)
        return Effect.fail(unavailable(
          isStatement ? "the table cannot be made, or has other columns than this store's" : detail,
          code
        ))
      })
      return opened
    })
  })
