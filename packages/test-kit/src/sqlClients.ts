/**
 * Clients of databases that do as a test says.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import { SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"

const compilers = {
  sqlite: () => Statement.makeCompilerSqlite(),
  mysql: () =>
    Statement.makeCompiler({
      dialect: "mysql",
      placeholder: () => "?",
      onIdentifier: (name) => name,
      onRecordUpdate: () => ["", []],
      onCustom: () => ["", []]
    })
}

/** A client whose statements do this. Before it, so many statements succeed and give no row. */
export const over = (
  execute: () => Effect.Effect<ReadonlyArray<unknown>, SqlError>,
  dialect: keyof typeof compilers = "sqlite",
  successes = 0
): Layer.Layer<SqlClient.SqlClient> => {
  let left = successes
  const run = () => Effect.suspend(() => left-- > 0 ? Effect.succeed([]) : execute())
  const unused = () => Effect.die(new Error("unused"))
  return Layer.effect(
    SqlClient.SqlClient,
    SqlClient.make({
      acquirer: Effect.succeed({
        execute: run,
        executeUnprepared: run,
        executeRaw: unused,
        executeStream: () => {
          throw new Error("unused")
        },
        executeValues: unused,
        executeValuesUnprepared: unused
      }),
      compiler: compilers[dialect](),
      driver: "test",
      spanAttributes: []
    })
  ).pipe(Layer.provide(Reactivity.layer))
}

/** A client whose statements all end in this error. Before it, so many statements succeed and give no row. */
export const failing = (
  reason: SqlError["reason"],
  dialect: keyof typeof compilers = "sqlite",
  successes = 0
): Layer.Layer<SqlClient.SqlClient> => over(() => Effect.fail(new SqlError({ reason })), dialect, successes)
