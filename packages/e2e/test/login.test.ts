import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

const transports = [["transport-node", NodeTransport.layer()], ["transport-browser", FetchTransport.layer]] as const

/** A client of the emulator in the context. */
const client = Layer.unwrap(
  Effect.map(EmulatorServer.EmulatorServer, ({ url }) => SsoOidc.layer({ region: "us-east-1", endpoint: url }))
)

/** A login. The test takes its events one by one, and moves the clock in between. */
const watched = Effect.gen(function*() {
  const events = yield* Queue.unbounded<DeviceGrantEvent>()
  const fiber = yield* Effect.forkChild(DeviceGrant.login({
    clientName: "e2e",
    startUrl: "https://my.awsapps.com/start",
    onEvent: (event) => Queue.offer(events, event)
  }))
  const next = <Tag extends DeviceGrantEvent["_tag"]>(tag: Tag) =>
    Effect.gen(function*() {
      const event = yield* Queue.take(events)
      const is = (event: DeviceGrantEvent): event is Extract<DeviceGrantEvent, { readonly _tag: Tag }> =>
        event._tag === tag
      return is(event) ? event : assert.fail(`${tag}, not ${event._tag}`)
    })
  return { fiber, next }
})

describe.each(transports)("a whole login over real sockets, through %s", (_, transport) => {
  const layer = client.pipe(
    Layer.provide(transport),
    Layer.provideMerge(EmulatorServer.layer({ expiresIn: "30 seconds" }))
  )

  it.effect("is pending, then approved, and no poll comes before its interval (D1, D9)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { fiber, next } = yield* watched
      yield* next("Registered")
      const code = yield* next("CodeReady")
      yield* TestClock.adjust("1 second")
      const waiting = yield* next("Waiting")
      assert.strictEqual(waiting.reason, "pending")
      assert.strictEqual(Duration.toSeconds(waiting.wait), 1)
      yield* emulator.authorizations.approve(code.userCode)
      yield* TestClock.adjust("1 second")
      const approved = yield* next("Approved")
      const token = yield* Fiber.join(fiber)
      assert.strictEqual(token, approved.token)
      assert.match(Redacted.value(token.accessToken), /^aoa/)
      assert.strictEqual(yield* Clock.currentTimeMillis, 2000)
    }).pipe(Effect.provide(layer)))

  it.effect("ends when the person denies it (D5)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { fiber, next } = yield* watched
      yield* next("Registered")
      yield* emulator.authorizations.deny((yield* next("CodeReady")).userCode)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "AccessDeniedException")
    }).pipe(Effect.provide(layer)))

  it.effect("expires after the last poll that fits (D4)", () =>
    Effect.gen(function*() {
      const { fiber, next } = yield* watched
      yield* next("Registered")
      yield* next("CodeReady")
      for (let second = 1; second < 29; second++) {
        yield* TestClock.adjust("1 second")
        yield* next("Waiting")
      }
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag === "DeviceCodeExpired" ? error.detectedBy : error._tag, "clock")
      assert.strictEqual(yield* Clock.currentTimeMillis, 29_000)
    }).pipe(Effect.provide(layer)))

  it.effect("slows down when a second process polls with the same code, and keeps to the longer interval (D2, D8)", () =>
    Effect.gen(function*() {
      const pending = yield* DeviceGrant.start({ clientName: "e2e", startUrl: "https://my.awsapps.com/start" })
      yield* TestClock.adjust("1 second")
      const first = yield* DeviceGrant.step(pending)
      const second = yield* DeviceGrant.step(pending)
      assert.strictEqual(first._tag === "Waiting" && first.reason, "pending")
      if (second._tag !== "Waiting") return assert.fail(second._tag)
      assert.strictEqual(second.reason, "slowedDown")
      assert.strictEqual(Duration.toSeconds(second.pending.wait), 6)
    }).pipe(Effect.provide(layer)))
})

describe("the service becomes unreachable during a login (D3)", () => {
  it.effect("the polls back off, and the grant ends with an error that says so (D3, D4)", () =>
    Effect.gen(function*() {
      const emulated = yield* Scope.make()
      const emulator = yield* Layer.buildWithScope(EmulatorServer.layer({ expiresIn: "20 seconds" }), emulated)
      const oidc = client.pipe(Layer.provide(NodeTransport.layer()), Layer.provide(Layer.succeedContext(emulator)))
      yield* Effect.gen(function*() {
        const { fiber, next } = yield* watched
        yield* next("Registered")
        yield* next("CodeReady")
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* next("Waiting")).reason, "pending")
        yield* Scope.close(emulated, Exit.void)
        let wait = 1
        for (const doubled of [2, 4, 8]) {
          yield* TestClock.adjust(Duration.seconds(wait))
          const waiting = yield* next("Waiting")
          assert.strictEqual(waiting.trouble?.sent, "no")
          assert.strictEqual(Duration.toSeconds(waiting.wait), doubled)
          wait = doubled
        }
        yield* TestClock.adjust("8 seconds")
        const error = yield* Effect.flip(Fiber.join(fiber))
        if (error._tag !== "DeviceCodeExpired") return assert.fail(error._tag)
        assert.strictEqual(error.lastTrouble?.code, "ECONNREFUSED")
        assert.isFalse(error.responseLost)
        assert.strictEqual(yield* Clock.currentTimeMillis, 16_000)
      }).pipe(Effect.provide(oidc), Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 }))
    }))
})
