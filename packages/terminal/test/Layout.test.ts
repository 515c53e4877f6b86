import { assert, describe, it } from "@effect/vitest"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as Layout from "../src/Layout.ts"

const look = (columns: number, more: Partial<Layout.Look> = {}): Layout.Look => ({
  columns,
  colours: false,
  utf8: true,
  ...more
})

const url = "https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT"
const words = { subject: "person", text: "allow it on the page, or press Enter here and the demo does it" }

describe("Layout.render", () => {
  it("breaks a line between words, and keeps the text in its column", () => {
    assert.deepStrictEqual(Layout.render(words, look(40)), [
      "person     allow it on the page, or",
      "           press Enter here and the",
      "           demo does it"
    ])
  })

  it.each([1, 2, 5, 12, 20, 30, 31, 32, 40, 80, 200])(
    "in %d columns no word is broken, and only a row of one word is full",
    (columns) => {
      const lines: ReadonlyArray<Layout.Line> = [words, { text: words.text }, {
        subject: "open",
        text: `${url} and go`
      }]
      for (const line of lines) {
        const rows = Layout.render(line, look(columns))
        assert.deepStrictEqual(
          rows.flatMap((row) => row.split(" ")).filter((word) => word !== ""),
          [line.subject ?? "", ...line.text.split(" ")].filter((word) => word !== "")
        )
        for (const row of rows) if (row.trim().includes(" ")) assert.isBelow(row.length, columns)
      }
    }
  )

  it("puts a URL that is wider than the terminal in its own row, from the first column on", () => {
    assert.deepStrictEqual(Layout.render({ subject: "or", text: `${url} and enter the code` }, look(40)), [
      "or",
      url,
      "           and enter the code"
    ])
  })

  it("breaks no line if the width is infinite", () => {
    assert.deepStrictEqual(Layout.render({ subject: "or", text: `${url} ${words.text}` }, look(Infinity)), [
      `or         ${url} ${words.text}`
    ])
  })

  it("keeps an empty line", () => {
    assert.deepStrictEqual(Layout.render({ text: "" }, look(40)), [""])
    assert.deepStrictEqual(Layout.render({ text: "" }, look(Infinity)), [""])
  })

  it("keeps a number and its unit together", () => {
    const text = `next poll in 1${Layout.joined}s`
    assert.deepStrictEqual(Layout.render({ text }, look(16)), ["next poll in", "1 s"])
    assert.deepStrictEqual(Layout.render({ text }, look(80)), ["next poll in 1 s"])
  })

  it.each(["BRCJ-PDVT", "123456789", "AB CD EF GH", "a+b(c)$&", "x", "W".repeat(50)])(
    "shows the code %s unbroken, and only the code in bold and reversed",
    (code) => {
      const line = { subject: "code", text: `compare ${code}. It is in ${url}?${code}`, strong: code }
      for (const columns of [12, 40, 200]) {
        const rows = Layout.render(line, look(columns, { colours: true }))
        const painted =
          `${FakeScreen.escape}[1m${FakeScreen.escape}[7m${code}${FakeScreen.escape}[27m${FakeScreen.escape}[22m.`
        assert.strictEqual(rows.join("\n").split(painted).length, 2, rows.join("\n"))
        assert.include(rows.map(FakeScreen.withoutColours).join("\n").replace(/\n/g, " "), `${url}?${code}`)
      }
    }
  )

  it("writes no control without colours", () => {
    const rows = Layout.render({ subject: "code", text: "BRCJ-PDVT", strong: "BRCJ-PDVT" }, look(80))
    assert.deepStrictEqual(rows, ["code       BRCJ-PDVT"])
  })

  it("writes ASCII if the output is not UTF-8, and changes neither the code nor the meaning of a URL", () => {
    const ascii = (text: string, strong?: string) =>
      Layout.render({ text, ...(strong === undefined ? {} : { strong }) }, look(200, { utf8: false })).join("\n")
    assert.strictEqual(ascii("It was cut… “so” – Zürich’s 日本"), "It was cut... \"so\" - Zurich's ??")
    assert.strictEqual(ascii("https://bücher.example/ä?q=ö go"), "https://xn--bcher-kva.example/%C3%A4?q=%C3%B6 go")
    assert.strictEqual(ascii("ÄÖ-12 is the code", "ÄÖ-12"), "ÄÖ-12 is the code")
  })

  it("counts wide characters as two columns", () => {
    assert.deepStrictEqual(Layout.render({ text: "日本 日本 日本" }, look(10)), ["日本 日本", "日本"])
    assert.strictEqual(Layout.height("日本語", 3), 2)
    assert.strictEqual(Layout.height("", 3), 1)
  })
})
