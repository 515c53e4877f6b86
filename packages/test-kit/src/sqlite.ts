/**
 * A client of SQLite for tests, which do not lose power.
 */
import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"

/** A client of the database in a file, which is made if it is absent. `:memory:` is a database of its own. */
export const layer = (file: string): Layer.Layer<SqlClient.SqlClient> =>
  Layer.orDie(NodeSqlite.layer({ file, synchronous: "off" }))
