/**
 * A limit for what another module does, which also ends an effect that cannot be interrupted.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * Gives the result of the effect, or that of `otherwise` after so many milliseconds. The effect runs in a fiber of its own. So an
 * interruption of the caller reaches it only where the caller itself can be interrupted, and the caller waits for no finalizer of it.
 */
export const within = <A, E, R, A2, E2, R2>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  otherwise: Effect.Effect<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const timer = yield* Effect.forkDetach(Effect.sleep(Duration.millis(Math.max(0, millis))), {
        startImmediately: true
      })
      const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
      const exit = yield* restore(
        Effect.callback<Exit.Exit<A, E> | undefined>((resume) => {
          fiber.addObserver((exit) => resume(Effect.succeed(exit)))
          timer.addObserver(() => resume(Effect.succeed(undefined)))
        })
      ).pipe(
        Effect.ensuring(Effect.sync(() => {
          fiber.interruptUnsafe()
          timer.interruptUnsafe()
        }))
      )
      return exit === undefined ? yield* otherwise : yield* exit
    })
  )
