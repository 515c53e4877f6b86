import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import { unhandled } from "@sso-oidc/test-kit/rejections"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const planted = "planted-secret-1f9Qz"
const secret = Redacted.make(planted)
const place = "my-tool/session/corp"

class KmsDown extends Schema.TaggedError<KmsDown>()("KmsDown", { detail: Schema.String }) {}

const throttled = () => Object.assign(new Error(`cannot encrypt ${planted}`), { name: "ThrottlingException" })

const thrown = (error: unknown) => () => {
  throw error
}

/** A sealer over a map, in place of a key management service. */
const kms = () => {
  const held = new Map<string, string>()
  return {
    seal: async (at: string, secret: Redacted.Redacted<string>): Promise<string> => {
      const sealed = `kms:${held.size}`
      held.set(JSON.stringify([at, sealed]), Redacted.value(secret))
      return sealed
    },
    unseal: async (at: string, sealed: string) => {
      const found = held.get(JSON.stringify([at, sealed]))
      if (found === undefined) throw new Sealer.Unsealable({ reason: "changed" })
      return Redacted.make(found)
    }
  }
}

/** A sealer of functions as a program in JavaScript may write them. */
const of = (functions: object): Sealer.Service => Sealer.fromFunctions({ ...kms(), ...functions })

const failuresOf = Effect.fnUntraced(function*(given: () => unknown) {
  const sealer = of({ seal: given, unseal: given })
  return [yield* Effect.flip(sealer.seal(place, secret)), yield* Effect.flip(sealer.unseal(place, "kms:0"))] as const
})

