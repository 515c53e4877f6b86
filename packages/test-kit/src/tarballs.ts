/**
 * The public packages for other projects, as long as no registry has them: tarballs that name each other by file.
 */
import * as Effect from "effect/Effect"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { command, pack } from "./packed.ts"

/** What may hold a package manager to install another package. */
const members = ["dependencies", "optionalDependencies", "peerDependencies"]

/** A manifest that names the packages which have a tarball by that file, in the folder of its own tarball. */
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

/** A folder that is gone when the work with it ends. */
const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sso-oidc-tarballs-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/**
 * Writes the tarballs into a folder, made of those that a release would publish, and gives their paths.
 *
 * npm finds a `file:` of a tarball's manifest beside that tarball.
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

/** Builds, packs, and writes the tarballs into a folder, in place of those that were there. */
export const write = (into: string): Effect.Effect<ReadonlyMap<string, string>, Error> =>
  Effect.scoped(Effect.gen(function*() {
    const released = yield* Effect.flatMap(temporary, pack)
    for (const old of globSync("sso-oidc-*.tgz", { cwd: into })) rmSync(join(into, old))
    return yield* nameByFile(released, into)
  }))
