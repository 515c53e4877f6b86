/**
 * What the harness does with the database: it sets a trigger that writes down each write of a login, makes copies, and counts.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type { Dump, Write } from "./events.ts"

/** The table of the logins, as the package names it. */
const logins = "sso_oidc_logins"

type Sql<A> = Effect.Effect<A, SqlError.SqlError, SqlClient.SqlClient>

/** Sets the trigger. The table of the logins must be there. */
export const audit: Sql<void> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(`CREATE TABLE chaos_audit (n BIGSERIAL, at DOUBLE PRECISION, id TEXT, state_before TEXT, state TEXT,
    holder_before TEXT, holder TEXT)`)
  yield* sql.unsafe(`CREATE FUNCTION chaos_audit() RETURNS TRIGGER AS $$
    BEGIN
      INSERT INTO chaos_audit (at, id, state_before, state, holder_before, holder)
        VALUES (EXTRACT(EPOCH FROM clock_timestamp()) * 1000, NEW.id,
          CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, NEW.state, CASE TG_OP WHEN 'UPDATE' THEN OLD.holder END, NEW.holder);
      RETURN NEW;
    END $$ LANGUAGE plpgsql`)
  yield* sql.unsafe(`CREATE TRIGGER chaos_audit AFTER INSERT OR UPDATE ON ${logins} FOR EACH ROW
    EXECUTE FUNCTION chaos_audit()`)
})

/** Each write of a login so far. `began` is when the run began, in milliseconds since 1970. */
export const writes = (began: number): Sql<ReadonlyArray<Write>> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql<{
      at: number
      id: string
      state_before: string | null
      state: string
      holder_before: string | null
      holder: string | null
    }>`SELECT * FROM chaos_audit ORDER BY n`
    return rows.map(({ at, holder, holder_before, id, state, state_before }) => ({
      id,
      at: at - began,
      state,
      ...(state_before === null ? {} : { stateBefore: state_before }),
      ...(holder_before === null ? {} : { holderBefore: holder_before }),
      ...(holder === null ? {} : { holder })
    }))
  })

/** How many logins are pending. */
export const pending: Sql<number> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql(logins)} WHERE state = 'pending'`
  return rows[0]?.n ?? 0
})

/** The copy of every row of every table, those of the engine too. */
export const dump = (at: number): Sql<Dump> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const tables = yield* sql<{ name: string }>`SELECT format('%I.%I', table_schema, table_name) AS name
      FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
    const rows = yield* Effect.forEach(tables, ({ name }) =>
      Effect.map(
        sql.unsafe<{ row: string }>(`SELECT one::text AS row FROM ${name} AS one`),
        (rows) => rows.map(({ row }) => [name, row] as const)
      ))
    return { at, rows: rows.flat() }
  })

/** What the server counts. */
export interface Counts {
  /** Rows of logins that were inserted, updated or deleted. */
  readonly loginWrites: number
  /** Rows of all other tables that were, without the harness's own. */
  readonly otherWrites: number
  readonly commits: number
}

export const counts: Sql<Counts> = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string; n: number }>`SELECT relname AS name,
    (n_tup_ins + n_tup_upd + n_tup_del)::float8 AS n FROM pg_stat_user_tables WHERE relname <> 'chaos_audit'`
  const [database] = yield* sql<{ n: number }>`SELECT xact_commit::float8 AS n FROM pg_stat_database
    WHERE datname = current_database()`
  const sum = (isLogins: boolean) =>
    tables.filter(({ name }) => (name === logins) === isLogins).reduce((all, { n }) => all + n, 0)
  return { loginWrites: sum(true), otherWrites: sum(false), commits: database?.n ?? 0 }
})
