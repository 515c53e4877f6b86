import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { faults, lawsIn, titles, titlesIn } from "../support/laws.ts"

describe("the laws", () => {
  it("each law of docs/laws.md has a test, and each law that a title cites is in docs/laws.md", () => {
    const laws = lawsIn(readFileSync(join(root, "docs/laws.md"), "utf8"))
    const all = titles()
    assert.isAbove(laws.length, 20)
    assert.isAbove(all.length, 1000)
    assert.deepStrictEqual(faults(laws, all), [])
  })

  it("each law of docs/laws.md says its source", () => {
    const [, ...sections] = readFileSync(join(root, "docs/laws.md"), "utf8").split(/^### /m)
    for (const section of sections) assert.match(section, /^Source: \S/m, section.split("\n")[0])
  })

  it("a law without a test, an unknown law and a number before the end of a title are found", () => {
    const page = "### D1. A poll waits\n\n### D2. It waits longer\n"
    const source = `
      it.effect("waits the interval (D1)", () => {})
      it.effect.prop("waits longer (D3)", [], () => {})
      it.each([1])(\`D1: waits \${x}\`, () => {})
      describe("a poll (D1) that waits", () => {})
      describe.each(laws)("%s", () => {})
      const text = "no title (D9)"
      it.skip("never runs (D2)", () => {})
      it.todo("is not written yet (D2)")
    `
    assert.deepStrictEqual(faults(lawsIn(page), titlesIn("a.test.ts", source)), [
      "no test cites D2",
      "a.test.ts: \"waits longer (D3)\" cites D3, which docs/laws.md does not have",
      "a.test.ts: \"D1: waits {}\" has D1 before its end",
      "a.test.ts: \"a poll (D1) that waits\" has D1 before its end"
    ])
    assert.deepStrictEqual(faults(["D1", "D1"], titlesIn("a.test.ts", "it('waits (D1)', () => {})")), [
      "docs/laws.md has D1 twice"
    ])
  })
})
