import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { type DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Events from "./support/events.ts"

const options = { clientName: "test", startUrl: Service.startUrl }
const login = DeviceGrantStream.login(options)
const exact = Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })
const tags = (events: Iterable<DeviceGrantEvent>) => Array.from(events, ({ _tag }) => _tag)

describe("DeviceGrantStream.resume (D7)", () => {
  it.effect("gives the same events and sends the same polls as DeviceGrant.resume (D7)", () =>
    Effect.gen(function*() {
      const script = { polls: [Service.pending, Service.slowDown(), Service.token()] }
      const observe = (streamed: boolean) =>
        Effect.gen(function*() {
          const service = Service.make(script)
          const seen: Array<string> = []
          const look = (event: DeviceGrantEvent) => Effect.sync(() => seen.push(Events.clear(event)))
          yield* Effect.gen(function*() {
            const pending = yield* DeviceGrant.start(options)
            yield* TestClock.adjust("3 seconds")
            yield* streamed
              ? Stream.runForEach(DeviceGrantStream.resume(pending), look)
              : DeviceGrant.resume(pending, { onEvent: look })
          }).pipe(Effect.provide(service.layer), exact, Clocks.within(60))
          return { seen, polls: service.polls() }
        }).pipe(Effect.provide(TestClock.layer(), { local: true }))
      const streamed = yield* observe(true)
      assert.deepStrictEqual(streamed, yield* observe(false))
      assert.deepStrictEqual(streamed.polls, [5, 10, 20])
    }))

  it.effect.each(
    [
      ["at once", 0, [5, 10, 20]],
      ["in the middle of its wait", 6, [5, 10, 20]],
      ["after its wait", 45, [5, 10, 55]]
    ] as const
  )(
    "continues a stream that ended at its second wait: %s, with no poll before it is due (D7)",
    ([, later, polls]) =>
      Effect.gen(function*() {
        const service = Service.make({ polls: [Service.pending, Service.slowDown(), Service.token()] })
        const exit = yield* Effect.gen(function*() {
          const waits = yield* login.pipe(
            Stream.filter((event) => event._tag === "Waiting"),
            Stream.take(2),
            Stream.runCollect
          )
          const waiting = waits[1]
          if (waiting === undefined) return assert.fail("no second wait")
          assert.deepStrictEqual(service.polls(), [5, 10])
          yield* Effect.sleep(Duration.seconds(later))
          const last = yield* Stream.runLast(DeviceGrantStream.resume(waiting.pending))
          assert.strictEqual(last._tag === "Some" && last.value._tag, "Approved")
          const [, , resumed = 0] = service.polls()
          assert.isAtLeast(resumed * 1000, DateTime.toEpochMillis(waiting.nextPollAt))
        }).pipe(Effect.provide(service.layer), exact, Clocks.within(90))
        assert.isTrue(exit !== "still running" && Exit.isSuccess(exit), String(exit))
        assert.deepStrictEqual(service.polls(), [...polls])
      })
  )

  it.effect("continues a stream from the stored encoding of a Waiting event (D7, D8)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.cut("maybe"), Service.pending, Service.token()] })
      const exit = yield* Effect.gen(function*() {
        const left = yield* login.pipe(
          Stream.filter((event) => event._tag === "Waiting"),
          Stream.take(1),
          Stream.runLast
        )
        if (left._tag === "None") return assert.fail("no wait")
        const encoded = yield* Schema.encodeEffect(Waiting)(left.value)
        const stored = JSON.stringify({ ...encoded, pending: Redacted.value(encoded.pending) })
        const read: typeof Waiting.Encoded = JSON.parse(stored)
        const waiting = yield* Schema.decodeEffect(Waiting)({ ...read, pending: Redacted.make(String(read.pending)) })
        assert.isTrue(waiting.pending.responseLost)
        const events = yield* Stream.runCollect(DeviceGrantStream.resume(waiting.pending))
        assert.deepStrictEqual(tags(events), ["Waiting", "Approved"])
      }).pipe(Effect.provide(service.layer), exact, Clocks.within(90))
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit), String(exit))
      // one failure doubles the wait; the pending response takes it back to the interval
      assert.deepStrictEqual(service.polls(), [5, 15, 20])
    }))

  it.effect("fails for a pending authorization from another region, and sends nothing (D8)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const pending = yield* Effect.provide(DeviceGrant.start(options), service.layer)
      const elsewhere = Service.make({ options: { region: "us-east-1" } })
      const error = yield* DeviceGrantStream.resume(pending).pipe(
        Stream.runDrain,
        Effect.flip,
        Effect.provide(elsewhere.layer)
      )
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.deepStrictEqual(elsewhere.sent, [])
    }))
})
