/**
 * Makes tarballs of the public packages for other projects. They refer to each other by file, because no registry has them.
 */
import * as Effect from "effect/Effect"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { command, pack } from "./packed.ts"

/** The members of a manifest that make a package manager install other packages. */
const members = ["dependencies", "optionalDependencies", "peerDependencies"]

/** Changes a manifest: each package with a tarball gets the file of that tarball, in the same folder, as its range. */
export const namingFiles = (manifest: string, tarballs: ReadonlyMap<string, string>): string => {
  const parsed: Readonly<Record<string, unknown>> = JSON.parse(manifest)
  const named = Object.entries(parsed).map(([member, value]) => {
    if (!members.includes(member) || typeof value !== "object" || value === null) return [member, value]
    const dependencies = Object.entries(value).map(([name, range]) => {
      const tarball = tarballs.get(name)
      return [name, tarball === undefined ? range : `file:${basename(tarball)}`]
    })
    return [member, Object.fromEntries(dependencies)]
  })
  return `${JSON.stringify(Object.fromEntries(named), null, 2)}\n`
}

/** A folder that is removed when the scope closes. */
const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sso-oidc-tarballs-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/**
 * Writes tarballs into a folder, made from the tarballs that a release would publish. It gives their paths.
 *
 * npm looks for a `file:` of a tarball's manifest in the folder of that tarball.
 */
export const nameByFile = (
  released: ReadonlyMap<string, string>,
  into: string
): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  Effect.scoped(Effect.gen(function*() {
    mkdirSync(into, { recursive: true })
    const work = yield* temporary
    const written = new Map<string, string>()
    for (const [name, tarball] of released) {
      const at = join(work, basename(tarball, ".tgz"))
      mkdirSync(at)
      yield* command("tar", ["-xzf", tarball, "-C", at], work)
      const manifest = join(at, "package/package.json")
      writeFileSync(manifest, namingFiles(readFileSync(manifest, "utf8"), released))
      const path = join(into, basename(tarball))
      yield* command("tar", ["-czf", path, "-C", at, "package"], work)
      written.set(name, path)
    }
    return written
  }))

/** Builds and packs the packages, and writes the tarballs into a folder. It removes older ones first. */
export const write = (into: string): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  Effect.scoped(Effect.gen(function*() {
    const released = yield* Effect.flatMap(temporary, pack)
    for (const old of globSync("sso-oidc-*.tgz", { cwd: into })) rmSync(join(into, old))
    return yield* nameByFile(released, into)
  }))
