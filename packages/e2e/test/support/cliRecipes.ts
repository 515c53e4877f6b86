/**
 * The recipes of docs/cli.md, and a folder with the command and the programs that they start.
 */
import { folder } from "@sso-oidc/test-kit/child"
import { root } from "@sso-oidc/test-kit/packed"
import * as Program from "@sso-oidc/test-kit/program"
import * as Effect from "effect/Effect"
import { readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"

const docs = readFileSync(join(root, "docs/cli.md"), "utf8")

/** The blocks of a language below a heading of the third level, in their order. */
export const blocks = (heading: string, language: "ini" | "sh"): ReadonlyArray<string> => {
  const [, below = ""] = docs.split(`\n### ${heading}\n`)
  const found = [...(below.split("\n#")[0] ?? "").matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))]
    .map(([, code]) => code ?? "")
  if (found.length === 0) throw new Error(`docs/cli.md has no ${language} block below "${heading}"`)
  return found
}

/** The only block that contains the words. */
export const block = (heading: string, language: "ini" | "sh", words = ""): string => {
  const [only, ...others] = blocks(heading, language).filter((code) => code.includes(words))
  if (only === undefined || others.length > 0) throw new Error(`docs/cli.md: ${heading}: ${words}`)
  return only
}

/** Prints the variables of AWS that it got, and its arguments. */
const terraform = `#!/bin/sh
echo "terraform $*"
env | grep '^AWS_' | grep -v '^AWS_ENDPOINT_URL' | sort
`

/** Prints the variables that the container gets: those that are passed on by their names, and those of a file. */
const docker = `#!/bin/bash
echo "docker \${*: -3}"
while [ $# -gt 0 ]; do
  case $1 in
    -e) printf '%s=%s\\n' "$2" "\${!2}"; shift ;;
    --env-file) cat "$2"; shift ;;
  esac
  shift
done | sort
`

/** A folder with the command, and with stand-ins for the other programs. It gives the command's file, and a PATH that begins with the folder. */
export const programs = Effect.fnUntraced(function*(more: Readonly<Record<string, string>> = {}) {
  const path = yield* folder
  // not a copy: Node keeps the compiled code of a file by its name
  const command = Program.bundled(join(root, "packages/cli/src/bin.ts"))
  const ours = `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`
  for (const [name, text] of Object.entries({ "sso-oidc": ours, terraform, docker, ...more })) {
    writeFileSync(join(path, name), text, { mode: 0o755 })
  }
  return { command, PATH: `${path}${delimiter}${process.env["PATH"]}` }
})
