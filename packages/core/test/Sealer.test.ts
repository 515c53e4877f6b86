import { assert, describe, it, vi } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"

const keyOf = (bytes: Uint8Array = randomBytes(32)) => Redacted.make(bytes)

const sealerOf = (...names: ReadonlyArray<string>) =>
  Sealer.make({ current: names[0] ?? "a", keys: Object.fromEntries(names.map((name) => [name, keyOf()])) })

const planted = "planted-secret-1f9Qz"
const secret = Redacted.make(planted)
const place = "my-tool/session/corp"

const units = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })))

/** Any text of UTF-16 units. A third of them are a byte order mark, an unpaired surrogate, a quotation mark, a backslash or NUL. */
const textOf = (units: ReadonlyArray<number>): string =>
  String.fromCharCode(
    ...units.map((unit) => unit % 3 === 0 ? [0xfeff, 0xd800, 0xdfff, 0x22, 0x5c, 0][(unit / 3) % 6] ?? 0 : unit)
  )

const refusal = (sealer: Sealer.Service, at: string, text: string) => Effect.flip(sealer.unseal(at, text))

describe("Sealer: a sealed text", () => {
  it.effect.prop(
    "opens at its place as the same secret, for any secret and place (S21)",
    [units, units],
    ([one, other]) =>
      Effect.gen(function*() {
        const [text, at] = [textOf(one), textOf(other)]
        const sealer = yield* sealerOf("a")
        const sealed = yield* sealer.seal(at, Redacted.make(text))
        assert.match(sealed, /^1\.a\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{24,}$/)
        assert.strictEqual(Redacted.value(yield* sealer.unseal(at, sealed)), text)
      })
  )

  it.effect.prop("opens at no other place, also if the texts differ only in an unpaired surrogate (S21)", [
    units,
    units
  ], (drawn) =>
    Effect.gen(function*() {
      const [one = "", other = ""] = drawn.map(textOf)
      const sealer = yield* sealerOf("a")
      const sealed = yield* sealer.seal(`${one}\ud800`, secret)
      const others = [
        one,
        `${one}\ud801`,
        `${one}\ufffd`,
        `${one}\ud800.`,
        ...(other === `${one}\ud800` ? [] : [other])
      ]
      for (const at of others) {
        const error = yield* refusal(sealer, at, sealed)
        assert.deepInclude(error, { _tag: "Unsealable", reason: "changed", key: "a" })
      }
    }))

  it.effect("keeps the name of its key and its place apart (S21)", () =>
    Effect.gen(function*() {
      const key = keyOf()
      const sealer = yield* Sealer.make({ current: "a", keys: { a: key, "a-b": key } })
      const sealed = yield* sealer.seal("b", secret)
      const moved = sealed.replace("1.a.", "1.a-b.")
      assert.deepInclude(yield* refusal(sealer, "b", moved), { reason: "changed", key: "a-b" })
      for (const at of ["", "a.b", "b\"", ".b"]) {
        assert.deepInclude(yield* refusal(sealer, at, sealed), { reason: "changed" })
        assert.deepInclude(yield* refusal(sealer, at, moved), { reason: "changed" })
      }
    }))

  it.effect("does not open if any one of its characters is another, is missing or is there twice (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a")
      // three lengths, so that the base64 ends with 2, 3 and 4 characters
      for (const text of ["", "x", "xy"]) {
        const sealed = yield* sealer.seal(place, Redacted.make(text))
        for (let at = 0; at < sealed.length; at++) {
          const [before, here, after] = [sealed.slice(0, at), sealed.charAt(at), sealed.slice(at + 1)]
          const others = Array.from("AB01-_.=+/ \n", (other) => other).filter((other) => other !== here)
          // the character that decodes to the same bytes, if the last bits of it are not used
          const near = String.fromCharCode(here.charCodeAt(0) + 1)
          for (const other of [...others, near, "", here + here]) {
            const error = yield* refusal(sealer, place, before + other + after)
            assert.strictEqual(error._tag, "Unsealable", `${at} ${other}`)
          }
        }
      }
    }))

  it.effect.prop(
    "does not open if a part is dropped, moved or of another text (S21)",
    [units],
    ([drawn]) =>
      Effect.gen(function*() {
        const text = textOf(drawn)
        const sealer = yield* sealerOf("a")
        const parts = (yield* sealer.seal(place, Redacted.make(text))).split(".")
        const others = (yield* sealer.seal(place, secret)).split(".")
        for (let at = 0; at < parts.length; at++) {
          const dropped = parts.toSpliced(at, 1)
          const doubled = parts.toSpliced(at, 0, parts[at] ?? "")
          const emptied = parts.with(at, "")
          for (const one of [dropped, doubled, emptied, parts.toReversed()]) {
            assert.strictEqual((yield* refusal(sealer, place, one.join(".")))._tag, "Unsealable")
          }
        }
        for (const at of [2, 3]) {
          const mixed = parts.with(at, others[at] ?? "").join(".")
          assert.deepInclude(yield* refusal(sealer, place, mixed), { _tag: "Unsealable", reason: "changed" })
        }
      })
  )

  it.effect("is refused by its form, whatever a store returned, without a long wait (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a")
      const sealed = yield* sealer.seal(place, secret)
      const texts = ["", "no", planted, "1", "1...", `${sealed}\n`, ` ${sealed}`, sealed.replace("1.", "2."), "{}"]
      for (const text of texts) {
        assert.deepEqual({ ...(yield* refusal(sealer, place, text)) }.reason, "form")
      }
      const large = `1.a.${"A".repeat(16)}.${"A".repeat(2 * 1024 * 1024)}`
      for (const text of [`${large}!`, `${large}=`, `${large}.`, ".".repeat(2 * 1024 * 1024)]) {
        assert.deepInclude(yield* refusal(sealer, place, text), { _tag: "Unsealable", reason: "form" })
      }
      for (const value of [undefined, null, 1, {}, Redacted.make(sealed), [sealed]]) {
        // @ts-expect-error a store of a program in JavaScript may give anything
        assert.deepInclude(yield* refusal(sealer, place, value), { _tag: "Unsealable", reason: "form" })
        // @ts-expect-error the same
        assert.isTrue(sealer.isOld(value))
      }
      const huge = `1.a.${"A".repeat(16)}.${"A".repeat(64 * 1024 * 1024)}`
      const before = performance.now()
      assert.deepInclude(yield* refusal(sealer, place, huge), { reason: "form" })
      assert.isBelow(performance.now() - before, 100)
    }))

  it.effect("differs each time, because no nonce comes twice (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a")
      const sealed = yield* Effect.all(Array.from({ length: 2000 }, () => sealer.seal(place, secret)), {
        concurrency: 50
      })
      assert.strictEqual(new Set(sealed.map((text) => text.split(".")[2])).size, 2000)
      assert.strictEqual(new Set(sealed.map((text) => text.split(".")[3])).size, 2000)
    }))

  it.effect.prop("has no piece of the secret in any form (C6)", [
    Schema.String.check(Schema.isMinLength(8))
  ], ([text]) =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a")
      assert.isUndefined(search([text])(yield* sealer.seal(place, Redacted.make(text))))
    }))

  it.effect("may hold a secret of 262,144 characters of any kind, and no larger one than it can open (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a")
      const large = Redacted.make("\ud800".repeat(262_144))
      const sealed = yield* sealer.seal(place, large)
      assert.strictEqual(Redacted.value(yield* sealer.unseal(place, sealed)), Redacted.value(large))
      const error = yield* Effect.flip(sealer.seal(place, Redacted.make("x".repeat(1_600_000))))
      assert.deepInclude(error, { _tag: "SealerUnavailable", action: "seal", reason: "tooLarge" })
    }))
})

