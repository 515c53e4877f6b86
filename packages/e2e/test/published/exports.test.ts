import { assert, describe, it } from "@effect/vitest"
import { manifestOf, published, root } from "@sso-oidc/test-kit/packed"
import * as Effect from "effect/Effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { esbuildLoads, nodeLoads, publicModulesOf, spellings } from "../support/spellings.ts"

const here = join(root, "packages/e2e")

/** The front door has no barrel, because a page that imports it must not get modules for Node. */
const hasBarrel = (folder: string): boolean => folder !== "sso-oidc"

/** The map that a package should have, for its modules below a folder. */
const mapOf = (folder: string, below: string, ending: string) => ({
  "./package.json": "./package.json",
  ...(hasBarrel(folder) ? { ".": `./${below}/index${ending}` } : {}),
  ...Object.fromEntries(publicModulesOf(folder).map((module) => [`./${module}`, `./${below}/${module}${ending}`]))
})

describe("the exports maps in the workspace", () => {
  it.each(published)("%s lists each public module in both maps, and nothing else (C3)", (folder) => {
    const { exports, publishConfig } = manifestOf(folder)
    assert.isAbove(publicModulesOf(folder).length, folder === "transport-browser" ? 0 : 2)
    assert.strictEqual(existsSync(join(root, "packages", folder, "src/index.ts")), hasBarrel(folder))
    assert.deepStrictEqual(exports, mapOf(folder, "src", ".ts"), "exports")
    assert.deepStrictEqual(publishConfig.exports, mapOf(folder, "dist", ".js"), "publishConfig.exports")
  })

  it.live("let a program import every public module (C3)", () =>
    Effect.gen(function*() {
      const specifiers = published.flatMap((folder) =>
        publicModulesOf(folder).map((module) => `${manifestOf(folder).name}/${module}`)
      )
      const loads = yield* nodeLoads(here, specifiers)
      assert.deepStrictEqual(
        [...new Set(loads.filter(({ code }) => code === "loaded").map(({ specifier }) => specifier))],
        specifiers
      )
    }))

  it.live("let no spelling reach an internal module (C3)", () =>
    Effect.gen(function*() {
      for (const start of ["@sso-oidc/core//internal/", "@sso-oidc/core/%69nternal/"]) {
        assert.isTrue(spellings.some((spelling) => spelling.startsWith(start)), start)
      }
      assert.deepStrictEqual(yield* nodeLoads(here, spellings), [])
      assert.deepStrictEqual(yield* esbuildLoads(here), [])
    }))
})
