/**
 * Unstable: the files of the AWS CLI's caches, which the packages of this project share. They have the CLI's names, and a write is whole.
 *
 * A program reads tokens through a session and role credentials through the portal. It needs none of this.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { type PlatformError, systemError } from "effect/PlatformError"
import type * as Scope from "effect/Scope"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What Python's `json` can write.
 *
 * @category models
 * @since 0.1.0
 */
export type Json = string | null | ReadonlyArray<string> | { readonly [name: string]: Json }

/**
 * Room for a text: a file of its size, synced, beside the file that it will replace.
 *
 * @category models
 * @since 0.1.0
 */
export interface Room {
  /** The path of the file that has the room. */
  readonly path: string
  /**
   * Writes the text into the room, syncs it, and puts it into its place at once. A reader sees the old text or the new one. It syncs the
   * folder too, where the system allows that. It cannot be interrupted.
   *
   * If the file system rejects the rename (`EBUSY`, `EXDEV`, `EPERM`), it writes into the place itself. If the room or the folder was
   * removed meanwhile, it makes them again: a text that was received is not lost.
   */
  readonly commit: (text: string) => Effect.Effect<void, PlatformError>
  /** Removes the room. A room that is gone is no error. */
  readonly discard: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

const short: Readonly<Record<string, string>> = {
  "\"": "\\\"",
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t"
}

// Python escapes each UTF-16 unit outside of printable ASCII. JSON.stringify leaves DEL and everything above it as it is.
const escaped = (text: string): string =>
  text.replace(/["\\]|[^\x20-\x7e]/g, (unit) => short[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/**
 * A value as Python's `json.dumps(value, sort_keys=True)` writes it. The AWS CLI hashes such texts for the names of its files.
 * `isCompact` leaves the blanks after `,` and `:` out. `false` by default.
 *
 * @category names
 * @since 0.1.0
 */
export const pythonJson = (value: Json, isCompact = false): string => {
  const [comma, colon] = isCompact ? [",", ":"] : [", ", ": "]
  const write = (value: Json): string => {
    if (value === null) return "null"
    if (typeof value === "string") return `"${escaped(value)}"`
    if (isList(value)) return `[${value.map(write).join(comma)}]`
    const names = Object.keys(value).toSorted()
    return `{${names.map((name) => `"${escaped(name)}"${colon}${write(value[name] ?? null)}`).join(comma)}}`
  }
  return write(value)
}

// Array.isArray does not narrow a readonly array
const isList = (value: Json): value is ReadonlyArray<string> => Array.isArray(value)

/**
 * The SHA-1 of a text in hexadecimal digits, which is the name of its file. It protects nothing: it is the name that the CLI chose.
 *
 * @category names
 * @since 0.1.0
 */
export const hash = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))),
    (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )

// -----------------------------------------------------------------------------
// times
// -----------------------------------------------------------------------------

// RFC 3339, and `UTC` for the zone, which older versions of the CLI write. Without a zone the AWS CLI fails on it, and so no time is read.
const instant = /^(\d{4})-(\d\d)-(\d\d)t(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:z|utc|([+-])(\d\d):?(\d\d))$/i

/**
 * The time that a text names, if it names one with its zone. Anything else is `undefined`.
 *
 * @category times
 * @since 0.1.0
 */
export const parseTime = (value: unknown): DateTime.Utc | undefined => {
  const match = typeof value === "string" ? instant.exec(value) : null
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  if (year === undefined || month === undefined || day === undefined) return undefined
  if (hour === undefined || minute === undefined || second === undefined) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, Number((match[7] ?? "").padEnd(3, "0").slice(0, 3)))
  // a date such as 30 February becomes another one
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 &&
    second < 60
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (!isReal || offsetHours > 23 || offsetMinutes > 59) return undefined
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return DateTime.makeUnsafe(date.getTime() - offset)
}

// the dates that every reader takes: Python's end there
const [first, last] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 11, 31, 23, 59, 59)]

/**
 * A time as `2026-11-26T08:00:00Z`: parts of a second are cut, and every reader takes it.
 *
 * @category times
 * @since 0.1.0
 */
export const formatTime = (time: DateTime.DateTime): string => {
  const millis = Math.min(Math.max(DateTime.toEpochMillis(time), first), last)
  return `${new Date(millis).toISOString().slice(0, 19)}Z`
}

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

const variable = (name: string): Config.Config<string | undefined> =>
  Config.String(name).pipe(Config.withDefault(""), Config.map((value) => value === "" ? undefined : value))

