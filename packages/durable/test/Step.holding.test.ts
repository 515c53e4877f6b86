import { assert, describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { as, options, polling, row, slow, start, stepped, stores, using } from "./support/login.ts"

/**
 * A row as an invocation leaves it that is killed in its poll: held, and marked as in flight. The fiber is cut off from the store, so it
 * never writes again.
 */
const killed = Effect.gen(function*() {
  const store = yield* LoginStore.LoginStore
  const died = yield* Deferred.make<void>()
  let isDead = false
  const die = Effect.suspend(() => {
    isDead = true
    return Effect.andThen(Deferred.succeed(died, undefined), Effect.never)
  })
  const dying: LoginStore.Service = {
    ...store,
    get: (id) => Effect.suspend(() => isDead ? Effect.never : store.get(id)),
    set: (id, version, next) => Effect.andThen(store.set(id, version, next), die)
  }
  yield* Effect.forkDetach(Effect.provideService(Step.step("login-1"), LoginStore.LoginStore, dying))
  yield* Deferred.await(died)
})

describe("holders", () => {
  it.effect("while one invocation polls, the others are busy and send nothing (W3)", () => {
    const service = Service.make({ polls: [slow(Service.pending)] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* polling
      const busy = yield* Effect.all(Array.from({ length: 8 }, () => stepped("Busy")), { concurrency: "unbounded" })
      assert.deepStrictEqual(busy.map(({ left }) => Duration.toSeconds(left)), Array<number>(8).fill(39))
      yield* TestClock.adjust("3 seconds")
      as(yield* Fiber.join(fiber), "Waiting")
      assert.deepStrictEqual(service.polls(), [5])
      assert.isUndefined((yield* row()).holder)
    }).pipe(using(service))
  })

  it.effect("of many invocations that find a poll due at the same moment, one polls (W3)", () => {
    const service = Service.make({ polls: [slow(Service.pending)] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 20 }, () => Step.step("login-1")), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("4 seconds")
      const tags = (yield* Fiber.join(fiber)).map(({ _tag }) => _tag)
      assert.strictEqual(tags.filter((tag) => tag === "Waiting").length, 1)
      assert.strictEqual(tags.filter((tag) => tag === "Busy").length, 19)
      assert.deepStrictEqual(service.polls(), [5])
    }).pipe(using(service))
  })

  it.effect("a step that sends nothing writes nothing, and a step that polls writes twice (W4)", () => {
    const service = Service.make({ polls: [slow(Service.pending), Service.token()] })
    let writes = 0
    const counting = Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store): LoginStore.Service => ({
        ...store,
        set: (id, version, next) => Effect.tap(store.set(id, version, next), () => Effect.sync(() => writes++)),
        end: (id, version, next) => Effect.tap(store.end(id, version, next), () => Effect.sync(() => writes++))
      }))
    ).pipe(Layer.provide(Layer.fresh(stores)))
    return Effect.gen(function*() {
      yield* start
      yield* stepped("NotDue")
      assert.strictEqual(writes, 0)
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* polling
      yield* stepped("Busy")
      assert.strictEqual(writes, 1)
      yield* TestClock.adjust("2 seconds")
      as(yield* Fiber.join(fiber), "Waiting")
      assert.strictEqual(writes, 2)
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Approved")
      assert.strictEqual(writes, 4)
      yield* stepped("Ended")
      yield* Step.get("login-1")
      assert.strictEqual(writes, 4)
    }).pipe(using(service, counting))
  })

  it.effect("a login that was released continues from what is stored, without a longer wait (W3)", () => {
    const service = Service.make({ polls: [Service.slowDown(), Service.pending, Service.token()] })
    return Effect.gen(function*() {
      yield* start
      for (let second = 0; second < 30; second++) {
        yield* TestClock.adjust("1 second")
        yield* Step.step("login-1")
      }
      assert.deepStrictEqual(service.polls(), [5, 15, 25])
    }).pipe(using(service))
  })

  it.effect("after a killed invocation, the next poll comes one interval after the end of its hold (W3)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      yield* killed
      assert.strictEqual(Duration.toSeconds((yield* stepped("Busy")).left), 40)
      yield* TestClock.adjust("39999 millis")
      yield* stepped("Busy")
      yield* TestClock.adjust("1 millis")
      const { version } = yield* row()
      const early = yield* stepped("NotDue")
      assert.strictEqual(Duration.toSeconds(early.left), 5)
      assert.strictEqual((yield* row()).version, version, "NotDue writes nothing")
      yield* TestClock.adjust("4999 millis")
      yield* stepped("NotDue")
      yield* TestClock.adjust("1 millis")
      const waiting = yield* stepped("Waiting")
      assert.deepStrictEqual(service.polls(), [50])
      // the death was no failure of the service
      assert.strictEqual(Duration.toSeconds(waiting.left), 5)
    }).pipe(using(service))
  })

  it.effect("the death of an invocation does not count for the back-off (W3)", () => {
    const service = Service.make({ polls: [Service.cut("no"), Service.pending] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      yield* killed
      yield* TestClock.adjust("45 seconds")
      // the first failure doubles the wait, and does not multiply it by 4
      assert.strictEqual(Duration.toSeconds((yield* stepped("Waiting")).left), 10)
    }).pipe(using(service))
  })

  it.effect("after a killed invocation, invalid_grant is TokenPossiblyLost, and the row says lost (W6)", () => {
    const service = Service.make({ polls: [Service.invalidGrant] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      yield* killed
      yield* TestClock.adjust("45 seconds")
      assert.strictEqual((yield* Effect.flip(Step.step("login-1")))._tag, "TokenPossiblyLost")
      assert.strictEqual((yield* row()).state, "lost")
      const { login } = yield* stepped("Ended")
      assert.strictEqual(login.state === "failed" && login.error._tag, "TokenPossiblyLost")
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "TokenPossiblyLost")
    }).pipe(using(service))
  })

  it.effect("a code that expires after a killed invocation says that a response was lost, and so does the row (W6)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 60 })], polls: [Service.pending] })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("30 seconds")
      yield* killed
      yield* TestClock.adjust("40 seconds")
      const error = yield* Effect.flip(Step.step("login-1"))
      assert.isTrue(error._tag === "DeviceCodeExpired" && error.responseLost)
      assert.strictEqual((yield* row()).state, "lost")
    }).pipe(using(service))
  })

  it.effect("a hold that lies too far ahead was written before the clock was set back, and holds nothing (W3)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      yield* Effect.gen(function*() {
        yield* start
        yield* clock.adjust("5 seconds")
        yield* killed
        yield* clock.jump(-3600)
        // no more than the wait of the mark, and this is stored: a later step counts on
        assert.strictEqual(Duration.toSeconds((yield* stepped("NotDue")).left), 10)
        assert.isUndefined((yield* row()).holder)
        yield* clock.adjust("10 seconds")
        yield* stepped("Waiting")
      }).pipe(clock.provide)
      assert.strictEqual(service.polls().length, 1)
    }).pipe(using(service))
  })

  it.effect("a row is held for the hold of the program that wrote it, also for programs with another one (W3)", () => {
    const service = Service.make({
      polls: [slow(Service.pending, "8 minutes")],
      options: { requestTimeout: "9 minutes" }
    })
    return Effect.gen(function*() {
      yield* start
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* Effect.forkChild(Step.step("login-1", { hold: "10 minutes" }), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      for (const hold of ["1 second", "40 seconds", "1 hour"] as const) {
        assert.strictEqual(Duration.toSeconds((yield* stepped("Busy", { hold })).left), 599)
      }
      yield* TestClock.adjust("8 minutes")
      as(yield* Fiber.join(fiber), "Waiting")
      assert.strictEqual(service.polls().length, 1)
    }).pipe(using(service))
  })

  it.effect.each(
    [
      ["after its time", { writtenAt: 5_000, heldUntil: 253_370_764_800_000 }, 0],
      ["after a time that is no longer than an hour", { writtenAt: 5_000, heldUntil: 5_000 + 3_600_000 }, 3_600_000],
      ["before it was written", { writtenAt: 5_000, heldUntil: 4_000 }, 0]
    ] as const
  )("step, start and get hold a row whose hold ends %s for the same time (W3)", ([, times, left]) => {
    const service = Service.make({ start: [Service.code({ expiresIn: 60 }), Service.code({ userCode: "NEW" })] })
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      yield* start
      yield* TestClock.adjust("5 seconds")
      const made = yield* row()
      assert.isTrue(yield* store.set("login-1", made.version, { ...made, version: "next", holder: "h", ...times }))
      yield* TestClock.adjust("2 minutes")
      // the deadline has passed, so only a hold keeps the login pending
      const again = yield* Step.start({ ...options, again: true })
      assert.strictEqual(again.userCode === "NEW", left === 0)
      const result = yield* Step.step("login-1")
      assert.strictEqual(result._tag === "Busy" ? Duration.toMillis(result.left) : 0, Math.max(0, left - 120_000))
    }).pipe(using(service))
  })

  it.effect("if the clock was set back, the wait is counted anew once, and stored (W3)", () => {
    const service = Service.make({ polls: [Service.token()] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      yield* Effect.gen(function*() {
        yield* start
        yield* clock.jump(-3600)
        assert.strictEqual(Duration.toSeconds((yield* stepped("NotDue")).left), 5)
        yield* clock.adjust("2 seconds")
        const { version } = yield* row()
        assert.strictEqual(Duration.toSeconds((yield* stepped("NotDue")).left), 3)
        assert.strictEqual((yield* row()).version, version)
        yield* clock.adjust("3 seconds")
        yield* stepped("Approved")
      }).pipe(clock.provide)
    }).pipe(using(service))
  })

  it.effect("a row that an engine drives is busy", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const store = yield* LoginStore.LoginStore
      yield* start
      const made = yield* row()
      assert.isTrue(yield* store.set("login-1", made.version, { ...made, version: "next", driver: "engine" }))
      yield* TestClock.adjust("5 seconds")
      yield* stepped("Busy")
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(using(service))
  })

  it.effect.each(["0 seconds", "999 millis", "2 hours", Number.NaN, -1, "soon"])(
    "a hold of %s is a mistake in the program",
    (hold) => {
      const service = Service.make({})
      return Effect.gen(function*() {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JavaScript may give any text
        const exit = yield* Effect.exit(Step.step("login-1", { hold: hold as Duration.Input }))
        assert.include(String(exit), "hold must be a duration from 1 second to 1 hour")
      }).pipe(using(service))
    }
  )
})

