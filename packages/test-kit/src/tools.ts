/**
 * Programs that a machine may lack, and the tests that need them.
 *
 * Such a test is skipped, and the title of its group says what is missing. With the variable `SSO_OIDC_REQUIRE_TOOLS` a missing
 * program fails a test.
 */
import { it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { delimiter, join } from "node:path"

export interface Found {
  readonly path: string
  readonly version: string
}

export interface Tool {
  /** What people call it, such as `the AWS CLI 2`. */
  readonly name: string
  /** A sentence that says how to get it. */
  readonly install: string
  readonly found: Found | undefined
  /** The name and the version, or the name and the words that it is not on this machine. For the title of a group of tests. */
  readonly title: string
}

/** The variable with which a missing program fails a test. Any text sets it, and an empty one does not. */
export const variable = "SSO_OIDC_REQUIRE_TOOLS"

/** The folders of the PATH, and then the one where Debian puts its programs. */
const folders = (): ReadonlyArray<string> => {
  const named = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"].filter((folder) => existsSync(folder))
  // /bin is often a link to /usr/bin
  return [...new Map(named.map((folder) => [realpathSync(folder), folder])).values()]
}

/**
 * The first program of that name whose output has a version that matches the pattern.
 *
 * A file of that name may not work: a version manager has a file for each program that any of its versions has. Only the first of
 * equal calls takes time: several test files of a process look for the same program.
 */
export const find = (name: string, args: ReadonlyArray<string>, pattern: RegExp): Found | undefined => {
  const question = JSON.stringify([process.env["PATH"], name, args, String(pattern)])
  if (!answers.has(question)) answers.set(question, search(name, args, pattern))
  return answers.get(question)
}

const answers = new Map<string, Found | undefined>()

const search = (name: string, args: ReadonlyArray<string>, pattern: RegExp): Found | undefined => {
  for (const path of folders().map((folder) => join(folder, name)).filter((path) => existsSync(path))) {
    const { stdout } = spawnSync(path, args, { encoding: "utf8", timeout: 30_000 })
    const version = pattern.exec(String(stdout))?.[1]
    if (version !== undefined) return { path, version }
  }
  return undefined
}

/** Looks for a program, once. */
export const tool = (options: {
  readonly name: string
  readonly install: string
  readonly find: () => Found | undefined
}): Tool => {
  const { find, install, name } = options
  const found = find()
  return { name, install, found, title: `${name} ${found === undefined ? "(missing)" : found.version}` }
}

/** The sentences for a program that is missing. */
export const missing = ({ install, name }: Tool): string => `This machine lacks ${name}. ${install}`

/** The program. It throws if the program is missing. */
export const found = (tool: Tool): Found => {
  if (tool.found === undefined) throw new Error(missing(tool))
  return tool.found
}

/**
 * Whether to skip the tests that need a program: `describe.skipIf(isMissing(redis))(redis.title, …)`.
 *
 * If a missing program has to fail, it also adds a test that fails.
 */
export const isMissing = (tool: Tool): boolean => {
  if (tool.found !== undefined) return false
  if ((process.env[variable] ?? "") !== "") {
    it(`finds ${tool.name}, since ${variable} is set`, () => {
      throw new Error(missing(tool))
    })
  }
  return true
}