describe("Sealer.fromFunctions", () => {
  it.effect("seals and opens by functions that are async or give an Effect", () =>
    Effect.gen(function*() {
      const { seal, unseal } = kms()
      const promised = Sealer.fromFunctions({ seal, unseal })
      const effects = Sealer.fromFunctions({
        seal: (at, secret) => Effect.promise(() => seal(at, secret)),
        unseal: (at, sealed) => Effect.tryPromise({ try: () => unseal(at, sealed), catch: (error) => error })
      })
      const sealed = yield* promised.seal(place, secret)
      for (const sealer of [promised, effects, Sealer.fromFunctions(promised)]) {
        const opened = yield* sealer.unseal(place, sealed)
        assert.strictEqual(Redacted.value(opened), planted)
        assert.strictEqual(String(opened), "<redacted:secret>")
        assert.deepInclude(yield* Effect.flip(sealer.unseal("other", sealed)), {
          _tag: "Unsealable",
          reason: "changed"
        })
      }
    }))

  it.effect("is unavailable if a function throws, rejects, fails or has a defect, and keeps only a name (C6)", () =>
    Effect.gen(function*() {
      const find = search([planted])
      const cases: ReadonlyArray<readonly [string | undefined, () => unknown]> = [
        ["ThrottlingException", thrown(throttled())],
        ["ThrottlingException", () => Promise.reject(throttled())],
        ["ThrottlingException", () => Effect.fail(throttled())],
        ["ThrottlingException", () => Effect.die(throttled())],
        ["ThrottlingException", () => Effect.promise(() => Promise.reject(throttled()))],
        ["KmsDown", () => new KmsDown({ detail: planted })],
        ["ECONNREFUSED", thrown(Object.assign(new Error(planted), { code: "ECONNREFUSED" }))],
        [undefined, () => Effect.interrupt],
        [undefined, thrown(planted)],
        [undefined, thrown(new Error(planted))],
        [undefined, thrown(undefined)],
        [undefined, () => Promise.reject({ name: planted })],
        [undefined, () => Effect.fail({ code: "x".repeat(65), name: `${planted}\n` })],
        [undefined, thrown(new Proxy({}, { get: thrown(planted), has: thrown(planted) }))],
        [undefined, () => new Proxy({}, { get: thrown(planted) })]
      ]
      for (const [at, [code, given]] of cases.entries()) {
        const [seal, unseal] = yield* failuresOf(given)
        assert.deepInclude(seal, { _tag: "SealerUnavailable", action: "seal", reason: "failed" }, String(at))
        assert.deepInclude(unseal, { _tag: "SealerUnavailable", action: "unseal", reason: "failed" }, String(at))
        for (const error of [seal, unseal]) {
          assert.strictEqual(error._tag === "SealerUnavailable" ? error.code : "another tag", code, String(at))
          const encoded = yield* Schema.encodeEffect(Schema.Union([Sealer.Unsealable, Sealer.SealerUnavailable]))(error)
          for (const text of [error, encoded, Cause.fail(error)].flatMap(textsOf)) assert.isUndefined(find(text), text)
        }
      }
    }))

  it.effect("does not name a failure by a word of the secret (C6)", () =>
    Effect.gen(function*() {
      for (const name of ["horse", "correct_horse_battery"]) {
        const sealer = of({ seal: thrown({ name }) })
        const error = yield* Effect.flip(sealer.seal(place, Redacted.make("correct_horse_battery")))
        assert.strictEqual(error.reason, "failed")
        assert.isUndefined(error.code)
      }
    }))

  it.effect("refuses a result of another type, and does not show it (C6)", () =>
    Effect.gen(function*() {
      const find = search([planted])
      const wiped = Redacted.make(planted)
      Redacted.wipeUnsafe(wiped)
      const sealed = [undefined, null, "", 12, true, {}, [planted], secret, new TextEncoder().encode(planted), () =>
        planted]
      for (const value of sealed) {
        const error = yield* Effect.flip(
          of({
            seal: async () =>
              value
          }).seal(place, secret)
        )
        assert.deepInclude(error, { _tag: "SealerUnavailable", action: "seal", reason: "wrongResult" })
        for (const text of textsOf(error)) {
          assert.isUndefined(find(text))
        }
      }
      const opened = [
        undefined,
        null,
        planted,
        {},
        wiped,
        Redacted.make(12),
        Redacted.make(undefined),
        Effect.succeed(secret)
      ]
      for (const value of opened) {
        const error = yield* Effect.flip(
          of({
            unseal: () =>
              Effect.succeed(value)
          }).unseal(place, "kms:0")
        )
        assert.deepInclude(error, { _tag: "SealerUnavailable", action: "unseal", reason: "wrongResult" })
        for (const text of textsOf(error)) {
          assert.isUndefined(find(text))
        }
      }
    }))

  it.effect("refuses a sealed text that shows the secret, as it is or in a usual form (C6)", () =>
    Effect.gen(function*() {
      const bytes = Buffer.from(planted)
      const texts = [
        planted,
        `kms:${planted}:1`,
        bytes.toString("base64"),
        bytes.toString("base64url"),
        Buffer.from(`{"a":"${planted}"}`).toString("base64url"),
        bytes.toString("hex"),
        bytes.toString("hex").toUpperCase(),
        JSON.stringify({ secret: planted })
      ]
      for (const text of texts) {
        const error = yield* Effect.flip(of({ seal: () => Effect.succeed(text) }).seal(place, secret))
        assert.deepInclude(error, { _tag: "SealerUnavailable", action: "seal", reason: "showsSecret" })
        for (const shown of textsOf(error)) assert.isUndefined(search([planted])(shown))
      }
      const short = Redacted.make("k")
      const error = yield* Effect.flip(of({ seal: () => Effect.succeed("k") }).seal(place, short))
      assert.strictEqual(error.reason, "showsSecret")
    }))

  it.effect("takes a sealed text that has a short secret in it by chance", () =>
    Effect.gen(function*() {
      for (const short of ["", "k", "km", "kms:0"]) {
        const sealed = yield* of({ seal: async () => "kms:0:AAAA" }).seal(place, Redacted.make(short))
        assert.strictEqual(sealed, "kms:0:AAAA")
      }
    }))

  it.effect("keeps the two errors of a sealer, without what a caller added to them (C6)", () =>
    Effect.gen(function*() {
      const changed = Object.assign(new Sealer.Unsealable({ reason: "unknownKey", key: "a" }), { detail: planted })
      const away = new Sealer.SealerUnavailable({ action: "make", reason: "timeout", code: "KmsDown" })
      Object.assign(away, { detail: planted })
      const [seal, unseal] = yield* failuresOf(thrown(changed))
      assert.deepInclude(seal, { _tag: "SealerUnavailable", reason: "failed", code: "Unsealable" })
      assert.deepInclude(unseal, { _tag: "Unsealable", reason: "unknownKey", key: "a" })
      const [first, second] = yield* failuresOf(thrown(away))
      assert.deepInclude(first, { _tag: "SealerUnavailable", action: "seal", reason: "timeout", code: "KmsDown" })
      assert.deepInclude(second, { _tag: "SealerUnavailable", action: "unseal", reason: "timeout", code: "KmsDown" })
      for (const text of [seal, unseal, first, second].flatMap(textsOf)) assert.notInclude(text, planted)
    }))

  it.effect("is unavailable if a function does not respond within its time limit", () =>
    Effect.gen(function*() {
      const never = [() => Effect.never, () => new Promise<never>(() => {})]
      for (const given of never) {
        const fiber = yield* Effect.forkChild(failuresOf(given))
        yield* TestClock.adjust("9999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 milli")
        yield* TestClock.adjust("10 seconds")
        const [seal, unseal] = yield* Fiber.join(fiber)
        assert.deepInclude(seal, { _tag: "SealerUnavailable", action: "seal", reason: "timeout" })
        assert.deepInclude(unseal, { _tag: "SealerUnavailable", action: "unseal", reason: "timeout" })
      }
      const region = of({ seal: never[1], timeout: "1 second" }).seal(place, secret)
      const fiber = yield* Effect.forkChild(Effect.uninterruptible(Effect.flip(region)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).reason, "timeout")
    }))

  it.effect("can be interrupted while a function runs, which is no failure of the sealer", () =>
    Effect.gen(function*() {
      let isInterrupted = false
      const seal = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => isInterrupted = true))
      const fiber = yield* Effect.forkChild(of({ seal }).seal(place, secret), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.isTrue(isInterrupted)
    }))

  it("calls a text old only if its function says true", () => {
    const isOld = (isOld: unknown) => of({ isOld }).isOld("kms:0")
    assert.isFalse(isOld(undefined))
    assert.isTrue(isOld((text: string) => text === "kms:0"))
    for (const given of [() => "true", () => 1, async () => true, thrown(new Error(planted)), "no function"]) {
      assert.isFalse(isOld(given))
    }
  })

  it("throws a RangeError that names an option that cannot be used", () => {
    const limit = "Sealer: timeout must be a duration longer than zero, and finite, such as \"10 seconds\""
    for (const timeout of [0, -1, "0 seconds", "soon", Infinity, NaN]) {
      assert.throws(() => of({ timeout }), RangeError, limit)
    }
    assert.throws(() => of({ seal: undefined }), RangeError, "Sealer: seal must be a function")
    assert.throws(() => of({ unseal: {} }), RangeError, "Sealer: unseal must be a function")
  })
})

