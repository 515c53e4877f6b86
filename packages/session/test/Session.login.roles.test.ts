/**
 * A login forgets the role credentials of before: the person may be another one.
 */
import { assert, describe, it } from "@effect/vitest"
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as TestConsole from "effect/testing/TestConsole"
import { make } from "./support/logins.ts"
import * as Portal from "./support/portal.ts"
import { stored } from "./support/service.ts"
import { plain } from "./support/sessions.ts"

const login = Effect.fnUntraced(function*(
  logins: Effect.Success<ReturnType<typeof make>>,
  how: "login" | "ensure",
  portal: Portal.Portal
) {
  const { session } = yield* portal.provide(logins.session)
  const fiber = yield* Effect.forkChild(session[how]({ onEvent: logins.onEvent }))
  const { url } = yield* logins.event("UrlReady")
  assert.deepStrictEqual(portal.forgotten, [])
  logins.comeBack(logins.callbackOf(url))
  return fiber
})

describe("a login", () => {
  it.effect.each(["login", "ensure"] as const)(
    "by %s forgets the session's role credentials, which may be another person's (P6, S14)",
    (how) =>
      Effect.gen(function*() {
        const portal = Portal.make()
        const logins = yield* make()
        assert.strictEqual(plain(yield* Fiber.join(yield* login(logins, how, portal))), "login-access-1")
        assert.deepStrictEqual(portal.forgotten, [{ key: logins.settings.key }])
        assert.deepStrictEqual(portal.told, [])
      }).pipe(Effect.scoped)
  )

  it.effect("of another process whose token a waiting login takes forgets them too (P6, S14)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const logins = yield* make()
      const one = yield* logins.session
      const { session } = yield* portal.provide(logins.session)
      const first = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      const second = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      yield* logins.event("LoginElsewhere")
      logins.comeBack(logins.callbackOf(url))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(plain(yield* Fiber.join(first)), "login-access-1")
      assert.strictEqual(plain(yield* Fiber.join(second)), "login-access-1")
      assert.deepStrictEqual(portal.forgotten, [{ key: logins.settings.key }])
      assert.strictEqual(logins.opened.length, 1)
    }).pipe(Effect.scoped))

  it.effect("that is not needed or that fails forgets nothing (P6)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const valid = yield* portal.provide((yield* make({ token: stored("1 hour") })).session)
      yield* valid.session.ensure()
      const logins = yield* make()
      const { session } = yield* portal.provide(logins.session)
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url, { error: "access_denied" }))
      assert.include(yield* Effect.flip(Fiber.join(fiber)), { _tag: "AuthorizationDenied" })
      assert.deepStrictEqual(portal.forgotten, [])
    }).pipe(Effect.scoped))

  it.effect.each<[string, PortalLogout.Service["forget"]]>([
    ["dies", () => Effect.die("no")],
    ["throws", () => {
      throw new Error("no")
    }],
    ["never ends", () => Effect.never],
    ["never ends, and refuses to be interrupted", () => Effect.uninterruptible(Effect.never)]
  ])("gives its token also if the PortalLogout of the program %s (S14)", ([, forget]) =>
    Effect.gen(function*() {
      const logins = yield* make()
      const fiber = yield* login(logins, "login", Portal.make(undefined, { forget }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      assert.include(
        (yield* TestConsole.logLines).map(String).join("\n"),
        "After the login: Role credentials may stay, because PortalLogout did not remove them."
      )
    }).pipe(Effect.scoped, Effect.provide(TestConsole.layer)))
})
