/**
 * The public packages as users get them: built, packed, and installed. The packages that they need come from the store of
 * the workspace's own installation.
 */
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { alone } from "./alone.ts"
import { run } from "./child.ts"

export const root = join(import.meta.dirname, "../../..")

/** The members of a manifest that this project reads. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>
  readonly files?: ReadonlyArray<string>
  readonly exports: Readonly<Record<string, string>>
  readonly publishConfig: {
    readonly exports: Readonly<Record<string, string>>
    readonly bin?: Readonly<Record<string, string>>
  }
  readonly bin?: Readonly<Record<string, string>>
}

export const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** The manifest of a package of the workspace. */
export const manifestOf = (folder: string): Manifest => readManifest(join(root, "packages", folder))

const released: ReadonlyArray<string> = globSync("packages/*/package.json", { cwd: root })
  .map((file) => file.split(/[\\/]/)[1] ?? "")
  .filter((folder) => manifestOf(folder).private !== true)
  .sort()

/** Whether a package has modules that programs import. */
const hasModules = (folder: string): boolean => Object.keys(manifestOf(folder).exports).length > 1

/** The folders of the public packages with modules, below `packages`. */
export const published: ReadonlyArray<string> = released.filter(hasModules)

/** The folders of the public packages that are a command alone: one file, which has everything in it. */
export const commands: ReadonlyArray<string> = released.filter((folder) => !hasModules(folder))

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

/** Runs a program to its end, with a text on stdin, and gives its output. It fails if the program fails. */
export const command = (
  name: string,
  args: ReadonlyArray<string>,
  cwd: string,
  input = ""
): Effect.Effect<string, Error> =>
  Effect.scoped(Effect.gen(function*() {
    const { code, stderr, stdout } = yield* Effect.flatMap(run(name, { args, cwd, input }), ({ ended }) => ended)
    if (code !== 0) return yield* Effect.fail(new Error(`${name} ${args.join(" ")} failed:\n${stdout}${stderr}`))
    return stdout
  }))

const version = "12.21.0"

// Another version of pnpm may use another store
const launcher = Effect.runSync(Effect.cached(Effect.sync((): ReadonlyArray<string> => {
  // pnpm names itself to the scripts that it runs, and npx takes a second to find it again
  const { npm_config_user_agent: agent = "", npm_execpath: own = "" } = process.env
  if (agent.startsWith(`pnpm/${version} `) && existsSync(own)) {
    return /\.[cm]?js$/.test(own) ? [process.execPath, own] : [own]
  }
  const { stdout } = spawnSync("pnpm", ["--version"], { cwd: root, encoding: "utf8" })
  return stdout?.trim() === version ? ["pnpm"] : ["npx", "--yes", `pnpm@${version}`]
})))

/** Runs the workspace's own pnpm. */
export const pnpm = (args: ReadonlyArray<string>, cwd: string): Effect.Effect<string, Error> =>
  Effect.flatMap(launcher, ([name = "pnpm", ...first]) => command(name, [...first, ...args], cwd))

// -----------------------------------------------------------------------------
// pack
// -----------------------------------------------------------------------------

/**
 * Builds the public packages and packs them into a folder, as a release does. It gives the tarball of each package. Only one
 * process does it at a time.
 */
export const pack = (into: string): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  // Two simultaneous builds into `dist` would pack incomplete files of each other
  alone(lock, packNow(into))

const lock = join(root, "node_modules/.cache/packing")

/** What `pnpm build` does to the packages that are packed. The others, and the types of all tests, take twice as long. */
const build: Effect.Effect<void, Error> = Effect.gen(function*() {
  const folders = published.map((folder) => `packages/${folder}`)
  yield* command(process.execPath, ["node_modules/typescript/bin/tsc", "-b", ...folders], root)
  yield* command(process.execPath, [".ci/annotate.mjs"], root)
})

const packNow = (into: string): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  Effect.gen(function*() {
    yield* build
    const filters = published.flatMap((folder) => ["--filter", `./packages/${folder}`])
    yield* pnpm(["-r", ...filters, "pack", "--pack-destination", into], root)
    return tarballsIn(into)
  })

const tarballsIn = (folder: string): ReadonlyMap<string, string> =>
  new Map(published.map((of) => {
    const { name, version } = manifestOf(of)
    return [name, join(folder, `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`)]
  }))

/** The files that decide what a tarball holds: the sources, the build, and the versions of the tools. */
const ingredients = [
  ...published.flatMap((folder) => [`packages/${folder}/*`, `packages/${folder}/src/**`]),
  "packages/tsconfig.json",
  "*",
  ".ci/*"
]