describe("Sealer beside node:crypto", () => {
  const bytes = randomBytes(32)
  const associated = (name: string) => Buffer.from(JSON.stringify(["1", name, place]))

  it.effect("seals what Node's AES-256-GCM opens (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* Sealer.make({ current: "2026-11", keys: { "2026-11": keyOf(bytes) } })
      const [, name = "", nonce = "", box = ""] = (yield* sealer.seal(place, Redacted.make("grün \"1\""))).split(".")
      const all = Buffer.from(box, "base64url")
      const decipher = createDecipheriv("aes-256-gcm", bytes, Buffer.from(nonce, "base64url"))
        .setAAD(associated(name)).setAuthTag(all.subarray(-16))
      const text = Buffer.concat([decipher.update(all.subarray(0, -16)), decipher.final()]).toString("utf8")
      assert.strictEqual(text, "\"grün \\\"1\\\"\"")
    }))

  const sealedByNode = (text: string | Uint8Array, iv = randomBytes(12)) => {
    const cipher = createCipheriv("aes-256-gcm", bytes, iv).setAAD(associated("k"))
    const box = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
    return `1.k.${iv.toString("base64url")}.${box.toString("base64url")}`
  }

  it.effect("opens what Node's AES-256-GCM sealed (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* Sealer.make({ current: "k", keys: { k: keyOf(bytes) } })
      const opened = yield* sealer.unseal(place, sealedByNode("\"grün\""))
      assert.strictEqual(Redacted.value(opened), "grün")
    }))

  it.effect("refuses a text that another program sealed with the same key and that is no secret of ours (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* Sealer.make({ current: "k", keys: { k: keyOf(bytes) } })
      for (const text of ["not JSON", "{\"a\":1}", "12", "null", Buffer.from([0x22, 0xff, 0xfe, 0x22])]) {
        assert.deepInclude(yield* refusal(sealer, place, sealedByNode(text)), {
          _tag: "Unsealable",
          reason: "form",
          key: "k"
        })
      }
    }))
})

