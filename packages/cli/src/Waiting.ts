/**
 * Tells a person at a terminal that the command still waits, when a result takes long: without a network the tries take half a minute.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Host from "./Host.ts"
import * as Output from "./Output.ts"

const patience = "5 seconds"

/** Runs an effect, and says once that it takes long. */
export const told = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Host.Host> =>
  Effect.gen(function*() {
    const { isInteractive } = yield* Host.Host
    if (!isInteractive) return yield* effect
    const telling = yield* Effect.forkChild(
      Effect.andThen(
        Effect.sleep(patience),
        Output.tell("Still waiting for a response of the portal. Ctrl-C ends the wait.")
      )
    )
    return yield* Effect.ensuring(effect, Fiber.interrupt(telling))
  })
