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

/** What this package is the front door of. */
const rooms = ["core", "device-grant", "relay", "transport-browser", "transport-node"]

const modules = rooms.flatMap((folder) => modulesOf(folder).map((module) => ({ folder, module })))

/** What the front door adds. */
const own = ["browser", "node"]

const sources = globSync("**/*.ts", { cwd: `${packages}sso-oidc/src` })
  .map((file) => file.replaceAll("\\", "/").slice(0, -3))
  .filter((module) => !module.startsWith("internal/"))

const load = (specifier: string): Promise<object> => import(/* @vite-ignore */ specifier)

describe("the front door", () => {
  it("depends on these packages and on no other", () => {
    assert.deepStrictEqual(
      Object.keys(manifestOf("sso-oidc").dependencies ?? {}),
      rooms.map((folder) => `@sso-oidc/${folder}`)
    )
  })

  it.each(modules)("has $module of $folder, and nothing else in that file (C10)", async ({ folder, module }) => {
    const { name } = manifestOf(folder)
    const line = `export * from "${name}/${module}"`
    assert.include(
      sources,
      module,
      `write packages/sso-oidc/src/${module}.ts as its neighbours are, with: ${line}; name it in internal/names.ts and in both exports maps`
    )
    const source = read(`sso-oidc/src/${module}.ts`)
    assert.strictEqual(source.replace(/^\/\/\/.*\n\/\*\*[\s\S]*?\*\/\n/, ""), `${line}\n`)
    // a name that two modules export is left out of `export *` without a word
    const [given, there]: ReadonlyArray<object> = await Promise.all([
      load(`sso-oidc/${module}`),
      load(`${name}/${module}`)
    ])
    assert.deepStrictEqual({ ...given }, { ...there })
  })

  // without it a program that emits declarations does not compile under pnpm, which front-door.test.ts of e2e shows
  it.each(sources)(
    "names the types of %s by this package: internal/names lists it, and it refers to that list",
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

  it("has no two modules of one name", () => {
    assert.strictEqual(new Set(modules.map(({ module }) => module)).size, modules.length)
  })

  it("has nothing beside them but its two layers: nothing of testing, of the emulator or of a private package", () => {
    const expected = [...own, ...modules.map(({ module }) => module)].sort()
    assert.deepStrictEqual([...sources].sort(), expected)
    assert.deepStrictEqual([...modulesOf("sso-oidc")].sort(), expected)
    const imported = sources.flatMap((module) =>
      [...read(`sso-oidc/src/${module}.ts`).matchAll(/from "(@sso-oidc\/[\w-]+)/g)].map(([, name = ""]) => name)
    )
    assert.deepStrictEqual([...new Set(imported)].sort(), rooms.map((folder) => `@sso-oidc/${folder}`))
  })
})
