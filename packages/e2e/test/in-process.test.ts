/**
 * A whole login without a socket: client, grant and emulator under one test clock.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const provide = (options?: Emulator.Options) =>
  Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer(options))))

const login = { clientName: "a tool", startUrl: "https://my.awsapps.com/start" }

/** A login in progress, and the code that it shows. */
const running = Effect.gen(function*() {
  const shown = yield* Deferred.make<string>()
  const waits: Array<string> = []
  const fiber = yield* Effect.forkChild(DeviceGrant.login({
    ...login,
    onEvent: (event) =>
      event._tag === "CodeReady"
        ? Deferred.succeed(shown, event.userCode)
        : Effect.sync(() => event._tag === "Waiting" ? waits.push(event.reason) : 0)
  }))
  return { fiber, userCode: yield* Deferred.await(shown), waits }
})

describe("a whole login in process (E5)", () => {
  it.effect("waits, is approved, and gets its token, without a real second (E5, D9)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { fiber, userCode, waits } = yield* running
      yield* TestClock.adjust("3 seconds")
      yield* emulator.authorizations.approve(userCode)
      yield* TestClock.adjust("1 second")
      const token = yield* Fiber.join(fiber)
      assert.isDefined(token.refreshToken)
      assert.deepStrictEqual(waits, ["pending", "pending", "pending"])
    }).pipe(provide()))

  it.effect("ends when the code expires, if the person never approves (E5, D4)", () =>
    Effect.gen(function*() {
      const { fiber } = yield* running
      yield* TestClock.adjust("60 seconds")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag, "DeviceCodeExpired")
    }).pipe(provide({ expiresIn: "60 seconds" })))

  it.effect("survives temporary failures, with the service's own Retry-After (E3, D3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { fiber, userCode, waits } = yield* running
      yield* emulator.faults.arm({ _tag: "RawResponse", operation: "CreateToken", status: 503, retryAfter: "7" })
      yield* TestClock.adjust("1 second")
      yield* emulator.authorizations.approve(userCode)
      yield* TestClock.adjust(6999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined((yield* Fiber.join(fiber)).accessToken)
      assert.deepStrictEqual(waits, ["trouble"])
    }).pipe(provide()))

  it.effect("says that the token is possibly lost if its response was lost (E3, D5)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { fiber, userCode } = yield* running
      yield* emulator.authorizations.approve(userCode)
      yield* emulator.faults.arm({ _tag: "ConnectionReset", operation: "CreateToken", carriedOut: true })
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "TokenPossiblyLost")
    }).pipe(provide()))

  it.effect("replaces a registration that expired at the emulator (D10)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { registration } = yield* DeviceGrant.start(login)
      yield* emulator.clock.advance("91 days")
      const renewed = yield* DeviceGrant.start({ ...login, registration })
      assert.notStrictEqual(renewed.registration.clientId, registration.clientId)
    }).pipe(provide()))

  it.effect("gives the same login as a stream of events (E5, D7)", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Stream.runCollect(DeviceGrantStream.login(login)))
      yield* TestClock.adjust("3 seconds")
      const events = yield* Fiber.join(fiber)
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), [
        "Registered",
        "CodeReady",
        "Waiting",
        "Waiting",
        "Approved"
      ])
    }).pipe(provide({ autoApprove: "2.5 seconds" })))
})
