import { assert, describe, it } from "@effect/vitest"
import { type Trouble, within } from "@sso-oidc/core/database/Trouble"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const limit = Duration.seconds(5)

describe("Trouble.within", () => {
  it.effect("gives what a database gives, and its trouble", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* within(Effect.succeed(1), limit), 1)
      const trouble: Trouble = { reason: "unreadable", detail: "it is another's" }
      assert.strictEqual(yield* Effect.flip(within(Effect.fail(trouble), limit)), trouble)
    }))

  it.effect("fails if the database does not respond in time", () =>
    Effect.gen(function*() {
      const waiting = yield* Effect.forkChild(Effect.flip(within(Effect.never, limit)))
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Fiber.join(waiting), {
        reason: "timeout",
        code: "ETIMEDOUT",
        detail: "it did not respond within 5s"
      })
    }))

  it.effect("keeps nothing of a defect of the client", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.flip(within(Effect.die(new Error("a parameter")), limit)), {
        reason: "unavailable",
        detail: "its client failed unexpectedly"
      })
    }))
})
