/**
 * Makes the command as one file, and the text with the licences of what is in that file.
 */
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild"
import { globSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { join } from "node:path"

const folder = join(import.meta.dirname, "..")
const root = join(folder, "../..")

/** What a bundle is made of. */
export interface Bundle {
  /** The program. */
  readonly code: string
  /** The licences of the libraries in it. */
  readonly licences: string
  /** Which file takes how many bytes, and which file imports which. */
  readonly metafile: Metafile
}

/** A library in the bundle. */
export interface Library {
  readonly name: string
  readonly version: string
  /** The name of the licence, such as MIT. */
  readonly licence: string
  /** The text of the licence. */
  readonly text: string
}

/**
 * Loads each module of Node when a module that needs it first runs. As an `import` of the one file, all of them would load at each start, those
 * of the browser opener too.
 */
const builtins: Plugin = {
  name: "builtins",
  setup: (build) => {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind !== "entry-point" && isBuiltin(path)
        ? { path: path.replace(/^node:/, ""), namespace: "builtin", sideEffects: false }
        : undefined)
    build.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${path}`)})`
    }))
  }
}

const options = {
  entryPoints: [join(folder, "src/bin.ts")],
  absWorkingDir: root,
  bundle: true,
  platform: "node" as const,
  target: "node22.19",
  format: "esm" as const,
  minifyWhitespace: true,
  minifySyntax: true,
  // with short names the file has half the size, and Node takes 40 ms longer to compile it
  minifyIdentifiers: false,
  legalComments: "none" as const,
  plugins: [builtins],
  metafile: true as const,
  write: false as const,
  logLevel: "error" as const
} satisfies BuildOptions

const programOf = async () => {
  const { metafile, outputFiles } = await build(options)
  const [program] = outputFiles
  return { code: program?.text ?? "", metafile }
}

const manifestOf = (path: string): { readonly name: string; readonly version: string; readonly license?: string } =>
  JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"))

/** The folder of the library that a file belongs to, or `undefined` for a file of this project. */
const libraryOf = (file: string): string | undefined => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]

/** The libraries that have code in the bundle, by name. */
export const librariesOf = (metafile: Metafile): ReadonlyArray<Library> => {
  const [output] = Object.values(metafile.outputs)
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  const folders = new Set(inputs.flatMap(([file]) => libraryOf(file) ?? []))
  return [...folders].map((path) => {
    const { license = "", name, version } = manifestOf(path)
    const [file] = globSync("{LICENSE,LICENCE,license,licence}{,.md,.txt}", { cwd: join(root, path) })
    return {
      name,
      version,
      licence: license,
      text: file === undefined ? "" : readFileSync(join(root, path, file), "utf8")
    }
  }).toSorted((one, other) => one.name < other.name ? -1 : 1)
}

const rule = "-".repeat(80)

const licencesOf = (libraries: ReadonlyArray<Library>): string => {
  const own = readFileSync(join(root, "LICENSE"), "utf8").trim()
  const texts = libraries.map(({ licence, name, text, version }) =>
    `${rule}\n${name} ${version} (${licence})\n${rule}\n\n${text.replace(/\r\n/g, "\n").trim()}\n`
  )
  return `sso-oidc is one file that has these libraries in it. This is its own licence:\n\n${own}\n\n${
    texts.join("\n")
  }`
}

/** Bundles the command. */
export const bundle = async (): Promise<Bundle> => {
  const { code, metafile } = await programOf()
  return { code, metafile, licences: licencesOf(librariesOf(metafile)) }
}