/**
 * The home folder, where the AWS tools look for it: `HOME`, else `USERPROFILE`, else `HOMEDRIVE` with `HOMEPATH`. `undefined` if none is set.
 *
 * @category places
 * @since 0.1.0
 */
export const home: Config.Config<string | undefined> = /* @__PURE__ */ Config.map(
  Config.all({
    first: variable("HOME"),
    second: variable("USERPROFILE"),
    drive: variable("HOMEDRIVE"),
    path: variable("HOMEPATH")
  }),
  ({ drive, first, path, second }) =>
    first ?? second ?? (drive !== undefined && path !== undefined ? `${drive}${path}` : undefined)
)

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

// No system calls it by a code when a pipe is found where a file should be.
const notAFile = (type: FileSystem.File.Type): PlatformError =>
  systemError({
    _tag: "BadResource",
    module: "CacheFile",
    method: "readBytes",
    description: `a ${type}, and not a file`,
    ...(type === "Directory" ? { cause: { code: "EISDIR" } } : {})
  })

/**
 * The bytes of a file, up to about `most` of them: what is longer has more than `most` bytes in the result. `undefined` if there is no such
 * file, or if it is a character device such as `/dev/null`. A folder or a pipe is a `PlatformError` with the reason `BadResource`,
 * because a read of a pipe waits for its writer.
 *
 * @category reading
 * @since 0.1.0
 */
export const readBytes: (
  path: string,
  most: number
) => Effect.Effect<Uint8Array | undefined, PlatformError, FileSystem.FileSystem> = Effect.fnUntraced(
  function*(path: string, most: number) {
    const files = yield* FileSystem.FileSystem
    const { type } = yield* files.stat(path)
    if (type === "CharacterDevice") return undefined
    if (type !== "File") return yield* notAFile(type)
    const file = yield* files.open(path, { flag: "r" })
    const chunks: Array<Uint8Array> = []
    let size = 0
    while (size <= most) {
      const chunk = yield* file.readAlloc(64 * 1024)
      if (Option.isNone(chunk) || chunk.value.length === 0) break
      chunks.push(chunk.value)
      size += chunk.value.length
    }
    const bytes = new Uint8Array(size)
    let at = 0
    for (const chunk of chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return bytes
  },
  Effect.scoped,
  Effect.catchIf((error) => error.reason._tag === "NotFound", () => Effect.succeed(undefined))
)

/**
 * Whether a text is JSON.
 *
 * @category reading
 * @since 0.1.0
 */
export const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// The files have up to 5 kB. Ten tries in 250 ms: the other tools truncate a file first and write it then.
const largest = 1024 * 1024
const pause = Duration.millis(25)
const mostTries = 11

// A text with other bytes in it would come back changed when it is written again.
const utf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return ""
  }
}

/**
 * The text of a file of JSON. `undefined` if there is no such file. A text that is not JSON is read again for 250 ms, because other tools
 * write in place, and is then given as it is. A file of more than 1 MiB, or that is not UTF-8, counts as an empty text.
 *
 * `isWhole` says which texts are not read again, for a file of something else. By default: a text that is JSON.
 *
 * @category reading
 * @since 0.1.0
 */
export const readText = (
  path: string,
  isWhole: (text: string) => boolean = isJson
): Effect.Effect<string | undefined, PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    for (let tries = 1;; tries++) {
      const bytes = yield* readBytes(path, largest)
      if (bytes === undefined) return undefined
      const text = bytes.length > largest ? "" : utf8(bytes)
      if (tries === mostTries || isWhole(text)) return text
      yield* Effect.sleep(pause)
    }
  })

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

// the limit of Linux, and more than other systems have
const mostLinks = 40

/**
 * The file that a path leads to, through links. A link to a file that is absent leads to that file. A circle of links is an error.
 *
 * @category writing
 * @since 0.1.0
 */
export const targetOf = (path: string): Effect.Effect<string, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    let target = path
    for (let links = 0; links <= mostLinks; links++) {
      const next = yield* Effect.option(files.readLink(target))
      if (next._tag === "None") return target
      // The system reads `..` in a link from the folder where the link really is.
      const folder = paths.dirname(target)
      target = paths.resolve(yield* Effect.orElseSucceed(files.realPath(folder), () => folder), next.value)
    }
    return yield* systemError({
      _tag: "BadResource",
      module: "CacheFile",
      method: "prepare",
      description: "the path leads through too many links",
      cause: { code: "ELOOP" }
    })
  })

const isRenameRejected = (error: PlatformError): boolean =>
  ["EBUSY", "EXDEV", "EPERM"].includes(Wire.nameIn(error.reason.cause, "code") ?? "")

