import { assert, describe, it } from "@effect/vitest"
import type * as Registration from "@sso-oidc/core/Registration"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Events from "./support/events.ts"

const options = { clientName: "test", startUrl: Service.startUrl }
const login = DeviceGrantStream.login(options)
const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })
const tags = (events: Iterable<DeviceGrantEvent>) => Array.from(events, ({ _tag }) => _tag)

const kept: Registration.Registration = {
  clientId: "kept",
  clientSecret: Redacted.make("kept-secret"),
  expiresAt: DateTime.makeUnsafe(7_776_000_000),
  scopes: ["sso:account:access"],
  region: Service.region,
  endpoint: Service.endpoint
}

// -----------------------------------------------------------------------------
// the stream and the plain effect
// -----------------------------------------------------------------------------

const refused = (type: string, error: string) => Service.exception(type, error, { status: 401 })

// most of these continue the login
const responses: ReadonlyArray<Service.ScriptedResponse> = [
  Service.pending,
  Service.pending,
  Service.pending,
  Service.slowDown(),
  Service.slowDown({ headers: { "retry-after": "17" } }),
  Service.cut("no"),
  Service.cut("maybe"),
  Service.gateway(503, { "retry-after": "3" }),
  { silent: true },
  Service.token(),
  Service.invalidGrant,
  Service.expired,
  refused("AccessDeniedException", "access_denied"),
  Service.cut("no", false),
  { body: { accessToken: "" } }
]

const Natural = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const ended = <A, E>(exit: Exit.Exit<A, E>): string =>
  Exit.isSuccess(exit)
    ? Events.clear(exit.value)
    : Events.clear(exit.cause.reasons.map((reason) => Events.clear(reason)))

describe("the stream and the plain effect (D7)", () => {
  it.effect.prop(
    "for any responses and any slow onEvent, both give the same events, the same end and the same requests (D7)",
    {
      polls: Schema.Array(Schema.Tuple([Natural(responses.length - 1), Natural(4)])).check(Schema.isMaxLength(8)),
      looks: Schema.Array(Natural(12)).check(Schema.isMaxLength(8)),
      interval: Natural(8),
      expiresIn: Natural(150),
      registration: Schema.Literals(["none", "good", "refused"]),
      callback: Schema.Boolean
    },
    ({ callback, expiresIn, interval, looks, polls, registration }) =>
      Effect.gen(function*() {
        const script = {
          start: [
            ...registration === "refused" ? [refused("InvalidClientException", "invalid_client")] : [],
            {
              ...Service.code({ interval, expiresIn }),
              delay: "1 second"
            } as const
          ],
          polls: [
            ...polls.map(([index, delay]) => ({ ...responses[index], delay: Duration.seconds(delay) })),
            Service.pending
          ],
          options: { requestTimeout: "20 seconds" }
        } as const

        /** Runs one login with its own clock. Gives its events, its end, and its requests with their times. */
        const observe = <E>(
          run: (
            options: DeviceGrant.StartOptions,
            look: (event: DeviceGrantEvent) => Effect.Effect<void>
          ) => Effect.Effect<unknown, E, SsoOidc.SsoOidc>
        ) =>
          Effect.gen(function*() {
            const service = Service.make(script)
            const seen: Array<string> = []
            const look = Effect.fnUntraced(function*(event: DeviceGrantEvent) {
              seen.push(`${yield* Clock.currentTimeMillis} ${Events.clear(event)}`)
              yield* Effect.sleep(Duration.seconds(looks[seen.length - 1] ?? 0))
            })
            const fiber = yield* run({
              ...options,
              registration: registration === "none" ? undefined : kept,
              onRegistration: callback
                ? ({ clientId }) => Effect.sync(() => seen.push(`registration ${clientId}`))
                : undefined
            }, look).pipe(
              Effect.provide(service.layer),
              Effect.provideService(BackoffPolicy, { cap: Duration.seconds(40), jitter: 0.5 }),
              Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.25 }),
              Effect.exit,
              Effect.forkChild
            )
            for (let minute = 0; minute < 15; minute++) yield* TestClock.adjust("1 minute")
            return { end: ended(yield* Fiber.join(fiber)), seen, sent: service.sent, most: service.count.mostInFlight }
          }).pipe(Effect.provide(TestClock.layer(), { local: true }))

        const plain = yield* observe((options, look) => DeviceGrant.login({ ...options, onEvent: look }))
        const streamed = yield* observe((options, look) =>
          DeviceGrantStream.login(options).pipe(
            Stream.tap(look),
            Stream.runLast,
            Effect.map((last) =>
              last._tag === "Some" && last.value._tag === "Approved" ? last.value.token : assert.fail(last._tag)
            )
          )
        )
        assert.deepStrictEqual(streamed, plain)
        assert.strictEqual(plain.most, 1)
      }),
    // These are 300 logins. They take a busy machine longer than the default.
    { arbitrary: { runs: 150 }, timeout: 60_000 }
  )
})

