/**
 * Spellings of modules that no program may import, and how a resolver handles them.
 */
import { command, manifestOf, published, root } from "@sso-oidc/test-kit/packed"
import * as Effect from "effect/Effect"
import { build, type Plugin } from "esbuild"
import { globSync } from "node:fs"
import { join } from "node:path"

/** The modules of a package, as paths below `src` without their extension. */
interface Modules {
  readonly open: ReadonlyArray<string>
  readonly hidden: ReadonlyArray<string>
}

const modules: ReadonlyMap<string, Modules> = new Map(published.map((folder) => {
  const all = globSync("**/*.ts", { cwd: join(root, "packages", folder, "src") })
    .map((file) => file.replaceAll("\\", "/").slice(0, -3))
    .sort()
  // what starts a program is not a module to import
  const bins = Object.values(manifestOf(folder).bin ?? {}).map((file) => file.replace(/^\.\/src\/|\.ts$/g, ""))
  const isHidden = (module: string) => module === "index" || /(^|\/)internal\//.test(module) || bins.includes(module)
  return [folder, { open: all.filter((module) => !isHidden(module)), hidden: all.filter(isHidden) }]
}))

export const publicModulesOf = (folder: string): ReadonlyArray<string> => modules.get(folder)?.open ?? []

const encode = (text: string): string => [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("")

// `at` is a module's path: `internal/text`
const hostile: ReadonlyArray<(at: string, pkg: string) => string> = [
  (at) => at,
  // slashes and dots
  (at) => `/${at}`,
  (at) => `//${at}`,
  (at) => `./${at}`,
  (at) => `.//${at}`,
  (at) => at.replaceAll("/", "//"),
  (at) => at.replaceAll("/", "/./"),
  (at) => `x/../${at}`,
  (at, pkg) => `../${pkg}/${at}`,
  (at, pkg) => `../../@sso-oidc/${pkg}/${at}`,
  (at) => at.replaceAll("/", "\\"),
  (at) => `\\${at}`,
  // encodings
  (at) => `${encode(at.slice(0, 1))}${at.slice(1)}`,
  (at) => `${encode(at.slice(0, 1)).toUpperCase()}${at.slice(1)}`,
  (at) => at.split("/").map(encode).join("/"),
  (at) => at.replaceAll("/", "%2f"),
  (at) => at.replaceAll("/", "%2F"),
  (at) => at.replaceAll("/", "%5c"),
  (at) => `%2e/${at}`,
  (at) => `%2f${at}`,
  (at) => `x/%2e%2e/${at}`,
  (at) => `x/.%2e/${at}`,
  (at) => `%25${encode(at.slice(0, 1)).slice(1)}${at.slice(1)}`,
  // what a URL parser leaves out
  (at) => `${at.slice(0, 2)}\t${at.slice(2)}`,
  (at) => `${at.slice(0, 2)}\n${at.slice(2)}`,
  (at) => `\t/${at}`,
  // suffixes
  (at) => `${at}/`,
  (at) => `${at}.`,
  (at) => `${at} `,
  (at) => `${at}%20`,
  (at) => `${at}?`,
  (at) => `${at}?x`,
  (at) => `${at}#`,
  (at) => `${at}#x`,
  (at) => `${at}\0`,
  (at) => `${at}%00`,
  (at) => `${at}.js`,
  (at) => `${at}.ts`,
  (at) => `${at}.d.ts`,
  (at) => `${at}.js.map`,
  // letters
  (at) => at.toUpperCase(),
  (at) => `${at.slice(0, 1).toUpperCase()}${at.slice(1)}`,
  (at) => at.replace("i", "ı"),
  (at) => at.replace("i", "ｉ"),
  (at) => at.replaceAll("/", "∕"),
  // the paths of the files
  (at) => `src/${at}`,
  (at) => `src/${at}.ts`,
  (at) => `dist/${at}`,
  (at) => `dist/${at}.js`,
  (at) => `dist/${at}.d.ts`,
  // through a module that may be imported
  (at, pkg) => `${publicModulesOf(pkg)[0]}/../${at}`,
  (at, pkg) => `${publicModulesOf(pkg)[0]}/%2e%2e/${at}`,
  (at, pkg) => `${publicModulesOf(pkg)[0]}?/../${at}`,
  (at) => `package.json/../${at}`
]

/** Ways to import the modules of a package that are not public: of all such modules, or of the first `count`. */
export const spellingsOf = (folder: string, count?: number): ReadonlyArray<string> => {
  const { name } = manifestOf(folder)
  const hidden = modules.get(folder)?.hidden.slice(0, count) ?? []
  return [
    ...new Set([
      ...hidden.flatMap((module) => hostile.map((spell) => `${name}/${spell(module, folder)}`)),
      ...["*", "./", "internal", "internal/", "internal/*", "src/", "dist/"].map((path) => `${name}/${path}`)
    ])
  ]
}

// a bundler may cut off the part behind a question mark
const isPublicFile = (path: string): boolean => {
  const [, module = ""] = /[\\/](?:src|dist)[\\/](.*)\.[jt]s$/.exec(path) ?? []
  return published.some((folder) => publicModulesOf(folder).includes(module))
}

/** All spellings, for every public package. */
export const spellings: ReadonlyArray<string> = published.flatMap((folder) => spellingsOf(folder))

// -----------------------------------------------------------------------------
// resolvers
// -----------------------------------------------------------------------------

// the export map refuses a spelling before Node looks for a file, so no other failure of an import counts
const program = `
import { createRequire } from "node:module"
import { readFileSync } from "node:fs"
const require = createRequire(process.cwd() + "/program.js")
const refused = ["ERR_PACKAGE_PATH_NOT_EXPORTED", "ERR_INVALID_MODULE_SPECIFIER"]
const loads = []
for (const specifier of JSON.parse(readFileSync(0, "utf8"))) {
  const code = await import(specifier).then(() => "loaded", (error) => error?.code ?? String(error))
  if (!refused.includes(code)) loads.push({ specifier, code })
  try {
    loads.push({ specifier, code: require.resolve(specifier) })
  } catch {
    // nothing was found
  }
}
// a module that was reached may be a server, which runs on
process.stdout.write("\\n" + JSON.stringify(loads), () => process.exit())
`

/** The specifiers that Node, in a folder, does not refuse to resolve, by `import` and by `require`. */
export const nodeLoads = (
  folder: string,
  specifiers: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<{ readonly specifier: string; readonly code: string }>, Error> =>
  Effect.map(
    command(process.execPath, ["--input-type=module", "-e", program], folder, JSON.stringify(specifiers)),
    (text) => JSON.parse(text.slice(text.lastIndexOf("\n")))
  )

/**
 * The specifiers that esbuild, in a folder, resolves to a file that is not a public module. It tries two modules of each
 * package.
 */
export const esbuildLoads = (
  folder: string,
  specifiers = published.flatMap((folder) => spellingsOf(folder, 2))
): Effect.Effect<ReadonlyArray<{ readonly specifier: string; readonly path: string }>> =>
  Effect.promise(async () => {
    let resolved: ReadonlyArray<{ readonly specifier: string; readonly path: string }> = []
    const resolve: Plugin = {
      name: "resolve",
      setup: (build) =>
        build.onStart(async () => {
          resolved = await Promise.all(specifiers.map(async (specifier) => {
            const { errors, path } = await build.resolve(specifier, { kind: "import-statement", resolveDir: folder })
            return { specifier, path: errors.length === 0 ? path : "" }
          }))
        })
    }
    await build({ stdin: { contents: "" }, write: false, logLevel: "silent", plugins: [resolve] })
    return resolved.filter(({ path }) => path !== "" && !isPublicFile(path))
  })
