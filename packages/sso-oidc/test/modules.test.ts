import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../..", import.meta.url))

const read = (path: string): string => readFileSync(`${packages}${path}`, "utf8")

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifestOf = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`))

/** The public modules of a package, by its exports map. */
const modulesOf = (folder: string): ReadonlyArray<string> =>
  Object.keys(manifestOf(folder).exports).filter((path) => !/^\.$|^\.\/package\.json$/.test(path)).map((path) =>
    path.slice(2)
  )

/** The packages whose modules this package re-exports. */
const rooms = ["core", "device-grant", "iam", "portal", "relay", "session", "transport-browser", "transport-node"]

const modules = rooms.flatMap((folder) => modulesOf(folder).map((module) => ({ folder, module })))

/** The modules that this package adds. */
const own = ["browser", "node"]

const sources = globSync("**/*.ts", { cwd: `${packages}sso-oidc/src` })
  .map((file) => file.replaceAll("\\", "/").slice(0, -3))
  .filter((module) => !module.startsWith("internal/"))

const load = (specifier: string): Promise<object> => import(/* @vite-ignore */ specifier)

describe("the package sso-oidc", () => {
  it("depends on the packages that it re-exports, and on no other package", () => {
    assert.deepStrictEqual(
      Object.keys(manifestOf("sso-oidc").dependencies ?? {}),
      rooms.map((folder) => `@sso-oidc/${folder}`)
    )
  })

  it.each(modules)(
    "re-exports $module of $folder, in a file of its own that has nothing else (C10)",
    async ({ folder, module }) => {
      const { name } = manifestOf(folder)
      const line = `export * from "${name}/${module}"`
      assert.include(
        sources,
        module,
        `write packages/sso-oidc/src/${module}.ts as its neighbours are, with: ${line}; name it in internal/names.ts and in both exports maps`
      )
      const source = read(`sso-oidc/src/${module}.ts`)
      assert.strictEqual(source.replace(/^\/\/\/.*\n\/\*\*[\s\S]*?\*\/\n/, ""), `${line}\n`)
      // `export *` silently leaves out a name that two modules export
      // One after the other: loaded at once, vitest may run a module twice, so that its functions differ.
      const given = await load(`sso-oidc/${module}`)
      const there = await load(`${name}/${module}`)
      assert.deepStrictEqual({ ...given }, { ...there })
    }
  )

  // Without that reference, a program that emits declarations does not compile under pnpm. front-door.test.ts of e2e shows it.
  it.each(sources)(
    "%s refers to internal/names, and internal/names lists it",
    (module) => {
      const up = module.includes("/") ? ".." : "."
      assert.match(
        read(`sso-oidc/src/${module}.ts`),
        new RegExp(`^/// <reference path="${up}/internal/names\\.ts" preserve="true" />\\n`)
      )
      if (own.includes(module)) return
      assert.include(read("sso-oidc/src/internal/names.ts"), `\nexport type {} from "../${module}.ts"\n`)
    }
  )

  // macOS and Windows keep one file for two names that differ in case
  it("has no two modules with the same name, whatever the case of its letters", () => {
    const names = [...own, ...modules.map(({ module }) => module)].map((name) => name.toLowerCase())
    assert.deepStrictEqual(names.filter((name, at) => names.indexOf(name) !== at), [])
  })

  it("has only these modules and its two layers, and nothing of testing, the emulator or a private package", () => {
    const expected = [...own, ...modules.map(({ module }) => module)].sort()
    assert.deepStrictEqual([...sources].sort(), expected)
    assert.deepStrictEqual([...modulesOf("sso-oidc")].sort(), expected)
    const imported = sources.flatMap((module) =>
      [...read(`sso-oidc/src/${module}.ts`).matchAll(/from "(@sso-oidc\/[\w-]+)/g)].map(([, name = ""]) => name)
    )
    assert.deepStrictEqual([...new Set(imported)].sort(), rooms.map((folder) => `@sso-oidc/${folder}`))
  })
})
