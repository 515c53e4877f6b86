/**
 * Lets only one process of this machine do some work at a time, because test files run in parallel.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return Predicate.hasProperty(error, "code") && error.code === "EPERM"
  }
}

/** Removes the lock of a process that was killed. */
const unlockAfterDead = (lock: string): void => {
  try {
    const pid = Number(readFileSync(lock, "utf8"))
    // A new file has no number for a moment
    if (pid > 0 && !isRunning(pid)) rmSync(lock, { force: true })
  } catch {
    // Another process has just removed it
  }
}

const acquire = (lock: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    try {
      mkdirSync(dirname(lock), { recursive: true })
      writeFileSync(lock, String(process.pid), { flag: "wx" })
      return Effect.void
    } catch (error) {
      if (!Predicate.hasProperty(error, "code") || error.code !== "EEXIST") return Effect.die(error)
      unlockAfterDead(lock)
      return Effect.andThen(Effect.sleep("100 millis"), acquire(lock))
    }
  })

/** Does the work while no other process works under this lock, which is a file. */
export const alone = <A, E, R>(lock: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(acquire(lock), () => work, () => Effect.sync(() => rmSync(lock, { force: true })))
