import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })
const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

/** Runs a login with this script for so many seconds. Gives the times of its polls, in seconds. */
const run = (seconds: number, script: Parameters<typeof Service.make>[0]) =>
  Effect.gen(function*() {
    const service = Service.make(script)
    const exit = yield* login.pipe(Effect.provide(service.layer), exact, Clocks.within(seconds))
    return { polls: service.polls(), exit, service }
  })

describe("the interval (D1)", () => {
  it.effect("waits at least the interval before the first poll, counted from the receipt of the code (D1)", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* run(60, { start: [Service.code({ interval: 7 })] })
      assert.deepStrictEqual(polls, [7])
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
    }))

  it.effect("the wait begins when the response arrives, not when the request is sent (D1)", () =>
    Effect.gen(function*() {
      const slow = { ...Service.pending, delay: "3 seconds" } as const
      const { polls } = yield* run(60, {
        start: [{ ...Service.code(), delay: "2 seconds" }],
        polls: [slow, slow, Service.token()]
      })
      // the code arrives at 2 s; each response arrives 3 s after its request
      assert.deepStrictEqual(polls, [7, 15, 23])
    }))

  it.effect.each([undefined, null, 0, -1, "soon", "0", "PT8S", true, [], {}, 1e-12, 0.001, 0.999])(
    "an interval of %j in the response counts as 5 s (D1)",
    (interval) =>
      Effect.gen(function*() {
        const { polls } = yield* run(20, {
          start: [Service.code({ interval })],
          polls: [Service.pending, Service.token()]
        })
        assert.deepStrictEqual(polls, [5, 10])
      })
  )

  it.effect("an interval of 1 s is kept (D1)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(20, {
        start: [Service.code({ interval: 1 })],
        polls: [Service.pending, Service.pending, Service.token()]
      })
      assert.deepStrictEqual(polls, [1, 2, 3])
    }))
})

describe("slow_down (D2)", () => {
  it.effect("each slow_down adds 5 s to the interval for the rest of the login (D2)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(90, {
        polls: [Service.slowDown(), Service.pending, Service.slowDown(), Service.pending, Service.token()]
      })
      // 5, then +10, +10, +15, +15
      assert.deepStrictEqual(polls, [5, 15, 25, 40, 55])
    }))
})

describe("the back-off after polls without a response (D3)", () => {
  it.effect("each failure in a row doubles the wait up to the cap, and any other response ends the row (D3)", () =>
    Effect.gen(function*() {
      const refused = Service.cut("no")
      const { polls } = yield* run(400, {
        polls: [refused, refused, refused, refused, refused, Service.pending, refused, Service.token()]
      })
      // 5; +10, +20, +40, +60 (capped), +60; pending: +5; +10
      assert.deepStrictEqual(polls, [5, 15, 35, 75, 135, 195, 200, 210])
    }))

  it.effect("the cap never shortens a wait below the interval (D3)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(400, {
        start: [Service.code({ interval: 90 })],
        polls: [Service.cut("no"), Service.token()]
      })
      assert.deepStrictEqual(polls, [90, 180])
    }))

  it.effect.each(
    [
      ["408", Service.gateway(408)],
      ["429", Service.gateway(429)],
      ["500", Service.gateway(500)],
      ["503", Service.gateway(503)],
      ["599", Service.gateway(599)],
      ["500 InternalServerException", Service.exception("InternalServerException", "server_error", { status: 500 })],
      ["503 with a body that says pending", { ...Service.pending, status: 503 }],
      ["500 with a body that says invalid_grant", { ...Service.invalidGrant, status: 500 }],
      ["429 with a body that says slow_down", Service.slowDown({ status: 429 })],
      ["a reset", Service.cut("maybe")]
    ] as const
  )("the wait doubles after %s (D3)", ([, response]) =>
    Effect.gen(function*() {
      const { polls } = yield* run(60, { polls: [response, Service.pending, Service.token()] })
      assert.deepStrictEqual(polls, [5, 15, 20])
    }))

  it.effect("after a poll that reaches its time limit the wait doubles, counted from the time limit (D3)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(120, {
        polls: [{ silent: true }, Service.token()],
        options: { requestTimeout: "30 seconds" }
      })
      assert.deepStrictEqual(polls, [5, 45])
    }))

  it.effect("the wait after a failure or slow_down is at least the Retry-After (D3)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(300, {
        polls: [
          Service.gateway(503, { "retry-after": "30" }),
          Service.gateway(503, { "retry-after": "1" }),
          Service.slowDown({ headers: { "retry-after": "45" } }),
          Service.slowDown({ headers: { "retry-after": "2" } }),
          Service.token()
        ]
      })
      // 5; +30; +20 (doubled twice, which is more than 1); +45; +15 (the interval, which is more than 2)
      assert.deepStrictEqual(polls, [5, 35, 55, 100, 115])
    }))

  it.effect.each([0, 0.25, 0.999])(
    "jitter only lengthens the wait: random number %d (D3)",
    (chance) =>
      Effect.gen(function*() {
        const service = Service.make({ polls: [Service.cut("no"), Service.pending, Service.token()] })
        yield* login.pipe(
          Effect.provide(service.layer),
          Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0.5 }),
          Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => chance }),
          Clocks.within(60)
        )
        const [first = 0, second = 0, third = 0] = service.polls()
        assert.strictEqual(first, 5)
        assert.closeTo(second - first, 10 * (1 + 0.5 * chance), 0.001)
        // the interval itself has no jitter
        assert.closeTo(third - second, 5, 0.001)
      })
  )

  it.effect.each([NaN, -1, -Infinity])("a jitter of %d counts as 0 (D3)", (jitter) =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.cut("no"), Service.token()] })
      yield* login.pipe(
        Effect.provide(service.layer),
        Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter }),
        Clocks.within(60)
      )
      assert.deepStrictEqual(service.polls(), [5, 15])
    }))
})

