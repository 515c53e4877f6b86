import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { install } from "@sso-oidc/test-kit/packed"
import * as Sizes from "@sso-oidc/test-kit/sizes"
import * as Effect from "effect/Effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const budgets: Sizes.Budgets = JSON.parse(
  readFileSync(new URL("../support/size-budgets.json", import.meta.url), "utf8")
)

describe("the packed modules", () => {
  let folder = ""

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sso-oidc-budgets-"))
    await Effect.runPromise(install(folder))
  }, 120_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("leave nothing in a bundle that imports one of them and does not use it", { timeout: 60_000 }, async () => {
    const left = await Sizes.unused(folder)
    assert.isAbove(left.size, 100)
    const impure = [...left].filter(([, modules]) => modules.size > 0)
      .map(([specifier, modules]) =>
        `${specifier}: ${[...modules].map(([name, bytes]) => `${name} ${bytes}`).join(", ")}`
      )
    assert.deepStrictEqual(impure, [])
  })

  it("are not larger than their budgets", { timeout: 60_000 }, async () => {
    const sizes = await Sizes.measure(folder)
    assert.deepStrictEqual(Sizes.overBudget(budgets, sizes), [])
    // a module that is gone has no budget
    assert.deepStrictEqual(Object.keys(budgets.entries), Object.keys(sizes.entries))
  })

  it("are named in the message if they grew", () => {
    const sizes = { entries: { "@sso-oidc/core": 110 }, modules: { "core/A": 50, "core/B": 30, "core/New": 7 } }
    const before = { entries: { "@sso-oidc/core": 100 }, modules: { "core/A": 40, "core/B": 31 } }
    const [message = "", ...others] = Sizes.overBudget(before, sizes)
    assert.deepStrictEqual(others, [])
    assert.include(message, "core/A +10, core/New +7.")
    assert.deepStrictEqual(Sizes.overBudget({ ...before, entries: { "@sso-oidc/core": 109 } }, sizes), [])
  })
})