// -----------------------------------------------------------------------------
// pulls
// -----------------------------------------------------------------------------

describe("a cold stream (D7)", () => {
  it.effect("nothing is sent before the first pull, and each run is a new login (D7)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      yield* Effect.gen(function*() {
        const pull = yield* Stream.toPull(login)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(service.paths(), [])
        assert.deepStrictEqual(tags(yield* pull), ["Registered"])
      }).pipe(Effect.scoped, Effect.provide(service.layer))
      for (let run = 0; run < 2; run++) {
        yield* Stream.runDrain(login).pipe(Effect.provide(service.layer), Clocks.within(10))
      }
      const whole = ["/client/register", "/device_authorization", "/token"]
      assert.deepStrictEqual(service.paths(), ["/client/register", ...whole, ...whole])
    }))

  it.effect("each pull gives one event, and no request is sent before its pull (D7)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        start: [Service.code({ expiresIn: 6000 })],
        polls: [Service.pending, Service.token()]
      })
      yield* Effect.gen(function*() {
        const pull = yield* Stream.toPull(login)
        const expected = [
          ["Registered", "/client/register"],
          ["CodeReady", "/device_authorization"],
          ["Waiting", "/token"],
          ["Approved", "/token"]
        ]
        for (const [index, [tag]] of expected.entries()) {
          assert.deepStrictEqual(tags(yield* pull), [tag])
          assert.deepStrictEqual(service.paths(), expected.slice(0, index + 1).map(([, path]) => path))
          yield* TestClock.adjust("15 minutes")
          assert.strictEqual(service.sent.length, index + 1)
        }
        assert.isTrue(Exit.isFailure(yield* Effect.exit(pull)))
        assert.strictEqual(service.sent.length, 4)
      }).pipe(Effect.scoped, Effect.provide(service.layer))
    }))

  it.effect.each(
    [
      [0, [5, 10, 15]],
      [4, [5, 10, 15]],
      [20, [20, 40, 60]]
    ] as const
  )(
    "a consumer that takes %d s delays polls, but never makes them earlier (D7, D1)",
    ([seconds, expected]) =>
      Effect.gen(function*() {
        const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
        yield* login.pipe(
          Stream.runForEach((event) =>
            event._tag === "Registered" ? Effect.void : Effect.sleep(Duration.seconds(seconds))
          ),
          Effect.provide(service.layer),
          exact,
          Clocks.within(120)
        )
        assert.deepStrictEqual(service.polls(), [...expected])
      })
  )

  it.effect.each([-7200, -3, 3, 200])(
    "a clock that jumps by %d s while the consumer works does not change the time between polls (D7, D1)",
    (seconds) =>
      Effect.gen(function*() {
        const clock = yield* Clocks.jumping
        const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
        yield* login.pipe(
          Stream.runForEach((event) =>
            event._tag === "Waiting"
              ? Effect.andThen(Effect.sleep("3 seconds"), clock.jump(seconds))
              : Effect.void
          ),
          Effect.provide(service.layer),
          exact,
          clock.provide,
          Clocks.within(30)
        )
        assert.deepStrictEqual(service.polls().map((at, n) => at - n * seconds), [5, 10, 15])
      })
  )

  it.effect("a monotonic time that goes back lengthens no wait (D7, D1)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending, Service.token()] })
      const clock = yield* Clock.Clock
      let now = 0n
      const back = Effect.sync(() => {
        now -= 3_000_000_000n
        return now
      })
      const fiber = yield* Effect.forkChild(
        DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl }).pipe(
          Effect.provide(service.layer),
          Effect.provideService(Clock.Clock, {
            ...clock,
            currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
            currentTimeMillis: clock.currentTimeMillis,
            currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
            currentTimeNanos: clock.currentTimeNanos,
            sleep: (duration) => clock.sleep(duration),
            monotonicTimeNanosUnsafe: () => now,
            monotonicTimeNanos: back
          })
        )
      )
      yield* TestClock.adjust("12 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(service.polls(), [5, 10])
    }))

  it.effect("with a monotonic time that stands still, the grant sleeps the whole wait (D7, D1)", () =>
    Effect.gen(function*() {
      const clock = yield* Effect.clockWith(Effect.succeed)
      const service = Service.make({ polls: [Service.pending, Service.token()] })
      yield* login.pipe(
        Stream.runForEach(() => Effect.sleep("3 seconds")),
        Effect.provide(service.layer),
        exact,
        Effect.provideService(Clock.Clock, {
          currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
          currentTimeMillis: clock.currentTimeMillis,
          currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
          currentTimeNanos: clock.currentTimeNanos,
          monotonicTimeNanosUnsafe: () => 0n,
          monotonicTimeNanos: Effect.succeed(0n),
          sleep: (duration) => clock.sleep(duration)
        }),
        Clocks.within(60)
      )
      // 3 s for the registration, 3 s for the code, and the wait of 5 s; then 3 s and 5 s
      assert.deepStrictEqual(service.polls(), [11, 19])
    }))

  it.effect("if the consumer pulls after the deadline, no poll is sent and the stream fails (D4)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ expiresIn: 30 })], polls: [Service.pending] })
      const seen: Array<string> = []
      const exit = yield* login.pipe(
        Stream.runForEach((event) => {
          seen.push(event._tag)
          return event._tag === "Waiting" ? Effect.sleep("60 seconds") : Effect.void
        }),
        Effect.flip,
        Effect.provide(service.layer),
        exact,
        Clocks.within(120)
      )
      assert.deepStrictEqual(service.polls(), [5])
      assert.deepStrictEqual(seen, ["Registered", "CodeReady", "Waiting"])
      assert.strictEqual(exit !== "still running" && Exit.isSuccess(exit) && exit.value._tag, "DeviceCodeExpired")
    }))

  it.effect("a failure of the login fails the stream, after the events before it (D7)", () =>
    Effect.gen(function*() {
      const denied = Service.exception("AccessDeniedException", "access_denied")
      const service = Service.make({ polls: [Service.pending, denied] })
      const seen: Array<string> = []
      const exit = yield* login.pipe(
        Stream.runForEach((event) => Effect.sync(() => seen.push(event._tag))),
        Effect.flip,
        Effect.provide(service.layer),
        Clocks.within(20)
      )
      assert.deepStrictEqual(seen, ["Registered", "CodeReady", "Waiting"])
      assert.strictEqual(exit !== "still running" && Exit.isSuccess(exit) && exit.value._tag, "AccessDeniedException")
    }))

  it.effect("onRegistration is called before the Registered event, and its failure fails the stream (D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const seen: Array<string> = []
      const error = yield* DeviceGrantStream.login({
        ...options,
        onRegistration: ({ clientId }) => {
          seen.push(clientId)
          return Effect.fail("disk full" as const)
        }
      }).pipe(
        Stream.runForEach(({ _tag }) => Effect.sync(() => seen.push(_tag))),
        Effect.flip,
        Effect.provide(service.layer)
      )
      assert.strictEqual(error, "disk full")
      assert.deepStrictEqual(seen, ["client-1"])
      assert.deepStrictEqual(service.paths(), ["/client/register"])
    }))
})

