/**
 * Changes AWS's config file: it keeps the earlier file beside it, and a reader sees the earlier text or the new one.
 *
 * - The new text goes into a file beside it, which then takes its place. A link is followed. The file keeps its mode.
 * - The earlier text stays in a backup beside the file, named by the time, with mode 0600. A backup is never replaced.
 * - The file is read again right before it is replaced. Two of these commands wait for each other.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { AwsConfigError } from "@sso-oidc/session/AwsConfigError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Edited } from "./ConfigEdit.ts"
import * as Ended from "./Ended.ts"
import * as Times from "./Times.ts"

/** What became of the file. */
export interface Changed {
  /** The path of the file. */
  readonly file: string
  /** The names of the sections that were added. Empty if all was there, and then nothing was written. */
  readonly written: ReadonlyArray<string>
  /** The path of the backup. `undefined` if nothing was written, or if there was no text to keep. */
  readonly backup: string | undefined
}

type Services = FileSystem.FileSystem | Path.Path

// the name of the new file until it takes its place, so that two commands wait for each other
const suffix = ".sso-oidc-new"

// A command has this file for some milliseconds. An older file was left by a command that was killed.
const stale = 10_000
const pause = "50 millis"
const mostTries = 100

const isThere = (error: PlatformError): boolean => error.reason._tag === "AlreadyExists"

const unwritable = (error: PlatformError): Ended.CommandError =>
  new Ended.CommandError({
    tag: "ConfigNotWritten",
    code: Ended.codes.store,
    message: "Cannot write the AWS config file (AWS_CONFIG_FILE, else ~/.aws/config) or its backup (" +
      `${Wire.printable(Wire.nameIn(error.reason.cause, "code") ?? error.reason._tag)}). ` +
      "Check that you may write the file and its folder, and that the disk has room. The earlier text is still there."
  })

const busy = new Ended.CommandError({
  tag: "ConfigBusy",
  code: Ended.codes.busy,
  message:
    "Another sso-oidc configure is writing the AWS config file: nothing was written. Run the command again when it has ended."
})

/** Whether a command that was killed left this file. */
const isOld = (path: string) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const found = yield* Effect.option(files.stat(path))
    const now = yield* Clock.currentTimeMillis
    return Option.match(Option.flatMap(found, ({ mtime }) => mtime), {
      onNone: () => false,
      onSome: (since) => now - since.getTime() > stale
    })
  })

/**
 * Removes what a killed command left. Of several commands that see it, one may be slow. It must not remove the room that another one has
 * made since. So one command at a time looks again, and removes.
 */
const clear = (path: string) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const guard = `${path}-old`
    const made = Effect.scoped(files.open(guard, { flag: "wx", mode: 0o600 }))
    if (yield* Effect.isSuccess(made)) {
      yield* Effect.ensuring(
        Effect.flatMap(isOld(path), (isOld) => isOld ? Effect.ignore(files.remove(path)) : Effect.void),
        Effect.ignore(files.remove(guard))
      )
    } else if (yield* isOld(guard)) yield* Effect.ignore(files.remove(guard))
  })

/** Makes room for the new text, after every other command of this kind. */
const take = (
  target: string,
  bytes: number,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<CacheFile.Room, PlatformError | Ended.CommandError, Services | Scope.Scope> =>
  Effect.gen(function*() {
    for (let tries = 1; tries <= mostTries; tries++) {
      const room = yield* CacheFile.prepare(target, bytes, suffix).pipe(
        Effect.map(Option.some),
        Effect.catchIf(isThere, () => Effect.succeedNone)
      )
      if (Option.isSome(room)) return room.value
      const path = `${target}${suffix}`
      if (yield* isOld(path)) yield* clear(path)
      else yield* restore(Effect.sleep(pause))
    }
    return yield* busy
  })

/** Keeps the text beside the file, under a name that no file has. */
const keep = Effect.fnUntraced(function*(target: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const now = yield* DateTime.now
  const name = `${target}.backup-${Times.iso(now).replace(/[-:]/g, "")}`
  for (let number = 1;; number++) {
    const path = number === 1 ? name : `${name}-${number}`
    const made = yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* files.open(path, { flag: "wx", mode: 0o600 })
      yield* Effect.onError(
        Effect.andThen(file.writeAll(new TextEncoder().encode(text)), file.sync),
        () => Effect.ignore(files.remove(path))
      )
      return true
    })).pipe(Effect.catchIf(isThere, () => Effect.succeed(false)))
    if (made) return path
  }
})

/** Adds what the plan gives for the present text of the file. A plan that adds nothing writes nothing. */
export const change = (
  plan: (text: string) => Result.Result<Edited, AwsConfigError>
): Effect.Effect<Changed, AwsConfigError | Ended.CommandError, Services> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { path, text } = yield* restore(AwsConfig.read("config"))
      const first = yield* Effect.fromResult(plan(text))
      const unchanged = { file: path, written: [], backup: undefined }
      if (first.written.length === 0) return unchanged
      const target = yield* CacheFile.targetOf(path)
      const found = yield* Effect.option(files.stat(target))
      if (Option.isSome(found) && found.value.type !== "File") {
        return yield* new AwsConfigError({
          source: "config",
          detail: "it is no file that can be written. Set AWS_CONFIG_FILE to the path of a file, or unset it"
        })
      }
      // a rename would replace a file that may not be written
      if (Option.isSome(found)) yield* files.access(target, { writable: true })
      const room = yield* take(target, new TextEncoder().encode(first.text).length, restore)
      return yield* Effect.gen(function*() {
        // another program may have written the file since
        const { text } = yield* AwsConfig.read("config")
        const edited = yield* Effect.fromResult(plan(text))
        if (edited.written.length === 0) {
          yield* room.discard
          return unchanged
        }
        const mode = Option.map(found, ({ mode }) => mode & 0o777)
        if (Option.isSome(found) && Option.isSome(mode)) {
          const { gid, uid } = found.value
          yield* Effect.ignore(files.chmod(room.path, mode.value))
          if (Option.isSome(uid) && Option.isSome(gid)) {
            yield* Effect.ignore(files.chown(room.path, uid.value, gid.value))
          }
        }
        const backup = text === "" ? undefined : yield* keep(target, text)
        yield* room.commit(edited.text)
        // a file system that rejects the rename has the text written in place, with mode 0600
        if (Option.isSome(mode)) yield* Effect.ignore(files.chmod(target, mode.value))
        return { file: path, written: edited.written, backup }
      }).pipe(Effect.onError(() => room.discard))
    }).pipe(
      Effect.scoped,
      Effect.catchTag("PlatformError", (error) => Effect.fail(unwritable(error)))
    )
  )
