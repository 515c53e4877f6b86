/**
 * Programs as users ship them: bundled and minified, with the packages as npm installs them.
 */
import { build, type Platform, type Plugin } from "esbuild"
import { basename, relative, sep } from "node:path"
import { gzipSync } from "node:zlib"

/** A bundled program. */
export interface Bundle {
  readonly bytes: Uint8Array
  /** The number of bytes after gzip. */
  readonly gzipped: number
  /** The bytes that each module has in the bundle, by {@link moduleOf}. A module without bytes is left out. */
  readonly modules: ReadonlyMap<string, number>
}

/** The options of a program that is shipped. */
export const shipped = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
  logLevel: "error"
} as const

/**
 * Finds our packages and Effect in a folder where the packed packages are installed. Everything else comes from where the program is, because
 * users install it by themselves.
 */
export const installedIn = (folder: string): Plugin => ({
  name: "installed",
  setup: (build) => {
    build.onResolve(
      { filter: /^(?:@sso-oidc\/|sso-oidc(?:\/|$)|effect(?:\/|$))/ },
      ({ importer, kind, path, pluginData }) =>
        pluginData === "found" || !relative(folder, importer).startsWith("..")
          ? undefined
          : build.resolve(path, { resolveDir: folder, kind, pluginData: "found" })
    )
  }
})

/** The name of a module in a message: `core/aws/Client`, or `effect/Schema`. */
export const moduleOf = (path: string): string =>
  path.split(sep).join("/")
    .replace(/^.*node_modules\//, "")
    .replace(/^@sso-oidc\//, "")
    .replace(/\/(?:dist|src)\//, "/")
    .replace(/\.[jt]s$/, "")

/** Bundles texts as programs, each by itself, in the order of the texts. In one call esbuild reads a module once for all of them. */
export const bundles = async (
  texts: ReadonlyArray<string>,
  options: {
    readonly platform: Platform
    /** The folder that the programs are resolved from. */
    readonly from: string
    readonly plugins?: ReadonlyArray<Plugin>
  }
): Promise<ReadonlyArray<Bundle>> => {
  const programs: Plugin = {
    name: "programs",
    setup: (build) => {
      build.onResolve({ filter: /^program:/ }, ({ path }) => ({ path: path.slice(8), namespace: "program" }))
      build.onLoad({ filter: /^/, namespace: "program" }, ({ path }) => ({
        contents: texts[Number(path)] ?? "",
        resolveDir: options.from,
        loader: "ts"
      }))
    }
  }
  const { metafile, outputFiles } = await build({
    ...shipped,
    entryPoints: texts.map((_, at) => ({ in: `program:${at}`, out: String(at) })),
    outdir: "bundles",
    platform: options.platform,
    plugins: [programs, ...options.plugins ?? []],
    metafile: true
  })
  return texts.map((_, at) => {
    const file = outputFiles.find(({ path }) => basename(path) === `${at}.js`)
    const output = Object.entries(metafile.outputs).find(([path]) => basename(path) === `${at}.js`)?.[1]
    if (file === undefined || output === undefined) throw new Error(`no bundle of program ${at}`)
    const modules = Object.entries(output.inputs)
      .map(([path, { bytesInOutput }]) => [moduleOf(path), bytesInOutput] as const)
      .filter(([, bytes]) => bytes > 0)
    return {
      bytes: file.contents,
      gzipped: gzipSync(file.contents, { level: 9 }).length,
      modules: new Map(modules)
    }
  })
}
