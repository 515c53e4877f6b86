import { assert, describe, it } from "@effect/vitest"
import * as Stored from "@sso-oidc/core/Stored"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const isRead = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
  Exit.isSuccess(Schema.decodeUnknownExit(schema)(value))

describe("Stored: members", () => {
  it("a text may be empty, and has no invisible characters (D8)", () => {
    assert.isTrue(isRead(Stored.Text, ""))
    assert.isTrue(isRead(Stored.Text, "eu-west-1"))
    for (const text of ["\u001b[2J", "a\u202eb", "\u3164", "\ud800"]) assert.isFalse(isRead(Stored.Text, text))
    assert.isFalse(isRead(Stored.Text, 1))
  })

  it("a printable text is not empty (D8)", () => {
    assert.isFalse(isRead(Stored.Printable, ""))
    assert.isFalse(isRead(Stored.Printable, "\u001b"))
    assert.isTrue(isRead(Stored.Printable, "eu-west-1"))
  })

  it("a secret is not empty, and has the name of its member as its label (C6)", () => {
    const secret = Schema.decodeSync(Stored.secret("deviceCode"))("planted-secret")
    assert.strictEqual(String(secret), "<redacted:deviceCode>")
    assert.strictEqual(Redacted.value(secret), "planted-secret")
    assert.isFalse(isRead(Stored.secret("deviceCode"), ""))
    assert.strictEqual(Schema.encodeSync(Stored.secret("deviceCode"))(Redacted.make("of-any-label")), "of-any-label")
  })
})

describe("Stored: a secret text", () => {
  const Members = Schema.Struct({ at: Schema.DateTimeUtcFromMillis, password: Stored.secret("password") })
  const Kept = Stored.encodedAsSecret("kept", Members)
  const kept = { at: DateTime.makeUnsafe(5000), password: Redacted.make("planted-secret", { label: "password" }) }

  it.effect("is JSON in a Redacted, and decodes without a change (D8)", () =>
    Effect.gen(function*() {
      const text = yield* Schema.encodeEffect(Kept)(kept)
      assert.strictEqual(Redacted.value(text), "{\"at\":5000,\"password\":\"planted-secret\"}")
      assert.strictEqual(String(text), "<redacted:kept>")
      const back = yield* Schema.decodeEffect(Kept)(text)
      assert.deepStrictEqual(back, kept)
      assert.strictEqual(Redacted.value(back.password), "planted-secret")
    }))

  it.effect("stays a secret inside a larger value, even for JSON.stringify (C6)", () =>
    Effect.gen(function*() {
      const Larger = Schema.Struct({ name: Schema.String, all: Schema.Array(Kept) })
      const encoded = yield* Schema.encodeEffect(Larger)({ name: "n", all: [kept] })
      assert.strictEqual(JSON.stringify(encoded), "{\"name\":\"n\",\"all\":[\"<redacted:kept>\"]}")
      assert.deepStrictEqual(yield* Schema.decodeEffect(Larger)(encoded), { name: "n", all: [kept] })
    }))

  it.effect("fails in a codec for JSON, and does not show the secret (C6)", () =>
    Effect.gen(function*() {
      const find = search(["planted-secret"])
      const errors = [
        yield* Effect.flip(Schema.encodeEffect(Schema.toCodecJson(Kept))(kept)),
        yield* Effect.flip(Schema.encodeEffect(Schema.toCodecJson(Schema.Struct({ kept: Kept })))({ kept })),
        yield* Effect.flip(
          Schema.encodeEffect(Schema.toCodecJson(Schema.Exit(Kept, Schema.String, Schema.Defect())))(Exit.succeed(kept))
        )
      ]
      for (const error of errors) {
        assert.include(error.message, "Cannot serialize Redacted with label: \"kept\"")
        for (const shown of textsOf(error)) assert.isUndefined(find(shown))
      }
    }))

  it.effect("names the stored value that cannot be decoded, the member that is wrong, and what to do (D8)", () =>
    Effect.gen(function*() {
      const said = (text: string) =>
        Effect.map(Effect.flip(Schema.decodeEffect(Kept)(Redacted.make(text))), ({ message }) => message)
      const end = "Delete it, and log in again."
      assert.strictEqual(yield* said("{"), `The stored kept cannot be used: Expected a valid JSON string. ${end}`)
      assert.strictEqual(
        yield* said("{\"at\":5000}"),
        `The stored kept cannot be used: Missing key at ["password"]. ${end}`
      )
    }))

  it.effect("says what to do with a text that is not a Redacted (D8)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Schema.decodeUnknownEffect(Kept)("{}"))
      assert.include(error.message, "decode(Redacted.make(text))")
      assert.notInclude(error.message, "Delete it")
    }))
})

describe("Stored: times", () => {
  const years = 1e12

  it("a duration is at least 0 and at most 30 years, for any number (D8)", () => {
    const cases = [[-1, 0], [Number.NaN, 0], [0, 0], [0.5, 0.5], [5000, 5000], [1e300, years], [Infinity, years]]
    for (const [given = 0, millis] of cases) {
      assert.strictEqual(Duration.toMillis(Stored.millis(given)), millis)
      assert.strictEqual(Duration.toMillis(Stored.seconds(given / 1000)), millis)
    }
  })

  it("an instant is inside the range of dates, for any number (D8)", () => {
    const last = 8.64e15
    const cases = [[0, 0], [5000, 5000], [Number.NaN, 0], [1e300, last], [-Infinity, -last]]
    for (const [given = 0, millis] of cases) {
      assert.strictEqual(DateTime.toEpochMillis(Stored.instant(given)), millis)
    }
    assert.strictEqual(DateTime.toEpochMillis(Stored.after(1000, Duration.seconds(4))), 5000)
    assert.strictEqual(DateTime.toEpochMillis(Stored.after(last, Duration.seconds(4))), last)
  })
})