describe("the deadline (D4)", () => {
  const expiry = (exit: Exit.Exit<unknown, DeviceGrant.LoginError> | "still running") => {
    if (exit === "still running" || Exit.isSuccess(exit)) return assert.fail("the grant should have ended")
    const reason = exit.cause.reasons[0]
    if (reason?._tag !== "Fail" || reason.error._tag !== "DeviceCodeExpired") return assert.fail(String(exit.cause))
    return reason.error
  }

  it.effect("the grant ends as soon as no further poll fits before the deadline (D4)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ expiresIn: 15 })], polls: [Service.pending] })
      // after the poll at 10 s the next would be sent at 15 s, so the grant ends at 10 s
      const exit = yield* login.pipe(Effect.provide(service.layer), exact, Clocks.within(10))
      assert.deepStrictEqual(service.polls(), [5, 10])
      const error = expiry(exit)
      assert.strictEqual(error.detectedBy, "clock")
      assert.isFalse(error.responseLost)
      assert.isUndefined(error.lastTrouble)
    }))

  it.effect("a code that expires before the first poll ends the grant at once, without a poll (D4)", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* run(1, { start: [Service.code({ expiresIn: 5, interval: 5 })] })
      assert.deepStrictEqual(polls, [])
      assert.strictEqual(expiry(exit).detectedBy, "clock")
    }))

  it.effect.each([undefined, null, 0, -5, "600"])(
    "an expiresIn of %j in the response counts as 600 s (D4)",
    (expiresIn) =>
      Effect.gen(function*() {
        const fits = yield* run(601, {
          start: [Service.code({ expiresIn, interval: 599.5 })],
          polls: [Service.pending]
        })
        assert.deepStrictEqual(fits.polls, [599.5])
        expiry(fits.exit)
        const late = yield* run(1, { start: [Service.code({ expiresIn, interval: 600 })] })
        assert.deepStrictEqual(late.polls, [])
        expiry(late.exit)
      })
  )

  it.effect("an expiresIn beyond the last possible date is no defect (D4)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(20, { start: [Service.code({ expiresIn: 1e300, interval: 5 })] })
      assert.deepStrictEqual(polls, [5])
    }))

  it.effect("the deadline does not interrupt a poll in flight, and its token counts (D4)", () =>
    Effect.gen(function*() {
      const { exit, polls, service } = yield* run(60, {
        start: [Service.code({ expiresIn: 10 })],
        polls: [{ ...Service.token(), delay: "20 seconds" }]
      })
      assert.deepStrictEqual(polls, [5])
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.strictEqual(service.count.mostInFlight, 1)
    }))

  it.effect("the service's expired_token becomes DeviceCodeExpired, with its request id (D4)", () =>
    Effect.gen(function*() {
      const { exit } = yield* run(20, { polls: [Service.expired] })
      const error = expiry(exit)
      assert.strictEqual(error.detectedBy, "service")
      assert.strictEqual(error.requestId, "r3")
    }))

  it.effect("DeviceCodeExpired has the last failure, and whether a response was lost (D4)", () =>
    Effect.gen(function*() {
      const { exit } = yield* run(60, { start: [Service.code({ expiresIn: 40 })], polls: [Service.cut("maybe")] })
      const error = expiry(exit)
      assert.isTrue(error.responseLost)
      assert.strictEqual(error.lastTrouble?.code, "ECONNRESET")
      assert.include(error.message, "while no response came")
    }))

  it.effect("a wall clock that is set back does not lengthen a wait inside a run (D4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
      const seen: Array<string> = []
      const exit = yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event: DeviceGrantEvent) =>
          Effect.suspend(() => {
            seen.push(event._tag)
            return event._tag === "Waiting" ? clock.jump(-3600) : Effect.void
          })
      }).pipe(Effect.provide(service.layer), exact, clock.provide, Clocks.within(16))
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.deepStrictEqual(seen, ["Registered", "CodeReady", "Waiting", "Waiting", "Approved"])
    }))

  it.effect.each([700, 3600, -3600, 56 * 365 * 86_400])(
    "after the wall clock jumps by %d s the poll is still sent, and the service decides (D4)",
    (seconds) =>
      Effect.gen(function*() {
        const clock = yield* Clocks.jumping
        const service = Service.make({ polls: [Service.pending, Service.token()] })
        const exit = yield* DeviceGrant.login({
          clientName: "test",
          startUrl: Service.startUrl,
          onEvent: (event: DeviceGrantEvent) => event._tag === "CodeReady" ? clock.jump(seconds) : Effect.void
        }).pipe(Effect.provide(service.layer), exact, clock.provide, Clocks.within(30))
        assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
        assert.deepStrictEqual(service.polls(), [5 + seconds, 10 + seconds])
      })
  )

  it.effect("after the wall clock jumps during a wait the poll is still sent, and expired_token ends the grant (D4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const service = Service.make({ polls: [Service.pending, Service.expired] })
      const fiber = yield* login.pipe(
        Effect.provide(service.layer),
        exact,
        clock.provide,
        Effect.flip,
        Effect.forkChild
      )
      yield* TestClock.adjust("7 seconds")
      yield* clock.jump(700)
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "DeviceCodeExpired", detectedBy: "service" })
      assert.deepStrictEqual(service.polls(), [5, 710])
    }))

  it.effect.each([-3600, 0, 3600])(
    "a run ends at the deadline on the monotonic clock, even if the wall clock jumps by %d s (D4)",
    (seconds) =>
      Effect.gen(function*() {
        const clock = yield* Clocks.jumping
        const service = Service.make({ start: [Service.code({ expiresIn: 30 })], polls: [Service.pending] })
        const exit = yield* DeviceGrant.login({
          clientName: "test",
          startUrl: Service.startUrl,
          onEvent: (event: DeviceGrantEvent) => event._tag === "CodeReady" ? clock.jump(seconds) : Effect.void
        }).pipe(Effect.provide(service.layer), exact, clock.provide, Clocks.within(40))
        assert.strictEqual(expiry(exit).detectedBy, "clock")
        assert.strictEqual(service.polls().length, 5)
      })
  )

  it.effect("if onEvent for CodeReady ends after the deadline, no poll is sent (D4)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending] })
      const exit = yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event: DeviceGrantEvent) => event._tag === "CodeReady" ? Effect.sleep("700 seconds") : Effect.void
      }).pipe(Effect.provide(service.layer), exact, Clocks.within(710))
      assert.strictEqual(expiry(exit).detectedBy, "clock")
      assert.deepStrictEqual(service.polls(), [])
    }))

  it.effect("a stored authorization expires by the wall clock, and then step and resume send nothing (D4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const service = Service.make({ polls: [Service.token()] })
      yield* Effect.gen(function*() {
        const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
        yield* clock.jump(700)
        assert.strictEqual((yield* Effect.flip(DeviceGrant.resume(pending)))._tag, "DeviceCodeExpired")
        assert.strictEqual((yield* Effect.flip(DeviceGrant.step(pending)))._tag, "DeviceCodeExpired")
      }).pipe(Effect.provide(service.layer), clock.provide)
      assert.deepStrictEqual(service.polls(), [])
    }))

  it.effect("a wall clock that jumps forward during a wait does not make the next poll earlier (D4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.jumping
      const service = Service.make({ polls: [Service.pending, Service.token()] })
      yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event: DeviceGrantEvent) => event._tag === "CodeReady" ? clock.jump(100) : Effect.void
      }).pipe(Effect.provide(service.layer), exact, clock.provide, Clocks.within(30))
      assert.deepStrictEqual(service.polls(), [105, 110])
    }))
})

