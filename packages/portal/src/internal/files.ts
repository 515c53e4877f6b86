/**
 * Role credentials in the files of the AWS CLI.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
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

// A process that is killed while it writes leaves such a file. It may have secrets in it.
const isTemporary = (name: string): boolean => /^[0-9a-f]{40}\.json\.[0-9a-f-]{36}\.tmp$/.test(name)

/** A write takes far less. What is older was left by a process that was killed. */
const oldest = Duration.toMillis("10 minutes")

// All caches of a process over one folder share what was forgotten, so that a fetch in flight keeps nothing.
const memories = new Map<string, Memory.Epochs>()

const epochsOf = (root: string): Memory.Epochs => {
  const epochs = memories.get(root) ?? Memory.makeEpochs()
  memories.set(root, epochs)
  return epochs
}

const codeOf = ({ reason }: PlatformError): string => Wire.printable(Wire.nameIn(reason.cause, "code") ?? reason._tag)

export const make = Effect.fnUntraced(function*(
  directory: string | undefined
): Effect.fn.Return<Service, Config.ConfigError, FileSystem.FileSystem | Path.Path> {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const root = yield* folderOf(directory)
  /** What this process read or wrote, for the time that it lasts; and what could not be written. */
  const memory = Memory.make(epochsOf(root))
  const unwritten = new Set<string>()
  /** What a logout could not remove. */
  const left = new Set<string>()

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
    if (left.has(name)) return undefined
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
    else {
      unwritten.delete(name)
      left.delete(name)
      yield* sweep
    }
    yield* memory.put(key, credentials, true)
    return name
  })

  /** Removes a file, and what a link leads to. A file that is gone is no error. */
  const remove = (name: string): Effect.Effect<void, PlatformError> =>
    Effect.gen(function*() {
      const path = paths.join(root, name)
      const target = yield* Effect.orElseSucceed(CacheFile.targetOf(path), () => path)
      for (const one of new Set([target, path])) {
        yield* Effect.catchIf(files.remove(one), ({ reason }) => reason._tag === "NotFound", () => Effect.void)
      }
    }).pipe(Effect.provideContext(services))

  /** Removes what processes that were killed have left. */
  const sweep = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    for (const name of (yield* files.readDirectory(root)).filter(isTemporary)) {
      const { mtime } = yield* files.stat(paths.join(root, name))
      if (Option.isSome(mtime) && now - mtime.value.getTime() > oldest) yield* remove(name)
    }
  }).pipe(Effect.ignore)

  /** Whether a logout removes the file. A file that cannot be read does not say whose it is. */
  const isOf = (name: string, session: string): Effect.Effect<boolean> =>
    isTemporary(name)
      ? Effect.succeed(true)
      : CacheFile.readText(paths.join(root, name), () => true).pipe(
        Effect.provideContext(services),
        Effect.map((text) => text !== undefined && CachedCredentials.isOf(redacted(text), session)),
        // a folder, a pipe or a device is no file of credentials
        Effect.catch(({ reason }) => Effect.succeed(reason._tag !== "BadResource"))
      )

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
            yield* Effect.ignore(remove(name))
          })))
      }),
    forget: Effect.fnUntraced(function*(what) {
      yield* memory.forget(what)
      const session = what === "all" ? what : yield* CacheFile.hash(what.key)
      const names = yield* files.readDirectory(root).pipe(
        Effect.catchIf(({ reason }) => reason._tag === "NotFound", () => Effect.succeed([])),
        Effect.mapError((error) => new PortalLogout.CredentialsLeft({ code: codeOf(error) }))
      )
      let count = 0
      let code = ""
      for (const name of names) {
        if (!(isOurs(name) || isTemporary(name)) || !(yield* isOf(name, session))) continue
        const error = yield* Effect.match(remove(name), { onSuccess: () => undefined, onFailure: codeOf })
        if (error === undefined) continue
        count++
        code = error
        // What stays is not given any more.
        left.add(name)
      }
      if (count > 0) return yield* new PortalLogout.CredentialsLeft({ count, code })
    })
  }
})
