/**
 * A store in the folder of the AWS CLI's cache. `cacheNames.ts` lists its files.
 */
import { type StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { AwsConfigError } from "../../AwsConfigError.ts"
import * as Lock from "../../Lock.ts"
import type { Hold, Mark, Service, State, Waiting } from "../../TokenStore.ts"
import * as Files from "../files.ts"
import * as Entries from "./cacheEntries.ts"
import type { Place } from "./cacheEntries.ts"
import * as Names from "./cacheNames.ts"
import * as Waits from "./waiting.ts"

/** The name of the store, for errors. */
const store = "AWS cache"

const redacted = (text: string): Redacted.Redacted<string> => Redacted.make(text, { label: "stored token" })

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/** Only words of ours: a text of the system has the path in it. */
const details: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk is full",
  EROFS: "the file system is read-only",
  EACCES: "this user may not do that in the cache folder",
  EPERM: "this user may not do that in the cache folder",
  EISDIR: "a folder is where a file should be",
  ERR_FS_EISDIR: "a folder is where a file should be",
  ENOTDIR: "a file is where the cache folder should be",
  ELOOP: "the file is a link that leads in a circle",
  BadResource: "a pipe or a device is where the file should be"
}

type Operation = StoreError["operation"]

const failed = (key: string | undefined, operation: Operation) => (error: PlatformError): StoreError => {
  const code = Wire.nameIn(error.reason.cause, "code") ?? error.reason._tag
  const detail = details[code] ?? "the system reported an error"
  return new StoreError({
    store,
    ...(key === undefined ? {} : { key }),
    operation,
    reason: "unavailable",
    detail,
    code: Wire.printable(code)
  })
}

const fenced = (key: string, operation: Operation) =>
  new StoreError({ store, key, operation, reason: "fenced", detail: "the lock's file was removed or replaced" })

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

const codeOf = (error: PlatformError): string | undefined => Wire.nameIn(error.reason.cause, "code")

// -----------------------------------------------------------------------------
// store
// -----------------------------------------------------------------------------

