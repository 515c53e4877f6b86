import { assert, describe, it } from "@effect/vitest"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import { encode } from "uqr"
import * as QrCode from "../src/QrCode.ts"

const url = "https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT"

const rows = (line: string) => {
  const blocks = [...FakeScreen.withoutColours(line)]
  return [blocks.map((block) => "▀█".includes(block)), blocks.map((block) => "▄█".includes(block))]
}

describe("QrCode.make", () => {
  it.each([url, "http://127.0.0.1:1/device?user_code=BRCJ-PDVT", "x", "ä€😀"])(
    "draws the modules of %s, with a quiet zone and its own colours",
    (text) => {
      const { columns, lines } = QrCode.make(text) ?? assert.fail("no code")
      const { data, size } = encode(text, { ecc: "L", border: 2 })
      assert.strictEqual(columns, size)
      assert.deepStrictEqual(lines.flatMap(rows).slice(0, size), data)
      // a line shows two rows, so an odd last row has a light row below it
      for (const row of lines.flatMap(rows).slice(size)) assert.notInclude(row, true)
      for (const row of [...data.slice(0, 2), ...data.slice(-2)]) assert.notInclude(row, true)
      for (const line of lines) {
        assert.match(FakeScreen.withoutColours(line), /^[ ▀▄█]+$/)
        assert.isTrue(line.startsWith(`${FakeScreen.escape}[30;107m`) && line.endsWith(`${FakeScreen.escape}[0m`))
        assert.strictEqual(rows(line)[0]?.length, columns)
      }
    }
  )

  it("gives no QR code for a text that is too long", () => {
    assert.isUndefined(QrCode.make("x".repeat(100_000)))
  })

  it("the QR code of a usual URL fits a terminal of 80 columns and 24 rows", () => {
    const { columns, lines } = QrCode.make(url) ?? assert.fail("no code")
    assert.isAtMost(columns, 80)
    assert.isAtMost(lines.length, 19)
  })
})