describe("standstills", () => {
  /** A store whose first `set` takes so long, as if the process had stood still. */
  const standing = (stand: Effect.Effect<unknown>, most = 1) => {
    let count = 0
    return Layer.effect(
      LoginStore.LoginStore,
      Effect.map(LoginStore.LoginStore, (store): LoginStore.Service => ({
        ...store,
        set: (id, version, next) =>
          Effect.tap(store.set(id, version, next), () => ++count <= most ? stand : Effect.void)
      }))
    ).pipe(Layer.provide(stores))
  }

  it.effect("after a standstill of more than a third of the hold, the row is confirmed before the poll (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const store = standing(clock.jump(14))
      yield* Effect.gen(function*() {
        yield* start
        const versions: Array<string> = []
        const inner = yield* LoginStore.LoginStore
        const counted: LoginStore.Service = {
          ...inner,
          set: (id, version, next) => {
            versions.push(version)
            return inner.set(id, version, next)
          }
        }
        yield* clock.adjust("5 seconds")
        as(yield* Effect.provideService(Step.step("login-1"), LoginStore.LoginStore, counted), "Waiting")
        // the mark, its confirmation, and the release
        assert.strictEqual(versions.length, 3)
        assert.strictEqual(service.polls().length, 1)
        yield* clock.adjust("5 seconds")
        as(yield* Effect.provideService(Step.step("login-1"), LoginStore.LoginStore, counted), "Waiting")
        // without a standstill it confirms nothing
        assert.strictEqual(versions.length, 5)
      }).pipe(Effect.provide(Layer.merge(service.layer, store)), clock.provide)
    }).pipe(using(service))
  })

  it.effect("an invocation that lost the row while it stood still sends nothing (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const inner = yield* LoginStore.LoginStore
      // while it stands still, its hold passes, and another invocation takes the row
      const other = Effect.gen(function*() {
        yield* clock.jump(60)
        const found = yield* inner.get("login-1")
        if (found === undefined) return assert.fail("there is no row")
        const taken = { ...found, version: "taken", holder: "other", heldUntil: 5_000 + 60_000 + 40_000 }
        assert.isTrue(yield* inner.set("login-1", found.version, taken))
      }).pipe(Effect.orDie)
      let count = 0
      const standing: LoginStore.Service = {
        ...inner,
        set: (id, version, next) => Effect.tap(inner.set(id, version, next), () => ++count === 1 ? other : Effect.void)
      }
      yield* Effect.gen(function*() {
        yield* start
        yield* clock.adjust("5 seconds")
        const result = yield* Effect.provideService(Step.step("login-1"), LoginStore.LoginStore, standing)
        assert.strictEqual(Duration.toSeconds(as(result, "Busy").left), 40)
        assert.deepStrictEqual(service.polls(), [])
      }).pipe(clock.provide)
    }).pipe(using(service))
  })

  it.effect("a store whose every write takes that long ends in an error, nothing is sent, and the row is free (W5)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      yield* Effect.gen(function*() {
        yield* start
        yield* clock.adjust("5 seconds")
        const error = yield* Effect.flip(Step.step("login-1"))
        assert.strictEqual(error._tag === "LoginStoreError" && error.reason, "timeout")
        assert.deepStrictEqual(service.polls(), [])
        const { holder } = yield* row()
        assert.isUndefined(holder)
      }).pipe(Effect.provide(Layer.merge(service.layer, standing(clock.jump(14), 3))), clock.provide)
    }).pipe(using(service))
  })
})
