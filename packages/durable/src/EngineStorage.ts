/**
 * What `Logins` asks of the database where an engine stores its messages. It asks for one transaction for a row and its hand-over, and for the
 * removal of the messages of old logins.
 *
 * `DurableNode` provides it. Provide it yourself if you build the engine yourself.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import * as EngineSql from "./internal/engineSql.ts"
import type { LoginStoreError } from "./LoginStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions {
  /** How the names of the engine's tables begin: `"cluster"` by default, as in Effect's `SqlMessageStorage`. */
  readonly prefix?: string | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What `Logins` asks of the database of an engine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * Runs the write of a new row and its hand-over to the engine, as one transaction. Only for a store and an engine that share a
   * `SqlClient`. Without it, a crash between the two leaves a row that no process drives, until the next check finds it.
   */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LoginStoreError, R>
  /** Removes what the engine stored of these executions of the workflow: their messages, and the results of them. */
  readonly forget: (
    workflow: string,
    executionIds: ReadonlyArray<string>
  ) => Effect.Effect<void, LoginStoreError>
}

/**
 * What `Logins` asks of the database of an engine. By default there is no transaction, and nothing is removed: that is right for the engine in
 * memory.
 *
 * @category services
 * @since 0.1.0
 */
export const EngineStorage: Context.Reference<Service> = Context.Reference<Service>("@sso-oidc/durable/EngineStorage", {
  defaultValue: () => ({ transaction: (effect) => effect, forget: () => Effect.void })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * For an engine that stores its messages with Effect's `SqlMessageStorage`. The engine and the `LoginStore` must have the same `SqlClient`.
 *
 * - `transaction` is a transaction of the client. It fails after 15 seconds, and then neither the row nor the hand-over is there.
 * - `forget` removes the messages by their ids, which have an index, and what was stored as responses to them. A message of another workflow stays.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (options: SqlOptions = {}): Layer.Layer<never, never, SqlClient.SqlClient> =>
  Layer.effect(EngineStorage, EngineSql.make(options.prefix))
