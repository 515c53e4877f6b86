import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

const start = DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

/** Encodes and decodes it, as if another process had stored it. */
const stored = (pending: PendingAuthorization.PendingAuthorization) =>
  PendingAuthorization.encode(pending).pipe(Effect.flatMap(PendingAuthorization.decode), Effect.orDie)

const waiting = (step: DeviceGrant.Step) => step._tag === "Waiting" ? step : assert.fail(`Waiting, not ${step._tag}`)
const notDue = (step: DeviceGrant.Step) => step._tag === "NotDue" ? step : assert.fail(`NotDue, not ${step._tag}`)

describe("start and step (D8)", () => {
  it.effect("stored steps keep the interval, slow_down and back-off, and poll at the times of one run (D8)", () => {
    const service = Service.make({
      polls: [Service.slowDown(), Service.cut("no"), Service.cut("no"), Service.pending, Service.token()]
    })
    return Effect.gen(function*() {
      let pending = yield* start
      for (let second = 0; second < 120; second++) {
        yield* TestClock.adjust("1 second")
        const step = yield* DeviceGrant.step(yield* stored(pending))
        if (step._tag === "Approved") break
        pending = step.pending
      }
      // 5; slow_down: +10; trouble: +20, +40; pending: +10
      assert.deepStrictEqual(service.polls(), [5, 15, 35, 75, 85])
    }).pipe(Effect.provide(service.layer), exact)
  })

  it.effect("a step that comes too early sends nothing and says how long to wait (D8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("2 seconds")
      const step = notDue(yield* DeviceGrant.step(pending))
      assert.strictEqual(Duration.toSeconds(step.left), 3)
      assert.deepStrictEqual(step.pending, pending)
      assert.deepStrictEqual(service.polls(), [])
      yield* TestClock.adjust(step.left)
      assert.strictEqual((yield* DeviceGrant.step(step.pending))._tag, "Approved")
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("a step sends at most one request (D8)", () => {
    const service = Service.make({ polls: [Service.cut("no")] })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(waiting(yield* DeviceGrant.step(pending)).reason, "trouble")
      assert.strictEqual(service.polls().length, 1)
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("a clock that is set back never makes the rest of a wait longer than the wait (D8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      yield* Effect.gen(function*() {
        const pending = yield* start
        yield* clock.jump(-3600)
        const first = notDue(yield* DeviceGrant.step(yield* stored(pending)))
        assert.strictEqual(Duration.toSeconds(first.left), 5)
        yield* clock.adjust("2 seconds")
        const second = notDue(yield* DeviceGrant.step(yield* stored(first.pending)))
        assert.strictEqual(Duration.toSeconds(second.left), 3)
        yield* clock.adjust("3 seconds")
        assert.strictEqual((yield* DeviceGrant.step(yield* stored(second.pending)))._tag, "Approved")
      }).pipe(clock.provide)
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("resume waits for the rest of the wait, and runs the rest of the login (D8)", () => {
    const service = Service.make({ polls: [Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("3 seconds")
      const exit = yield* DeviceGrant.resume(yield* stored(pending)).pipe(Clocks.within(20))
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.deepStrictEqual(service.polls(), [5, 10])
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("step and resume send nothing if the next poll would be at or after the deadline (D4)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 30 })] })
    return Effect.gen(function*() {
      const pending = yield* start
      const late = { ...pending, nextPollAt: DateTime.makeUnsafe(30_000), wait: Duration.seconds(30) }
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(late)))._tag, "DeviceCodeExpired")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(pending)))._tag, "DeviceCodeExpired")
      assert.strictEqual((yield* Effect.flip(DeviceGrant.resume(pending)))._tag, "DeviceCodeExpired")
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("markInFlight records a failure and a lost response, and schedules the next poll (D8)", () => {
    const service = Service.make({ polls: [Service.invalidGrant] })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("5 seconds")
      const sent = yield* stored(yield* DeviceGrant.markInFlight(pending))
      assert.strictEqual(sent.failures, 1)
      assert.isTrue(sent.responseLost)
      assert.strictEqual(Duration.toSeconds(sent.wait), 10)
      assert.strictEqual(DateTime.toEpochMillis(sent.nextPollAt), 15_000)
      // The process was killed inside its step. The next process finds the text that was stored before the step.
      assert.strictEqual((yield* DeviceGrant.step(sent))._tag, "NotDue")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(sent)))._tag, "TokenPossiblyLost")
    }).pipe(Effect.provide(service.layer), exact)
  })

  it.effect("the failure that markInFlight records counts for the next back-off (D8)", () => {
    const service = Service.make({ polls: [Service.cut("no")] })
    return Effect.gen(function*() {
      const started = yield* start
      yield* TestClock.adjust("5 seconds")
      const pending = yield* DeviceGrant.markInFlight(started)
      yield* TestClock.adjust("10 seconds")
      const next = waiting(yield* DeviceGrant.step(pending))
      assert.strictEqual(next.pending.failures, 2)
      assert.strictEqual(Duration.toSeconds(next.pending.wait), 20)
      assert.isTrue(next.pending.responseLost)
    }).pipe(Effect.provide(service.layer), exact)
  })

  it.effect.each(
    [
      ["region", { region: "us-east-1", endpoint: Service.endpoint }],
      ["endpoint", { region: Service.region, endpoint: "https://proxy.example" }]
    ] as const
  )("a pending authorization from another %s fails with RequestInvalid, and nothing is sent (D10)", ([, options]) => {
    const home = Service.make({})
    const elsewhere = Service.make({ options })
    return Effect.gen(function*() {
      const pending = yield* start.pipe(Effect.provide(home.layer))
      yield* TestClock.adjust("5 seconds")
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(DeviceGrant.step(pending)))._tag, "RequestInvalid")
        assert.strictEqual((yield* Effect.flip(DeviceGrant.resume(pending)))._tag, "RequestInvalid")
      }).pipe(Effect.provide(elsewhere.layer))
      assert.deepStrictEqual(elsewhere.sent, [])
    })
  })

  it.effect.each(
    [
      ["another region", { region: "us-east-1", endpoint: Service.endpoint }],
      ["another endpoint", { region: Service.region, endpoint: "https://proxy.example" }]
    ] as const
  )(
    "markInFlight records nothing for a pending authorization from %s, since the step sends nothing (D8)",
    ([, options]) => {
      const home = Service.make({})
      const elsewhere = Service.make({ options })
      return Effect.gen(function*() {
        const pending = yield* start.pipe(Effect.provide(home.layer))
        yield* TestClock.adjust("5 seconds")
        const marked = yield* DeviceGrant.markInFlight(pending).pipe(Effect.provide(elsewhere.layer))
        assert.deepStrictEqual(marked, pending)
        // at its own endpoint no response counts as lost
        assert.isTrue((yield* DeviceGrant.markInFlight(marked).pipe(Effect.provide(home.layer))).responseLost)
        assert.strictEqual((yield* DeviceGrant.step(marked).pipe(Effect.provide(home.layer)))._tag, "Approved")
      })
    }
  )

  it.effect("markInFlight records nothing if a secret was wiped, since the step fails with RequestInvalid (D8)", () => {
    const service = Service.make({})
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("5 seconds")
      Redacted.wipeUnsafe(pending.deviceCode)
      const marked = yield* DeviceGrant.markInFlight(pending)
      assert.isFalse(marked.responseLost)
      assert.strictEqual(marked.failures, 0)
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(pending)))._tag, "RequestInvalid")
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("markInFlight records nothing before the poll is due and after the deadline (D8)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 30 })] })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("2 seconds")
      assert.isFalse((yield* DeviceGrant.markInFlight(pending)).responseLost)
      yield* TestClock.adjust("28 seconds")
      assert.deepStrictEqual(yield* DeviceGrant.markInFlight(pending), pending)
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("prepare says what a step would do, and sends nothing (D8)", () => {
    const service = Service.make({ start: [Service.code({ expiresIn: 30 })] })
    const elsewhere = Service.make({ options: { region: "us-east-1" } })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual<unknown>(yield* DeviceGrant.prepare(pending), yield* DeviceGrant.step(pending))
      yield* TestClock.adjust("3 seconds")
      const due = yield* DeviceGrant.prepare(pending)
      assert.deepStrictEqual(due, { _tag: "Due", marked: yield* DeviceGrant.markInFlight(pending) })
      const error = yield* Effect.flip(DeviceGrant.prepare(pending).pipe(Effect.provide(elsewhere.layer)))
      assert.strictEqual(error._tag, "RequestInvalid")
      yield* TestClock.adjust("25 seconds")
      const late = yield* Effect.flip(DeviceGrant.prepare(pending))
      assert.deepStrictEqual(late, yield* Effect.flip(DeviceGrant.step(pending)))
      assert.deepStrictEqual(service.polls(), [])
    }).pipe(Effect.provide(service.layer), exact)
  })

  it.effect("if two processes use one pending authorization, the second fails with the service's exception (D8)", () => {
    const service = Service.make({ polls: [Service.token(), Service.invalidGrant] })
    return Effect.gen(function*() {
      const pending = yield* start
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* DeviceGrant.step(pending))._tag, "Approved")
      assert.strictEqual((yield* Effect.flip(DeviceGrant.step(pending)))._tag, "InvalidGrantException")
    }).pipe(Effect.provide(service.layer))
  })

  it.effect("the grant works with another implementation of SsoOidc", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const wrapped = Layer.effect(
        SsoOidc.SsoOidc,
        Effect.map(SsoOidc.SsoOidc, (oidc) => SsoOidc.fromExecute({ ...oidc, execute: oidc.execute }))
      ).pipe(Layer.provide(service.layer))
      const exit = yield* DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl }).pipe(
        Effect.provide(wrapped),
        Clocks.within(6)
      )
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
    }))
})
