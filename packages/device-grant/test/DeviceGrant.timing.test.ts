import { assert, describe, it, vi } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import * as Clocks from "./support/clocks.ts"
import * as Service from "./support/service.ts"

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })
const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })

/** Logs in against the script, for so many seconds, and tells when the polls were sent. */
const run = (seconds: number, script: Parameters<typeof Service.make>[0]) =>
  Effect.gen(function*() {
    const service = Service.make(script)
    const exit = yield* login.pipe(Effect.provide(service.layer), exact, Clocks.within(seconds))
    return { polls: service.polls(), exit, service }
  })

describe("the interval (D1)", () => {
  it.effect("the first poll waits for the interval too, counted from the code (D1)", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* run(60, { start: [Service.code({ interval: 7 })] })
      assert.deepStrictEqual(polls, [7])
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
    }))

  it.effect("the wait begins when the response arrived, not when the request left (D1)", () =>
    Effect.gen(function*() {
      const slow = { ...Service.pending, delay: "3 seconds" } as const
      const { polls } = yield* run(60, {
        start: [{ ...Service.code(), delay: "2 seconds" }],
        polls: [slow, slow, Service.token()]
      })
      // the code comes at 2; each answer comes 3 s after its request
      assert.deepStrictEqual(polls, [7, 15, 23])
    }))

  it.effect.each([undefined, null, 0, -1, "soon", "0", "PT8S", true, [], {}, 1e-12, 0.001, 0.999])(
    "an interval of %j counts as 5 s (D1)",
    (interval) =>
      Effect.gen(function*() {
        const { polls } = yield* run(20, {
          start: [Service.code({ interval })],
          polls: [Service.pending, Service.token()]
        })
        assert.deepStrictEqual(polls, [5, 10])
      })
  )

  it.effect("the server's own interval is kept, also one of 1 s (D1)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(20, {
        start: [Service.code({ interval: 1 })],
        polls: [Service.pending, Service.pending, Service.token()]
      })
      assert.deepStrictEqual(polls, [1, 2, 3])
    }))
})

describe("slow_down (D2)", () => {
  it.effect("slow_down adds 5 s each time, for good (D2)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(90, {
        polls: [Service.slowDown(), Service.pending, Service.slowDown(), Service.pending, Service.token()]
      })
      // 5, then +10, +10, +15, +15
      assert.deepStrictEqual(polls, [5, 15, 25, 40, 55])
    }))
})

