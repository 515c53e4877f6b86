import { assert, describe, it } from "@effect/vitest"
import * as Lock from "@sso-oidc/session/Lock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

const provide = Effect.provide(Lock.layerInProcess)

/** A lock of its own scope. */
const locked = (path: string) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const lock = yield* Scope.provide(Lock.Lock.use(({ open }) => open(path)), scope)
    return { ...lock, end: Scope.close(scope, Exit.void) }
  })

describe("Lock.layerInProcess", () => {
  it.effect("lets one scope hold a path, and frees it with that scope (S8)", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* locked("/a"), yield* locked("/a")]
      assert.isFalse(yield* one.isHeld)
      assert.isTrue(yield* one.attempt)
      assert.isTrue(yield* one.attempt)
      assert.isFalse(yield* other.attempt)
      assert.deepStrictEqual([yield* one.isHeld, yield* other.isHeld], [true, false])
      // the end of a scope that does not hold the lock frees nothing
      yield* other.end
      assert.isFalse(yield* (yield* locked("/a")).attempt)
      yield* one.end
      assert.isFalse(yield* one.isHeld)
      const next = yield* locked("/a")
      assert.isTrue(yield* next.attempt)
      yield* next.end
    }).pipe(provide))

  it.effect("gives two paths two locks (S8)", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* locked("/a"), yield* locked("/b")]
      assert.deepStrictEqual([yield* one.attempt, yield* other.attempt], [true, true])
      yield* one.end
      yield* other.end
    }).pipe(provide))

  it.effect("is one for all builds of the layer in this process (S8)", () =>
    Effect.gen(function*() {
      const one = yield* locked("/a").pipe(Effect.provide(Lock.layerInProcess, { local: true }))
      const other = yield* locked("/a").pipe(Effect.provide(Lock.layerInProcess, { local: true }))
      assert.deepStrictEqual([yield* one.attempt, yield* other.attempt], [true, false])
      yield* one.end
      assert.isTrue(yield* other.attempt)
      yield* other.end
    }))

  it.effect("frees the path of a fiber that was interrupted (S8)", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const holder = yield* Lock.Lock.use(({ open }) => open("/a")).pipe(
        Effect.tap(({ attempt }) => attempt),
        Effect.andThen(Deferred.succeed(arrived, undefined)),
        Effect.andThen(Effect.never),
        Effect.scoped,
        Effect.forkChild
      )
      yield* Deferred.await(arrived)
      const next = yield* locked("/a")
      assert.isFalse(yield* next.attempt)
      yield* Fiber.interrupt(holder)
      assert.isTrue(yield* next.attempt)
      yield* next.end
    }).pipe(provide))
})

describe("LockUnavailable", () => {
  it("says which lock and why in a sentence, and shows no control characters (S21)", () => {
    const error = new Lock.LockUnavailable({ lock: "kernel lock", code: "E\u001b[2J", detail: "the disk is full" })
    assert.strictEqual(error.message, "The kernel lock cannot be had (E [2J): the disk is full.")
  })
})
