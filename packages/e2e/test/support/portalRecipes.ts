/**
 * The recipes of docs/portal.md and docs/iam.md as programs, so that a test runs what a reader copies.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { buildSync } from "esbuild"
import { mkdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"

type Page = "iam" | "portal"

const pages: Readonly<Record<Page, string>> = {
  iam: readFileSync(join(root, "docs/iam.md"), "utf8"),
  portal: readFileSync(join(root, "docs/portal.md"), "utf8")
}

/** The only block of this language that contains the words. */
export const block = (language: "ts" | "ini", words: string, page: Page = "portal"): string => {
  const found = [...pages[page].matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))]
    .map(([, code]) => code ?? "")
    .filter((code) => code.includes(words))
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new Error(`docs/${page}.md has ${found.length} ${language} blocks with "${words}"`)
  }
  return only
}

/** The rows of the table below a heading. */
export const rowsBelow = (heading: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [, below = ""] = pages.portal.split(`# ${heading}\n`)
  return (below.split("\n#")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")))
}

const made = new Map<string, string>()

/** Bundles the only program that contains the words, and gives its path. Only the first call takes time. */
export const program = (words: string, page: Page = "portal"): string => {
  const known = made.get(words)
  if (known !== undefined) return known
  const folder = join(root, "node_modules/.cache/programs")
  // the same name each time, since Node keeps compiled code by name
  const path = join(folder, `docs-${page}-${words.replaceAll(/\W+/g, "-")}.mjs`)
  // another process may start the file while this one writes it
  const fresh = `${path}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  buildSync({
    stdin: { contents: block("ts", words, page), resolveDir: import.meta.dirname, loader: "ts" },
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
