import { assert, describe, it } from "@effect/vitest"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { stored } from "./support/service.ts"
import { make, plain, settings } from "./support/sessions.ts"

/** Numbers from 0 to 1 that depend on the seed alone. */
const random = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

/** A store each of whose steps takes up to 300 ms. */
const slow = (number: () => number) => (store: TokenStore.Service): TokenStore.Service => {
  const after = <A, E>(effect: Effect.Effect<A, E>) => Effect.suspend(() => Effect.delay(effect, number() * 300))
  return {
    ...store,
    read: (key) => after(store.read(key)),
    marks: (key) => after(store.marks(key)),
    exclusively: (key, use, waiting) =>
      store.exclusively(key, (hold) =>
        use({
          ...hold,
          prepare: (of, bytes) => after(after(hold.prepare(of, bytes))),
          commit: (text) => after(after(hold.commit(text)))
        }), waiting)
  }
}

const ended = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function*() {
    for (let turns = 0; turns < 60 && fiber.pollUnsafe() === undefined; turns++) yield* TestClock.adjust("200 millis")
    assert.isDefined(fiber.pollUnsafe(), "it ends within 12 seconds")
    return yield* Fiber.join(fiber)
  })

describe("Session: interruptions at any moment", () => {
  for (let seed = 1; seed <= 12; seed++) {
    it.effect(`of callers and of the layer lose no token of a strict service, seed ${seed} (S9)`, () =>
      Effect.gen(function*() {
        const number = random(seed)
        const { read, service, session, store } = yield* make({
          takes: "1 second",
          life: "20 minutes",
          refresh: number() < 0.5 ? "background" : "wait",
          token: stored("8 minutes"),
          store: slow(number)
        })
        for (let round = 0; round < 6; round++) {
          const scope = yield* Scope.make()
          const one = yield* Scope.provide(session, scope)
          const callers: Array<Fiber.Fiber<Exit.Exit<unknown, { readonly _tag: string }>>> = []
          for (let calls = 0; calls < 4; calls++) {
            const call = number() < 0.3
              ? Effect.flatMap(one.accessToken.get, (token) => one.accessToken.refreshed(token.accessToken))
              : one.session.token({ minLeft: number() * 25 * 60_000 })
            callers.push(yield* Effect.forkChild(Effect.exit(call)))
            yield* TestClock.adjust(number() * 400)
          }
          for (const caller of callers) {
            if (number() < 0.6) yield* ended(yield* Effect.forkChild(Fiber.interrupt(caller)))
            yield* TestClock.adjust(number() * 300)
          }
          yield* ended(yield* Effect.forkChild(Scope.close(scope, Exit.void)))
          for (const caller of callers) {
            const exit = yield* Effect.exit(Effect.flatten(yield* ended(yield* Effect.forkChild(Fiber.await(caller)))))
            if (Exit.isFailure(exit) && !Exit.hasInterrupts(exit)) {
              // the second 401 of one token
              assert.strictEqual((yield* Effect.flip(exit))._tag, "SessionEnded")
            }
          }
          assert.deepStrictEqual(yield* store.marks(settings.key), [])
          if (number() < 0.3) yield* TestClock.adjust(number() * 30 * 60_000)
        }
        const last = (yield* session).session
        yield* ended(yield* Effect.forkChild(last.token({ minLeft: "19 minutes" })))
        yield* TestClock.adjust("5 seconds")
        const kept = yield* read
        assert.strictEqual(kept && plain(kept), `access-${service.sent.length}`)
        assert.strictEqual(new Set(service.sent).size, service.sent.length)
      }).pipe(Effect.scoped))
  }
})