/**
 * Syncs the folder of a file, so that a new name in it outlives a loss of power. Some systems cannot sync a folder: that is no error.
 *
 * @category writing
 * @since 0.1.0
 */
export const syncFolder = (path: string): Effect.Effect<void, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = yield* files.open(paths.dirname(path), { flag: "r" })
    yield* folder.sync
  }).pipe(Effect.scoped, Effect.ignore)

/**
 * Makes a folder and its missing parents, with mode 0700. A folder that is there stays as it is.
 *
 * It makes one folder at a time. The recursive call of Node never ends where the system reports a missing parent that is there. `/proc` does
 * so, and a folder that is mounted at its first use.
 *
 * @category writing
 * @since 0.1.0
 */
export const makeFolder = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<void, PlatformError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  /** What failed is no error if the folder is there: another process may have made it. */
  const unlessThere =
    (folder: string) => (made: Effect.Effect<void, PlatformError>): Effect.Effect<void, PlatformError> =>
      Effect.catch(made, (error) =>
        Effect.flatMap(
          Effect.orElseSucceed(files.stat(folder), () => undefined),
          (found) => found?.type === "Directory" ? Effect.void : Effect.fail(error)
        ))
  const make = (folder: string): Effect.Effect<void, PlatformError> => {
    const one = files.makeDirectory(folder, { mode: 0o700 })
    return one.pipe(
      Effect.catchIf(
        ({ reason }) => reason._tag === "NotFound" && paths.dirname(folder) !== folder,
        () => Effect.andThen(make(paths.dirname(folder)), one)
      ),
      unlessThere(folder)
    )
  }
  yield* make(path)
})

/**
 * Makes room for a text of so many bytes. It makes a missing folder with mode 0700, and a file of mode 0600 beside the target, whose name is
 * the target's with `suffix` behind it. It fills the file with blanks and syncs it, so that a full disk fails here. A file of that name
 * must not be there. A failure or an interruption leaves no room behind.
 *
 * The file stays when the scope closes. Call `commit` or `discard`.
 *
 * @category writing
 * @since 0.1.0
 */
export const prepare = (
  path: string,
  bytes: number,
  suffix: string
): Effect.Effect<Room, PlatformError, FileSystem.FileSystem | Path.Path | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
      const files = yield* FileSystem.FileSystem
      const paths = yield* Path.Path
      const target = yield* restore(targetOf(path))
      const folder = Effect.provideContext(makeFolder(paths.dirname(target)), services)
      yield* folder
      const room = `${target}${suffix}`
      // `wx` follows no link, and takes no file that another process has made
      const file = yield* files.open(room, { flag: "wx", mode: 0o600 })
      const discard = Effect.ignore(files.remove(room))
      yield* Effect.onError(
        restore(Effect.andThen(file.writeAll(new Uint8Array(bytes).fill(0x20)), file.sync)),
        () => discard
      )
      const inPlace = Effect.fnUntraced(function*(text: Uint8Array) {
        const file = yield* files.open(target, { flag: "w", mode: 0o600 })
        // a file that was there has the mode that it had
        yield* Effect.ignore(files.chmod(target, 0o600))
        yield* file.writeAll(text)
        yield* file.sync
        yield* discard
      }, Effect.scoped)
      const again = Effect.fnUntraced(function*(text: Uint8Array) {
        yield* folder
        const file = yield* files.open(room, { flag: "wx", mode: 0o600 })
        yield* file.writeAll(text)
        yield* file.sync
        yield* files.rename(room, target)
      }, Effect.scoped)
      const commit = Effect.fnUntraced(function*(text: string) {
        const encoded = new TextEncoder().encode(text)
        yield* file.seek(0n, "start")
        yield* file.writeAll(encoded)
        yield* file.truncate(encoded.length)
        yield* file.sync
        yield* files.rename(room, target).pipe(
          Effect.catchIf((error) => error.reason._tag === "NotFound", () => again(encoded)),
          Effect.catchIf(isRenameRejected, () => inPlace(encoded))
        )
        yield* Effect.provideContext(syncFolder(target), services)
      }, Effect.uninterruptible)
      return { path: room, commit, discard }
    })
  )

/**
 * Writes a whole text: into a file beside the target, which then takes its place. See {@link prepare}. If it fails, the target is as it
 * was, unless the rename was rejected. It cannot be interrupted.
 *
 * @category writing
 * @since 0.1.0
 */
export const write = (
  path: string,
  text: string
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const room = yield* prepare(path, new TextEncoder().encode(text).length, `.${crypto.randomUUID()}.tmp`)
    yield* Effect.onError(room.commit(text), () => room.discard)
  }).pipe(Effect.scoped, Effect.uninterruptible)
