import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { options } from "./support/login.ts"
import { engines, seconds, using } from "./support/logins.ts"

describe.each(Object.entries(engines))("Logins on %s", (_, engine) => {
  it.effect("starts a login, polls at its interval, and gives its token (W1, W2)", () => {
    const service = Service.make({ polls: [Service.pending, Service.pending, Service.token()] })
    return Effect.gen(function*() {
      const logins = yield* Logins.Logins
      const login = yield* logins.start(options)
      assert.strictEqual(login.userCode, "BRCJ-PDVT")
      const token = yield* Effect.forkChild(logins.token("login-1"), { startImmediately: true })
      yield* seconds(20)
      const exit = token.pollUnsafe()
      assert.strictEqual(exit?._tag, "Success")
      const polls = service.sent.filter(({ path }) => path === "/token").map(({ at }) => at)
      assert.deepStrictEqual(polls, [5000, 10_000, 15_000])
      assert.deepStrictEqual(yield* logins.get("login-1"), { state: "approved", id: "login-1", isTaken: false })
      assert.strictEqual(Redacted.value((yield* logins.take("login-1")).accessToken), "access-token-1")
    }).pipe(using(service, {}, engine))
  })

  it.effect("stops the polls of a login that is cancelled (W2)", () => {
    const service = Service.make({ polls: [Service.pending] })
    return Effect.gen(function*() {
      const logins = yield* Logins.Logins
      yield* logins.start(options)
      yield* seconds(12)
      assert.isTrue(yield* logins.cancel("login-1"))
      const before = service.sent.length
      yield* seconds(60)
      assert.strictEqual(service.sent.length, before)
      assert.isFalse(yield* logins.cancel("login-1"))
      assert.strictEqual((yield* logins.get("login-1")).state, "cancelled")
    }).pipe(using(service, {}, engine))
  })
})
