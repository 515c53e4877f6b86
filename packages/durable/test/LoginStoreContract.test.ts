import { assert, describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as LoginStoreContract from "@sso-oidc/durable/LoginStoreContract"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { broken, store } from "./support/brokenStores.ts"

const caseNamed = (part: string): LoginStoreContract.Case => {
  const [found, ...others] = LoginStoreContract.cases.filter(({ name }) => name.includes(part))
  if (found === undefined || others.length > 0) {
    throw new Error(`${others.length} other cases have ${part} in their name`)
  }
  return found
}

/** A store of these tests is in memory. */
const quick = Effect.provideService(LoginStoreContract.Timeout, "500 millis")

describe("LoginStoreContract finds a store that", () => {
  for (const [what, [changes, found]] of Object.entries(broken)) {
    it.live(what, () =>
      Effect.gen(function*() {
        const { name, run } = caseNamed(found)
        yield* run({ store: store({}) })
        const violation = yield* quick(Effect.flip(run({ store: store(changes) })))
        assert.strictEqual(violation._tag, "LoginStoreViolation")
        assert.strictEqual(violation.case, name)
        assert.isTrue(violation.message.startsWith(`The store breaks the contract: ${name}. The case expected `))
        assert.isTrue(violation.message.endsWith(". Fix the store."))
      }))
  }

  it.live("does not share one store among its builds", () =>
    Effect.gen(function*() {
      const violation = yield* Effect.flip(caseNamed("a row that waits").run({ store: LoginStore.layerMemory }))
      assert.include(violation.message, "in the other store, but there is none. Fix the store.")
    }))

  it.live("fails, dies or hangs where it should work", () =>
    Effect.gen(function*() {
      const error = new LoginStore.LoginStoreError({
        store: "broken",
        operation: "get",
        reason: "unavailable",
        detail: "it is broken"
      })
      const good = Context.get(yield* Layer.build(LoginStore.layerMemory), LoginStore.LoginStore)
      for (
        const get of [() => Effect.fail(error), () => Effect.die(error), () => Effect.uninterruptible(Effect.never)]
      ) {
        const layer = Layer.succeed(LoginStore.LoginStore, { ...good, get })
        const outcomes = yield* LoginStoreContract.run({ store: layer, concurrency: 100 })
        const [first] = outcomes
        assert.strictEqual(first?.verdict, "broken")
        assert.match(first?.violation?.message ?? "", /The login store \(broken\) did not read the login|it hangs/)
      }
    }).pipe(Effect.provideService(LoginStoreContract.Timeout, "200 millis")))

  it.live("cannot be built", () =>
    Effect.gen(function*() {
      const store: Layer.Layer<LoginStore.LoginStore, string> = Layer.effect(
        LoginStore.LoginStore,
        Effect.fail("no store")
      )
      const outcomes = yield* LoginStoreContract.run({ store, concurrency: 50 })
      assert.isTrue(outcomes.every(({ verdict }) => verdict === "broken"))
      assert.include(outcomes[0]?.violation?.message, "it failed: no store")
    }))
})

describe("LoginStoreContract", () => {
  it("has cases whose names differ", () => {
    const names = LoginStoreContract.cases.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it.effect("runs in real time, also under a test clock, and leaves nothing of its own in the store", () =>
    Effect.gen(function*() {
      const ids = new Set<string>()
      const inner = Context.get(yield* Layer.build(LoginStore.layerMemory), LoginStore.LoginStore)
      const layer = Layer.succeed(LoginStore.LoginStore, {
        ...inner,
        insert: (id, row) => {
          ids.add(id)
          return inner.insert(id, row)
        }
      })
      const outcomes = yield* LoginStoreContract.run({ store: layer, concurrency: 8 })
      assert.deepStrictEqual(outcomes.filter(({ verdict }) => verdict !== "kept"), [])
      assert.isAbove(ids.size, 1100)
      for (const id of ids) assert.isUndefined(yield* inner.get(id))
      for (const id of ids) assert.isAtMost(id.length, 200)
    }))

  it.live("register makes a test of each case, which rejects with the violation", () =>
    Effect.gen(function*() {
      const bodies = new Map<string, () => Promise<void>>()
      LoginStoreContract.register((name, body) => void bodies.set(name, body), {
        store: store({ maySet: (stored) => stored !== undefined })
      })
      assert.deepStrictEqual([...bodies.keys()], LoginStoreContract.cases.map(({ name }) => name))
      const run = (part: string) =>
        Effect.promise(() => bodies.get(caseNamed(part).name)?.().then(() => "", String) ?? Promise.resolve("absent"))
      assert.strictEqual(yield* run("set replaces the row"), "")
      assert.include(
        yield* run("set writes nothing if the stored version is another"),
        "LoginStoreViolation: The store breaks the contract: set writes nothing if the stored version is another"
      )
    }))

  it.live("skips the cases about pending for a store of Step alone, and says so", () =>
    Effect.gen(function*() {
      const inner = Context.get(yield* Layer.build(LoginStore.layerMemory), LoginStore.LoginStore)
      const alone = Layer.succeed(LoginStore.LoginStore, { ...inner, pending: () => Effect.succeed([]) })
      const outcomes = yield* LoginStoreContract.run({ store: alone, shared: false, engine: false, concurrency: 8 })
      assert.deepStrictEqual(outcomes.filter(({ verdict }) => verdict === "broken"), [])
      const skipped = outcomes.filter(({ verdict }) => verdict === "skipped")
      assert.deepStrictEqual(
        skipped.map(({ name }) => name),
        LoginStoreContract.cases.filter(({ needs }) => needs === "engine").map(({ name }) => name)
      )
      assert.isTrue(skipped.every(({ name, needs }) => name.startsWith("pending") && needs === "engine"))
      // without the option, an empty list breaks the contract
      const violation = yield* Effect.flip(caseNamed("pending finds").run({ store: alone, shared: false }))
      assert.strictEqual(violation._tag, "LoginStoreViolation")
      const titles = new Array<string>()
      const test = Object.assign(() => {}, { skip: (title: string) => titles.push(title) })
      LoginStoreContract.register(test, { store: alone, engine: false })
      assert.deepStrictEqual(titles, skipped.map(({ name }) => `${name} (skipped: it needs the option engine)`))
    }))
})
