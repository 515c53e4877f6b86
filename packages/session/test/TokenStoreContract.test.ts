import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as TokenStoreContract from "@sso-oidc/session/TokenStoreContract"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { changed, stores } from "./support/brokenStores.ts"
import { textOf } from "./support/stores.ts"

const caseNamed = (part: string): TokenStoreContract.Case => {
  const [found, ...others] = TokenStoreContract.cases.filter(({ name }) => name.includes(part))
  if (found === undefined || others.length > 0) {
    throw new Error(`${others.length} other cases have ${part} in their name`)
  }
  return found
}

/** A store that works would need longer on a busy machine. */
const quick = Effect.provideService(TokenStoreContract.Timeout, "350 millis")

// the tests mostly wait, and each has a store of its own
describe.concurrent("TokenStoreContract finds a store that", () => {
  for (const [what, [change, found]] of Object.entries(stores)) {
    it.live(what, () =>
      Effect.gen(function*() {
        const { name, run } = caseNamed(found)
        yield* run({ store: changed((store) => store) })
        const violation = yield* quick(Effect.flip(run({ store: changed(change) })))
        assert.strictEqual(violation._tag, "StoreContractViolation")
        assert.strictEqual(violation.case, name)
        assert.isTrue(violation.message.startsWith(`The store breaks the contract: ${name}. The case expected `))
      }))
  }

  it.live("does not share one store among its builds", () =>
    Effect.gen(function*() {
      const violation = yield* Effect.flip(caseNamed("a text of ASCII").run({ store: TokenStore.layerMemory }))
      assert.include(violation.message, "in the other store, but there is no text. Fix the store.")
    }))

  it.live("fails or dies where it should work", () =>
    Effect.gen(function*() {
      const error = new StoreError({ store: "broken", operation: "read", reason: "unavailable", detail: "broken" })
      for (const read of [() => Effect.fail(error), () => Effect.die(error)]) {
        const outcomes = yield* TokenStoreContract.run({
          store: changed((store) => ({ ...store, read })),
          concurrency: 50
        })
        const [first] = outcomes
        assert.strictEqual(first?.verdict, "broken")
        assert.include(first?.violation?.message, "The broken store cannot be read")
      }
    }).pipe(quick))

  it.live("cannot be built", () =>
    Effect.gen(function*() {
      const store: Layer.Layer<TokenStore.TokenStore, string> = Layer.effect(
        TokenStore.TokenStore,
        Effect.fail("no store")
      )
      const outcomes = yield* TokenStoreContract.run({ store, concurrency: 50 })
      assert.deepStrictEqual([...new Set(outcomes.map(({ verdict }) => verdict))], ["broken", "skipped"])
      assert.include(outcomes[0]?.violation?.message, "it failed: no store")
    }))

  it.live("lets a holder write that has lost its lock (S22)", () =>
    Effect.gen(function*() {
      const cases = TokenStoreContract.cases.filter(({ needs }) => needs === "expire")
      assert.strictEqual(cases.length, 3)
      for (const { run } of cases) {
        const violation = yield* Effect.flip(run({ store: changed((store) => store), expire: () => Effect.void }))
        assert.strictEqual(violation._tag, "StoreContractViolation")
        const absent = yield* Effect.flip(run({ store: changed((store) => store) }))
        assert.include(absent.message, "the option expire, but it is absent")
        const failing = yield* Effect.flip(
          run({ store: changed((store) => store), expire: () => Effect.fail("no way") })
        )
        assert.include(failing.message, "the option expire to work, but it failed: no way")
      }
    }).pipe(quick))
})

describe("TokenStoreContract", () => {
  it("has cases whose names differ", () => {
    const names = TokenStoreContract.cases.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it.effect("runs in real time, also under a test clock (S23)", () =>
    caseNamed("a wait ends with StoreBusy").run({ store: TokenStore.layerMemory, shared: false }))

  it.live("leaves nothing of its own in the store", () =>
    Effect.gen(function*() {
      const keys = new Set<string>()
      let shared: TokenStore.Service | undefined
      const store = changed((store) => {
        shared = store
        return {
          ...store,
          exclusively: (key, use, waiting) => {
            keys.add(key)
            return store.exclusively(key, use, waiting)
          }
        }
      })
      for (const part of ["keys that look alike", "prepare records", "a text of 100 kB"]) {
        yield* caseNamed(part).run({ store })
      }
      assert.isAbove(keys.size, 10)
      for (const key of keys) {
        assert.isUndefined(shared === undefined ? "" : yield* textOf(shared, key))
        assert.deepStrictEqual(yield* shared?.marks(key) ?? Effect.succeed([]), [])
      }
    }))

  it.live("register makes a test of each case, and gives those of an absent option to skip", () =>
    Effect.gen(function*() {
      const tests = new Map<string, () => Promise<void>>()
      const skipped: Array<string> = []
      const test = Object.assign((name: string, body: () => Promise<void>) => void tests.set(name, body), {
        skip: (name: string) => void skipped.push(name)
      })
      TokenStoreContract.register(test, { store: TokenStore.layerMemory, shared: false })
      assert.strictEqual(tests.size + skipped.length, TokenStoreContract.cases.length)
      assert.strictEqual(skipped.length, 3)
      for (const name of skipped) assert.match(name, / \(skipped: it needs the option expire\)$/)
      yield* Effect.promise(() =>
        tests.get(caseNamed("two keys have two locks").name)?.() ?? Promise.reject(new Error())
      )

      const plain: Array<string> = []
      TokenStoreContract.register((name) => plain.push(name), { store: TokenStore.layerMemory, shared: false })
      assert.strictEqual(plain.length, tests.size)

      const all: Array<string> = []
      TokenStoreContract.register((name) => all.push(name), {
        store: TokenStore.layerMemory,
        expire: () => Effect.void
      })
      assert.strictEqual(all.length, TokenStoreContract.cases.length)
    }))

  it.live("register rejects with the violation, whose message says what to do", () =>
    Effect.gen(function*() {
      const bodies = new Map<string, () => Promise<void>>()
      const store = changed((store) => ({ ...store, read: () => Effect.succeed(Redacted.make("other")) }))
      TokenStoreContract.register((name, body) => void bodies.set(name, body), { store })
      const body = bodies.get(caseNamed("a text of ASCII").name)
      const error = yield* Effect.promise(() => body?.().then(() => "", String) ?? Promise.resolve(""))
      assert.include(error, "StoreContractViolation: The store breaks the contract: a text of ASCII")
    }))
})
