import { assert, describe, it } from "@effect/vitest"
import * as Members from "@sso-oidc/core/aws/Members"
import * as Arbitrary from "effect/Arbitrary"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Decodes a member of this schema in a struct. Gives the struct, or the message of the error. */
const read = <A extends object, E>(member: Schema.Codec<A, E>, input: unknown): A | string =>
  Result.match(Schema.decodeUnknownResult(member)(input), {
    onFailure: (error) => error.message,
    onSuccess: (value) => value
  })

const write = <A, E>(member: Schema.Codec<A, E>, value: A): E => Schema.encodeSync(member)(value)

describe("aws/Members: texts", () => {
  const member = Schema.Struct({ a: Members.NonEmpty, b: Members.optional(Schema.String) })

  it("NonEmpty refuses an empty text and any other type, and says what is needed (C2)", () => {
    assert.deepStrictEqual(read(member, { a: " " }), { a: " " })
    assert.include(read(member, { a: "" }), "a non-empty text")
    for (const a of [7, null, undefined, true, [], {}]) assert.isString(read(member, { a }))
    assert.isString(read(member, {}))
  })

  it("optional accepts a member that is absent or undefined, and refuses null (C2)", () => {
    assert.deepStrictEqual(read(member, { a: "a" }), { a: "a" })
    assert.deepStrictEqual(read(member, { a: "a", b: undefined }), { a: "a", b: undefined })
    assert.isString(read(member, { a: "a", b: null }))
  })

  it.prop("NonEmpty generates only texts that it accepts (C2)", [Arbitrary.schema(Members.NonEmpty)], ([text]) => {
    assert.isNotEmpty(text)
  })

  it("Texts accepts lists of texts alone, and says what is needed (C2)", () => {
    const texts = Schema.Struct({ a: Members.Texts })
    for (const a of [[], ["a"], ["", "b"]]) assert.deepStrictEqual(read(texts, { a }), { a })
    for (const a of [Object.assign([], { 1: "a" }), [1], ["a", null], "a", null, undefined, { length: 0 }]) {
      assert.include(String(read(texts, { a })), "a list of texts")
    }
    assert.deepStrictEqual(Schema.encodeSync(Schema.toCodecJson(texts))({ a: ["a"] }), { a: ["a"] })
  })

  it("Texts copies the list, so that no member of its own decides what is sent (C2)", () => {
    const texts = Schema.Struct({ a: Members.Texts })
    assert.strictEqual(
      JSON.stringify(write(texts, { a: Object.assign(["a"], { toJSON: () => "evil" }) })),
      `{"a":["a"]}`
    )
    const list: ReadonlyArray<unknown> = Object.assign([1, {}], { every: () => true })
    assert.include(String(read(texts, { a: list })), "a list of texts")
  })

  it("Text counts an empty text, and any value that is no text, as absent (C4)", () => {
    const text = Schema.Struct({ a: Members.Text })
    assert.deepStrictEqual(read(text, { a: "a\u001b" }), { a: "a\u001b" })
    for (const a of ["", 7, null, undefined, true, [], ["x"], {}]) assert.deepStrictEqual(read(text, { a }), {})
    assert.deepStrictEqual(read(text, {}), {})
    assert.deepStrictEqual(write(text, { a: "a" }), { a: "a" })
    assert.deepStrictEqual(write(text, {}), {})
  })

  it("Printable refuses invisible characters and an empty text (C7)", () => {
    const text = Schema.Struct({ a: Members.Printable })
    for (const a of ["a", "Zoë's 日本 \u{1f511}"]) assert.deepStrictEqual(read(text, { a }), { a })
    for (const a of ["a\u0007", "\u001b[2J", "a\nb", "\u202ea", "a\u200b"]) {
      assert.include(read(text, { a }), "invisible characters are not allowed here")
    }
    assert.include(read(text, { a: "" }), "a non-empty text")
  })

  it("BrowserUrl accepts https, and http to loopback, and never changes the text (C7)", () => {
    const url = Schema.Struct({ a: Members.BrowserUrl })
    for (
      const a of [
        "https://My.awsapps.com/start/#/device?x=1",
        "http://127.0.0.1:8484",
        "http://[::1]/",
        "http://localhost"
      ]
    ) {
      assert.deepStrictEqual(read(url, { a }), { a })
    }
    for (
      const a of [
        "http://my.awsapps.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/start",
        "https://u:p@x.example",
        "x"
      ]
    ) {
      assert.include(read(url, { a }), "the URL must be https, or http to loopback")
    }
  })
})