/** A hash of those files. */
const digest = (): string => {
  const files = [...new Set(globSync(ingredients, { cwd: root }))].filter((file) => statSync(join(root, file)).isFile())
  const hash = createHash("sha256")
  for (const file of files.sort()) {
    const content = readFileSync(join(root, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest("hex")
}

/** Gives a test the same tarballs as `pack`. It packs them only if there are none, or one of their files has changed since. */
export const packOnce = (into: string): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  alone(
    lock,
    Effect.gen(function*() {
      const all = join(root, "node_modules/.cache/packed")
      const kept = join(all, digest())
      if (!existsSync(kept)) {
        rmSync(all, { recursive: true, force: true })
        yield* packNow(`${kept}-packing`)
        renameSync(`${kept}-packing`, kept)
      }
      cpSync(kept, into, { recursive: true })
      return tarballsIn(into)
    })
  )

// -----------------------------------------------------------------------------
// install
// -----------------------------------------------------------------------------

/** The lines below a line of YAML that ends with a colon, with their indentation. */
export const below = (yaml: string, line: string): string => {
  const all = yaml.split("\n")
  const at = all.indexOf(line)
  if (at === -1) return ""
  const indent = /^ */.exec(line)?.[0].length ?? 0
  const end = all.findIndex((text, other) => other > at && text !== "" && !text.startsWith(" ".repeat(indent + 1)))
  return all.slice(at + 1, end === -1 ? undefined : end).join("\n").trimEnd()
}

/**
 * Makes the lockfile of a folder with only the tarballs and Effect from the workspace's lockfile.
 *
 * With it, pnpm needs no metadata of a registry. Without it, pnpm would choose the newest version that any installation on
 * this machine has seen, and the store may not have that version.
 */
const lockfile = (
  workspace: string,
  effect: string,
  tarballs: ReadonlyMap<string, string>,
  direct: ReadonlyArray<string>
): string => {
  const at = (name: string) => `file:${basename(tarballs.get(name) ?? "")}`
  const installed = (name: string) => `${at(name)}(effect@${effect})`
  const each = (write: (name: string) => string) => [...tarballs.keys()].map(write).join("\n")
  const integrity = (name: string) =>
    `sha512-${createHash("sha512").update(readFileSync(tarballs.get(name) ?? "")).digest("base64")}`
  const dependencies = (name: string) => {
    const importer = below(below(workspace, "importers:"), `  packages/${name.replace(/.*\//, "")}:`)
    const listedUnder = (line: string) =>
      [...below(importer, line).matchAll(/ {6}(\S+):\n.*\n {8}version: (\S+)/g)]
        .map(([, key = "", version = ""]) => [key.replaceAll("'", ""), version] as const)
    // a program that uses every module has the optional peers too
    const peers = readManifest(join(root, "packages", name.replace(/.*\//, ""))).peerDependenciesMeta ?? {}
    const listed = [
      ...listedUnder("    dependencies:"),
      ...listedUnder("    devDependencies:").filter(([key]) => Object.hasOwn(peers, key))
    ]
    return listed.filter(([key]) => key !== "effect")
      .map(([key, version]) => `      '${key}': ${tarballs.has(key) ? installed(key) : version}`)
      .concat(`      effect: ${effect}`)
      .join("\n")
  }
  return [
    /^lockfileVersion: .*/m.exec(workspace)?.[0] ?? "",
    `settings:\n${below(workspace, "settings:")}`,
    `overrides:\n${each((name) => `  '${name}': ${at(name)}`)}`,
    "importers:\n  .:\n    dependencies:",
    direct.map((name) => `      '${name}':\n        specifier: ${at(name)}\n        version: ${installed(name)}`).join(
      "\n"
    ),
    `      effect:\n        specifier: ${effect}\n        version: ${effect}`,
    "packages:",
    each((name) => `  '${name}@${at(name)}':\n    resolution: {integrity: ${integrity(name)}, tarball: ${at(name)}}`),
    below(workspace, "packages:"),
    "snapshots:",
    each((name) => `  '${name}@${installed(name)}':\n    dependencies:\n${dependencies(name)}`),
    below(workspace, "snapshots:")
  ].join("\n\n")
}

/**
 * Packs the public packages, and installs them with Effect into an empty folder, without a network. By default the program
 * there depends on all of them. With `names` it depends on these, which install the packages that they need.
 */
export const install = (folder: string, names?: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  Effect.gen(function*() {
    const tarballs = yield* packOnce(folder)
    const direct = names ?? [...tarballs.keys()]
    const overrides = [...tarballs].map(([name, path]) => [name, `file:${basename(path)}`] as const)
    const { version: effect } = readManifest(join(root, "node_modules/effect"))
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    const dependencies = { ...Object.fromEntries(overrides.filter(([name]) => direct.includes(name))), effect }
    write("package.json", JSON.stringify({ name: "program", private: true, type: "module", dependencies }, null, 2))
    // pnpm checked the ages of the versions when the workspace was installed, and another check would need the registry
    const settings = overrides.map(([name, at]) => `  "${name}": "${at}"\n`).join("")
    write("pnpm-workspace.yaml", `minimumReleaseAge: 0\noverrides:\n${settings}`)
    write("pnpm-lock.yaml", lockfile(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"), effect, tarballs, direct))
    const store = (yield* pnpm(["store", "path"], root)).trim()
    yield* pnpm(["install", "--offline", "--frozen-lockfile", "--ignore-scripts", "--store-dir", store], folder)
  })
