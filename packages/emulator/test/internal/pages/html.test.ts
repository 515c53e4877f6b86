import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { foreign, html, none } from "../../../src/internal/pages/html.ts"

/** Texts of characters that can break out of HTML, and of any other characters. */
const hostile = Schema.Array(
  Schema.Union([
    Schema.Literals([
      "<",
      ">",
      "\"",
      "'",
      "`",
      "&",
      "&lt;",
      "</p>",
      "<script>",
      "\u202e",
      "\u200b",
      "\n",
      "👩‍💻",
      "\ud800"
    ]),
    Schema.String
  ])
)

const unescape = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))

describe("internal/pages/html", () => {
  it("escapes only text, and joins lists of HTML (E4)", () => {
    const items = ["a&b", "<"].map((item) => html`<li>${item}</li>`)
    assert.strictEqual(html`<ul>${items}</ul>${none}${"'"}`.html, "<ul><li>a&#38;b</li><li>&#60;</li></ul>&#39;")
  })

  it.prop("lets no text break out, and changes no text (E4)", [hostile], ([parts]) => {
    const text = parts.join("")
    const { html: out } = html`<p title="${text}">${text}</p>`
    const [, title = "", inner = ""] = /^<p title="([^]*?)">([^]*)<\/p>$/.exec(out) ?? []
    for (const part of [title, inner]) {
      assert.notMatch(part, /[<>"'`]|&(?!#\d+;)/)
      assert.strictEqual(unescape(part), text)
    }
  })

  it("marks characters that deceive: controls, reordering, hidden characters and padding (E4)", () => {
    const deceiving = "\u0000\u0007\n\u001b\u007f\u009b\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u200f\u2028\u2029" +
      "\u202a\u202e\u2060\u2066\u2069\u206f\u2800\u3164\ufeff\uffa0\ufff9\u{e0041}\udc00\ud800"
    assert.lengthOf([...deceiving], 30)
    for (const char of deceiving) {
      assert.strictEqual(foreign(`a${char}b`), "a�b", JSON.stringify(char))
    }
  })

  it("keeps ordinary names of any language (E4)", () => {
    for (const name of ["My tool", "aws-cli/2.9.19", "Übung", "認証ツール", "أداة", "⚠️ tool", "🔐"]) {
      assert.strictEqual(foreign(name), name)
    }
    assert.strictEqual(foreign("  a \u00a0 \u3000 b  "), "a b")
  })

  it("cuts a long text, but never inside a letter (E4)", () => {
    assert.strictEqual(foreign("x".repeat(200)), "x".repeat(200))
    assert.strictEqual(foreign("x".repeat(201)), `${"x".repeat(199)}…`)
    assert.strictEqual(foreign("abcdef", 4), "abc…")
    assert.strictEqual(foreign(`${"x".repeat(198)}🔐🔐`), `${"x".repeat(198)}…`)
  })

  it.prop("makes one short line of any text (E4)", [hostile], ([parts]) => {
    const out = foreign(parts.join("").repeat(3), 20)
    assert.isAtMost(out.length, 20)
    assert.isTrue(out.isWellFormed())
    assert.notMatch(out, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    assert.strictEqual(foreign(out, 20), out)
  })
})
