import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Duration, Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { issued, secret, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))
const scopes = ["sso:account:access"]

describe("a session", () => {
  it.effect("ends at its time to the millisecond, whatever was refreshed before (E3)", () =>
    Effect.gen(function*() {
      const { refresh, token } = yield* issued(scopes)
      yield* TestClock.adjust("59 seconds")
      const later = yield* refresh(secret(token))
      assert.strictEqual(later.expiresIn, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tagOf(refresh(secret(later))), "InvalidGrantException")
    }).pipe(provide({ sessionDuration: "1 minute" })))

  it.effect("may last 90 days, and its client's registration then ends with it (E3)", () =>
    Effect.gen(function*() {
      const { refresh, token } = yield* issued(scopes)
      yield* TestClock.adjust("2159 hours")
      const later = yield* refresh(secret(token))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* tagOf(refresh(secret(later))), "InvalidClientException")
    }).pipe(provide({ sessionDuration: "90 days" })))

  it.effect("gives its whole length to a token without scopes, whatever the lifetime of access tokens is (E3)", () =>
    Effect.gen(function*() {
      const { token } = yield* issued()
      assert.deepStrictEqual([token.expiresIn, token.refreshToken], [120, undefined])
    }).pipe(provide({ sessionDuration: "2 minutes", accessTokenLifetime: "30 seconds" })))

  const seconds = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))
  const waits = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60_000 })))

  it.effect.prop(
    "outlives each of its access tokens, at any time of a refresh (E3)",
    [seconds(200), seconds(100), Schema.Literals(["strict", "lenient"]), waits],
    ([length, lifetime, rotation, gaps]) =>
      Effect.gen(function*() {
        const { emulator, refresh, token } = yield* issued(scopes)
        const endsAt = (yield* emulator.clock.now) + length * 1000
        assert.strictEqual(token.expiresIn, Math.min(length, lifetime))
        let latest = secret(token)
        for (const gap of gaps) {
          yield* emulator.clock.advance(Duration.millis(gap))
          const now = yield* emulator.clock.now
          const result = yield* Effect.result(refresh(latest))
          // With less than a second left, there is no lifetime that the wire could say
          assert.strictEqual(result._tag === "Success", endsAt - now >= 1000)
          if (result._tag === "Failure") continue
          const { expiresIn = assert.fail("it is there") } = result.success
          assert.strictEqual(expiresIn, Math.min(lifetime, Math.floor((endsAt - now) / 1000)))
          assert.isAtMost(now + expiresIn * 1000, endsAt)
          latest = secret(result.success)
        }
      }).pipe(provide({
        sessionDuration: Duration.seconds(length),
        accessTokenLifetime: Duration.seconds(lifetime),
        rotation
      }))
  )
})
