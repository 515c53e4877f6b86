/**
 * The recipes of docs/portal.md as programs, so that a test runs what a reader copies.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { buildSync } from "esbuild"
import { mkdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"

const docs = readFileSync(join(root, "docs/portal.md"), "utf8")

/** The only block of this language that contains the words. */
export const block = (language: "ts" | "ini", words: string): string => {
  const found = [...docs.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))]
    .map(([, code]) => code ?? "")
    .filter((code) => code.includes(words))
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new Error(`docs/portal.md has ${found.length} ${language} blocks with "${words}"`)
  }
  return only
}

/** The rows of the table below a heading. */
export const rowsBelow = (heading: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [, below = ""] = docs.split(`# ${heading}\n`)
  return (below.split("\n#")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")))
}

const made = new Map<string, string>()

/** Bundles the only program that contains the words, and gives its path. Only the first call takes time. */
export const program = (words: string): string => {
  const known = made.get(words)
  if (known !== undefined) return known
  const folder = join(root, "node_modules/.cache/programs")
  // the same name each time, since Node keeps compiled code by name
  const path = join(folder, `docs-portal-${words.replaceAll(/\W+/g, "-")}.mjs`)
  // another process may start the file while this one writes it
  const fresh = `${path}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  buildSync({
    stdin: { contents: block("ts", words), resolveDir: import.meta.dirname, loader: "ts" },
    outfile: fresh,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    banner: {
      js:
        `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`
    },
    logLevel: "error"
  })
  renameSync(fresh, path)
  made.set(words, path)
  return path
}
