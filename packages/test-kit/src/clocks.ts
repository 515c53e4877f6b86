/**
 * Clocks for the tests of the grant. A test moves the first. The wall time of the second can jump. The third counts its sleepers.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

/** Runs the effect while the clock moves on, one second at a time. Gives its exit, or says that it is still running. */
export const within =
  (seconds: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Exit.Exit<A, E> | "still running", never, R> =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(effect))
      for (let second = 0; second < seconds; second++) yield* TestClock.adjust("1 second")
      const exit = fiber.pollUnsafe()
      if (exit === undefined) {
        yield* Fiber.interrupt(fiber)
        return "still running"
      }
      return Exit.isSuccess(exit) ? exit.value : Exit.failCause(exit.cause)
    })

/** A clock with the times and the sleeps of another one, but for these changes. */
export const changed = (clock: Clock.Clock, changes: Partial<Clock.Clock>): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration),
  ...changes
})

/** Wraps the clock in the context. The wall time of this clock can jump, and its sleepers do not notice. */
export const jumping = Effect.gen(function*() {
  const clock = yield* Effect.clockWith(Effect.succeed)
  let offset = 0
  const wall: Clock.Clock = {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + offset,
    currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + offset),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration: Duration.Duration) => clock.sleep(duration)
  }
  return {
    provide: Effect.provideService(Clock.Clock, wall),
    /** Moves the wrapped clock, from inside an effect that this clock is provided to. */
    adjust: (duration: Duration.Input) => Effect.provideService(TestClock.adjust(duration), Clock.Clock, clock),
    jump: (seconds: number) =>
      Effect.sync(() => {
        offset += seconds * 1000
      })
  }
})

/** Wraps the clock in the context. Its monotonic time can be set back, and its sleepers can wake late. */
export const unsteady = Effect.gen(function*() {
  const clock = yield* Effect.clockWith(Effect.succeed)
  let [offset, late] = [0, 0]
  const monotonic = () => clock.monotonicTimeNanosUnsafe() + BigInt(offset) * 1_000_000_000n
  const unsteady: Clock.Clock = {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
    currentTimeMillis: clock.currentTimeMillis,
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
    currentTimeNanos: clock.currentTimeNanos,
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration: Duration.Duration) => Effect.andThen(clock.sleep(duration), clock.sleep(Duration.seconds(late)))
  }
  return {
    provide: Effect.provideService(Clock.Clock, unsteady),
    /** Moves the monotonic time by so many seconds. */
    move: (seconds: number) =>
      Effect.sync(() => {
        offset += seconds
      }),
    /** From now on, sleepers wake so many seconds late. */
    wakeLate: (seconds: number) =>
      Effect.sync(() => {
        late = seconds
      })
  }
})

/** Wraps the clock in the context, and counts the fibers that sleep. */
export const counting = Effect.gen(function*() {
  const clock = yield* Effect.clockWith(Effect.succeed)
  let sleepers = 0
  const counted = changed(clock, {
    sleep: (duration: Duration.Duration) =>
      Effect.acquireUseRelease(
        Effect.sync(() => sleepers++),
        () => clock.sleep(duration),
        () => Effect.sync(() => sleepers--)
      )
  })
  return { provide: Effect.provideService(Clock.Clock, counted), sleepers: () => sleepers }
})
