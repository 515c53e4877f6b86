/**
 * The file of a recording. Only one recorder at a time writes to it.
 *
 * A recorder takes `FILE.lock` before its first write, and gives it back at its end. It writes each version into a new file
 * beside `FILE`, and moves that file into place. So a killed process leaves the last whole recording. The new file's name
 * cannot be guessed and must not exist, so no link can lead the write elsewhere. The lock of a process that has ended is taken
 * over.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as PlatformError from "effect/PlatformError"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

export interface Problem {
  readonly problem: "unreadable" | "unwritable" | "inUse"
  readonly detail: string
}

export interface RecordingFile {
  readonly read: Effect.Effect<string, Problem>
  readonly write: (text: string) => Effect.Effect<void, Problem>
  /** Keeps other recorders out until the scope closes. */
  readonly lock: Effect.Effect<void, Problem, Scope.Scope>
}

// Otherwise two recorders of one process that take over the same lock at once would both lose it.
const oneAtATime = Semaphore.makeUnsafe(1)

export const make = (fs: FileSystem.FileSystem, path: string): RecordingFile => {
  const lockPath = `${path}.lock`
  const token = randomName()
  const mine = `${JSON.stringify({ heldBy: "a recorder of @sso-oidc/testing", ...self(), token })}\n`
  const temporary = (token: string) => `${path}.${token}.tmp`
  let held = false

  const failed = (problem: Problem["problem"]) =>
    Effect.mapError((error: PlatformError.PlatformError): Problem => ({ problem, detail: detailOf(error) }))
  const inUse = (holder: string): Problem => ({
    problem: "inUse",
    detail: `${holder} holds ${lockPath}. ` +
      `Give each recording its own file, or let its users share one layer. If no recorder is running, delete ${lockPath}`
  })
  const removed = (path: string) => Effect.ignore(fs.remove(path, { force: true }))
  const take = Effect.suspend(() => fs.writeFileString(lockPath, mine, { flag: "wx" }))
  const holder = Effect.option(Effect.suspend(() => fs.readFileString(lockPath)))

  /** The disk may become full after the lock is made and before it names its recorder. */
  const unfinished = Effect.flatMap(
    holder,
    (found) => found._tag === "Some" && mine.startsWith(found.value) ? removed(lockPath) : Effect.void
  )

  const acquire = (attempts: number): Effect.Effect<void, Problem> =>
    Effect.catch(take, (error) =>
      error.reason._tag !== "AlreadyExists"
        ? Effect.andThen(unfinished, failed("unwritable")(Effect.fail(error)))
        : Effect.flatMap(holder, (found) => {
          const text = found._tag === "Some" ? found.value : undefined
          const left = text === undefined ? undefined : holderOf(text)
          const isFree = text === undefined || (left !== undefined && isOver(left))
          if (attempts === 0 || !isFree) {
            return Effect.fail(
              inUse(
                left === undefined
                  ? "another recorder"
                  : isSelf(left)
                  ? "a recorder of this process"
                  : `the recorder of process ${left.pid}`
              )
            )
          }
          return Effect.andThen(text === undefined ? Effect.void : takeOver(text, left?.token), acquire(attempts - 1))
        }))

  /**
   * Moves the lock away before it removes it. If two recorders found the same old lock, the second must not remove the new one.
   */
  const takeOver = (text: string, left: string | undefined) => {
    const aside = `${lockPath}.${randomName()}`
    return Effect.ignore(Effect.gen(function*() {
      yield* fs.rename(lockPath, aside)
      if ((yield* fs.readFileString(aside)) !== text) return yield* fs.rename(aside, lockPath)
      yield* removed(aside)
      if (left !== undefined) yield* removed(temporary(left))
    }))
  }

  /** Returns whether the lock is still this recorder's. It may have been deleted, or taken over from another machine. */
  const kept = Effect.flatMap(holder, (found) =>
    found._tag === "None"
      ? acquire(0)
      : found.value === mine
      ? Effect.void
      : Effect.fail(inUse("another recorder")))

  return {
    read: failed("unreadable")(Effect.suspend(() => fs.readFileString(path))),
    write: (text) =>
      Effect.suspend(() => held ? kept : Effect.void).pipe(
        Effect.andThen(
          failed("unwritable")(
            Effect.andThen(
              fs.writeFileString(temporary(token), text, { flag: "wx" }),
              fs.rename(temporary(token), path)
            )
          )
        ),
        Effect.onExit((exit) => exit._tag === "Success" ? Effect.void : removed(temporary(token)))
      ),
    lock: Effect.acquireRelease(
      Effect.tap(oneAtATime.withPermit(acquire(3)), () =>
        Effect.sync(() => {
          held = true
        })),
      () =>
        Effect.flatMap(holder, (found) => {
          held = false
          return found._tag === "Some" && found.value === mine ? removed(lockPath) : Effect.void
        })
    )
  }
}

const detailOf = ({ message, reason }: PlatformError.PlatformError): string =>
  reason._tag === "NotFound"
    ? "there is no such file or folder. A relative path counts from the working directory"
    : message

const randomName = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

// -----------------------------------------------------------------------------
// processes
// -----------------------------------------------------------------------------

interface Holder {
  readonly pid: number
  /** When the process of the lock started, in seconds since 1970. In a container, different processes often have the same id. */
  readonly started: number
  readonly token: string
}

/** Node's process, or what another platform has in its place. */
const processOf = (): unknown => Reflect.get(globalThis, "process")

const call = (target: unknown, name: string, ...args: ReadonlyArray<unknown>): unknown => {
  const method: unknown = Predicate.hasProperty(target, name) ? target[name] : undefined
  return typeof method === "function" ? Reflect.apply(method, target, args) : undefined
}

/** This process, or `undefined` if the platform has none. */
const self = (): { readonly pid?: number; readonly started?: number } => {
  const process = processOf()
  const uptime = call(process, "uptime")
  return Predicate.hasProperty(process, "pid") && typeof process.pid === "number" && typeof uptime === "number"
    ? { pid: process.pid, started: Math.round(Date.now() / 1000 - uptime) }
    : {}
}

/** The content of a lock. A lock without content is never taken over. */
const holderOf = (text: string): Holder | undefined => {
  const { pid, started, token } = Wire.jsonObject(text) ?? {}
  return typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0 && typeof started === "number" &&
      typeof token === "string" && /^[0-9a-f]{32}$/.test(token)
    ? { pid, started, token }
    : undefined
}

const isSelf = ({ pid, started }: Holder): boolean => {
  const here = self()
  // the start time is rounded, and its clock may have been set
  return pid === here.pid && here.started !== undefined && Math.abs(started - here.started) < 5
}

/** Returns whether the holder's process has certainly ended. */
const isOver = (holder: Holder): boolean => {
  if (holder.pid === self().pid) return !isSelf(holder)
  try {
    call(processOf(), "kill", holder.pid, 0) // signal 0 only tests whether the process exists
    return false
  } catch (error) {
    return Wire.nameIn(error, "code") === "ESRCH"
  }
}
