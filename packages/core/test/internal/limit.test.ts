import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Limit from "../../src/internal/limit.ts"

const seconds = Duration.seconds

/** Runs the effect with a limit of ten seconds. */
const limited = <A, E>(self: Effect.Effect<A, E>, late: () => Effect.Effect<A, E>) =>
  Effect.withFiber<A, E>((fiber) => Limit.within(self, fiber.context, seconds(10), late))

/** A clock that counts its sleeps. */
const counting = (clock: Clock.Clock) => {
  const sleeps = { begun: 0, open: 0 }
  const counted: Clock.Clock = {
    ...clock,
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
    sleep: (duration) =>
      Effect.suspend(() => {
        sleeps.begun++
        sleeps.open++
        return Effect.ensuring(clock.sleep(duration), Effect.sync(() => sleeps.open--))
      })
  }
  return { sleeps, clock: counted }
}

describe("internal/limit", () => {
  it.effect("gives the result of an effect that ends at once, without any timer (C3)", () =>
    Effect.gen(function*() {
      const { clock, sleeps } = counting(yield* Clock.Clock)
      const run = (effect: Effect.Effect<number, string>) =>
        Effect.exit(Effect.provideService(limited(effect, () => Effect.die("late")), Clock.Clock, clock))
      assert.deepStrictEqual(yield* run(Effect.succeed(1)), Exit.succeed(1))
      assert.deepStrictEqual(yield* run(Effect.fail("no")), Exit.fail("no"))
      assert.deepStrictEqual(sleeps, { begun: 0, open: 0 })
    }))

  it.effect("gives the result of an effect that ends in time, and leaves no timer (C3)", () =>
    Effect.gen(function*() {
      const { clock, sleeps } = counting(yield* Clock.Clock)
      const slow = Effect.as(Effect.promise(() => Promise.resolve()), 1)
      const result = yield* Effect.provideService(limited(slow, () => Effect.die("late")), Clock.Clock, clock)
      assert.strictEqual(result, 1)
      assert.deepStrictEqual(sleeps, { begun: 1, open: 0 })
    }))

  it.effect("ends an effect that hangs, waits for its finalizer, and then goes on (C3)", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const hangs = Effect.onInterrupt(
        Effect.never,
        () => Effect.andThen(Effect.sleep(seconds(3)), Effect.sync(() => order.push("finalizer")))
      )
      const fiber = yield* Effect.forkChild(limited(hangs, () => Effect.sync(() => order.push("late"))))
      yield* TestClock.adjust(seconds(12))
      assert.deepStrictEqual(order, [])
      yield* TestClock.adjust(seconds(1))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(order, ["finalizer", "late"])
    }))

  it.effect("is late even if the effect cannot be interrupted, and succeeds after the limit (C3)", () =>
    Effect.gen(function*() {
      const stubborn = Effect.uninterruptible(Effect.as(Effect.sleep(seconds(20)), "result"))
      const fiber = yield* Effect.forkChild(limited(stubborn, () => Effect.succeed("late")))
      yield* TestClock.adjust(seconds(20))
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))

  it.effect("an interruption ends the effect and the timer, and waits for the finalizer (C3)", () =>
    Effect.gen(function*() {
      const { clock, sleeps } = counting(yield* Clock.Clock)
      const gate = yield* Deferred.make<void>()
      const hangs = Effect.onInterrupt(Effect.never, () => Deferred.await(gate))
      const fiber = yield* Effect.forkChild(
        Effect.provideService(limited(hangs, () => Effect.die("late")), Clock.Clock, clock),
        { startImmediately: true }
      )
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(ending)
      assert.deepStrictEqual(sleeps, { begun: 1, open: 0 })
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("runs the effect in the context that it gets (C9)", () =>
    Effect.gen(function*() {
      const Name = Context.Reference<string>("name", { defaultValue: () => "default" })
      const name = Effect.withFiber((fiber) => Effect.succeed(fiber.getRef(Name)))
      const given = Limit.within(name, Context.make(Name, "given"), seconds(1), () => Effect.die("late"))
      assert.deepStrictEqual([yield* given, yield* name], ["given", "default"])
    }))

  it.effect("a defect of the clock ends the effect with that defect (C3)", () =>
    Effect.gen(function*() {
      const { clock } = counting(yield* Clock.Clock)
      const broken: Clock.Clock = { ...clock, sleep: () => Effect.die("no clock") }
      const exit = yield* Effect.exit(
        Effect.provideService(limited(Effect.never, () => Effect.die("late")), Clock.Clock, broken)
      )
      assert.deepStrictEqual(exit, Exit.die("no clock"))
    }))
})
