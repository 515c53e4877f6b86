/**
 * Time that goes fast, for waits between real calls.
 */
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { setTimeout } from "node:timers/promises"

/**
 * Runs an effect with a test clock that starts now, and that goes on by half a second in each two milliseconds. A request to loopback takes
 * some of them, and a pause of a minute takes a quarter of a second.
 */
export const fast = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(Date.now())
    const going = Effect.forever(Effect.andThen(Effect.promise(() => setTimeout(2)), TestClock.adjust("500 millis")))
    return yield* Effect.raceFirst(effect, going)
  })
