import { assert, describe, it } from "@effect/vitest"
import * as RateLimit from "@sso-oidc/relay/RateLimit"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"

const limit: RateLimit.Limit = { limit: 3, window: Duration.seconds(60) }

const allowed: RateLimit.Taken = { allowed: true }

const waits = (taken: RateLimit.Taken) => taken.allowed ? 0 : Duration.toMillis(taken.retryAfter)

describe("RateLimit.makeMemoryStore", () => {
  it.effect("lets a whole bucket pass at once, and then one request for each part of the window", () =>
    Effect.gen(function*() {
      const { take } = RateLimit.makeMemoryStore()
      for (let at = 0; at < 3; at++) assert.deepStrictEqual(yield* take("a", limit), allowed)
      assert.strictEqual(waits(yield* take("a", limit)), 20_000)
      // a rejected request costs nothing
      assert.strictEqual(waits(yield* take("a", limit)), 20_000)
      yield* TestClock.adjust("19 seconds")
      assert.strictEqual(waits(yield* take("a", limit)), 1000)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* take("a", limit), allowed)
      assert.strictEqual(waits(yield* take("a", limit)), 20_000)
    }))

  it.effect("lets a caller pass that waited as long as it was told, whatever the limit", () =>
    Effect.gen(function*() {
      for (const [limit, seconds] of [[1, 1], [7, 60], [49, 1], [1200, 60], [997, 3600]] as const) {
        const { take } = RateLimit.makeMemoryStore()
        const one = { limit, window: Duration.seconds(seconds) }
        for (let at = 0; at < limit; at++) assert.deepStrictEqual(yield* take("a", one), allowed)
        for (let at = 0; at < 3; at++) {
          const wait = waits(yield* take("a", one))
          assert.isAbove(wait, 0)
          yield* TestClock.adjust(Math.ceil(wait))
          assert.deepStrictEqual(yield* take("a", one), allowed)
        }
      }
    }))

  it.effect("never holds more than the limit in a bucket, however long it was not used", () =>
    Effect.gen(function*() {
      const { take } = RateLimit.makeMemoryStore()
      yield* take("a", limit)
      yield* TestClock.adjust("1 day")
      for (let at = 0; at < 3; at++) assert.deepStrictEqual(yield* take("a", limit), allowed)
      assert.isAbove(waits(yield* take("a", limit)), 0)
    }))

  it.effect("counts each key separately", () =>
    Effect.gen(function*() {
      const { take } = RateLimit.makeMemoryStore()
      for (let at = 0; at < 3; at++) yield* take("a", limit)
      assert.deepStrictEqual(yield* take("b", limit), allowed)
      assert.deepStrictEqual(yield* take("__proto__", limit), allowed)
    }))

  it.effect("is not affected when the wall clock jumps", () =>
    Effect.gen(function*() {
      const { take } = RateLimit.makeMemoryStore()
      const clock = yield* Clock.Clock
      const jumped = (by: number): Clock.Clock => ({
        ...clock,
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + by,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (millis) => millis + by)
      })
      const at = (by: number) => Effect.provideService(take("a", limit), Clock.Clock, jumped(by))
      for (let n = 0; n < 3; n++) yield* take("a", limit)
      assert.strictEqual(waits(yield* at(3_600_000)), 20_000)
      assert.strictEqual(waits(yield* at(-3_600_000)), 20_000)
    }))

  it.effect("holds at most maxKeys buckets, and drops the least recently used one", () =>
    Effect.gen(function*() {
      const { take } = RateLimit.makeMemoryStore({ maxKeys: 2 })
      const one = { limit: 1, window: Duration.seconds(60) }
      yield* take("a", one)
      yield* take("b", one)
      // rejected, but used
      assert.isAbove(waits(yield* take("a", one)), 0)
      yield* take("c", one)
      assert.isAbove(waits(yield* take("a", one)), 0)
      assert.deepStrictEqual(yield* take("b", one), allowed)
    }))

  it("throws a RangeError for an invalid number of keys", () => {
    for (const maxKeys of [0, -1, Number.NaN]) {
      assert.throws(() => RateLimit.makeMemoryStore({ maxKeys }), RangeError, "maxKeys")
    }
  })
})
