import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Effect, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { grantType, registration, started, startUrl, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))

describe("the interval", () => {
  it.effect("allows the first poll at once, and a later poll only after the interval less 50 ms (E3)", () =>
    Effect.gen(function*() {
      const { poll } = yield* started()
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      yield* TestClock.adjust(950)
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      yield* TestClock.adjust(949)
      assert.strictEqual(yield* tagOf(poll), "SlowDownException")
    }).pipe(provide()))

  it.effect("grows by 5 seconds with each slow_down, for good, and begins at the early poll (E3)", () =>
    Effect.gen(function*() {
      const { poll } = yield* started()
      const at = (millis: number) => Effect.andThen(TestClock.adjust(millis), tagOf(poll))
      assert.strictEqual(yield* at(0), "AuthorizationPendingException")
      assert.strictEqual(yield* at(100), "SlowDownException")
      // The interval is now 6 seconds from the early poll
      assert.strictEqual(yield* at(5949), "SlowDownException")
      // The interval is now 11 seconds
      assert.strictEqual(yield* at(10_950), "AuthorizationPendingException")
      assert.strictEqual(yield* at(10_949), "SlowDownException")
      assert.strictEqual(yield* at(15_950), "AuthorizationPendingException")
    }).pipe(provide()))

  it.effect("is enforced as it was handed out, and slow_down of one code does not affect another (E3)", () =>
    Effect.gen(function*() {
      const first = yield* started()
      const second = yield* started()
      assert.strictEqual(first.code.interval, 7)
      assert.strictEqual(yield* tagOf(first.poll), "AuthorizationPendingException")
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* tagOf(first.poll), "SlowDownException")
      assert.strictEqual(yield* tagOf(second.poll), "AuthorizationPendingException")
      yield* TestClock.adjust("7 seconds")
      assert.strictEqual(yield* tagOf(second.poll), "AuthorizationPendingException")
      assert.strictEqual(yield* tagOf(first.poll), "SlowDownException")
    }).pipe(provide({ interval: "7 seconds" })))

  it.effect("does not delay a decision: the next poll gets it, however early (E3)", () =>
    Effect.gen(function*() {
      const allowed = yield* started()
      yield* tagOf(allowed.poll)
      yield* allowed.emulator.authorizations.approve(allowed.code.userCode)
      assert.strictEqual((yield* allowed.poll).tokenType, "Bearer")

      const denied = yield* started()
      yield* tagOf(denied.poll)
      yield* denied.emulator.authorizations.deny(denied.code.userCode)
      assert.strictEqual(yield* tagOf(denied.poll), "AccessDeniedException")
      assert.strictEqual(yield* tagOf(denied.poll), "AccessDeniedException")

      // The very first poll, right after the start
      const first = yield* started()
      yield* first.emulator.authorizations.approve(first.code.userCode)
      assert.strictEqual((yield* first.poll).tokenType, "Bearer")
    }).pipe(provide()))

  it.effect("does not delay a decision after any number of slow_down, and the slow client loses no code (E3)", () =>
    Effect.gen(function*() {
      for (const decision of ["approve", "deny"] as const) {
        const { code, emulator, poll } = yield* started()
        assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
        for (let n = 0; n < 20; n++) {
          yield* TestClock.adjust(900)
          assert.strictEqual(yield* tagOf(poll), "SlowDownException")
        }
        yield* emulator.authorizations[decision](code.userCode)
        const result = yield* Effect.result(poll)
        assert.strictEqual(
          Result.isSuccess(result) ? result.success.tokenType : result.failure._tag,
          decision === "approve" ? "Bearer" : "AccessDeniedException"
        )
      }
    }).pipe(provide()))

  it.effect("does not hide that a code has ended: an early poll then gets no slow_down (E3)", () =>
    Effect.gen(function*() {
      const late = yield* started()
      yield* TestClock.adjust(59_999)
      yield* tagOf(late.poll)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* tagOf(late.poll), "ExpiredTokenException")

      const ended = yield* started()
      yield* tagOf(ended.poll)
      yield* ended.emulator.authorizations.expire(ended.code.userCode)
      assert.strictEqual(yield* tagOf(ended.poll), "ExpiredTokenException")

      const used = yield* started()
      yield* tagOf(used.poll)
      yield* used.emulator.authorizations.approve(used.code.userCode)
      yield* used.poll
      assert.strictEqual(yield* tagOf(used.poll), "InvalidGrantException")
    }).pipe(provide({ expiresIn: "60 seconds" })))

  it.effect("does not delay the decision of autoApprove: an early poll after it gets the token (E3)", () =>
    Effect.gen(function*() {
      const { poll } = yield* started()
      yield* TestClock.adjust(2500)
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      yield* TestClock.adjust(500)
      assert.strictEqual((yield* poll).tokenType, "Bearer")
    }).pipe(provide({ autoApprove: "3 seconds" })))

  it.effect("does not count polls of another client or with a wrong secret (E3)", () =>
    Effect.gen(function*() {
      const mine = yield* started()
      const other = yield* started()
      const { clientId, emulator } = mine
      const deviceCode = mine.code.deviceCode
      const wrong = [
        { clientId: other.clientId, clientSecret: other.clientSecret },
        { clientId, clientSecret: Redacted.make("no") }
      ]
      for (const client of wrong) yield* tagOf(emulator.createToken({ ...client, grantType, deviceCode }))
      assert.strictEqual(yield* tagOf(mine.poll), "AuthorizationPendingException")
    }).pipe(provide()))

  it.effect("makes no poll too early after the clock was set back (E3)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000_000)
      const { poll } = yield* started()
      yield* tagOf(poll)
      yield* TestClock.setTime(500_000)
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
    }).pipe(provide()))

  it.effect("is not needed for the throttle: more than 500 registrations in one second get slow_down (E3)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret, emulator } = yield* started()
      const register = emulator.registerClient(registration)
      const start = emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
      yield* Effect.repeat(register, { times: 498 })
      assert.strictEqual(yield* tagOf(register), "SlowDownException")
      yield* Effect.repeat(start, { times: 498 })
      assert.strictEqual(yield* tagOf(start), "SlowDownException")
      yield* TestClock.adjust("1 second")
      yield* register
      yield* start
    }).pipe(provide()))
})