describe("Sealer.guarded", () => {
  const wrongs: ReadonlyArray<readonly [string, unknown, Sealer.SealerUnavailable["reason"]]> = [
    ["throws", thrown(throttled()), "failed"],
    ["gives no Effect", () => planted, "failed"],
    ["gives nothing", () => undefined, "failed"],
    ["has a defect", () => Effect.die(throttled()), "failed"],
    ["fails with another error", () => Effect.fail(throttled()), "failed"],
    ["gives another value", () => Effect.succeed(17), "wrongResult"],
    ["gives an empty text", () => Effect.succeed(""), "wrongResult"],
    [
      "fails as a sealer does",
      () => Effect.fail(new Sealer.SealerUnavailable({ action: "make", reason: "timeout", code: "Slow" })),
      "timeout"
    ]
  ]

  it.effect.each(wrongs)(
    "a sealer that %s becomes SealerUnavailable, which shows no secret (S21)",
    ([, given, reason]) =>
      Effect.gen(function*() {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a sealer may be wrong in any way
        const sealer = Sealer.guarded({ seal: given, unseal: given, isOld: given } as never)
        const errors = [yield* Effect.flip(sealer.seal(place, secret)), yield* Effect.flip(sealer.unseal(place, "x"))]
        assert.isFalse(sealer.isOld("x"))
        for (const [at, error] of errors.entries()) {
          assert.instanceOf(error, Sealer.SealerUnavailable)
          assert.strictEqual(error.reason, reason)
          assert.strictEqual(error._tag === "SealerUnavailable" && error.action, at === 0 ? "seal" : "unseal")
          for (const text of textsOf(error)) assert.notInclude(text, planted)
        }
      })
  )

  const rejecting = () => Promise.reject(new Error(planted))

  const wrongPromises: ReadonlyArray<readonly [string, unknown, Sealer.SealerUnavailable["reason"]]> = [
    ["returns a `Promise`", rejecting, "failed"],
    ["succeeds with a `Promise`", () => Effect.sync(rejecting), "wrongResult"]
  ]

  it.effect.each(wrongPromises)(
    "a sealer that %s, which rejects, leaves no rejection without a handler (S21)",
    ([, given, reason]) =>
      Effect.gen(function*() {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a sealer may be wrong in any way
        const sealer = Sealer.guarded({ seal: given, unseal: given, isOld: rejecting } as never)
        const rejections = yield* unhandled(Effect.gen(function*() {
          const errors = [yield* Effect.flip(sealer.seal(place, secret)), yield* Effect.flip(sealer.unseal(place, "x"))]
          assert.deepStrictEqual(errors.map((error) => error.reason), [reason, reason])
          assert.isFalse(sealer.isOld("x"))
        }))
        assert.deepStrictEqual(rejections, [])
      })
  )

  it.effect("a function whose Effect does not wait for an async function leaves no rejection without a handler (S21)", () =>
    Effect.gen(function*() {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a function may be wrong in any way
      const wrong = {
        seal: () => Effect.sync(rejecting),
        unseal: () => Effect.sync(rejecting),
        isOld: rejecting
      } as never
      const sealer = Sealer.fromFunctions(wrong)
      const rejections = yield* unhandled(Effect.gen(function*() {
        const errors = [yield* Effect.flip(sealer.seal(place, secret)), yield* Effect.flip(sealer.unseal(place, "x"))]
        assert.deepStrictEqual(errors.map((error) => error.reason), ["wrongResult", "wrongResult"])
        assert.isFalse(sealer.isOld("x"))
      }))
      assert.deepStrictEqual(rejections, [])
    }))

  it.effect("an Unsealable stays one, without the members that the sealer gave it", () =>
    Effect.gen(function*() {
      const error = Object.assign(new Sealer.Unsealable({ reason: "unknownKey", key: "a" }), { text: planted })
      const sealer = Sealer.guarded({ ...of({}), unseal: () => Effect.fail(error) })
      const failure = yield* Effect.flip(sealer.unseal(place, "x"))
      assert.deepStrictEqual({ ...failure }, { ...new Sealer.Unsealable({ reason: "unknownKey", key: "a" }) })
      assert.notProperty(failure, "text")
    }))

  it.effect("a sealer that works is used as it is", () =>
    Effect.gen(function*() {
      const sealer = Sealer.guarded(of({}))
      const sealed = yield* sealer.seal(place, secret)
      assert.strictEqual(Redacted.value(yield* sealer.unseal(place, sealed)), planted)
    }))
})
