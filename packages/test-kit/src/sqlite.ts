/**
 * Effect's `SqlClient` over the SQLite of Node, for tests. The registry has no such client for this version of Effect.
 *
 * It has one connection. A transaction has it to itself, and other statements wait.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

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

/** Node puts SQLite's result code into `errcode`, and Effect looks for it in `errno`. */
const failed = (cause: unknown): SqlError.SqlError => {
  const coded = cause instanceof Error && Predicate.hasProperty(cause, "errcode")
    ? Object.assign(cause, { errno: cause.errcode })
    : cause
  const reason = SqlError.classifySqliteError(coded, { message: "SQLite refused the statement", operation: "execute" })
  return new SqlError.SqlError({ reason })
}

type Rows = ReadonlyArray<Record<string, unknown>>

const connectionOf = (database: DatabaseSync): SqlConnection.Connection => {
  const statement = (sql: string, safeIntegers: boolean) => {
    const prepared = database.prepare(sql)
    prepared.setReadBigInts(safeIntegers)
    return prepared
  }
  /** Runs a statement. Its integers are `bigint` if the caller's context says so. */
  const run = <A>(f: (safeIntegers: boolean) => A): Effect.Effect<A, SqlError.SqlError> =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.try({ try: () => f(Context.get(context, SqlClient.SafeIntegers)), catch: failed })
    )
  const execute: SqlConnection.Connection["execute"] = (sql, params, transform) =>
    Effect.map(
      // Node's rows have no prototype, and an equality of tests would see it
      run((safe): Rows => statement(sql, safe).all(...params.map(encode)).map((row) => ({ ...row }))),
      (rows) => transform === undefined ? rows : transform(rows)
    )
  const executeValues: SqlConnection.Connection["executeValues"] = (sql, params) =>
    run((safe) => {
      const prepared = statement(sql, safe)
      prepared.setReturnArrays(true)
      return prepared.all(...params.map(encode)).map((row) => Object.values(row))
    })
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: (sql, params) =>
      run((safe) => {
        const prepared = statement(sql, safe)
        const values = params.map(encode)
        return prepared.columns().length > 0 ? prepared.all(...values) : prepared.run(...values)
      }),
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: (sql, params, transform) =>
      Stream.unwrap(Effect.map(execute(sql, params, transform), Stream.fromIterable))
  }
}

/** A client of the database in a file, which is made if it is absent. `:memory:` is a database of its own. */
export const layer = (filename: string): Layer.Layer<SqlClient.SqlClient> =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const database = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(filename, { timeout: 5000 })),
        (database) => Effect.sync(() => database.close())
      )
      // tests do not lose power
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
      const acquirers = SqlClient.makeSqliteAcquirers({
        connection: Effect.succeed(connectionOf(database)),
        semaphore: yield* Semaphore.make(1),
        isTransaction: () => database.isTransaction
      })
      return yield* SqlClient.make({
        ...acquirers,
        compiler: Statement.makeCompilerSqlite(),
        driver: "node:sqlite",
        spanAttributes: [["db.system.name", "sqlite"]]
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))