describe("aws/Members: secrets", () => {
  const member = Schema.Struct({ token: Members.secret("token") })

  it("a secret is Redacted with its label, and never shown by an error (C6)", () => {
    const value = read(member, { token: "a-secret-token" })
    if (typeof value === "string") return assert.fail(value)
    assert.strictEqual(Redacted.value(value.token), "a-secret-token")
    assert.include(String(value.token), "token")
    assert.notInclude(JSON.stringify(value), "a-secret-token")
    const list = read(member, { token: ["a-secret-token"] })
    assert.isString(list)
    assert.notInclude(list, "a-secret-token")
  })

  it("encoding accepts any label, since the caller made the value, and refuses an empty secret (C2)", () => {
    for (const label of ["token", "other", undefined]) {
      const token = Redacted.make("a-secret-token", label === undefined ? {} : { label })
      assert.deepStrictEqual(write(member, { token }), { token: "a-secret-token" })
    }
    assert.isTrue(Result.isFailure(Schema.encodeUnknownResult(member)({ token: Redacted.make("") })))
    assert.isTrue(Result.isFailure(Schema.encodeUnknownResult(member)({ token: "plain" })))
    assert.include(read(member, { token: "" }), "a non-empty text")
  })
})

describe("aws/Members: numbers", () => {
  it("Seconds reads a text of digits, and counts a value below 1 or of another type as absent (C4)", () => {
    const member = Schema.Struct({ a: Members.Seconds })
    for (const [a, seconds] of [[1, 1], [599.5, 599.5], ["8", 8], [" 8.5 ", 8.5], [1e300, 1e300]] as const) {
      assert.deepStrictEqual(read(member, { a }), { a: seconds })
    }
    for (
      const a of [0, 0.5, -1, "0", "soon", "", "1e3", "NaN", "Infinity", NaN, Infinity, true, [1], {}, null, undefined]
    ) {
      assert.deepStrictEqual(read(member, { a }), {}, JSON.stringify(a))
    }
    assert.deepStrictEqual(write(member, { a: 5 }), { a: 5 })
  })

  it("OptionalEpochSeconds reads any finite number, and counts anything else as absent (C4)", () => {
    const member = Schema.Struct({ a: Members.OptionalEpochSeconds })
    for (const [a, seconds] of [[0, 0], [-1, -1], ["1767225600", 1767225600]] as const) {
      assert.deepStrictEqual(read(member, { a }), { a: seconds })
    }
    for (const a of ["soon", Infinity, true, [], null]) assert.deepStrictEqual(read(member, { a }), {})
  })

  it("Epoch reads any finite number or text of digits, and refuses anything else (C4)", () => {
    const member = Schema.Struct({ a: Members.Epoch })
    for (const [a, epoch] of [[0, 0], [-1, -1], ["1767225600000", 1767225600000], ["1.", 1]] as const) {
      assert.deepStrictEqual(read(member, { a }), { a: epoch })
    }
    for (const a of ["soon", "", "-1", "0x10", Infinity, NaN, true, [], {}, null, undefined]) {
      assert.isString(read(member, { a }), JSON.stringify(a))
    }
    assert.isString(read(member, {}))
    assert.deepStrictEqual(write(member, { a: 1 }), { a: 1 })
  })
})
