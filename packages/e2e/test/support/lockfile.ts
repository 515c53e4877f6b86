/**
 * What pnpm-lock.yaml pins, and the part of it that is installed here.
 */
import { below, root } from "@sso-oidc/test-kit/packed"
import { existsSync, globSync, lstatSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** A package of the lockfile. */
export interface Locked {
  readonly name: string
  readonly version: string
  /** The text behind `resolution:`. */
  readonly resolution: string
  /** The platforms of the package. Without a list it is for all platforms. */
  readonly os?: ReadonlyArray<string>
  readonly cpu?: ReadonlyArray<string>
  readonly libc?: ReadonlyArray<string>
  /** Whether an install may continue without it, because it is for another platform. */
  readonly optional: boolean
}

const listOf = (entry: string, member: string): object => {
  const list = new RegExp(`^ {4}${member}: \\[(.*)\\]$`, "m").exec(entry)?.[1]
  return list === undefined ? {} : { [member]: list.split(", ").map((text) => text.replaceAll("'", "")) }
}

// without the peers in parentheses behind a version
const entriesOf = (lockfile: string, section: string): ReadonlyArray<readonly [key: string, entry: string]> =>
  below(lockfile, section).split(/\n(?= {2}\S)/).flatMap((entry) => {
    const key = /^\s*'?([^'\n(]+)[^'\n]*'?:/.exec(entry)?.[1]
    return key === undefined ? [] : [[key, entry]]
  })

/** The packages that a lockfile pins. */
export const lockedIn = (lockfile: string): ReadonlyArray<Locked> => {
  const needed = new Set(
    entriesOf(lockfile, "snapshots:").filter(([, entry]) => !/^ {4}optional: true$/m.test(entry)).map(([key]) => key)
  )
  return entriesOf(lockfile, "packages:").map(([key, entry]) => {
    const at = key.indexOf("@", 1)
    const resolution = /^ {4}resolution: (.*)$/m.exec(entry)?.[1] ?? ""
    const platforms = { ...listOf(entry, "os"), ...listOf(entry, "cpu"), ...listOf(entry, "libc") }
    return { name: key.slice(0, at), version: key.slice(at + 1), resolution, ...platforms, optional: !needed.has(key) }
  })
}

/** The workspace's lockfile. */
export const lockfile = (): string => readFileSync(join(root, "pnpm-lock.yaml"), "utf8")

/** A manifest of a dependency, with the members that these tests read. */
export interface Installed {
  readonly name: string
  readonly version: string
  readonly scripts?: Readonly<Record<string, string>>
}

/** A package of the lockfile, and the folder where the workspace's install put it. */
export interface Placed extends Locked {
  readonly folder: string
  readonly manifest: Installed
}

/** The packages of the workspace's lockfile that are installed here, without those of other platforms. */
export const installed = (): ReadonlyArray<Placed> => {
  const folders = new Map(
    globSync(["*/node_modules/*/package.json", "*/node_modules/@*/*/package.json"], {
      cwd: join(root, "node_modules/.pnpm")
    }).flatMap((file) => {
      const folder = join(root, "node_modules/.pnpm", dirname(file))
      // the links beside a package lead to its dependencies, which have their own folders
      if (lstatSync(folder).isSymbolicLink()) return []
      const manifest: Installed = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
      return [[`${manifest.name}@${manifest.version}`, { folder, manifest }] as const]
    })
  )
  // pnpm keeps folders of packages that the lockfile no longer has
  return lockedIn(lockfile()).flatMap((locked) => {
    const place = folders.get(`${locked.name}@${locked.version}`)
    return place === undefined ? [] : [{ ...locked, ...place }]
  })
}

/** What a package manager runs when it installs a package: its scripts, and `node-gyp` if it has a `binding.gyp`. */
export const installScripts = ({ folder, manifest }: Placed): ReadonlyArray<string> => [
  ...["preinstall", "install", "postinstall"].flatMap((name) => manifest.scripts?.[name] ?? []),
  ...(existsSync(join(folder, "binding.gyp")) ? ["node-gyp rebuild"] : [])
]
