import { assert, describe, it } from "@effect/vitest"
import * as Registration from "@sso-oidc/core/Registration"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

const at = { region: "eu-west-1", endpoint: "https://oidc.eu-west-1.amazonaws.com" }

const kept: Registration.Registration = {
  clientId: "kept-client",
  clientSecret: Redacted.make("kept-secret"),
  expiresAt: DateTime.makeUnsafe(86_400_000),
  scopes: ["sso:account:access"],
  ...at
}

describe("Registration: isOf and isUsable", () => {
  it("accept its region in upper and lower case (C7, D10)", () => {
    const small = at
    const capitals = { ...small, region: "EU-WEST-1" }
    assert.isTrue(Registration.isOf({ ...kept, ...capitals }, small))
    assert.isTrue(Registration.isOf({ ...kept, ...small }, capitals))
    assert.isFalse(Registration.isOf({ ...kept, ...small }, { ...small, region: "eu-west-2" }))
    assert.isFalse(Registration.isOf({ ...kept, ...small }, { ...small, endpoint: "https://elsewhere.example" }))
  })

  it("accept its scopes in any order, if 15 minutes are left (D10)", () => {
    const scopes = ["a", "b"]
    const now = DateTime.makeUnsafe(1_000_000)
    const isUsable = (change: Partial<Registration.Registration>) =>
      Registration.isUsable({ ...kept, scopes, ...change }, { ...at, scopes, now })
    const { expiresAt: _expiresAt, ...endless } = kept
    assert.isTrue(isUsable({ scopes: ["b", "a"] }))
    assert.isTrue(isUsable({ expiresAt: DateTime.makeUnsafe(1_000_000 + 15 * 60_000) }))
    assert.isTrue(Registration.isUsable({ ...endless, scopes }, { ...at, scopes, now }))
    assert.isFalse(isUsable({ expiresAt: DateTime.makeUnsafe(1_000_000 + 15 * 60_000 - 1) }))
    assert.isFalse(isUsable({ scopes: ["a"] }))
    assert.isFalse(isUsable({ scopes: ["a", "b", "c"] }))
    assert.isFalse(isUsable({ region: "us-east-1" }))
    assert.isFalse(isUsable({ endpoint: "https://elsewhere.example" }))
  })
})

describe("Registration: the schema", () => {
  it.effect("encodes and decodes a registration without a change (D10)", () =>
    Effect.gen(function*() {
      const text = yield* Registration.encode(kept)
      const back = yield* Registration.decode(text)
      assert.deepStrictEqual({ ...back, clientSecret: "" }, { ...kept, clientSecret: "" })
      assert.strictEqual(Redacted.value(back.clientSecret), "kept-secret")
    }))

  it.effect("encodes to a secret, and shows no secret of the registration (C6)", () =>
    Effect.gen(function*() {
      const text = yield* Registration.encode(kept)
      for (const shown of [String(text), JSON.stringify(text), inspect(text), JSON.stringify(kept), inspect(kept)]) {
        assert.notInclude(shown, "kept-secret")
      }
    }))

  it.effect.each(["", "{", "null", "[]", "{\"clientSecret\":\"kept-secret\"}", "kept-secret"])(
    "refuses a text that is no registration, and does not repeat it: %s (C6)",
    (text) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Registration.decode(Redacted.make(text)))
        assert.strictEqual(error._tag, "SchemaError")
        for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null })]) {
          assert.notInclude(shown, "kept-secret")
        }
      })
  )

  it.effect.each(
    [
      ["an ESC in its region", "\"region\":\"", "\"region\":\"\\u001b[2J"],
      ["an ESC in its endpoint", "\"endpoint\":\"", "\"endpoint\":\"\\u001b[2J"],
      ["an ESC in its client id", "\"clientId\":\"", "\"clientId\":\"\\u001b[2J"],
      ["an end beyond all dates", "\"expiresAt\":", "\"expiresAt\":1e999,\"x\":"],
      ["an empty secret", "\"clientSecret\":\"", "\"clientSecret\":\"\",\"x\":\""]
    ] as const
  )(
    "refuses a stored registration with %s, and does not repeat the text (D8)",
    ([, member, changed]) =>
      Effect.gen(function*() {
        const text = Redacted.value(yield* Registration.encode(kept))
        const stored = text.replace(member, changed)
        assert.notStrictEqual(stored, text)
        const error = yield* Effect.flip(Registration.decode(Redacted.make(stored)))
        for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null, showHidden: true })]) {
          assert.notInclude(shown, Redacted.value(kept.clientSecret))
          assert.notInclude(shown, "[2J")
        }
      })
  )

  it.effect("fails in a codec for JSON, and does not show the secret (C6)", () =>
    Effect.gen(function*() {
      const Kept = Schema.toCodecJson(Schema.Struct({ name: Schema.String, registration: Registration.Registration }))
      const error = yield* Effect.flip(Schema.encodeEffect(Kept)({ name: "a-tool", registration: kept }))
      assert.include(error.message, "Cannot serialize Redacted with label: \"registration\"")
      for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null, showHidden: true })]) {
        assert.notInclude(shown, "kept-secret")
      }
    }))

  it.effect("has no expiry for a registration that never expires, before and after its encoding (C4)", () =>
    Effect.gen(function*() {
      const { expiresAt: _expiresAt, ...endless } = kept
      assert.isFalse("expiresAt" in (yield* Registration.decode(yield* Registration.encode(endless))))
    }))
})