describe("polls that bring no response (D3)", () => {
  it.effect("failures in a row double the wait up to the cap; any other response ends the row (D3)", () =>
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
  )("%s is no response: the wait doubles (D3)", ([, answer]) =>
    Effect.gen(function*() {
      const { polls } = yield* run(60, { polls: [answer, Service.pending, Service.token()] })
      assert.deepStrictEqual(polls, [5, 15, 20])
    }))

  it.effect("a poll that takes too long is no response; the wait begins when it was given up (D3)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(120, {
        polls: [{ silent: true }, Service.token()],
        options: { requestTimeout: "30 seconds" }
      })
      assert.deepStrictEqual(polls, [5, 45])
    }))

  it.effect("Retry-After is a further minimum, after trouble and on slow_down (D3)", () =>
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
      // 5; +30; +20 (doubled twice, more than 1); +45; +15 (interval, more than 2)
      assert.deepStrictEqual(polls, [5, 35, 55, 100, 115])
    }))

  it.effect.each([0, 0.25, 0.999])("jitter only lengthens (chance %d) (D3)", (chance) =>
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
    }))

  it.effect.each([NaN, -1, -Infinity])("a jitter of %d counts as none (D3)", (jitter) =>
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

  it.effect("no poll is sent at or past the deadline, and the grant ends as soon as none fits before it (D4)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ expiresIn: 15 })], polls: [Service.pending] })
      // after the poll at 10 the next would fall at 15: the end comes at 10, not at 15
      const exit = yield* login.pipe(Effect.provide(service.layer), exact, Clocks.within(10))
      assert.deepStrictEqual(service.polls(), [5, 10])
      const error = expiry(exit)
      assert.strictEqual(error.detectedBy, "clock")
      assert.isFalse(error.responseLost)
      assert.isUndefined(error.lastTrouble)
    }))

  it.effect("a code that ends before its first poll ends the grant at once, without a poll (D4)", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* run(1, { start: [Service.code({ expiresIn: 5, interval: 5 })] })
      assert.deepStrictEqual(polls, [])
      assert.strictEqual(expiry(exit).detectedBy, "clock")
    }))

  it.effect.each([undefined, null, 0, -5, "600"])(
    "an expiresIn of %j counts as 600 s (D4)",
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

  it.effect("an expiresIn beyond all dates is no defect (D4)", () =>
    Effect.gen(function*() {
      const { polls } = yield* run(20, { start: [Service.code({ expiresIn: 1e300, interval: 5 })] })
      assert.deepStrictEqual(polls, [5])
    }))

  it.effect("a poll sent before the deadline is not interrupted by it, and its token counts (D4)", () =>
    Effect.gen(function*() {
      const { exit, polls, service } = yield* run(60, {
        start: [Service.code({ expiresIn: 10 })],
        polls: [{ ...Service.token(), delay: "20 seconds" }]
      })
      assert.deepStrictEqual(polls, [5])
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.strictEqual(service.count.mostInFlight, 1)
    }))

  it.effect("the service's expired_token is DeviceCodeExpired too, with its request id (D4)", () =>
    Effect.gen(function*() {
      const { exit } = yield* run(20, { polls: [Service.expired] })
      const error = expiry(exit)
      assert.strictEqual(error.detectedBy, "service")
      assert.strictEqual(error.requestId, "r3")
    }))

  it.effect("the error tells the last trouble and whether a response was lost (D4)", () =>
    Effect.gen(function*() {
      const { exit } = yield* run(60, { start: [Service.code({ expiresIn: 40 })], polls: [Service.cut("maybe")] })
      const error = expiry(exit)
      assert.isTrue(error.responseLost)
      assert.strictEqual(error.lastTrouble?.code, "ECONNRESET")
      assert.include(error.message, "while no response came")
    }))

  it.effect("a clock set back does not stretch a wait inside a run (D4)", () =>
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
    "a wall clock that jumps by %d s before the first poll ends no login: the service decides (D4)",
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

  it.effect("so does one that jumps in the middle of a wait, and the service's own expired_token counts (D4)", () =>
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
    "a run ends when the code's life is over on the monotonic clock, though the wall clock jumped by %d s (D4)",
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

  it.effect("a watcher that takes longer than the code's life gets no poll sent for it (D4)", () =>
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

  it.effect("a stored authorization is measured on the wall clock: one that is past there is not resumed (D4)", () =>
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

  it.effect("a clock that jumps forward during a wait does not hasten the next poll (D4)", () =>
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

describe("a watcher (D7)", () => {
  const slowly = (seconds: number, times = 1) => {
    let left = times
    return (event: DeviceGrantEvent) =>
      event._tag === "Registered" || left-- <= 0 ? Effect.void : Effect.sleep(Duration.seconds(seconds))
  }

  it.effect.each(
    [
      // the watcher's time is a part of the wait
      [3, [5, 10, 15]],
      [5, [5, 10, 15]],
      // who takes longer finds the poll due
      [20, [20, 40, 60]]
    ] as const
  )(
    "a watcher that takes %d s delays polls and never hastens them (D7, D1)",
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
  )("a watcher that takes 7 s hastens no poll after %s (D7, D2, D3)", ([, answer, expected]) =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [answer, Service.token()] })
      yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event: DeviceGrantEvent) => event._tag === "Waiting" ? Effect.sleep("7 seconds") : Effect.void
      }).pipe(Effect.provide(service.layer), exact, Clocks.within(120))
      assert.deepStrictEqual(service.polls(), [...expected])
    }))

  it.effect.each([-7200, -3, 3, 200])(
    "a clock that jumps by %d s while the watcher looks changes no gap (D7, D1)",
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
        // what the service sees, without the jumps
        assert.deepStrictEqual(polls.map((at, n) => at - n * seconds), [5, 10, 15])
      })
  )

  it.effect("a watcher that takes past the deadline: no poll is sent (D4)", () =>
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

describe("time (D9)", () => {
  it.effect("waits, back-off, jitter and time limits are kept by the Clock, and no timer of the platform runs (D9)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        polls: [
          Service.pending,
          Service.slowDown({ headers: { "retry-after": "20" } }),
          Service.cut("maybe"),
          { silent: true },
          Service.gateway(503, { "retry-after": "90" }),
          Service.token()
        ]
      })
      const timers: Array<number | undefined> = []
      const setTimeout = vi.spyOn(globalThis, "setTimeout")
      const exit = yield* login.pipe(
        Effect.provide(service.layer),
        Clocks.within(590),
        Effect.ensuring(Effect.sync(() => {
          timers.push(...setTimeout.mock.calls.map(([, millis]) => millis))
          setTimeout.mockRestore()
        }))
      )
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.strictEqual(service.polls().length, 6)
      // one of 1 s is a warning of TestClock
      assert.deepStrictEqual(timers.filter((millis) => millis !== 1000), [])
    }))
})
