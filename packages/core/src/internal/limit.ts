/**
 * Ends an effect that takes too long, like `Effect.timeoutOrElse`, in less time of the processor.
 *
 * The effect runs in a fiber of its own, which the limit interrupts. So the limit ends an effect that can be interrupted, also if its caller
 * cannot. It waits for the end of any other. If the effect ends at once, no timer starts.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** Runs the effect in this context. If it takes longer than the duration, it is interrupted, and `late` follows its end. */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  context: Context.Context<R>,
  duration: Duration.Duration,
  late: () => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    let timer: Fiber.Fiber<void> | undefined
    let instead: (() => Effect.Effect<A, E>) | undefined
    const running = Effect.runForkWith(context)(self)
    running.addObserver((exit) => {
      timer?.interruptUnsafe()
      resume(instead === undefined ? exit : instead())
    })
    if (running.pollUnsafe()) return
    // In an empty context, its interruption copies no trace of the caller's spans.
    timer = Effect.runFork(Context.get(context, Clock.Clock).sleep(duration))
    timer.addObserver((exit) => {
      if (running.pollUnsafe()) return
      instead = exit._tag === "Success" ? late : () => Effect.failCause(exit.cause)
      running.interruptUnsafe()
    })
    // Its end ends the timer.
    return Fiber.interrupt(running)
  })
