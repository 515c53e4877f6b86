/**
 * The clients that no npm package brings: the AWS CLI, and botocore.
 */
import * as Tools from "@sso-oidc/test-kit/tools"
import { join } from "node:path"

const installBotocore = "Install botocore for python3, such as the package python3-botocore of Debian."
const installAws = "Install the AWS CLI 2, such as the package awscli of Debian."

let cli: Tools.Tool | undefined

/**
 * Version 2 of the AWS CLI. Version 1, which has no `aws sso login`, may be earlier on the path. Each of them takes a second to
 * tell its version, so the files of a worker ask once.
 */
export const awsCli = (): Tools.Tool =>
  cli ??= Tools.tool({
    name: "the AWS CLI",
    install: installAws,
    find: () => Tools.find("aws", ["--version"], /^aws-cli\/(2\.\d+\.\d+)/)
  })

/** A Python that has botocore, and botocore's version. */
export const botocore = (): Tools.Tool =>
  Tools.tool({
    name: "botocore",
    install: installBotocore,
    find: () => Tools.find("python3", ["-c", "import botocore; print(botocore.__version__)"], /^(\d+\.\d+\.\d+)/)
  })

/** The first Python whose script says that it uses the AWS CLI's own modules, else the first that uses botocore's. */
const python = (script: string): Tools.Found | undefined =>
  Tools.find("python3", [script, "--version"], /^(awscli\b.*\S)/) ??
    Tools.find("python3", [script, "--version"], /^(botocore\b.*\S)/)

/** A Python that has the AWS CLI's parser of config files, else botocore's, and the name of the module. */
export const configLoader = (): Tools.Tool =>
  Tools.tool({
    name: "the AWS CLI's parser of config files,",
    install: installAws,
    find: () => python(join(import.meta.dirname, "config_loader.py"))
  })

/** A module that loads tokens: that of the AWS CLI, or that of Python's packages. */
export type TokenModule = "awscli.botocore" | "botocore"

/** A Python that has the module, and the version of the module. */
export const pythonTokens = (module: TokenModule): Tools.Tool =>
  Tools.tool({
    name: "the loader of tokens of",
    install: module === "botocore" ? installBotocore : installAws,
    find: () =>
      Tools.find(
        "python3",
        [join(import.meta.dirname, "sso_tokens.py"), module, "--version"],
        /^((?:awscli|botocore) .*\S)/
      )
  })

/** Whether a version is equal to the other or newer. */
export const atLeast = (version: string, other: string): boolean =>
  version.localeCompare(other, "en", { numeric: true }) >= 0
