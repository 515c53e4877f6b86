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
import type { LoginStoreError } from "./LoginStore.ts"

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
