/**
 * The size of each public module, without Effect and other libraries, and what is left of a module that nothing uses.
 */
import type { Plugin } from "esbuild"
import { join } from "node:path"
import { bundles } from "./bundled.ts"
import { manifestOf, published, readManifest } from "./packed.ts"

/** What a program writes after `from` for each public module of the packages in a folder. */
export const specifiersIn = (folder: string): ReadonlyArray<string> =>
  published.flatMap((of) => {
    const { name } = manifestOf(of)
    return Object.keys(readManifest(join(folder, "node_modules", name)).exports)
      .filter((subpath) => subpath !== "./package.json")
      .map((subpath) => `${name}${subpath.slice(1)}`)
  })

/**
 * Bundles only what is ours. Modules of others are left out, and count as modules without side effects.
 *
 * With `hasEffects`, our own modules count as modules with side effects, so that esbuild looks at each of their statements.
 */
const oursAlone = (hasEffects: boolean): Plugin => ({
  name: "ours alone",
  setup: (build) => {
    build.onResolve({ filter: /./ }, async ({ importer, kind, path, pluginData, resolveDir }) => {
      if (pluginData === "found" || path.startsWith("program:")) return undefined
      // a module that is loaded later is a file of its own, unless esbuild has to put it into this one
      if (kind === "dynamic-import") return { path, external: true }
      if (!/^(?:@?sso-oidc|\.)/.test(path)) return { path, external: true, sideEffects: false }
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: "found" })
      return hasEffects ? { ...found, sideEffects: true } : found
    })
  }
})

/** What a bundler keeps of each module that is imported and not used, by the name of the public module. Nothing is left of a pure module. */
export const unused = async (folder: string): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> => {
  const specifiers = specifiersIn(folder)
  const texts = specifiers.map((specifier) => `import ${JSON.stringify(specifier)}`)
  const all = await bundles(texts, { platform: "node", from: folder, plugins: [oursAlone(true)] })
  return new Map(specifiers.map((specifier, at) => [specifier, all[at]?.modules ?? new Map<string, number>()]))
}

/** Sizes in bytes, by name. */
export type Sizes = Readonly<Record<string, number>>

/** The sizes that `pnpm budgets` writes down. */
export interface Budgets {
  /** The bytes of each entry point after gzip. */
  readonly entries: Sizes
  /** The minified bytes of each module in the bundle of the whole package, before gzip. They tell which module grew. */
  readonly modules: Sizes
}

const isReexport = (specifier: string): boolean => /^sso-oidc\/(?!node$|browser$)/.test(specifier)

/** The sizes of the entry points: all public modules, without those that only re-export one of them. */
export const measure = async (folder: string): Promise<Budgets> => {
  const specifiers = specifiersIn(folder).filter((specifier) => !isReexport(specifier))
  const texts = specifiers.map((specifier) => `export * from ${JSON.stringify(specifier)}`)
  const all = await bundles(texts, { platform: "node", from: folder, plugins: [oursAlone(false)] })
  const modules = new Map<string, number>()
  for (const bundle of all) {
    for (const [name, bytes] of bundle.modules) modules.set(name, Math.max(bytes, modules.get(name) ?? 0))
  }
  const sorted = (sizes: Iterable<readonly [string, number]>): Sizes =>
    Object.fromEntries([...sizes].toSorted(([a], [b]) => a < b ? -1 : 1))
  return {
    entries: sorted(specifiers.map((specifier, at) => [specifier, all[at]?.gzipped ?? Number.NaN])),
    modules: sorted(modules)
  }
}

/** The entry points may grow by this share before a test fails. */
export const slack = 0.01

/** A sentence for each entry point that is larger than its budget, with the modules that grew. */
export const overBudget = (budgets: Budgets, sizes: Budgets): ReadonlyArray<string> => {
  const grown = Object.entries(sizes.modules)
    .map(([name, bytes]) => ({ name, by: bytes - (budgets.modules[name] ?? 0) }))
    .filter(({ by }) => by > 0)
    .toSorted((a, b) => b.by - a.by)
    .map(({ by, name }) => `${name} +${by}`)
  return Object.entries(sizes.entries).flatMap(([name, bytes]) => {
    const budget = budgets.entries[name] ?? 0
    return bytes <= budget * (1 + slack) ? [] : [
      `${name} has ${bytes} bytes after gzip, and its budget is ${budget}. Modules that grew, before gzip: ${
        grown.slice(0, 8).join(", ")
      }. Make them smaller, or accept it with: pnpm budgets`
    ]
  })
}
