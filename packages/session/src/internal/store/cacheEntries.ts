/**
 * All texts in the folder of the AWS CLI's cache, also those of other tools. `aws sso logout` looks at each file there, whatever its name.
 */
import type { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type * as Redacted from "effect/Redacted"
import type { Entry, Hold } from "../../TokenStore.ts"
import * as Names from "./cacheNames.ts"
import * as StoreEntry from "./entry.ts"

/** Where a text is kept. */
export interface Place {
  /** The hash of the key, for errors. */
  readonly hash: string
  /** The file. A link is followed, so that all who share a file share its lock. */
  readonly target: string
}

type Text = Redacted.Redacted<string> | undefined

/** The parts of the store. */
export interface Parts {
  readonly root: string
  readonly placeAt: (hash: string, path: string, operation: "read") => Effect.Effect<Place, StoreError>
  readonly readAt: (place: Place) => Effect.Effect<Text, StoreError>
  readonly responseAt: (path: string) => Effect.Effect<Text>
  readonly forEntry: (
    place: Place,
    use: (hold: Hold) => Effect.Effect<boolean, StoreError>,
    waiting: { readonly wait: Duration.Duration }
  ) => Effect.Effect<boolean, StoreError | StoreBusy>
  readonly drop: (path: string, hash: string) => Effect.Effect<void, StoreError>
  readonly failed: (error: PlatformError) => StoreError
}

// Not even the AWS CLI reads what is behind these.
const isNoFile = ({ code }: StoreError): boolean =>
  code !== undefined && ["BadResource", "EISDIR", "ERR_FS_EISDIR", "ELOOP", "ENOTDIR"].includes(code)

export const list = Effect.fnUntraced(function*(
  { drop, failed, forEntry, placeAt, readAt, responseAt, root }: Parts
): Effect.fn.Return<ReadonlyArray<Entry>, StoreError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path

  /** A response that a dead holder left in its room. */
  const roomEntry = Effect.fnUntraced(function*(hash: string, path: string, target: string) {
    const text = yield* responseAt(path)
    return text === undefined ? undefined : {
      id: hash,
      text,
      remove: (wait: Duration.Duration) =>
        forEntry(
          { hash, target },
          () => StoreEntry.removeIf(responseAt(path), text, drop(path, hash)),
          { wait }
        )
    }
  })

  const fileEntry = (hash: string, path: string): Effect.Effect<Entry | undefined, StoreError> =>
    Effect.gen(function*() {
      const place = yield* placeAt(hash, path, "read")
      // The file of another user is no reason to keep all others.
      const found = yield* readAt(place).pipe(
        Effect.map((text) => ({ text, isThere: text !== undefined })),
        Effect.catchIf((error) => !isNoFile(error), () => Effect.succeed({ text: undefined, isThere: true }))
      )
      return found.isThere
        ? StoreEntry.make({
          id: hash,
          text: found.text,
          read: readAt(place),
          exclusively: (use, waiting) => forEntry(place, use, waiting)
        })
        : undefined
    }).pipe(Effect.catchIf(isNoFile, () => Effect.undefined))

  const entryOf = Effect.fnUntraced(function*(name: string) {
    const path = paths.join(root, name)
    const room = Names.fileOfRoom(name)
    const hash = Names.hashIn(room ?? name) ?? (yield* CacheFile.hash(name))
    return yield* room === undefined ? fileEntry(hash, path) : roomEntry(hash, path, paths.join(root, room))
  })

  const names = yield* Effect.catchIf(
    files.readDirectory(root),
    (error) => error.reason._tag === "NotFound",
    () => Effect.succeed<ReadonlyArray<string>>([])
  ).pipe(Effect.mapError(failed))
  const entries = yield* Effect.forEach(names.filter((name) => !name.endsWith(".lock")), entryOf, { concurrency: 8 })
  return entries.filter((entry) => entry !== undefined)
})
