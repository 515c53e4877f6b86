/**
 * Folders for thousands of small files, such as what npm installs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const memory = "/dev/shm"

/** The files of a test may take this many bytes, and others need room too. */
const room = 4 * 1024 ** 3

/**
 * Whether this machine has a file system in memory, where this process may write, programs may run, and there is room. A small file takes a
 * tenth of the time there that it takes on a disk.
 */
const isThere = (): boolean => {
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    const [, options = "noexec"] = /^\S+ \/dev\/shm tmpfs (\S+)/m.exec(readFileSync("/proc/self/mounts", "utf8")) ?? []
    return bavail * bsize >= room && !options.split(",").includes("noexec")
  } catch {
    return false
  }
}

/** A new folder in memory, or in the machine's temporary folder. It is removed when the scope closes. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(isThere() ? memory : tmpdir(), "sso-oidc-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
