/**
 * How a caller waits for the lock of another holder.
 */
import { assert, describe, it } from "@effect/vitest"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"

/** A holder that keeps the lock until the test ends it, and another caller that waits. */
const waiting = Effect.fnUntraced(function*(wait: Duration.Input) {
  const store = yield* TokenStore.TokenStore
  const [taken, ended] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const hold = Effect.andThen(Deferred.succeed(taken, undefined), Deferred.await(ended))
  yield* Effect.forkScoped(store.exclusively("key", () => hold, { wait: Duration.zero }))
  yield* Deferred.await(taken)
  let looks = 0
  const waiter = yield* Effect.forkScoped(
    store.exclusively("key", () => Effect.succeed("held"), {
      wait: Duration.fromInputUnsafe(wait),
      meanwhile: Effect.sync(() => {
        looks++
        return Option.none<string>()
      })
    })
  )
  yield* Effect.yieldNow
  return { waiter, looks: () => looks, end: Deferred.succeed(ended, undefined) }
})

const run = <A, E>(effect: Effect.Effect<A, E, TokenStore.TokenStore | Effect.Services<ReturnType<typeof waiting>>>) =>
  effect.pipe(Effect.scoped, Effect.provide(TokenStore.layerMemory))

/** Moves the clock in small steps, so that each pause ends in its time. */
const pass = (millis: number) =>
  Effect.forEach(Array.from({ length: millis / 5 }), () => TestClock.adjust(5), { discard: true })

describe("the wait for a lock", () => {
  it.effect("looks often at first, and then less often, so that many waiters leave the processor to the holder (S8)", () =>
    run(Effect.gen(function*() {
      const { looks, waiter } = yield* waiting("30 seconds")
      yield* pass(500)
      assert.isAtLeast(looks(), 500 / 50)
      yield* pass(3500)
      const before = looks()
      yield* pass(5000)
      assert.isAtLeast(looks() - before, 5000 / (6 * 50))
      assert.isAtMost(looks() - before, 5000 / (6 * 15))
      assert.isUndefined(waiter.pollUnsafe())
    })))

  it.effect("takes a lock that becomes free within 300 ms, also after a long wait (S8)", () =>
    run(Effect.gen(function*() {
      const { end, waiter } = yield* waiting("30 seconds")
      yield* pass(20_000)
      yield* end
      yield* pass(300)
      assert.isDefined(waiter.pollUnsafe())
      assert.strictEqual(yield* Fiber.join(waiter), "held")
    })))

  it.effect("ends in its time, whatever pause it is in (S8)", () =>
    run(Effect.gen(function*() {
      const { waiter } = yield* waiting("10 seconds")
      yield* pass(9995)
      assert.isUndefined(waiter.pollUnsafe())
      yield* TestClock.adjust(5)
      assert.strictEqual((yield* Effect.flip(Fiber.join(waiter)))._tag, "StoreBusy")
    })))
})
