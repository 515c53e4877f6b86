/**
 * Effect's `SqlClient` over the SQLite of Node, for the stores and the engine of this package on one machine.
 *
 * The registry has no such client for this version of Effect. This one stays until Effect publishes its own. `DurableNode.layerFile` uses it.
 * Use it yourself for `SqlLoginStore` with `Step`, or for an engine that you build.
 *
 * @example
 * ```ts
 * import * as NodeSqlite from "@sso-oidc/durable/node/NodeSqlite"
 * import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
 * import * as Layer from "effect/Layer"
 *
 * const store = SqlLoginStore.layer().pipe(Layer.provide(NodeSqlite.layer({ file: "logins.db" })))
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import * as Statement from "effect/sql/Statement"
import type { LoginStoreError } from "../LoginStore.ts"
import * as Connection from "./internal/connection.ts"
import * as Database from "./internal/file.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The path of the database. The file is made if it is absent, and then only its owner can read and write it. Its folder must exist.
   * `":memory:"` is a new database in memory, which ends with the layer.
   */
  readonly file: string
  /**
   * Whether this process has the file to itself. If another process has the file open, then the layer fails. While the layer is there, no
   * other process can read the file. The operating system ends this with the process, however the process ends. `false` by default.
   */
  readonly exclusive?: boolean | undefined
  /**
   * When a write has reached the disk. `"full"`, the default: before the write ends, so that it survives a loss of power. `"off"`: some time
   * later, which is right for tests only. A write survives the end of the process with both.
   */
  readonly synchronous?: "full" | "off" | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A client of a SQLite database in a file. It needs the SQLite of Node 22.19 or newer. Node 22 prints a warning that its SQLite is
 * experimental.
 *
 * - It has one connection. A transaction has it to itself, and other statements wait.
 * - A statement runs at once and keeps the process busy, as all of SQLite in Node does. If another process writes to the file, a statement
 *   waits for 5 seconds at most.
 * - A statement is prepared once. The last 100 stay prepared.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, LoginStoreError> =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const database = yield* Effect.acquireRelease(Database.open(options), (database) =>
        Effect.sync(() => database.close()))
      const acquirers = SqlClient.makeSqliteAcquirers({
        connection: Effect.succeed(Connection.make(database)),
        semaphore: yield* Semaphore.make(1),
        isTransaction: () =>
          database.isTransaction
      })
      return yield* SqlClient.make({
        ...acquirers,
        compiler: Statement.makeCompilerSqlite(),
        driver: "node:sqlite",
        spanAttributes: [["db.system.name", "sqlite"]]
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))
