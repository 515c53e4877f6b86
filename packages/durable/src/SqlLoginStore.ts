/**
 * A store of logins in a table of PostgreSQL or SQLite, through Effect's `SqlClient`.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Sql from "./internal/sql.ts"
import { LoginStore, type LoginStoreError } from "./LoginStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The name of the table, or a schema, a dot and the name. `"sso_oidc_logins"` by default. A name has letters, digits and underscores, at
   * most 63, and does not begin with a digit. Any other name is refused.
   */
  readonly table?: string | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A store in a table of PostgreSQL or SQLite (3.35 or newer). A client of another database is refused with a `LoginStoreError`.
 *
 * - The table is made if it is absent. It has one row for each login, and two indexes. A user of the database that may not make tables can use
 *   a table that is there, and needs the rights to select, insert, update and delete.
 * - Each method is one statement. A statement that collides with another transaction runs again, at most three times.
 * - `insert` joins a transaction of the caller on the same client. So a program can store a login and what belongs to it together, or
 *   neither. Until that transaction ends, no other method sees the row.
 * - The other methods join no transaction: a token that has arrived stays stored when a transaction is rolled back. So the client needs a
 *   second connection. With SQLite, or a pool of one connection, do not call them within a transaction.
 * - No row expires. `sweep` removes old rows. It removes none whose time has not come on the database's own clock.
 *
 * @example
 * ```ts
 * import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
 * import * as PgClient from "@effect/sql-pg/PgClient"
 * import * as Config from "effect/Config"
 * import * as Layer from "effect/Layer"
 *
 * const store = SqlLoginStore.layer().pipe(
 *   Layer.provide(PgClient.layerConfig({ url: Config.Redacted("DATABASE_URL") }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<LoginStore, LoginStoreError, SqlClient.SqlClient> =>
  Layer.effect(LoginStore, Sql.make(options))
