/**
 * A store in a table of PostgreSQL or SQLite. Each step is one statement, whose `WHERE` checks the lease and whose `RETURNING` says whether
 * anything changed.
 */
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as Sql from "@sso-oidc/core/database/Sql"
import type { Trouble } from "@sso-oidc/core/database/Trouble"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type { Service } from "../../TokenStore.ts"
import * as Lease from "./lease.ts"
import * as Record from "./record.ts"

const store = "SQL"

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

const columns = {
  id: "VARCHAR(40) PRIMARY KEY",
  content: "TEXT",
  mark: "TEXT",
  room: "TEXT",
  holder: "TEXT",
  held_until: "BIGINT",
  written_at: "BIGINT"
}

export interface Options {
  readonly table?: string | undefined
}

export const make = Effect.fnUntraced(
  function*({ table = "sso_oidc_tokens" }: Options = {}): Effect.fn.Return<Service, StoreError, SqlClient.SqlClient> {
    const client = yield* SqlClient.SqlClient
    const { dialect, name: rows, run, sql } = yield* Effect.mapError(
      Sql.open(client, { table, columns }),
      ({ code, detail }) =>
        new StoreError({
          store,
          operation: "open",
          reason: "unavailable",
          detail,
          ...(code === undefined ? {} : { code })
        })
    )
    const clock = Sql.clocks[dialect]
    const now = sql.literal(clock)
    const until = sql.literal(`${clock} + ${Duration.toMillis(Lease.lease)}`)

    const latest = sql.literal(`${clock} + ${2 * Duration.toMillis(Lease.lease)}`)

    const changes = (statement: Statement.Statement<{ id: string }>): Effect.Effect<boolean, Trouble> =>
      Effect.map(run(statement), (rows) => rows.length === 1)

    const column = (name: "content" | "mark", id: string): Effect.Effect<unknown, Trouble> =>
      Effect.map(
        run(sql<{ value: unknown }>`SELECT ${sql.literal(name)} AS value FROM ${rows} WHERE id = ${id}`),
        ([row]) => row?.value
      )

    const held = (id: string, holder: string) =>
      sql`WHERE id = ${id} AND holder = ${holder} AND held_until > ${now} RETURNING id`

    const change = (id: string, holder: string, set: Statement.Fragment) =>
      changes(sql`UPDATE ${rows} SET ${set}, written_at = ${now} ${held(id, holder)}`)

    // A lease that ends much later than any does was taken before the database's clock was set back.
    const isFree = sql`kept.held_until IS NULL OR kept.held_until <= ${now} OR kept.held_until > ${latest}`

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
          )
        ),
      prepare: (id, holder, mark, bytes) => change(id, holder, sql`mark = ${mark}, room = ${Record.room(bytes)}`),
      commit: (id, holder, text) => change(id, holder, sql`content = ${text}, mark = NULL, room = NULL`),
      settle: (id, holder, mark) =>
        change(id, holder, mark === undefined ? sql`mark = NULL, room = NULL` : sql`mark = ${mark}, room = NULL`),
      remove: (id, holder) => change(id, holder, sql`content = NULL, mark = NULL, room = NULL`),
      ids: Effect.map(
        Effect.suspend(() => run(sql<{ id: string }>`SELECT id FROM ${rows} WHERE content IS NOT NULL`)),
        (found) => found.map(({ id }) => id)
      )
    })
  }
)
