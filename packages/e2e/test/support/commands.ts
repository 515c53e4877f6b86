/**
 * The commands in the documents. Some run in this workspace, and some in another project. Others would fetch a package of ours
 * from a registry, where anyone may have published another package under its name.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** The documents, by their paths from the root. */
export const documents: ReadonlyArray<string> = globSync(["*.md", "docs/**/*.md", "packages/*/README.md"], {
  cwd: root
}).sort()

/** Every text that a reader may take a command from: documents, manifests, programs, comments, texts of errors and help. */
export const texts: ReadonlyArray<string> = [
  ...documents,
  ...globSync([
    "package.json",
    "packages/*/package.json",
    ".ci/*",
    "packages/*/{src,test,fuzz,load,runtimes,scaling,tarballs}/**/*.{ts,tsx,mts,js,mjs,py,html,json,md}"
  ], { cwd: root })
]
  // these files hold wrong commands as examples
  .filter((path) =>
    !/^packages\/e2e\/test\/(support\/commands|(documents\/commands|published\/tarballs)\.test)\.ts$/.test(path)
  )
  .sort()

const program = String.raw`(?:npx|npm|pnpm|pnpx|yarn|bun|bunx|deno|corepack)`

/** Joins a line that continues on the next line, in a comment too. */
const joined = (text: string): string => text.replace(/\\\r?\n[ \t]*(?:\*|\/\/|#)?[ \t]*/g, " ")

/** The commands of package managers in a text, word by word. */
const commandsIn = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...joined(text).matchAll(new RegExp(String.raw`(?<![\w@/.:-])${program}(?:@[\w.^~-]+)?[ \t]+[^\n${"`"}|;&]*`, "g"))]
    .map(([command]) => command.replace(/[ \t]#.*/, "").split(/[\s"'(),]+/).filter((word) => word !== ""))

const isOurs = (word: string): boolean => /(^|[/@:=-])sso-oidc/i.test(word)

/** A file or a folder, which a package manager does not look up in a registry. */
const isPath = (word: string): boolean =>
  /^(?:file:|--[\w-]+=)?(?:\.{0,2}\/|~\/|packages\/|node_modules\/|tarballs\/)/.test(word)

// the words after these choose packages of the workspace
const isFilter = (word: string | undefined): boolean => word === "--filter" || word === "-F"

const isFetched = (word: string, at: number, words: ReadonlyArray<string>): boolean =>
  at > 0 && isOurs(word) && !isPath(word) && !isFilter(words[at - 1]) && !word.startsWith("--filter=")

const specifiers = /(?:npm|jsr):\/?@?sso-oidc[\w@/.-]*/gi
const urls =
  /https?:\/\/[\w.-]*(?:esm\.(?:sh|run)|unpkg\.com|jsdelivr\.net|skypack\.dev|jspm\.(?:io|dev)|jsr\.io|npmjs\.(?:com|org))\/\S*sso-oidc\S*/gi
const ranges = /"@?sso-oidc[\w/-]*"\s*:\s*"(?:[\^~<>=*]|\d|latest)[^"]*"/g

/** The parts of a text that lead to a package of ours on a registry. */
export const strangers = (text: string): ReadonlyArray<string> => [
  ...commandsIn(text).filter((words) => words.some(isFetched)).map((words) => words.join(" ")),
  ...[specifiers, urls, ranges].flatMap((pattern) => [...text.matchAll(pattern)].map(([found]) => found))
]

/** The same for the texts of this project, each with its file. */
export const strangersIn = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  paths.flatMap((path) => strangers(read(path)).map((found) => `${path}: ${found}`))

// -----------------------------------------------------------------------------
// the commands in blocks
// -----------------------------------------------------------------------------

const fence = /^ *```([^\n]*)\n([\s\S]*?)^ *```/gm

/** The commands of a document's shell blocks, and of blocks without a language, from top to bottom. */
export const linesOf = (path: string): ReadonlyArray<string> =>
  [...read(path).matchAll(fence)].filter(([, language = ""]) => /^(sh|bash|shell|console|zsh|)( |$)/.test(language))
    .flatMap(([, , block = ""]) =>
      joined(block).split("\n").map((line) => line.replace(/(^|\s)#.*/, "").replace(/^\s*\$ /, "").trim())
        .filter((line) => line !== "")
    )

const workspace = /^(?:npx --yes pnpm@12\.21\.0|pnpm)\s+(.*)$/

/** The words after `pnpm` in a command for this workspace. */
export const ofWorkspace = (line: string): ReadonlyArray<string> | undefined => workspace.exec(line)?.[1]?.split(/\s+/)

/** Whether a command is for another project: it installs a package, or runs an installed program. */
export const isForElsewhere = (line: string): boolean =>
  ofWorkspace(line) === undefined && new RegExp(`^(?:${program}\\b|node_modules/)`).test(line)

const fetches = new RegExp(
  String
    .raw`^(?:(?:npx|pnpx|bunx)\s+(?!--yes pnpm@12\.21\.0)\S|${program}\s+(?:ci|i|install|add|x|exec|dlx|create|init)\s+\S)`
)

/** The commands in a document's sentences that fetch a package. No test runs them. */
export const outsideBlocks = (path: string): ReadonlyArray<string> =>
  [...read(path).replace(fence, "").matchAll(/`([^`]*)`/g)].map(([, code = ""]) => code)
    .filter((code) => fetches.test(code))