export const make = Effect.fnUntraced(function*(
  directory: string | undefined
): Effect.fn.Return<Service, AwsConfigError, Lock.Lock | FileSystem.FileSystem | Path.Path> {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const locks = yield* Lock.Lock

  const folder = directory === undefined || directory === ""
    ? paths.join(yield* Files.homeFor("the option directory"), ".aws", "sso", "cache")
    : directory
  // A later change of the current folder changes nothing.
  const root = paths.resolve(folder)

  const run = <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, Exclude<R, FileSystem.FileSystem | Path.Path>> => Effect.provideContext(effect, services)

  const placeOf = (key: string, operation: Operation): Effect.Effect<Place, StoreError> =>
    Effect.gen(function*() {
      const hash = yield* CacheFile.hash(key)
      return yield* placeAt(hash, paths.join(root, `${hash}.json`), operation)
    })

  const placeAt = (hash: string, path: string, operation: Operation): Effect.Effect<Place, StoreError> =>
    run(CacheFile.targetOf(path)).pipe(
      Effect.mapBoth({ onSuccess: (target) => ({ hash, target }), onFailure: failed(hash, operation) })
    )

  const readAt = ({ hash, target }: Place): Effect.Effect<Redacted.Redacted<string> | undefined, StoreError> =>
    run(CacheFile.readText(target, Names.isWhole)).pipe(
      Effect.mapBoth({
        onSuccess: (text) => text === undefined ? undefined : redacted(text),
        onFailure: failed(hash, "read")
      })
    )

  // Some file systems do not tell the type in the list.
  const isPlain = (path: string, type: FileSystem.File.Type): Effect.Effect<boolean> =>
    type === "Unknown"
      ? files.lstat(path).pipe(Effect.map((found) => found.type === "File"), Effect.orElseSucceed(() => false))
      : Effect.succeed(type === "File")

  /** The files of ours beside the target. What is no plain file, such as a link, is not ours. */
  const neighboursOf = (target: string): Effect.Effect<ReadonlyArray<Names.Neighbour>, PlatformError> =>
    Effect.gen(function*() {
      const prefix = `${paths.basename(target)}.`
      const entries = yield* Effect.catchIf(
        files.readDirectoryEntries(paths.dirname(target)),
        isNotFound,
        () => Effect.succeed([])
      )
      const found: Array<Names.Neighbour> = []
      for (const { name, type } of entries) {
        if (!name.startsWith(prefix)) continue
        const neighbour = Names.neighbourOf(target, name.slice(prefix.length))
        if (neighbour !== undefined && (yield* isPlain(paths.join(paths.dirname(target), name), type))) {
          found.push(neighbour)
        }
      }
      return found
    })

  const marksOf = (target: string): Effect.Effect<ReadonlyArray<Names.Found>, PlatformError> =>
    Effect.map(neighboursOf(target), (all) => all.flatMap((one) => one._tag === "mark" ? [one.found] : []))

  // A room that has gone meanwhile, or cannot be read, has no response.
  const responseAt = (path: string): Effect.Effect<string | undefined> =>
    run(CacheFile.readBytes(path, Names.largestRoom)).pipe(
      Effect.map((bytes) => bytes === undefined ? undefined : Names.responseIn(bytes)),
      Effect.orElseSucceed(() => undefined)
    )

  const drop = (path: string): Effect.Effect<void, PlatformError> =>
    Effect.catchIf(files.remove(path), isNotFound, () => Effect.void)

  let hasWarned = false
  const warn = ({ message }: Lock.LockUnavailable): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (hasWarned) return Effect.void
      hasWarned = true
      return Effect.logWarning(
        `${message} The ${store} store goes on without a lock: two processes may refresh one session at the same time.`
      )
    })

  /** The lock of a place. If the folder is missing, it is made, also if it was removed during a wait. */
  const lockOf = ({ target }: Place): Effect.Effect<Lock.PathLock, Lock.LockUnavailable, Scope.Scope> => {
    const inFolder = <A, R>(effect: Effect.Effect<A, Lock.LockUnavailable, R>) =>
      Effect.catchIf(effect, ({ code }) => code === "ENOENT", () =>
        // If it cannot be made, the lock says so again, and the room says why, before anything is sent.
        Effect.andThen(
          Effect.ignore(Effect.provideContext(CacheFile.makeFolder(paths.dirname(target)), services)),
          effect
        ))
    return Effect.map(inFolder(locks.open(`${target}.lock`)), ({ attempt, isHeld }) => ({
      attempt: inFolder(attempt),
      isHeld
    }))
  }

  /** What the holder can do. `lock` is `undefined` if there is none. */
  const holdOf = ({ hash, target }: Place, lock: Lock.PathLock | undefined, scope: Scope.Scope): Hold => {
    let room: { readonly of: string; readonly room: CacheFile.Room } | undefined
    const isExclusive = lock !== undefined

    const make = (bytes: number, suffix: string) => Scope.provide(run(CacheFile.prepare(target, bytes, suffix)), scope)

    /** Whether it may be removed: without the lock, another room may be that of a process which is alive. */
    const isOurs = (neighbour: Names.Neighbour): boolean =>
      neighbour._tag === "writing"
        ? neighbour.isHeld && isExclusive
        : isExclusive || neighbour.found.state !== "sent" || neighbour.found.path === room?.room.path

    const clean = (which: (neighbour: Names.Neighbour) => boolean): Effect.Effect<void, PlatformError> =>
      Effect.flatMap(
        neighboursOf(target),
        (all) =>
          Effect.forEach(
            all.filter(which),
            (neighbour) => drop(neighbour._tag === "mark" ? neighbour.found.path : neighbour.path),
            { discard: true }
          )
      )

    const guarded = (
      operation: Operation,
      effect: Effect.Effect<void, PlatformError>
    ): Effect.Effect<void, StoreError> =>
      Effect.suspend(() =>
        scope.state._tag === "Closed"
          ? Effect.fail(fenced(hash, operation))
          : Effect.mapError(effect, failed(hash, operation))
      )

    const prepare = (of: string, bytes: number) =>
      guarded(
        "prepare",
        Effect.gen(function*() {
          const earlier = room?.room
          const made = yield* make(bytes, `.${of}.${crypto.randomUUID()}.sent`)
          room = { of, room: made }
          yield* run(CacheFile.syncFolder(target))
          if (earlier !== undefined) yield* earlier.discard
          yield* Effect.ignore(
            clean((one) => one._tag === "mark" && one.found.of === of && one.found.state !== "sent")
          )
        }).pipe(Effect.uninterruptible)
      )

    const write = (text: string) =>
      Effect.gen(function*() {
        const size = new TextEncoder().encode(text).length
        const made = yield* make(size, `.${crypto.randomUUID()}.${isExclusive ? "held" : "tmp"}`)
        yield* Effect.onError(made.commit(text), () => made.discard)
      })

    const record = (of: string, state: State) =>
      Effect.gen(function*() {
        const suffix = state === "sent" ? Names.settledRoom(of) : `.${of}.${state}`
        const path = `${target}${suffix}`
        const known = state === "sent" && room?.of !== of &&
          (yield* marksOf(target)).some((one) => one.of === of && one.state === "sent")
        if (!known) {
          const renamed = room?.of === of
            ? yield* files.rename(room.room.path, path).pipe(
              Effect.as(true),
              Effect.catchIf(isNotFound, () => Effect.succeed(false))
            )
            : false
          if (!renamed) {
            yield* Effect.catchIf(
              make(0, suffix),
              (error) => error.reason._tag === "AlreadyExists",
              () => Effect.void
            )
          }
        }
      })

    const settle = (of: string, state: State | undefined) =>
      guarded(
        "commit",
        Effect.gen(function*() {
          if (state !== undefined) yield* record(of, state)
          yield* clean((one) => one._tag === "mark" && one.found.of === of && one.found.state !== state && isOurs(one))
          if (room?.of === of) room = undefined
          yield* run(CacheFile.syncFolder(target))
        })
      )

    const removeTarget = Effect.catchIf(
      drop(target),
      // A file that is mounted cannot be removed. In a folder that may not be changed, Node reports a later try: to remove it as a folder.
      (error) => codeOf(error) === "EBUSY" || codeOf(error) === "EPERM" || codeOf(error) === "ENOTDIR",
      (error) => Effect.mapError(files.truncate(target, 0), (other) => codeOf(error) === "ENOTDIR" ? other : error)
    )

    return {
      isExclusive,
      prepare: (of, bytes) =>
        Names.hexadecimal.test(of)
          ? lock === undefined
            ? prepare(of, bytes)
            : Effect.flatMap(
              lock.isHeld,
              (isHeld) => isHeld ? prepare(of, bytes) : Effect.fail(fenced(hash, "prepare"))
            )
          : Effect.die(
            new TypeError("prepare: the hash of the refresh token must have 1 to 128 hexadecimal digits")
          ),
      commit: (text) =>
        guarded(
          "commit",
          Effect.gen(function*() {
            const value = Redacted.value(text)
            yield* room === undefined ? write(value) : room.room.commit(value)
            // The text is stored. What is left of others hurts nothing, and the next holder tries again.
            yield* Effect.ignore(clean(isOurs))
            room = undefined
          }).pipe(Effect.uninterruptible)
        ),
      settle: (of, state) =>
        Names.hexadecimal.test(of)
          ? Effect.uninterruptible(settle(of, state))
          : Effect.die(
            new TypeError("settle: the hash of the refresh token must have 1 to 128 hexadecimal digits")
          ),
      remove: guarded(
        "remove",
        Effect.gen(function*() {
          yield* removeTarget
          yield* clean(() => true)
          room = undefined
        }).pipe(Effect.uninterruptible)
      )
    }
  }

  const exclusivelyAt = <A, E, R>(
    place: Place,
    use: (hold: Hold) => Effect.Effect<A, E, R>,
    waiting: Waiting<A, E, R>
  ): Effect.Effect<A, E | StoreError | StoreBusy, R> =>
    Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.gen(function*() {
          const opened = yield* Effect.result(Scope.provide(lockOf(place), scope))
          let lock = Result.isSuccess(opened) ? opened.success : undefined
          const without = (error: Lock.LockUnavailable): Effect.Effect<boolean> => {
            lock = undefined
            return Effect.as(warn(error), true)
          }
          const attempt = Result.isSuccess(opened)
            ? Effect.catchTag(opened.success.attempt, "LockUnavailable", without)
            : without(opened.failure)
          return yield* Waits.withLock(
            { attempt, release: Effect.void },
            Effect.suspend(() => use(holdOf(place, lock, scope))),
            waiting,
            { store, key: Effect.succeed(place.hash) }
          )
        }),
      (scope, exit) => Scope.close(scope, Exit.asVoid(exit))
    )

  /**
   * For the text of an entry. If no lock's file is there, none is made, because no session of ours has changed that file yet. A session
   * that begins to refresh now finds the place empty before it stores, and then stores nothing.
   */
  const forEntry = <A, E>(
    place: Place,
    use: (hold: Hold) => Effect.Effect<A, E>,
    waiting: { readonly wait: Duration.Duration }
  ): Effect.Effect<A, E | StoreError | StoreBusy> =>
    Effect.flatMap(
      Effect.orElseSucceed(files.exists(`${place.target}.lock`), () => false),
      (isThere) =>
        isThere
          ? exclusivelyAt(place, use, waiting)
          : Effect.scoped(Effect.flatMap(Effect.scope, (scope) => use(holdOf(place, undefined, scope))))
    )

  return {
    name: store,
    lock: locks.name,
    read: (key) => Effect.flatMap(placeOf(key, "read"), readAt),
    marks: Effect.fnUntraced(function*(key) {
      const { hash, target } = yield* placeOf(key, "read")
      const found = yield* Effect.mapError(marksOf(target), failed(hash, "read"))
      const marks = new Map<string, Mark>()
      let rooms = 0
      for (const { of, path, state } of found) {
        const response = state === "sent" && rooms++ < Names.mostRooms ? yield* responseAt(path) : undefined
        const mark: Mark = response === undefined ? { of, state } : { of, state, response: redacted(response) }
        const known = marks.get(of)
        if (known === undefined || Names.rank(mark) > Names.rank(known)) marks.set(of, mark)
      }
      return [...marks.values()]
    }),
    exclusively: (key, use, waiting) =>
      Effect.flatMap(placeOf(key, "lock"), (place) => exclusivelyAt(place, use, waiting)),
    warnings: Effect.fnUntraced(function*(key) {
      const { hash, target } = yield* placeOf(key, "read")
      const found = yield* Effect.catchIf(files.stat(target), isNotFound, () => Effect.undefined).pipe(
        Effect.mapError(failed(hash, "read"))
      )
      // Windows has no such modes, and its paths have backslashes.
      return found === undefined || paths.sep === "\\" ? [] : Names.modeWarnings(found.mode)
    }),
    entries: Entries.list({
      root,
      forEntry,
      placeAt,
      readAt,
      responseAt: (path) => Effect.map(responseAt(path), (text) => text === undefined ? undefined : redacted(text)),
      drop: (path, hash) => Effect.mapError(drop(path), failed(hash, "remove")),
      failed: failed(undefined, "read")
    }).pipe(run)
  }
})
