import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../../", import.meta.url))

// Only published packages count. The others are private.
const isLibrary = (name: string): boolean => {
  const manifest = join(packages, name, "package.json")
  return existsSync(manifest) && !/"private": *true/.test(readFileSync(manifest, "utf8"))
}

const sources = readdirSync(packages).filter(isLibrary).flatMap((name) => {
  const src = join(packages, name, "src")
  if (!existsSync(src)) return []
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: `${name}/src/${file.replaceAll("\\", "/")}`, path: join(src, file) }))
})

/** Every module that a source imports or exports from, in its code and its examples. */
const importsOf = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "")

/** Whether it is a barrel: the entry of a package, or a folder of Effect. The name of a module begins with a capital letter. */
const isBarrel = (specifier: string): boolean =>
  /^effect(?:\/[a-z][a-z-]*)?$/.test(specifier) || /^@(?:effect|sso-oidc)\/[^/]+$/.test(specifier)

describe("imports", () => {
  it("there are sources to check (C10)", () => {
    assert.isTrue(sources.some(({ file }) => file === "core/src/internal/exchange.ts"))
  })

  it.each(sources)("$file imports deeply, never a barrel (C10)", ({ path }) => {
    assert.deepStrictEqual(importsOf(readFileSync(path, "utf8")).filter(isBarrel), [])
  })

  it("the check knows a barrel (C10)", () => {
    for (const barrel of ["effect", "effect/http", "effect/http-api", "@sso-oidc/core", "@effect/platform-node"]) {
      assert.deepStrictEqual(importsOf(`import { X } from "${barrel}"`).filter(isBarrel), [barrel])
      assert.deepStrictEqual(importsOf(`import("${barrel}")`).filter(isBarrel), [barrel])
      assert.deepStrictEqual(importsOf(`export * from "${barrel}"`).filter(isBarrel), [barrel])
    }
    for (const deep of ["effect/Effect", "effect/http/HttpClient", "@sso-oidc/core/SsoOidc", "./X.ts", "node:http"]) {
      assert.deepStrictEqual(importsOf(`import * as X from "${deep}"`).filter(isBarrel), [])
    }
  })
})
