/**
 * The clients on this machine that no npm package brings: the AWS CLI and botocore.
 *
 * If a client is absent, its tests are skipped, and a line on stderr says so.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

export interface Found {
  readonly path: string
  readonly version: string
}

const candidates = (name: string): ReadonlyArray<string> =>
  (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "").map((folder) => join(folder, name))
    .filter((path) => existsSync(path))

/** The first program of that name on the path whose output has a version that matches the pattern. */
const find = (name: string, args: ReadonlyArray<string>, pattern: RegExp): Found | undefined => {
  for (const path of candidates(name)) {
    const { stdout } = spawnSync(path, args, { encoding: "utf8", timeout: 30_000 })
    const version = pattern.exec(stdout)?.[1]
    if (version !== undefined) return { path, version }
  }
  return undefined
}

const orSay = (found: Found | undefined, missing: string): Found | undefined => {
  if (found === undefined) console.warn(`NOT RUN: ${missing}`)
  return found
}

/** Version 2 of the AWS CLI. Version 1, which has no `aws sso login`, may be earlier on the path. */
export const awsCli = (): Found | undefined =>
  orSay(
    find("aws", ["--version"], /^aws-cli\/(2\.\d+\.\d+)/),
    "the AWS CLI's login against the emulator, since this machine has no AWS CLI 2 on its PATH"
  )

/** A Python that has botocore, and botocore's version. */
export const botocore = (): Found | undefined =>
  orSay(
    find("python3", ["-c", "import botocore; print(botocore.__version__)"], /^(\d+\.\d+\.\d+)/),
    "botocore against the emulator, since this machine has no python3 with botocore on its PATH"
  )

const loader = join(import.meta.dirname, "config_loader.py")

/** A Python that has the AWS CLI's parser of config files, else botocore's, and the name of the module. */
export const configLoader = (): Found | undefined =>
  orSay(
    find("python3", [loader, "--version"], /^(awscli\.\S+)/) ??
      find("python3", [loader, "--version"], /^(botocore\.\S+)/),
    "the AWS CLI's parser of config files, since this machine has no python3 with awscli or botocore on its PATH"
  )

const tokenLoader = join(import.meta.dirname, "sso_token.py")

/** A Python that loads tokens as the AWS CLI does, else as botocore does, and which of the two with its version. */
export const pythonTokens = (): Found | undefined =>
  orSay(
    find("python3", [tokenLoader, "--version"], /^(awscli \S+)/) ??
      find("python3", [tokenLoader, "--version"], /^(botocore \S+)/),
    "the AWS CLI's reading of our token files, since this machine has no python3 with awscli or botocore on its PATH"
  )

/** Whether a version is equal to the other or newer. */
export const atLeast = (version: string, other: string): boolean =>
  version.localeCompare(other, "en", { numeric: true }) >= 0