describe("the time that onEvent takes (D7)", () => {
  const slowly = (seconds: number, times = 1) => {
    let left = times
    return (event: DeviceGrantEvent) =>
      event._tag === "Registered" || left-- <= 0 ? Effect.void : Effect.sleep(Duration.seconds(seconds))
  }

  it.effect.each(
    [
      // the time of onEvent counts toward the wait
      [3, [5, 10, 15]],
      [5, [5, 10, 15]],
      // onEvent takes longer than the wait, so the poll is sent at once
      [20, [20, 40, 60]]
    ] as const
  )(
    "an onEvent that takes %d s delays polls, but never makes them earlier (D7, D1)",
    ([seconds, expected]) =>
      Effect.gen(function*() {
        const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
        yield* DeviceGrant.login({
          clientName: "test",
          startUrl: Service.startUrl,
          onEvent: slowly(seconds, 3)
        }).pipe(Effect.provide(service.layer), exact, Clocks.within(120))
        assert.deepStrictEqual(service.polls(), [...expected])
      })
  )

  it.effect.each(
    [
      ["slow_down", Service.slowDown(), [5, 15]],
      ["trouble", Service.cut("no"), [5, 15]],
      ["a Retry-After", Service.gateway(503, { "retry-after": "30" }), [5, 35]]
    ] as const
  )(
    "an onEvent that takes 7 s makes no poll after %s earlier (D7, D2, D3)",
    ([, response, expected]) =>
      Effect.gen(function*() {
        const service = Service.make({ polls: [response, Service.token()] })
        yield* DeviceGrant.login({
          clientName: "test",
          startUrl: Service.startUrl,
          onEvent: (event: DeviceGrantEvent) => event._tag === "Waiting" ? Effect.sleep("7 seconds") : Effect.void
        }).pipe(Effect.provide(service.layer), exact, Clocks.within(120))
        assert.deepStrictEqual(service.polls(), [...expected])
      })
  )

  it.effect.each([-7200, -3, 3, 200])(
    "a clock that jumps by %d s during onEvent does not change the time between polls (D7, D1)",
    (seconds) =>
      Effect.gen(function*() {
        const clock = yield* Clocks.jumping
        const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
        let jumps = 0
        yield* DeviceGrant.login({
          clientName: "test",
          startUrl: Service.startUrl,
          onEvent: (event: DeviceGrantEvent) =>
            event._tag === "Waiting"
              ? Effect.sleep("2 seconds").pipe(
                Effect.andThen(clock.jump(seconds)),
                Effect.andThen(Effect.sleep("1 second")),
                Effect.andThen(Effect.sync(() => jumps++))
              )
              : Effect.void
        }).pipe(Effect.provide(service.layer), exact, clock.provide, Clocks.within(30))
        const polls = service.polls()
        assert.strictEqual(jumps, 2)
        // the times that the service sees, without the jumps
        assert.deepStrictEqual(polls.map((at, n) => at - n * seconds), [5, 10, 15])
      })
  )

  it.effect("if onEvent for Waiting ends after the deadline, no poll is sent (D4)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ expiresIn: 30 })], polls: [Service.pending] })
      const exit = yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event: DeviceGrantEvent) => event._tag === "Waiting" ? Effect.sleep("60 seconds") : Effect.void
      }).pipe(Effect.provide(service.layer), exact, Clocks.within(120))
      assert.deepStrictEqual(service.polls(), [5])
      assert.isTrue(exit !== "still running" && Exit.isFailure(exit))
    }))
})
