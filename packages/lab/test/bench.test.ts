import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Bench from "../bench/bench.ts"
import { measurements } from "../bench/measurements.ts"
import { svg } from "../bench/plot.ts"
import * as Report from "../bench/report.ts"

const row: Bench.Row = {
  measure: "a call",
  unit: "µs",
  ours: { of: "ours", values: [30, 10, 20] },
  peer: { of: "theirs", values: [9, 11] },
  goal: Bench.ratioAtMost(2)
}

describe("pnpm bench", () => {
  it("compares medians, and says whether a goal is met", () => {
    assert.strictEqual(Bench.median([3, 1, 2]), 2)
    assert.strictEqual(Bench.median([4, 1, 2, 3]), 2.5)
    assert.isNaN(Bench.median([]))
    assert.strictEqual(Bench.ratio(row), 2)
    assert.isTrue(Bench.isMet(row))
    assert.isFalse(Bench.isMet({ ...row, goal: Bench.ratioAtMost(1.99) }))
    assert.isFalse(Bench.isMet({ ...row, goal: Bench.atLeast(21) }))
    assert.isTrue(Bench.isMet({ ...row, goal: Bench.atMost(20) }))
    // a figure that was not measured meets no goal
    assert.isFalse(Bench.isMet({ ...row, peer: { of: "theirs", values: [] } }))
    const { goal: _goal, ...informing } = row
    assert.isUndefined(Bench.isMet(informing))
  })

  it("runs the programs in turn, and drops the first turn", async () => {
    const order: Array<string> = []
    const program = (of: string) => ({ of, run: async () => order.push(of) })
    const samples = await Bench.inTurn(2, [program("a"), program("b")])
    assert.deepStrictEqual(order, ["a", "b", "a", "b", "a", "b"])
    assert.deepStrictEqual(samples, [{ of: "a", values: [3, 5] }, { of: "b", values: [4, 6] }])
  })

  it("shows the median, the spread, the ratio and the goal", () => {
    assert.deepStrictEqual(Report.cells(row), [
      "a call",
      "theirs: 10.0 µs (9.00–11.0)",
      "20.0 µs (10.0–30.0)",
      "2.00 ×",
      "at most 2 ×",
      "met"
    ])
  })

  it("finds a place in docs/benchmarks.md for each measurement, and writes between its comments alone", () => {
    const document = readFileSync(join(root, "docs/benchmarks.md"), "utf8")
    for (const { title } of measurements) {
      const filled = Report.filled(document, title, "NEW")
      assert.strictEqual(Report.filled(filled, title, "NEW"), filled)
      assert.include(filled, `<!-- figures of ${title} -->\n\nNEW\n\n<!-- end of figures -->`)
    }
    assert.throws(() => Report.filled(document, "Nothing", "NEW"), "no place for the figures of Nothing")
  })

  it("draws a plot with each of its figures", () => {
    const series = [{ name: "ours", values: [1, 2] }, { name: "theirs", values: [3, 4] }]
    for (const kind of ["bars", "lines", "stacks"] as const) {
      const text = svg({ file: "x", title: "A title", unit: "kB", kind, x: ["one", "two"], series })
      assert.match(text, /^<svg .*<\/svg>\n$/s)
      for (const name of ["A title", "one", "two", "ours", "theirs"]) assert.include(text, name)
    }
  })
})
