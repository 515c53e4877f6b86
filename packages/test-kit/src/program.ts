/**
 * Programs of this workspace as one small file each, because they start in a third of the time that their modules take.
 *
 * The file is made again for each process of tests, from the sources as they then are.
 */
import { buildSync } from "esbuild"
import { mkdirSync, renameSync, rmSync } from "node:fs"
import { join, relative } from "node:path"

const root = join(import.meta.dirname, "../../..")

const made = new Map<string, string>()

// what CommonJS modules and modules with a place of their own expect
const banner =
  `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`

/** Bundles a program, given as the path of its TypeScript file, and gives the path of the bundle. Only the first call takes time. */
export const bundled = (program: string): string => {
  const known = made.get(program)
  if (known !== undefined) return known
  const folder = join(root, "node_modules/.cache/programs")
  // the same name each time, since Node keeps compiled code by name
  const path = join(folder, `${relative(root, program).replaceAll(/[^\w.]+/g, "-")}.mjs`)
  // another process may start the file while this one writes it
  const fresh = `${path}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  try {
    buildSync({
      entryPoints: [program],
      outfile: fresh,
      bundle: true,
      platform: "node",
      target: "node24",
      format: "esm",
      minify: true,
      banner: { js: banner },
      logLevel: "error"
    })
    renameSync(fresh, path)
  } finally {
    rmSync(fresh, { force: true })
  }
  made.set(program, path)
  return path
}
