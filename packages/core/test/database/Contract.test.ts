import { assert, describe, it } from "@effect/vitest"
import * as Contract from "@sso-oidc/core/database/Contract"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

class Store extends Context.Service<Store, { readonly build: number; rows: number }>()("test/Store") {}

const timeout = Duration.millis(100)

/** Each build of it has another number. */
const store = () => {
  let builds = 0
  return Layer.sync(Store, () => ({ build: builds++, rows: 0 }))
}

const runWith = (
  body: Contract.Use<Store, Store["Service"], Error>["body"],
  options: Partial<Contract.Store<Store, never, never>> = {},
  clean: Contract.Use<Store, Store["Service"], Error>["clean"] = () => Effect.void
) => Contract.runCase({ store: store(), ...options }, { service: Store, timeout, body, clean })

describe("Contract.runCase", () => {
  it.effect("builds the store twice, or once if its builds share nothing", () =>
    Effect.gen(function*() {
      const builds = (expected: ReadonlyArray<number>) => (one: { build: number }, other: { build: number }) =>
        Contract.check(
          one.build === expected[0] && other.build === expected[1],
          `the builds ${expected.join()}`,
          () => `they are ${one.build} and ${other.build}`
        )
      yield* runWith(builds([0, 1]))
      yield* runWith(builds([0, 0]), { shared: false })
      assert.deepInclude(yield* Effect.flip(runWith(builds([0, 0]))), { actual: "they are 0 and 1" })
    }))

  it.effect("says that a store failed, died or hangs, in real time, and cleans after each", () =>
    Effect.gen(function*() {
      let cleaned = 0
      const cases: ReadonlyArray<readonly [() => Effect.Effect<unknown, Contract.Broken | Error>, string]> = [
        [() => Effect.fail(new Error("no rows")), "it failed: no rows"],
        [() => Effect.die(new Error("no rows")), "it died: Error: no rows"],
        [() => Effect.never, "it hangs"],
        [() => Effect.uninterruptible(Effect.never), "it hangs"],
        [() => Contract.inTime("a row", timeout, Effect.never), "nothing happened in 100ms"],
        [() => Contract.failure("a failure", Effect.succeed(1)), "it succeeded"]
      ]
      for (const [body, actual] of cases) {
        const broken = yield* Effect.flip(runWith(() => Effect.asVoid(body()), {}, () => Effect.sync(() => cleaned++)))
        assert.strictEqual(broken.actual, actual)
      }
      assert.strictEqual(cleaned, 6)
      // a store that cannot be cleaned is no reason to fail
      yield* runWith(() => Effect.void, {}, () => Effect.die("unclean"))
    }))
})

const ready = (name: string, run: Effect.Effect<void, unknown>, absent?: "expire") => ({ name, run, absent })

describe("Contract.outcomes", () => {
  it.effect("says which cases were kept, broken and skipped", () =>
    Effect.gen(function*() {
      const violationOf = (name: string, { actual, expected }: Contract.Broken) =>
        new Contract.Broken(`${name}: ${expected}`, actual)
      const outcomes = yield* Contract.outcomes(
        [
          ready("kept", Effect.void),
          ready("broken", Effect.fail(new Contract.Broken("a row", "there is none"))),
          ready("failed", Effect.fail(new Error("no layer"))),
          ready("died", Effect.die("a defect")),
          ready("skipped", Effect.die("it ran"), "expire")
        ],
        { concurrency: 2, isViolation: (error) => error instanceof Contract.Broken, violationOf }
      )
      assert.deepStrictEqual(
        outcomes.map((
          { name, needs, verdict, violation }
        ) => [name, verdict, needs, violation?.expected, violation?.actual]),
        [
          ["kept", "kept", undefined, undefined, undefined],
          ["broken", "broken", undefined, "a row", "there is none"],
          ["failed", "broken", undefined, "failed: a store that works", "it failed: Error: no layer"],
          ["died", "broken", undefined, "died: a store that works", "it failed: a defect"],
          ["skipped", "skipped", "expire", undefined, undefined]
        ]
      )
    }))
})

describe("Contract.register", () => {
  it("gives each case to the runner, and a skipped case to its skip", async () => {
    const [tests, skipped] = [new Map<string, () => Promise<void>>(), new Array<string>()]
    const test = Object.assign((name: string, body: () => Promise<void>) => void tests.set(name, body), {
      skip: (name: string) => void skipped.push(name)
    })
    const cases = [
      ready("a", Effect.void),
      ready("b", Effect.fail(new Error("broken"))),
      ready("c", Effect.void, "expire")
    ]
    Contract.register(test, cases)
    Contract.register((name, body) => tests.set(`plain ${name}`, body), cases)
    assert.deepStrictEqual([...tests.keys()], ["a", "b", "plain a", "plain b"])
    assert.strictEqual(skipped.length, 1)
    assert.match(skipped[0] ?? "", /^c \(skipped: .*\boption expire\b.*\)$/)
    assert.isUndefined(await tests.get("a")?.())
    assert.strictEqual(await tests.get("b")?.().then(() => "", String), "Error: broken")
  })
})
