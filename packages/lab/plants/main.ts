/**
 * `pnpm plants`: plants a fault into a copy of the workspace, and shows which tests of durable logins find it.
 *
 *     pnpm plants [NAME...]
 *
 * Each `.patch` in this folder is one fault. Its first lines say which law it breaks. The copy shares the installed packages with the
 * workspace. The exit code is 1 if the tests fail without a fault, or if no test of the broken law fails with it.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, sep } from "node:path"
import * as Plants from "./plants.ts"

const usage = "pnpm plants [NAME...]"

const names = process.argv.slice(2)
const plants = Plants.all()
const unknown = names.filter((name) => plants.every((plant) => plant.name !== name))
if (unknown.length > 0) {
  process.stderr.write(
    `There is no plant ${unknown.join(", ")}. There are: ${plants.map(({ name }) => name).join(", ")}.\n${usage}\n`
  )
  process.exit(2)
}

const left = new Set(["dist", ".git"])

/** A copy of the sources, which uses the installed packages of the workspace. */
const copy = (to: string): void => {
  for (
    const name of ["packages", ".ci", "package.json", "pnpm-workspace.yaml", "tsconfig.base.json", "vitest.config.ts"]
  ) {
    cpSync(join(root, name), join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !left.has(path.slice(path.lastIndexOf(sep) + 1))
    })
  }
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"))
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly message: string
    readonly assertionResults: ReadonlyArray<
      { readonly status: string; readonly title: string; readonly fullName: string }
    >
  }>
}

// `Step.crowd.test.ts` takes as long as all the others, and finds nothing more.
const files = readdirSync(join(root, "packages/durable/test"))
  .filter((name) => /^(?:Logins|Step|LoginStore)\b.*\.test\.ts$/.test(name) && name !== "Step.crowd.test.ts")
  .map((name) => `packages/durable/test/${name}`)

/** The titles of the tests that fail in a copy. */
const failing = (folder: string): ReadonlyArray<string> => {
  const output = join(folder, "report.json")
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--project",
      "laws",
      "--typecheck.enabled=false",
      "--testTimeout=30000",
      "--reporter=json",
      `--outputFile=${output}`,
      ...files
    ],
    { cwd: folder, encoding: "utf8", env: { ...process.env, CI: undefined } }
  )
  try {
    const report: Report = JSON.parse(readFileSync(output, "utf8"))
    const titles = report.testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName)
    )
    if (titles.length > 0 || status === 0) return titles
  } catch {
    // no report: the run itself failed
  }
  throw new Error(`The tests did not run:\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
}

const lawsOf = (title: string): ReadonlyArray<string> =>
  (/\(((?:[A-Z]\d+(?:, )?)+)\)$/.exec(title)?.[1] ?? "").split(", ").filter((law) => law !== "")

const folder = mkdtempSync(join(tmpdir(), "plants-"))
let missed = 0
try {
  copy(folder)
  const before = failing(folder)
  if (before.length > 0) {
    console.log(`Without any fault, ${before.length} tests fail. Mend them first:\n  ${before.join("\n  ")}`)
    process.exitCode = 1
  } else {
    for (const plant of plants.filter(({ name }) => names.length === 0 || names.includes(name))) {
      const apply = (...more: ReadonlyArray<string>) => {
        const { status, stderr } = spawnSync("git", ["apply", ...more, plant.file], { cwd: folder, encoding: "utf8" })
        if (status !== 0) throw new Error(`${plant.name} does not fit the sources. Make its patch anew.\n${stderr}`)
      }
      apply()
      const found = failing(folder)
      apply("--reverse")
      const right = found.filter((title) => lawsOf(title).includes(plant.law))
      if (right.length === 0) missed++
      console.log(
        `${
          right.length > 0 ? "found " : "MISSED"
        }  ${plant.name}: ${plant.bug}\n        ${plant.law}: ${right.length} tests, of all ${found.length} that fail`
      )
      for (const title of right.slice(0, 3)) console.log(`          ${title}`)
    }
    console.log(`\n${missed === 0 ? "Each fault is found." : `${missed} faults are not found.`}`)
    if (missed > 0) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
