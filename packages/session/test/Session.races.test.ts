import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { hashOf } from "../src/internal/stored.ts"
import { stored } from "./support/service.ts"
import { make, plain, settings } from "./support/sessions.ts"

const of = hashOf(Redacted.make("refresh-0"))

describe("Session: races and broken stores", () => {
  it.effect("a 401 for a token that another program stored during a refresh is refreshed too (S13)", () =>
    Effect.gen(function*() {
      const { service, session, store } = yield* make({ token: stored("10 minutes"), refresh: "background" })
      const { accessToken } = yield* session
      // a program holds the lock, so the refresh waits for it
      const release = yield* Deferred.make<void>()
      const theirs = yield* stored("50 minutes", { accessToken: Redacted.make("theirs") })
      yield* Effect.forkChild(
        store.exclusively(
          settings.key,
          (hold) =>
            Effect.andThen(
              Effect.andThen(Deferred.await(release), Effect.orDie(hold.commit(CachedToken.encode(theirs)))),
              Effect.sleep("1 second")
            ),
          { wait: Duration.zero }
        ),
        { startImmediately: true }
      )
      yield* accessToken.get
      yield* TestClock.adjust("1 millis")
      yield* Deferred.succeed(release, undefined)
      yield* Effect.yieldNow
      // the portal rejects that token while the refresh of its predecessor still waits
      const next = yield* Effect.forkChild(Effect.exit(accessToken.refreshed(theirs.accessToken)), {
        startImmediately: true
      })
      yield* TestClock.adjust("2 seconds")
      const exit = yield* Fiber.join(next)
      assert.deepStrictEqual(Exit.isSuccess(exit) ? plain(exit.value) : exit, "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a session that is closed after `invalid_grant` leaves word of it, and nobody sends that token again (S7, S10)", () =>
    Effect.gen(function*() {
      const { service, session, store } = yield* make({ responses: ["rejected"] })
      const scope = yield* Scope.make()
      const { session: one } = yield* Scope.provide(session, scope)
      yield* Effect.forkChild(Effect.exit(one.token()))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* store.marks(settings.key), [{ of, state: "ended" }])
      const two = (yield* session).session
      const f = yield* Effect.forkChild(Effect.exit(two.token()))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(f)
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  const throwing = (store: TokenStore.Service): TokenStore.Service => ({
    ...store,
    exclusively: () => {
      throw new Error("secret-in-a-throw")
    }
  })
  for (const left of ["1 minute", "-1 second"] as const) {
    it.effect(`a store whose lock throws fails with a StoreError, with ${left} left (S7, S21)`, () =>
      Effect.gen(function*() {
        const { session } = yield* make({ token: stored(left), store: throwing })
        const exit = yield* Effect.exit((yield* session).session.token())
        if (left === "1 minute") assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "access-0")
        else assert.strictEqual((yield* Effect.flip(exit))._tag, "StoreError")
      }).pipe(Effect.scoped))
  }

  it.effect("a token that was removed is not given later, when the store cannot be read (S10)", () =>
    Effect.gen(function*() {
      let isBroken = false
      const { session, store } = yield* make({
        token: stored("1 hour"),
        store: (store) => ({
          ...store,
          read: (key) =>
            isBroken
              ? Effect.fail(new StoreError({ store: "test", operation: "read", reason: "unavailable", detail: "x" }))
              : store.read(key)
        })
      })
      const { session: one } = yield* session
      yield* one.token()
      yield* Effect.orDie(store.exclusively(settings.key, (hold) => hold.remove, { wait: Duration.zero }))
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "NotLoggedIn")
      isBroken = true
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "StoreError")
    }).pipe(Effect.scoped))

  it.effect("a region in capitals in the file is the region of the client (S11)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: stored("-1 second", { region: "EU-WEST-1" }) })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-1")
    }).pipe(Effect.scoped))
})
