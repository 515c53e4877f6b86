import { assert, describe, it } from "@effect/vitest"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Dice from "@sso-oidc/test-kit/dice"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"

const start = DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })

/** Random numbers that are all this one. */
const always = (part: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => part, nextIntUnsafe: () => 0 })

const millisOf = DateTime.toEpochMillis

/** The wait of a take-over in milliseconds, by its time of the next poll. */
const waitOf = (pending: PendingAuthorization.PendingAuthorization, options?: DeviceGrant.TakeOverOptions) =>
  Effect.gen(function*() {
    const { epochMilliseconds: now } = yield* DateTime.now
    const taken = yield* DeviceGrant.takeOver(pending, options)
    assert.strictEqual(millisOf(taken.nextPollAt) - now, Duration.toMillis(taken.wait))
    return Duration.toMillis(taken.wait)
  })

describe("takeOver (W3)", () => {
  it.effect("waits one interval, a random part of the spread, and never less than the wait that is left (W3)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const begun = yield* start
      for (let seed = 0; seed < 500; seed++) {
        const { below, chance } = Dice.dice(3, seed)
        const interval = 1000 + below(60_000)
        const left = chance(0.5) ? 0 : below(120_000)
        const spread = chance(0.3) ? undefined : below(200_000)
        const part = chance(0.1) ? 0 : chance(0.1) ? 1 - Number.EPSILON : below(1e9) / 1e9
        const { epochMilliseconds: now } = yield* DateTime.now
        const pending: PendingAuthorization.PendingAuthorization = {
          ...begun,
          interval: Duration.millis(interval),
          nextPollAt: DateTime.makeUnsafe(now + left),
          wait: Duration.millis(left + below(1000)),
          failures: below(9)
        }
        const wait = yield* waitOf(pending, spread === undefined ? {} : { spread }).pipe(always(part))
        const widest = Math.max(interval, spread ?? 0)
        assert.isAtLeast(wait, interval)
        assert.isAtLeast(wait, left)
        assert.isAtMost(wait, Math.max(left, interval + widest + 1))
        assert.isAtLeast(wait, Math.floor(interval + part * widest))
        if (left <= interval) assert.isAtMost(wait, Math.ceil(interval + part * widest) + 1)
        yield* TestClock.adjust(below(1000))
      }
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("counts no failure, says that a response was lost, and changes nothing else (W3)", () => {
    const service = Service.make({ polls: [Service.slowDown(), Service.cut("no"), Service.cut("maybe")] })
    return Effect.gen(function*() {
      let pending = yield* start
      for (let second = 0; second < 60; second++) {
        const taken = yield* DeviceGrant.takeOver(pending)
        const { nextPollAt: _nextPollAt, responseLost, wait: _wait, ...rest } = taken
        assert.isTrue(responseLost)
        const { nextPollAt: _before, responseLost: _lost, wait: _waited, ...kept } = pending
        assert.deepStrictEqual(rest, kept)
        yield* TestClock.adjust("1 second")
        const step = yield* DeviceGrant.step(pending)
        if (step._tag !== "Approved") pending = step.pending
      }
      assert.strictEqual(pending.failures, 2)
      assert.strictEqual(Duration.toSeconds(pending.interval), 10)
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("its result can be stored and read, and a step of it polls at its time and not before (W3, D8)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const begun = yield* start
      for (const part of [0, 1 / 3, 0.1234567, 1 - Number.EPSILON]) {
        const taken = yield* DeviceGrant.takeOver(begun).pipe(always(part))
        const stored = yield* Effect.flatMap(PendingAuthorization.encode(taken), PendingAuthorization.decode)
        assert.deepStrictEqual(stored.nextPollAt, taken.nextPollAt)
        assert.strictEqual(Duration.toMillis(stored.wait), Duration.toMillis(taken.wait))
        const before = service.polls().length
        yield* TestClock.adjust(Duration.millis(Duration.toMillis(taken.wait) - 1))
        assert.strictEqual((yield* DeviceGrant.step(stored))._tag, "NotDue")
        assert.strictEqual(service.polls().length, before)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* DeviceGrant.step(stored))._tag, "Waiting")
        assert.strictEqual(service.polls().length, before + 1)
      }
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("after it, invalid_grant is TokenPossiblyLost, and a response that the login is pending clears that (W3)", () => {
    const service = Service.make({ polls: [Service.invalidGrant] })
    return Effect.gen(function*() {
      const taken = yield* Effect.flatMap(start, (pending) => DeviceGrant.takeOver(pending))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(taken)))._tag, "TokenPossiblyLost")
      const waiting = yield* Effect.provide(DeviceGrant.step(taken), Service.make({ polls: [Service.pending] }).layer)
      assert.isTrue(waiting._tag === "Waiting" && !waiting.pending.responseLost)
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("a take-over near the deadline leads to no poll after it (W3, D4)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 60 })] })
    return Effect.gen(function*() {
      const begun = yield* start
      yield* TestClock.adjust("57 seconds")
      const taken = yield* DeviceGrant.takeOver(begun)
      const error = yield* Effect.flip(DeviceGrant.step(taken))
      assert.isTrue(error._tag === "DeviceCodeExpired" && error.responseLost)
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(Effect.provide(service.layer))
  })

  it.effect.each([Number.NaN, Number.POSITIVE_INFINITY, "soon", -1] as const)(
    "a spread of %s is one interval (W3)",
    (spread) => {
      const service = Service.make({})
      return Effect.gen(function*() {
        const begun = yield* start
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JavaScript may give any text
        const wait = yield* waitOf(begun, { spread: spread as Duration.Input }).pipe(always(0.5))
        assert.strictEqual(wait, 7500)
      }).pipe(Effect.provide(service.layer))
    }
  )
})
