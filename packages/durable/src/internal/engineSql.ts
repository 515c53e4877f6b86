/**
 * What `Logins` asks of the database of an engine, where the engine stores its messages through a `SqlClient`.
 *
 * The names of tables and columns, and the ids of messages, are those of Effect's `SqlMessageStorage`.
 */
import * as Sql from "@sso-oidc/core/database/Sql"
import { type Trouble, within } from "@sso-oidc/core/database/Trouble"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Service } from "../EngineStorage.ts"
import type { LoginStoreError } from "../LoginStore.ts"
import * as Database from "./database.ts"

const store = "SQL"

// -----------------------------------------------------------------------------
// transactions
// -----------------------------------------------------------------------------

/** An error of the effect itself, which is not one of the database. */
class Inner<E> {
  readonly error: E
  constructor(error: E) {
    this.error = error
  }
}

const limit = Duration.seconds(15)

const failed = (trouble: Trouble): LoginStoreError => Database.errorOf(store, "insert")(trouble)

const transaction = (sql: SqlClient.SqlClient): Service["transaction"] => (effect) =>
  Effect.flatMap(References.TracerEnabled, (isTraced) =>
    effect.pipe(
      Effect.withTracerEnabled(isTraced),
      Effect.mapError((error) => new Inner(error)),
      sql.withTransaction,
      // The span of a failed transaction has the driver's error, which may hold parameters.
      Effect.withTracerEnabled(false),
      Effect.mapError((error) => error instanceof Inner ? error.error : failed(Sql.troubleOf(error))),
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () =>
          Effect.fail(failed({
            reason: "timeout",
            code: "ETIMEDOUT",
            detail: `it did not respond within ${Duration.format(limit)}`
          }))
      }),
      // A rollback over a broken connection is a defect, and so is an error of the engine's storage.
      Effect.catchDefect(() =>
        Effect.fail(failed({ reason: "unavailable", detail: "the login was not handed to the engine" }))
      )
    ))

// -----------------------------------------------------------------------------
// removal
// -----------------------------------------------------------------------------

/**
 * The ids of the messages that an execution can have: its run, and the signal of an interruption. They are unique, and have an index. An id
 * of an execution has 32 characters, so that none is longer than the column, where the engine would store its digest.
 */
const messageIds = (entity: string, executionId: string): ReadonlyArray<string> => [
  `${entity}/${executionId}/run/`,
  `${entity}/${executionId}/deferred/Workflow/InterruptSignal`
]

// One statement has two parameters for each execution.
const batch = 250

/** Another transaction was first, and this one has changed nothing. */
const conflicts: ReadonlyArray<string> = ["DeadlockError", "SerializationError", "LockTimeoutError"]

const removing = (client: SqlClient.SqlClient, prefix: string) => {
  const sql = client.withoutTransforms()
  const [messages, replies] = [sql(`${prefix}_messages`), sql(`${prefix}_replies`)]

  return (entity: string, executionIds: ReadonlyArray<string>): Effect.Effect<void, SqlError> =>
    Effect.gen(function*() {
      const ids = executionIds.flatMap((id) => messageIds(entity, id))
      const rows = yield* sql<{ readonly id: number | bigint | string }>`
        SELECT id FROM ${messages} WHERE ${sql.in("message_id", ids)} AND entity_type = ${entity}
      `.unprepared
      if (rows.length === 0) return
      // A message without an id of its own, such as an interruption, has the id of the request that it belongs to.
      const requests = rows.map(({ id }) => String(id))
      yield* sql`DELETE FROM ${replies} WHERE ${sql.in("request_id", requests)}`.unprepared
      yield* sql`DELETE FROM ${messages} WHERE ${sql.in("request_id", requests)}`.unprepared
    }).pipe(
      // An id has 64 bits.
      Effect.provideService(SqlClient.SafeIntegers, true),
      client.withTransaction,
      Effect.withTracerEnabled(false),
      Effect.retry({ while: ({ reason }) => conflicts.includes(reason._tag), times: 3 })
    )
}

const removal = Duration.seconds(30)

const forget = (sql: SqlClient.SqlClient, prefix: string): Service["forget"] => {
  const remove = removing(sql, prefix)
  return (workflow, executionIds) =>
    Effect.forEach(
      Arr.chunksOf(executionIds, batch),
      (ids) =>
        Effect.mapError(
          within(Effect.mapError(remove(`Workflow/${workflow}`, ids), Sql.troubleOf), removal),
          Database.errorOf(store, "sweep")
        ),
      { discard: true }
    )
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

export const make = (prefix = "cluster"): Effect.Effect<Service, never, SqlClient.SqlClient> =>
  Effect.map(SqlClient.SqlClient, (sql) => ({ transaction: transaction(sql), forget: forget(sql, prefix) }))
