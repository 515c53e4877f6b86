/**
 * Effect's `FileSystem` of Node, watched and made to fail.
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { type PlatformError, systemError } from "effect/PlatformError"

/** The error of the system with a code, as `FileSystem` gives it. */
export const failure = (code: string): PlatformError =>
  systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "test",
    cause: Object.assign(new Error(code), { code })
  })

export interface Watch {
  /** Is called with each call's name and its arguments, before the call. It may fail or wait in place of the call. */
  readonly before?: (call: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<void, PlatformError>
  /** The same, after the call. */
  readonly after?: (call: string) => Effect.Effect<void>
}

/** Runs an effect with the `FileSystem` that is there, watched. */
export const watched = ({ after = () => Effect.void, before = () => Effect.void }: Watch) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const call = (name: string, ...args: ReadonlyArray<unknown>) => <A, E, R>(self: Effect.Effect<A, E, R>) =>
      Effect.suspend(() => before(name, ...args)).pipe(Effect.andThen(self), Effect.tap(() => after(name)))
    const watch = (file: FileSystem.File): FileSystem.File => ({
      [FileSystem.FileTypeId]: file[FileSystem.FileTypeId],
      stat: file.stat,
      seek: (offset, from) => file.seek(offset, from).pipe(call("seek", offset, from)),
      sync: file.sync.pipe(call("sync")),
      read: (buffer, options) => file.read(buffer, options).pipe(call("read")),
      readAlloc: (size, options) => file.readAlloc(size, options).pipe(call("readAlloc")),
      truncate: (length) => file.truncate(length).pipe(call("truncate", length)),
      write: (buffer) => file.write(buffer).pipe(call("write", buffer.length)),
      writeAll: (buffer) => file.writeAll(buffer).pipe(call("writeAll", buffer.length))
    })
    const service: FileSystem.FileSystem = {
      ...files,
      readLink: (path) => files.readLink(path).pipe(call("readLink", path)),
      makeDirectory: (path, options) => files.makeDirectory(path, options).pipe(call("makeDirectory", path, options)),
      open: (path, options) => files.open(path, options).pipe(call("open", path, options), Effect.map(watch)),
      chmod: (path, mode) => files.chmod(path, mode).pipe(call("chmod", path, mode)),
      rename: (from, to) => files.rename(from, to).pipe(call("rename", from, to)),
      remove: (path, options) => files.remove(path, options).pipe(call("remove", path)),
      truncate: (path, length) => files.truncate(path, length).pipe(call("truncate", path, length)),
      readDirectoryEntries: (path) => files.readDirectoryEntries(path).pipe(call("readDirectoryEntries", path))
    }
    return yield* effect.pipe(Effect.provideService(FileSystem.FileSystem, service))
  })

/** A `FileSystem` with one file, whose content is asked for at each read. It needs no time, so that a `TestClock` has all of it. */
export const instant = (content: () => string): FileSystem.FileSystem => {
  const info: FileSystem.File.Info = {
    type: "File",
    mtime: Option.none(),
    atime: Option.none(),
    birthtime: Option.none(),
    dev: 0n,
    ino: Option.none(),
    mode: 0o600,
    nlink: Option.none(),
    uid: Option.none(),
    gid: Option.none(),
    rdev: Option.none(),
    size: ByteSize.bytes(0),
    blksize: Option.none(),
    blocks: Option.none()
  }
  const unused = Effect.die("unused")
  return FileSystem.makeNoop({
    stat: () => Effect.succeed(info),
    open: () =>
      Effect.sync(() => {
        const bytes = new TextEncoder().encode(content())
        let isRead = false
        return {
          [FileSystem.FileTypeId]: FileSystem.FileTypeId,
          stat: unused,
          seek: () => unused,
          sync: unused,
          read: () => unused,
          readAlloc: () =>
            Effect.sync(() => {
              if (isRead || bytes.length === 0) return Option.none()
              isRead = true
              return Option.some(bytes)
            }),
          truncate: () => unused,
          write: () => unused,
          writeAll: () => unused
        }
      })
  })
}