describe("Sealer: a ring", () => {
  it.effect("is rotated without a text that no process can open (S21)", () =>
    Effect.gen(function*() {
      const [old, next] = [keyOf(), keyOf()]
      const before = yield* Sealer.make({ current: "old", keys: { old } })
      const added = yield* Sealer.make({ current: "old", keys: { old, next } })
      const switched = yield* Sealer.make({ current: "next", keys: { old, next } })
      const after = yield* Sealer.make({ current: "next", keys: { next } })
      // in each step, some processes have the ring of the step before
      const steps: ReadonlyArray<[Sealer.Service, Sealer.Service]> = [[before, added], [added, switched]]
      for (const [one, other] of steps) {
        for (const [from, to] of [[one, other], [other, one]] as const) {
          const sealed = yield* from.seal(place, secret)
          assert.strictEqual(Redacted.value(yield* to.unseal(place, sealed)), planted)
        }
      }
      const sealed = yield* before.seal(place, secret)
      assert.isFalse(before.isOld(sealed))
      assert.isFalse(added.isOld(sealed))
      assert.isTrue(switched.isOld(sealed))
      const renewed = yield* switched.seal(place, yield* switched.unseal(place, sealed))
      assert.isFalse(after.isOld(renewed))
      assert.strictEqual(Redacted.value(yield* after.unseal(place, renewed)), planted)
      assert.deepInclude(yield* refusal(after, place, sealed), { reason: "unknownKey", key: "old" })
    }))

  it.effect("calls everything old that the current key did not seal (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* sealerOf("a", "b")
      const sealed = yield* sealer.seal(place, secret)
      assert.isFalse(sealer.isOld(sealed))
      for (const text of ["", planted, "1.a.", "1.a.x.y", sealed.replace("1.a", "1.b"), sealed.replace("1.", "2.")]) {
        assert.isTrue(sealer.isOld(text), text)
      }
    }))

  it.effect("does not open with another key of the same name (S21)", () =>
    Effect.gen(function*() {
      const sealed = yield* (yield* sealerOf("a")).seal(place, secret)
      assert.deepInclude(yield* refusal(yield* sealerOf("a"), place, sealed), { reason: "changed", key: "a" })
    }))

  it.effect("has its own copy of the bytes as soon as it is given (S21)", () =>
    Effect.gen(function*() {
      const bytes = randomBytes(32)
      const kept = Uint8Array.from(bytes)
      const making = Sealer.make({ current: "a", keys: { a: keyOf(bytes) } })
      const layer = Sealer.layer({ current: "a", keys: { a: keyOf(bytes) } })
      bytes.fill(0)
      const other = yield* Sealer.make({ current: "a", keys: { a: keyOf(kept) } })
      const sealed = yield* other.seal(place, secret)
      assert.strictEqual(Redacted.value(yield* (yield* making).unseal(place, sealed)), planted)
      const opened = Sealer.Sealer.use((sealer) => sealer.unseal(place, sealed)).pipe(Effect.provide(layer))
      assert.strictEqual(Redacted.value(yield* opened), planted)
    }))

  it.effect("imports its keys so that WebCrypto does not give them back (C6)", () =>
    Effect.gen(function*() {
      const { subtle } = crypto
      const imported: Array<CryptoKey> = []
      const original = subtle.importKey.bind(subtle)
      const spy = vi.spyOn(subtle, "importKey").mockImplementation(async (...given: ReadonlyArray<unknown>) => {
        const key: CryptoKey = await Reflect.apply(original, subtle, given)
        imported.push(key)
        return key
      })
      yield* sealerOf("a", "b").pipe(Effect.ensuring(Effect.sync(() => spy.mockRestore())))
      assert.deepEqual(imported.map(({ extractable }) => extractable), [false, false])
    }))

  const wiped = Redacted.make(new Uint8Array(32).fill(1))
  Redacted.wipeUnsafe(wiped)
  const name = "1 to 32 of A-Z a-z 0-9 _ and -"
  const size = "must be a Redacted of exactly 32 bytes"
  const current = "current must be the name of a key in keys"
  it.effect.each<[string, string, unknown]>([
    ["no key", "keys must have at least one key", { current: "a", keys: {} }],
    ["no keys at all", "keys must have at least one key", { current: "a" }],
    ["a current key that is absent", current, { current: "b", keys: { a: keyOf() } }],
    ["no current key", current, { keys: { a: keyOf() } }],
    ["a current key of the prototype", current, { current: "__proto__", keys: { a: keyOf() } }],
    ["a current key of Object", current, { current: "constructor", keys: { a: keyOf() } }],
    ["a key of 16 bytes", `key 1 of 1 in keys ${size}`, { current: "a", keys: { a: keyOf(randomBytes(16)) } }],
    ["a key of 33 bytes", `key 2 of 2 in keys ${size}`, {
      current: "a",
      keys: { a: keyOf(), b: keyOf(randomBytes(33)) }
    }],
    ["a plain key", `key 1 of 1 in keys ${size}`, { current: "a", keys: { a: randomBytes(32) } }],
    ["a text as a key", `key 1 of 1 in keys ${size}`, { current: "a", keys: { a: Redacted.make(planted) } }],
    ["a wiped key", `key 1 of 1 in keys ${size}`, { current: "a", keys: { a: wiped } }],
    ["a key of zeros", "key 1 of 1 in keys has only zeros. Give it 32 random bytes", {
      current: "a",
      keys: { a: keyOf(new Uint8Array(32)) }
    }],
    ["an empty name", `the name of key 1 of 1 in keys must be ${name}`, { current: "", keys: { "": keyOf() } }],
    ["a name with a dot", `the name of key 1 of 1 in keys must be ${name}`, {
      current: "a.b",
      keys: { "a.b": keyOf() }
    }],
    ["a name with a line end", `the name of key 1 of 1 in keys must be ${name}`, {
      current: "a\n",
      keys: { "a\n": keyOf() }
    }],
    ["a long name", `the name of key 1 of 1 in keys must be ${name}`, {
      current: "a",
      keys: { [planted.repeat(2)]: keyOf() }
    }]
  ])("dies with a RangeError for %s, and repeats no name (C6)", ([, message, ring]) =>
    Effect.gen(function*() {
      // @ts-expect-error a program in JavaScript may give anything
      const exit = yield* Effect.exit(Sealer.make(ring))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, RangeError)
      assert.strictEqual(error.message, `Sealer: ${message}`)
    }))

  it.effect("may have a key whose name is a name of Object (S21)", () =>
    Effect.gen(function*() {
      const sealer = yield* Sealer.make({
        current: "__proto__",
        keys: { ["__proto__"]: keyOf(), constructor: keyOf() }
      })
      const sealed = yield* sealer.seal(place, secret)
      assert.match(sealed, /^1\.__proto__\./)
      assert.strictEqual(Redacted.value(yield* sealer.unseal(place, sealed)), planted)
      assert.deepInclude(yield* refusal(sealer, place, sealed.replace("__proto__", "toString")), {
        reason: "unknownKey"
      })
    }))
})

