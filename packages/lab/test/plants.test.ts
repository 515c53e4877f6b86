import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { spawnSync } from "node:child_process"
import * as Plants from "../plants/plants.ts"

const plants = Plants.all()

describe("the planted faults", () => {
  it("are the eight that tests must find", () => {
    assert.deepStrictEqual(plants.map(({ law, name }) => `${name} ${law}`), [
      "interruptible-poll W6",
      "no-compare-and-set W3",
      "no-mark-in-flight W3",
      "no-stall-check W5",
      "outcome-over-outcome W6",
      "row-open-after-defect W2",
      "secret-in-payload W8",
      "take-over-without-wait W3"
    ])
  })

  it.each(plants)("$name fits the sources", ({ file }) => {
    const { status, stderr } = spawnSync("git", ["apply", "--check", file], { cwd: root, encoding: "utf8" })
    assert.strictEqual(status, 0, stderr)
  })
})
