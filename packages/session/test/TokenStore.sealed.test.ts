import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import { assertNoLeak, commit, idOf, keeps, of, patient, secret, textOf } from "./support/stores.ts"

const ring = (name: string, byte: number): Sealer.Ring => ({
  current: name,
  keys: { [name]: Redacted.make(new Uint8Array(32).fill(byte)) }
})

const inMemory = Effect.provide(KeyValueStore.KeyValueStore, Layer.fresh(KeyValueStore.layerMemory))

/** A sealed store over these values, and the store below it. */
const make = (values: KeyValueStore.KeyValueStore, sealer: Layer.Layer<Sealer.Sealer, Sealer.SealerUnavailable>) =>
  Effect.gen(function*() {
    const plain = Layer.fresh(TokenStore.layerKeyValueStoreSingleProcess).pipe(
      Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, values))
    )
    return {
      below: yield* Effect.provide(TokenStore.TokenStore, plain),
      store: yield* Effect.provide(TokenStore.TokenStore, TokenStore.sealed(plain).pipe(Layer.provide(sealer)))
    }
  })

describe("TokenStore.sealed", () => {
  it.live("keeps the contract of a store (S8)", () => {
    const store = TokenStore.sealed(TokenStore.layerMemory).pipe(Layer.provide(Sealer.layer(ring("one", 1))))
    return keeps({ store, shared: false })
  })

  it.effect("stores a text that shows nothing of the secret (S21)", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const { below, store } = yield* make(values, Sealer.layer(ring("one", 1)))
      yield* commit(store, "k", secret)
      assert.strictEqual(yield* textOf(store, "k"), secret)
      assertNoLeak(yield* textOf(below, "k"))
      assertNoLeak(yield* values.get(`sso-oidc:${yield* idOf("k")}:text`))
      assert.strictEqual(store.name, "sealed key-value")
    }))

  it.effect("says that a text of another key, of another place or without a seal is unreadable", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const { below, store } = yield* make(values, Sealer.layer(ring("one", 1)))
      const { store: other } = yield* make(values, Sealer.layer(ring("one", 2)))
      yield* commit(store, "k", secret)
      yield* commit(below, "moved", (yield* textOf(below, "k")) ?? "")
      yield* commit(below, "plain", secret)
      for (const error of [other.read("k"), store.read("moved"), store.read("plain")].map(Effect.flip)) {
        const failed = yield* error
        assert.deepInclude(failed, { _tag: "StoreError", reason: "unreadable", operation: "read" })
        assertNoLeak(failed)
      }
      yield* commit(other, "k", "again")
      assert.strictEqual(yield* textOf(other, "k"), "again")
    }))

  it.effect("fails before a request if the sealer is out of reach, and leaves no mark (S9)", () =>
    Effect.gen(function*() {
      const out = Sealer.fromFunctions({
        seal: () => Effect.fail(new Error(secret)),
        unseal: () => Effect.fail(new Error(secret))
      })
      const { below, store } = yield* make(yield* inMemory, Layer.succeed(Sealer.Sealer, out))
      const error = yield* Effect.flip(store.exclusively("k", (hold) => hold.prepare(of, 100), patient))
      assert.deepInclude(error, { _tag: "StoreError", reason: "unavailable", operation: "prepare" })
      assertNoLeak(error)
      assert.deepStrictEqual(yield* below.marks("k"), [])
    }))

  it.effect("lists its texts opened, and as they are where another tool wrote them (S20)", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const { below, store } = yield* make(values, Sealer.layer(ring("one", 1)))
      const { store: other } = yield* make(values, Sealer.layer(ring("one", 2)))
      const plain = "{\"accessToken\":\"of another tool\"}"
      yield* commit(store, "own", secret)
      yield* commit(below, "tool", plain)
      yield* commit(other, "other key", secret)
      const entries = yield* store.entries ?? Effect.succeed([])
      const texts = new Map(entries.map(({ id, text }) => [id, text && Redacted.value(text)]))
      assert.strictEqual(texts.size, 3)
      assert.deepStrictEqual(
        [texts.get(yield* idOf("own")), texts.get(yield* idOf("tool")), texts.get(yield* idOf("other key"))],
        [secret, plain, undefined]
      )
      for (const entry of entries) assert.isTrue(yield* entry.remove(patient.wait))
      assert.deepStrictEqual(yield* values.keys, [])
      assert.strictEqual(store.lock, "lock in memory")
    }))

  it.effect("lists nothing if the sealer is out of reach, so that no token is left behind unseen (S20)", () =>
    Effect.gen(function*() {
      const values = yield* inMemory
      const { store } = yield* make(values, Sealer.layer(ring("one", 1)))
      yield* commit(store, "own", secret)
      const out = Sealer.fromFunctions({
        seal: () => Effect.succeed("sealed"),
        unseal: () => Effect.fail(new Error(secret))
      })
      const { store: other } = yield* make(values, Layer.succeed(Sealer.Sealer, out))
      const error = yield* Effect.flip(other.entries ?? Effect.die("no entries"))
      assert.deepInclude(error, { _tag: "StoreError", operation: "read" })
      assertNoLeak(error)
    }))
})
