/**
 * Bundles of programs that a test writes, from the sources of the workspace.
 */
import { build, type Platform } from "esbuild"

/** The files that a minified bundle of a program has bytes of, its imports, and its text. The program's imports are those of `e2e`. */
export const bundle = async (program: string, platform: Platform) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    write: false,
    metafile: true,
    logLevel: "error"
  })
  const [output] = Object.values(metafile.outputs)
  const [file] = outputFiles
  if (output === undefined || file === undefined) throw new Error("no bundle")
  return {
    text: file.text,
    imports: output.imports.map(({ path }) => path),
    files: Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
  }
}
