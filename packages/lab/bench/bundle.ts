/**
 * Bundles a program with esbuild, from the packed and installed packages or from the sources of the workspace.
 */
import { installedIn } from "@sso-oidc/test-kit/bundled"
import { build } from "esbuild"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Bundled, Program } from "./bench.ts"

const programs = join(import.meta.dirname, "programs")

const requires = `import { createRequire as $require } from "node:module"; const require = $require(import.meta.url);\n`

/** Makes the function that bundles. Without `installed`, it takes the sources of the workspace. */
export const bundler = (work: string, installed: string | undefined) => async (program: Program): Promise<Bundled> => {
  const { define = {}, name, platform = "node", text } = program
  const outfile = join(work, `${name}.mjs`)
  const { metafile, outputFiles } = await build({
    stdin: {
      contents: text ?? readFileSync(join(programs, `${name}.ts`), "utf8"),
      sourcefile: join(programs, `${name}.ts`),
      resolveDir: programs,
      loader: "ts"
    },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    define: { ...define },
    plugins: installed === undefined ? [] : [installedIn(installed)],
    metafile: true,
    write: false,
    logLevel: "error"
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`esbuild made no file of ${name}`)
  // Some libraries for Node need a `require` in a module that runs. A program without them has no such line to load.
  const needsRequire = platform === "node" && file.text.includes("Dynamic require of")
  writeFileSync(outfile, needsRequire ? requires + file.text : file.contents)
  const [output] = Object.values(metafile.outputs)
  return {
    path: outfile,
    gzipped: gzipSync(file.contents, { level: 9 }).length,
    inputs: new Map(
      Object.entries(output?.inputs ?? {}).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
        .filter(([, bytes]) => bytes > 0)
    )
  }
}
