/**
 * Role credentials in the files of the AWS CLI.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as CachedCredentials from "../CachedCredentials.ts"
import type { Kept, Key, Service } from "../CredentialsCache.ts"
import type { RoleCredentials } from "../RoleCredentials.ts"
import * as Memory from "./memory.ts"

const homeless =
  "The home folder is not known, since HOME is not set. Set HOME, or the option directory to an absolute path."

const folderOf = Effect.fnUntraced(function*(
  given: string | undefined
): Effect.fn.Return<string, Config.ConfigError, Path.Path> {
  const paths = yield* Path.Path
  if (given !== undefined && given !== "") return paths.resolve(given)
  const home = yield* CacheFile.home
  if (home === undefined) {
    return yield* Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message: homeless })))
  }
  return paths.resolve(home, ".aws", "cli", "cache")
})

const redacted = (text: string): Redacted.Redacted<string> => Redacted.make(text, { label: "cached credentials" })

// The names of the CLI's files. Others in the folder are not read.
const isOurs = (name: string): boolean => /^[0-9a-f]{40}\.json$/.test(name)

export const make = Effect.fnUntraced(function*(
  directory: string | undefined
): Effect.fn.Return<Service, Config.ConfigError, FileSystem.FileSystem | Path.Path> {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const root = yield* folderOf(directory)
  /** What this process read or wrote, for the time that it lasts; and what could not be written. */
  const memory = Memory.make()
  const unwritten = new Set<string>()

  /** A file that does not work holds nothing. The system's text has a path in it, so that only its code is logged. */
  const orNothing = (
    what: string,
    effect: Effect.Effect<string | undefined, PlatformError, FileSystem.FileSystem | Path.Path>
  ): Effect.Effect<string | undefined> =>
    effect.pipe(
      Effect.provideContext(services),
      Effect.catch(({ reason }) =>
        Effect.as(
          Effect.logDebug(
            `Kept role credentials cannot be ${what} (${Wire.nameIn(reason.cause, "code") ?? reason._tag})`
          ),
          undefined
        )
      )
    )

  const read = Effect.fnUntraced(function*(key: Key): Effect.fn.Return<Kept | undefined> {
    const name = yield* CachedCredentials.fileName(key)
    if (unwritten.has(name)) return yield* memory.read(key)
    const text = yield* orNothing("read", CacheFile.readText(paths.join(root, name)))
    const found = text === undefined ? undefined : CachedCredentials.decode(redacted(text), key)
    if (found === undefined) {
      memory.drop(key)
      return undefined
    }
    const known = yield* memory.read(key)
    // The file has whole seconds, so that what this process received is compared by its key.
    return known?.credentials.accessKeyId === found.accessKeyId ? known : yield* memory.put(key, found, false)
  })

  const write = Effect.fnUntraced(function*(key: Key, credentials: RoleCredentials) {
    const name = yield* CachedCredentials.fileName(key)
    const text = CachedCredentials.encode(credentials, yield* CacheFile.hash(key.session))
    const written = yield* orNothing(
      "written",
      Effect.as(CacheFile.write(paths.join(root, name), Redacted.value(text)), "written")
    )
    if (written === undefined) unwritten.add(name)
    else unwritten.delete(name)
    yield* memory.put(key, credentials, true)
    return name
  })

  /** Removes a file. A file that is gone is no error. */
  const remove = (name: string) => Effect.ignore(files.remove(paths.join(root, name)))

  return {
    read,
    keep: (key, fetch) =>
      Effect.suspend(() => {
        const since = memory.epoch(key.session)
        return Effect.tap(fetch, (credentials) =>
          Effect.uninterruptible(Effect.gen(function*() {
            if (since !== memory.epoch(key.session)) return
            const name = yield* write(key, credentials)
            if (since === memory.epoch(key.session)) return
            // A logout came while the file was written.
            unwritten.delete(name)
            memory.drop(key)
            yield* remove(name)
          })))
      }),
    forget: Effect.fnUntraced(function*(what) {
      yield* memory.forget(what)
      const session = what === "all" ? what : yield* CacheFile.hash(what.key)
      const names = yield* Effect.orElseSucceed(files.readDirectory(root), () => [])
      for (const name of names.filter(isOurs)) {
        const text = yield* orNothing("read", CacheFile.readText(paths.join(root, name)))
        if (text !== undefined && CachedCredentials.isOf(redacted(text), session)) yield* remove(name)
      }
    })
  }
})
