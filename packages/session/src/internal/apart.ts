/**
 * Effects of a program's own services, which may never end, and may refuse to be interrupted.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/**
 * Runs an effect in a fiber of its own, and gives how it ended. An interruption or a time limit ends the wait at once. The fiber is interrupted
 * too, but nothing waits for it.
 */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.forkDetach(effect, { startImmediately: true, uninterruptible: false }),
      (fiber) => Effect.onInterrupt(restore(Fiber.await(fiber)), () => Effect.sync(() => fiber.interruptUnsafe()))
    )
  )