describe("Sealer without a usable WebCrypto", () => {
  const stubbed = <A, E>(value: unknown, effect: Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => vi.stubGlobal("crypto", value)),
      () => effect,
      () => Effect.sync(() => vi.unstubAllGlobals())
    )

  it.effect.each([undefined, {}, { subtle: undefined, getRandomValues: () => 0 }])(
    "cannot be made, and says what a page needs",
    (value) =>
      Effect.gen(function*() {
        const error = yield* stubbed(value, Effect.flip(sealerOf("a")))
        assert.deepInclude(error, { _tag: "SealerUnavailable", action: "make", reason: "noWebCrypto" })
        assert.strictEqual(
          error.message,
          "The sealer cannot be made: this runtime has no WebCrypto (crypto.subtle). Serve a page over https or from localhost."
        )
      })
  )

  it.effect("is unavailable if WebCrypto fails for another reason than the text, so that no login ends (S21)", () =>
    Effect.gen(function*() {
      const fails = (name: string) => () => Promise.reject(new DOMException(planted, name))
      const { subtle } = crypto
      const broken = {
        getRandomValues: (bytes: Uint8Array) => bytes,
        subtle: {
          importKey: subtle.importKey.bind(subtle),
          encrypt: fails("OperationError"),
          decrypt: fails("QuotaExceededError")
        }
      }
      const sealed = yield* (yield* sealerOf("a")).seal(place, secret)
      const sealer = yield* stubbed(broken, sealerOf("a"))
      const errors = [
        yield* Effect.flip(sealer.seal(place, secret)),
        yield* Effect.flip(sealer.unseal(place, sealed)),
        yield* stubbed({ ...broken, subtle: { importKey: fails("NotSupportedError") } }, Effect.flip(sealerOf("a")))
      ]
      assert.deepEqual(
        errors.map((error) => error._tag === "SealerUnavailable" && [error.action, error.reason, error.code]),
        [
          ["seal", "failed", "OperationError"],
          ["unseal", "failed", "QuotaExceededError"],
          ["make", "failed", "NotSupportedError"]
        ]
      )
      for (const text of errors.flatMap(textsOf)) assert.notInclude(text, planted)
    }))
})

