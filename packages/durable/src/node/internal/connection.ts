/**
 * A connection of Effect's SQL over a database of `node:sqlite`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as Result from "./result.ts"

// -----------------------------------------------------------------------------
// values and errors
// -----------------------------------------------------------------------------

/** SQLite has no booleans and no dates. */
const encode = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "bigint":
    case "number":
    case "string":
      return value
    case "boolean":
      return value ? 1 : 0
    case "undefined":
      return null
    default:
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof Date) return value.toISOString()
      throw new TypeError(`SQLite cannot store a parameter of the type ${typeof value}`)
  }
}

/** Effect looks for SQLite's result code in `errno`, and the stores look for its name in `code`. */
const failed = (cause: unknown): SqlError.SqlError => {
  const [errno, code] = [Result.numberOf(cause), Result.codeOf(cause)]
  const coded = cause instanceof Error && errno !== undefined ? Object.assign(cause, { errno, code }) : cause
  const reason = SqlError.classifySqliteError(coded, { message: "SQLite refused the statement", operation: "execute" })
  return new SqlError.SqlError({ reason })
}

// -----------------------------------------------------------------------------
// statements
// -----------------------------------------------------------------------------

// As many as the client of PostgreSQL keeps.
const most = 100

/** Statements that stay prepared. The least recently used statement makes room. */
const preparing = (database: DatabaseSync) => {
  const prepared = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? database.prepare(sql)
    prepared.delete(sql)
    prepared.set(sql, statement)
    if (prepared.size > most) {
      for (const oldest of prepared.keys()) {
        prepared.delete(oldest)
        break
      }
    }
    return statement
  }
}

type Prepare = (sql: string) => StatementSync

type Rows = ReadonlyArray<Record<string, unknown>>

/** Runs a statement. Its integers are `bigint` if the caller's context says so. */
const run = <A>(
  prepare: Prepare,
  sql: string,
  params: ReadonlyArray<unknown>,
  arrays: boolean,
  f: (statement: StatementSync, values: ReadonlyArray<SQLInputValue>) => A
): Effect.Effect<A, SqlError.SqlError> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.try({
      try: () => {
        const statement = prepare(sql)
        statement.setReadBigInts(Context.get(context, SqlClient.SafeIntegers))
        statement.setReturnArrays(arrays)
        return f(statement, params.map(encode))
      },
      catch: failed
    })
  )

// -----------------------------------------------------------------------------
// connections
// -----------------------------------------------------------------------------

/** The connection over a database. */
export const make = (database: DatabaseSync): SqlConnection.Connection => {
  const cached = preparing(database)
  const once: Prepare = (sql) => database.prepare(sql)

  const executing = (prepare: Prepare): SqlConnection.Connection["execute"] => (sql, params, transform) =>
    Effect.map(
      // Node's rows have no prototype, and an equality of tests would see it
      run(
        prepare,
        sql,
        params,
        false,
        (statement, values): Rows => statement.all(...values).map((row) => ({ ...row }))
      ),
      (rows) => transform === undefined ? rows : transform(rows)
    )

  const valuesOf = (prepare: Prepare): SqlConnection.Connection["executeValues"] => (sql, params) =>
    run(prepare, sql, params, true, (statement, values) => statement.all(...values).map((row) => Object.values(row)))

  return {
    execute: executing(cached),
    executeUnprepared: executing(once),
    executeRaw: (sql, params) =>
      run(
        cached,
        sql,
        params,
        false,
        (statement, values) => statement.columns().length > 0 ? statement.all(...values) : statement.run(...values)
      ),
    executeValues: valuesOf(cached),
    executeValuesUnprepared: valuesOf(once),
    executeStream: (sql, params, transform) =>
      Stream.unwrap(Effect.map(executing(cached)(sql, params, transform), Stream.fromIterable))
  }
}
