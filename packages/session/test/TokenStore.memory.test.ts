import { assert, describe, it } from "@effect/vitest"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { assertNoLeak, commit, idOf, keeps, secret, textOf } from "./support/stores.ts"

const build = Effect.provide(TokenStore.TokenStore, Layer.fresh(TokenStore.layerMemory))

describe("TokenStore.layerMemory", () => {
  it.live("keeps the contract of a store (S8)", () => keeps({ store: TokenStore.layerMemory, shared: false }))

  it.effect("has a store of its own in each build", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* build, yield* build]
      yield* commit(one, "k", "text")
      assert.strictEqual(yield* textOf(one, "k"), "text")
      assert.isUndefined(yield* textOf(other, "k"))
    }))

  it.effect("waits on the test clock, and says how long it waited (S23)", () =>
    Effect.gen(function*() {
      const store = yield* build
      const holder = yield* Effect.forkChild(store.exclusively("k", () => Effect.never, { wait: Duration.zero }))
      const waiter = yield* Effect.forkChild(
        Effect.flip(store.exclusively("k", () => Effect.void, { wait: Duration.seconds(15) }))
      )
      yield* TestClock.adjust("14 seconds")
      assert.isUndefined(waiter.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(waiter)
      assert.strictEqual(error._tag, "StoreBusy")
      assert.include(error.message, "was not free for 15 seconds")
      assert.include(error.message, yield* idOf("k"))
      yield* Fiber.interrupt(holder)
    }))

  it.effect("shows no text to a log or to inspect (S21)", () =>
    Effect.gen(function*() {
      const store = yield* build
      yield* commit(store, "k", secret)
      assertNoLeak(String(yield* store.read("k")))
      assertNoLeak(JSON.stringify(yield* store.read("k")))
      assertNoLeak(store)
    }))
})