describe("Sealer: what it shows", () => {
  const bytes = new TextEncoder().encode("planted-key-of-exactly-32-bytes!")

  it.effect("no key and no secret is in the sealer, in its errors or in their encodings (C6)", () =>
    Effect.gen(function*() {
      const sealer = yield* Sealer.make({ current: "a", keys: { a: keyOf(bytes) } })
      const sealed = yield* sealer.seal(place, secret)
      const opened = yield* sealer.unseal(place, sealed)
      const errors = [
        yield* refusal(sealer, "planted-place/other", sealed),
        yield* refusal(sealer, place, planted),
        yield* refusal(yield* sealerOf("b"), place, sealed)
      ]
      const Errors = Schema.Union([Sealer.Unsealable, Sealer.SealerUnavailable])
      const encoded = yield* Effect.forEach(errors, (error) => Schema.encodeEffect(Errors)(error))
      const find = search([planted, "planted-key-of-exactly-32-bytes!", "planted-place/other", sealed])
      for (const value of [sealer, opened, ...errors, ...encoded]) {
        for (const text of textsOf(value)) assert.isUndefined(find(text))
      }
      assert.strictEqual(String(opened), "<redacted:secret>")
      assert.deepEqual(encoded, [
        { _tag: "Unsealable", reason: "changed", key: "a" },
        { _tag: "Unsealable", reason: "form" },
        { _tag: "Unsealable", reason: "unknownKey", key: "a" }
      ])
      assert.deepEqual(yield* Effect.forEach(encoded, (one) => Schema.decodeEffect(Errors)(one)), errors)
    }))

  it("an error says what failed, why, and what to do", () => {
    const anew = "If this does not help, make the secret anew, such as by a login."
    assert.strictEqual(
      new Sealer.Unsealable({ reason: "changed", key: "2026-10" }).message,
      "A sealed text cannot be opened: it was changed, it is of another place, or another key sealed it. " +
        `Check that each process has the same key "2026-10". ${anew}`
    )
    assert.strictEqual(
      new Sealer.Unsealable({ reason: "unknownKey", key: "2026-10" }).message,
      "A sealed text cannot be opened: the sealer does not have the key \"2026-10\" that sealed it. " +
        `Give that key to the sealer again. ${anew}`
    )
    assert.include(new Sealer.Unsealable({ reason: "form" }).message, "Check what was stored.")
    assert.strictEqual(
      new Sealer.SealerUnavailable({ action: "unseal", reason: "failed", code: "ThrottlingException" }).message,
      "A sealed text was not opened (ThrottlingException): the sealer failed. " +
        "Check the service or the device that has its keys, and try again."
    )
  })

  it("an error takes no name that may be a text (C6)", () => {
    assert.throws(() => new Sealer.Unsealable({ reason: "changed", key: `${planted}.x` }))
    assert.throws(() => new Sealer.SealerUnavailable({ action: "seal", reason: "failed", code: planted }))
  })
})
