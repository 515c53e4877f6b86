import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Text } from "../support/internal.ts"
import { formsOf, leakIn } from "../support/leaks.ts"

const codes = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at))

const unsafe = [
  ...codes(0x00, 0x1f), // C0: ESC, CR, LF, BEL, …
  ...codes(0x7f, 0x9f), // DEL and C1: CSI, OSC, …
  ...codes(0x200b, 0x200f), // zero width, marks of direction
  ...codes(0x2028, 0x2029), // line and paragraph separator
  ...codes(0x202a, 0x202e), // bidirectional embeddings and overrides
  ...codes(0x2066, 0x2069), // bidirectional isolates
  "\u061c",
  "\u2060",
  "\ufeff"
]

const secretText = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(60))

describe("internal/text: printable", () => {
  it("C7: no control character passes, alone or in the middle", () => {
    for (const one of unsafe) {
      assert.isFalse(Text.isPrintable(one), JSON.stringify(one))
      assert.isFalse(Text.isPrintable(`a${one}b`), JSON.stringify(one))
      assert.strictEqual(Text.printable(`a${one}${one}b`), "a b", JSON.stringify(one))
    }
  })

  it("C7: ordinary text of any language passes unchanged", () => {
    for (const text of ["", "Invalid grant provided", "Ungültig", "認証が必要です", "مرحبا", "🔐 a-b_c.d~"]) {
      assert.isTrue(Text.isPrintable(text))
      assert.strictEqual(Text.printable(text), text)
    }
  })

  it("C7: a terminal's sequences lose what makes them work", () => {
    assert.strictEqual(Text.printable("\u001b[31mred\u001b[0m"), "[31mred [0m")
    assert.strictEqual(Text.printable("\u009b2Jx"), "2Jx")
    assert.strictEqual(Text.printable("one\r\ntwo\nthree"), "one two three")
  })

  it("C3: a text is cut at 1,024 characters", () => {
    assert.strictEqual(Text.printable("x".repeat(1024)), "x".repeat(1024))
    assert.strictEqual(Text.printable("x".repeat(1025)), `${"x".repeat(1023)}…`)
  })

  it.prop("C7: whatever goes in, what comes out is printable and short", [Schema.String], ([text]) => {
    const out = Text.printable(`${text}\u001b${text}`)
    assert.isTrue(Text.isPrintable(out))
    assert.isAtMost(out.length, 1024)
    assert.strictEqual(Text.printable(out), out)
  })
})

describe("internal/text: maskSecrets", () => {
  const secret = "cs/Zq8+vK\"2n\\Wp4=Xr7~Jd%Lm"

  it("C6: a secret is masked where it stands, and the text around it is kept", () => {
    assert.strictEqual(Text.maskSecrets(`before ${secret} after`, [secret]), "before <redacted> after")
    assert.strictEqual(Text.maskSecrets(`${secret}${secret}`, [secret]), "<redacted>")
    assert.strictEqual(Text.maskSecrets(secret, [secret]), "<redacted>")
  })

  it.each(formsOf("cs/Zq8+vK\"2n\\Wp4=Xr7~Jd%Lm"))("C6: a secret is masked in the form %s", (form) => {
    const masked = Text.maskSecrets(`before ${form} after`, [secret])
    assert.include(masked, "<redacted>")
    assert.include(masked, "before ")
    assert.include(masked, " after")
    assert.isUndefined(leakIn(masked, secret))
  })

  it("C6: any eight or more characters of a secret are masked, fewer are not", () => {
    assert.strictEqual(Text.maskSecrets("x v7Kq2Zp9 y", ["abcdv7Kq2Zp9efgh"]), "x <redacted> y")
    assert.strictEqual(Text.maskSecrets("x v7Kq2Zp y", ["abcdv7Kq2Zp9efgh"]), "x v7Kq2Zp y")
  })

  it("C6: a short secret is masked whole", () => {
    assert.strictEqual(Text.maskSecrets("code 123456 is used", ["123456"]), "code <redacted> is used")
    assert.strictEqual(Text.maskSecrets("aaa", ["a"]), "<redacted>")
  })

  // of each length modulo 3, so that base64 ends in none, one and two equals signs, and one shorter than a run even in hex
  it.each(["abc", "abcd", "abcde", "abcdef", "a\"bc", "ab\tc"])(
    "C6: a short secret is masked whole in every form: %j",
    (short) => {
      for (const form of formsOf(short)) {
        assert.strictEqual(Text.maskSecrets(`. ${form} .`, [short]), ". <redacted> .", form)
      }
    }
  )

  it("C6: every secret is masked, an empty one hides nothing", () => {
    assert.strictEqual(
      Text.maskSecrets("one11111 two22222 three", ["one11111", "two22222"]),
      "<redacted> <redacted> three"
    )
    assert.strictEqual(Text.maskSecrets("text", [""]), "text")
    assert.strictEqual(Text.maskSecrets("text", []), "text")
    assert.strictEqual(Text.maskSecrets("", [secret]), "")
  })

  it("C6: a secret that is no well-formed text does not break the masking", () => {
    assert.strictEqual(Text.maskSecrets("a \ud800bcdefghij b", ["\ud800bcdefghij"]), "a <redacted> b")
  })

  it.prop(
    "C6: whatever the secret and the text around it, no form of it is left",
    { before: Schema.String, secret: secretText, after: Schema.String },
    ({ after, before, secret }) => {
      if (!secret.isWellFormed()) return
      for (const form of formsOf(secret)) {
        // forms too short to tell from chance are no leak
        if (form.length < 8 && form !== secret) continue
        for (const kept of Text.maskSecrets(`${before}${form}${after}`, [secret]).split("<redacted>")) {
          assert.notInclude(kept, form)
        }
      }
    }
  )
})
