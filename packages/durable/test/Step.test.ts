import { assert, describe, it } from "@effect/vitest"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { row, start, stepped, using } from "./support/login.ts"

describe("Step", () => {
  it.effect("a login ends with its token, which the row gives once", () => {
    const service = Service.make({ polls: [Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const login = yield* start
      assert.strictEqual(login.userCode, "BRCJ-PDVT")
      assert.strictEqual(DateTime.toEpochMillis(login.nextPollAt), 5000)
      assert.strictEqual(Duration.toSeconds((yield* stepped("NotDue")).left), 5)
      yield* TestClock.adjust("5 seconds")
      const waiting = yield* stepped("Waiting")
      assert.strictEqual(Duration.toSeconds(waiting.left), 5)
      assert.strictEqual(waiting.login.userCode, "BRCJ-PDVT")
      assert.strictEqual((yield* Effect.flip(Step.take("login-1")))._tag, "LoginPending")
      yield* TestClock.adjust("5 seconds")
      const approved = yield* stepped("Approved")
      assert.isTrue(approved.isStored)
      assert.deepStrictEqual((yield* stepped("Ended")).login, { state: "approved", id: "login-1", isTaken: false })
      const token = yield* Step.take("login-1")
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
      assert.deepStrictEqual(yield* Step.get("login-1"), { state: "approved", id: "login-1", isTaken: true })
      const again = yield* Effect.flip(Step.take("login-1"))
      assert.deepStrictEqual(again._tag === "LoginUnknown" && again.reason, "taken")
      assert.isUndefined((yield* row()).sealed)
      assert.deepStrictEqual(service.polls(), [5, 10])
    }).pipe(using(service))
  })
})