// -----------------------------------------------------------------------------
// ends
// -----------------------------------------------------------------------------

describe("a stream that ends early (D6)", () => {
  it.effect("a stream that the consumer ends leaves no request, no sleep and no fiber (D6)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.counting
      const fibers = { started: 0, ended: 0 }
      const service = Service.make({ polls: [Service.pending] })
      const events = yield* login.pipe(
        Stream.take(2),
        Stream.runCollect,
        Effect.provide(service.layer),
        clock.provide,
        // the metric counts a fiber and the fibers that it starts
        Effect.forkChild,
        Effect.flatMap(Fiber.join),
        Effect.provideService(Metric.FiberRuntimeMetrics, {
          recordFiberStart: () => fibers.started++,
          recordFiberEnd: () => fibers.ended++
        })
      )
      assert.isAbove(fibers.started, 0)
      assert.strictEqual(fibers.ended, fibers.started)
      assert.deepStrictEqual(tags(events), ["Registered", "CodeReady"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(service.paths(), ["/client/register", "/device_authorization"])
      assert.strictEqual(clock.sleepers(), 0)
    }))

  it.effect.each(
    [
      ["in a wait", 2, Service.pending, 0],
      ["in a request", 7, { silent: true }, 1],
      ["in the wait after a poll", 7, Service.pending, 0]
    ] as const
  )(
    "a stream that is interrupted %s leaves no sleep and no request (D6)",
    ([, seconds, response, inFlight]) =>
      Effect.gen(function*() {
        const clock = yield* Clocks.counting
        const service = Service.make({ polls: [response] })
        const fiber = yield* Stream.runDrain(login).pipe(Effect.provide(service.layer), clock.provide, Effect.forkChild)
        yield* TestClock.adjust(Duration.seconds(seconds))
        assert.strictEqual(service.count.inFlight, inFlight)
        assert.isAbove(clock.sleepers(), 0)
        const sent = service.sent.length
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(service.count.inFlight, 0)
        assert.strictEqual(clock.sleepers(), 0)
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(service.sent.length, sent)
      })
  )

  it.effect("there is no sleep and no request between two pulls (D6)", () =>
    Effect.gen(function*() {
      const clock = yield* Clocks.counting
      const service = Service.make({ polls: [Service.pending] })
      yield* Effect.gen(function*() {
        const pull = yield* Stream.toPull(login)
        yield* pull
        yield* pull
        assert.strictEqual(clock.sleepers(), 0)
        assert.strictEqual(service.count.inFlight, 0)
      }).pipe(Effect.scoped, Effect.provide(service.layer), clock.provide)
    }))
})
