/**
 * Whether this process stops. The routes ask, so that a load balancer and the open streams learn of it first.
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Service {
  readonly isStopping: Effect.Effect<boolean>
  /** Waits until the process stops. */
  readonly begun: Effect.Effect<void>
  readonly begin: Effect.Effect<void>
}

export class Stopping extends Context.Service<Stopping, Service>()("example-fleet/Stopping") {}

export const layer: Layer.Layer<Stopping> = Layer.effect(
  Stopping,
  Effect.map(Deferred.make<void>(), (stop) =>
    Stopping.of({
      isStopping: Deferred.isDone(stop),
      begun: Deferred.await(stop),
      begin: Effect.asVoid(Deferred.succeed(stop, undefined))
    }))
)

/** Waits for the first SIGTERM or SIGINT. The second one ends the process at once. */
export const signal: Effect.Effect<NodeJS.Signals> = Effect.callback((resume) => {
  let received = false
  const listener = (name: NodeJS.Signals) => {
    if (received) process.exit(1)
    received = true
    resume(Effect.succeed(name))
  }
  // they stay, because the stop takes a while
  process.on("SIGTERM", listener)
  process.on("SIGINT", listener)
})
