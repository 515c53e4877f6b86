import { assert, describe, it } from "@effect/vitest"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import { assertNoLeak, commit, idOf, keeps, of, patient, secret, textOf } from "./support/stores.ts"

const over = (values: KeyValueStore.KeyValueStore) =>
  Layer.fresh(TokenStore.layerKeyValueStoreSingleProcess).pipe(
    Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, values))
  )

const inMemory = Effect.provide(KeyValueStore.KeyValueStore, Layer.fresh(KeyValueStore.layerMemory))

const build = (values: KeyValueStore.KeyValueStore) => Effect.provide(TokenStore.TokenStore, over(values))

/** A store whose operations fail with an error that has the value in it. */
const failing = (error: (value: unknown) => Effect.Effect<never, KeyValueStore.KeyValueStoreError>) =>
  KeyValueStore.makeStringOnly({
    get: () => error(secret),
    set: (_, value) => error(value),
    remove: () => error(secret),
    clear: Effect.void,
    size: Effect.succeed(0),
    keys: Effect.succeed([])
  })

describe("TokenStore.layerKeyValueStoreSingleProcess", () => {
  it.live("keeps the contract of a store, within one process (S8)", () =>
    Effect.flatMap(inMemory, (values) => keeps({ store: over(values) })))

  it.effect("shares the lock among all layers over one KeyValueStore (S8)", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const [one, other] = [yield* build(values), yield* build(values)]
      const error = yield* one.exclusively(
        "k",
        () =>
          Effect.flip(
            other.exclusively("k", () => Effect.void, { wait: patient.wait, meanwhile: Effect.fail("held") })
          ),
        patient
      )
      assert.strictEqual(error, "held")
    }))

  it.effect("keeps a text that UTF-8 cannot carry", () =>
    Effect.gen(function*() {
      const store = yield* build(yield* inMemory)
      yield* commit(store, "k", "a\ud800b\udc00")
      assert.strictEqual(yield* textOf(store, "k"), "a\ud800b\udc00")
    }))

  it.effect("says that a value of another program, or a text that was cut off, is unreadable, and replaces it", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const store = yield* build(values)
      const id = yield* idOf("k")
      yield* commit(store, "k", secret)
      const whole = (yield* values.get(`sso-oidc:${id}:text`)) ?? ""
      for (const foreign of ["", "{}", "12", "null", "text", whole.slice(0, -1)]) {
        yield* values.set(`sso-oidc:${id}:text`, foreign)
        const error = yield* Effect.flip(store.read("k"))
        assert.deepInclude(error, { _tag: "StoreError", reason: "unreadable", operation: "read", key: id })
        assertNoLeak(error)
        assert.strictEqual(yield* values.get(`sso-oidc:${id}:text`), foreign)
        yield* store.exclusively("k", (hold) => hold.prepare(of, 10), patient)
        assert.strictEqual((yield* Effect.flip(store.read("k"))).reason, "unreadable")
        yield* commit(store, "k", "again")
        assert.strictEqual(yield* textOf(store, "k"), "again")
      }
      for (const foreign of ["", "[]", "{\"of\":1,\"state\":\"sent\"}", "{\"of\":\"a\",\"state\":\"gone\"}"]) {
        yield* values.set(`sso-oidc:${id}:mark`, foreign)
        assert.strictEqual((yield* Effect.flip(store.marks("k"))).reason, "unreadable")
      }
    }))

  it.effect("makes room for the response before it is sent (S9)", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const store = yield* build(values)
      yield* store.exclusively("k", (hold) =>
        Effect.gen(function*() {
          yield* hold.prepare(of, 5000)
          assert.isAtLeast((yield* values.get(`sso-oidc:${yield* idOf("k")}:mark`))?.length ?? 0, 5000)
          for (const bytes of [-1, NaN, Infinity, 1e12, 0.5]) {
            const error = yield* Effect.flip(hold.prepare(of, bytes))
            assert.deepInclude(error, { _tag: "StoreError", operation: "prepare", reason: "unavailable" })
            assert.include(error.message, "Nothing was sent.")
          }
        }), patient)
    }))

  it.effect("keeps nothing of an error or a defect of the KeyValueStore, which may hold the value (S21)", () =>
    Effect.gen(function*() {
      const failures = [
        (value: unknown) =>
          Effect.fail(
            new KeyValueStore.KeyValueStoreError({
              message: String(value),
              method: "set",
              key: String(value),
              cause: value
            })
          ),
        (value: unknown) => Effect.die(new Error(String(value)))
      ]
      for (const failure of failures) {
        const store = yield* build(failing(failure))
        const errors = [
          yield* Effect.flip(store.read("k")),
          yield* Effect.flip(store.marks("k")),
          yield* Effect.flip(commit(store, "k", secret)),
          yield* Effect.flip(store.exclusively("k", (hold) => hold.prepare(of, 10), patient)),
          yield* Effect.flip(store.exclusively("k", (hold) => hold.settle(of, "lost"), patient)),
          yield* Effect.flip(store.exclusively("k", (hold) => hold.remove, patient))
        ]
        assert.deepStrictEqual(
          errors.map((error) => error._tag === "StoreError" ? error.operation : error._tag),
          ["read", "read", "commit", "prepare", "commit", "remove"]
        )
        for (const error of errors) assertNoLeak(error)
      }
    }))

  it.effect("gives back a redacted text (S21)", () =>
    Effect.gen(function*() {
      const store = yield* build(yield* inMemory)
      yield* commit(store, "k", secret)
      const text = yield* store.read("k")
      assert.isTrue(Redacted.isRedacted(text))
      assertNoLeak(String(text))
    }))
})
