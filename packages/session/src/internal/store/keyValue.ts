/**
 * A store over Effect's `KeyValueStore`, whose lock is in the memory of this process.
 */
import { type StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import type { Hold, Mark, Service, Waiting } from "../../TokenStore.ts"
import * as StoreEntry from "./entry.ts"
import * as Record from "./record.ts"
import * as Waits from "./waiting.ts"

const store = "key-value"

/** Who holds which key of a `KeyValueStore`. All layers over it share them. */
const locks = /* @__PURE__ */ new WeakMap<KeyValueStore.KeyValueStore, Map<string, symbol>>()

const locksOf = (values: KeyValueStore.KeyValueStore): Map<string, symbol> => {
  const known = locks.get(values) ?? new Map<string, symbol>()
  locks.set(values, known)
  return known
}

export const make = Effect.fnUntraced(function*(): Effect.fn.Return<Service, never, KeyValueStore.KeyValueStore> {
  const values = yield* KeyValueStore.KeyValueStore
  const holders = locksOf(values)

  const errorOf = (
    key: string | undefined,
    operation: StoreError["operation"],
    reason: StoreError["reason"],
    detail: string
  ) => new StoreError({ store, ...(key === undefined ? {} : { key }), operation, reason, detail })

  // The error of a store may hold the value, so nothing of it is kept.
  const run = <A>(
    key: string | undefined,
    operation: StoreError["operation"],
    effect: Effect.Effect<A, KeyValueStore.KeyValueStoreError>
  ): Effect.Effect<A, StoreError> => {
    const failed = () =>
      Effect.fail(errorOf(key, operation, "unavailable", operation === "read" ? "its read failed" : "its write failed"))
    return Effect.catchDefect(Effect.catch(effect, failed), failed)
  }

  const unreadable = (key: string, what: string) =>
    errorOf(key, "read", "unreadable", `${what} is not in the form of this store`)

  const textOf = (id: string): string => `sso-oidc:${id}:text`
  const markOf = (id: string): string => `sso-oidc:${id}:mark`

  const holdOf = (id: string, holder: symbol): Hold => {
    const change = (
      operation: StoreError["operation"],
      effect: () => Effect.Effect<unknown, KeyValueStore.KeyValueStoreError>
    ) =>
      Effect.suspend(() =>
        holders.get(id) === holder
          ? Effect.asVoid(run(id, operation, Effect.suspend(effect)))
          : Effect.fail(errorOf(id, operation, "fenced", "the lock was given back"))
      )
    return {
      isExclusive: true,
      prepare: (of, bytes) =>
        Record.isRoom(bytes)
          // the blanks behind it are the room
          ? change("prepare", () => values.set(markOf(id), Record.encodeMark(of, "sent") + " ".repeat(bytes)))
          : Effect.fail(errorOf(id, "prepare", "unavailable", `it has no room for ${bytes} bytes`)),
      commit: (text) =>
        change("commit", () => Effect.andThen(values.set(textOf(id), Record.encode(text)), values.remove(markOf(id)))),
      settle: (of, state) =>
        change(
          "commit",
          () => state === undefined ? values.remove(markOf(id)) : values.set(markOf(id), Record.encodeMark(of, state))
        ),
      remove: change("remove", () => Effect.andThen(values.remove(textOf(id)), values.remove(markOf(id))))
    }
  }

  const readById = Effect.fnUntraced(function*(id: string) {
    const stored = yield* run(id, "read", Effect.suspend(() => values.get(textOf(id))))
    if (stored === undefined) return undefined
    return Record.decode(stored) ?? (yield* unreadable(id, "the text"))
  })

  const exclusivelyById = <A, E, R>(
    id: string,
    use: (hold: Hold) => Effect.Effect<A, E, R>,
    waiting: Waiting<A, E, R>
  ): Effect.Effect<A, E | StoreError | StoreBusy, R> =>
    Effect.suspend(() => {
      const holder = Symbol("holder")
      return Waits.withLock(
        {
          attempt: Effect.sync(() => {
            if (holders.has(id)) return false
            holders.set(id, holder)
            return true
          }),
          release: Effect.sync(() => void holders.delete(id))
        },
        Effect.suspend(() => use(holdOf(id, holder))),
        waiting,
        { store, key: Effect.succeed(id) }
      )
    })

  return {
    name: store,
    lock: "lock in memory",
    read: (key) => Effect.flatMap(CacheFile.hash(key), readById),
    marks: Effect.fnUntraced(function*(key): Effect.fn.Return<ReadonlyArray<Mark>, StoreError> {
      const id = yield* CacheFile.hash(key)
      const stored = yield* run(id, "read", Effect.suspend(() => values.get(markOf(id))))
      if (stored === undefined) return []
      return [Record.decodeMark(stored) ?? (yield* unreadable(id, "what is remembered of the refresh token"))]
    }),
    exclusively: (key, use, waiting) => Effect.flatMap(CacheFile.hash(key), (id) => exclusivelyById(id, use, waiting)),
    entries: Effect.gen(function*() {
      const names = yield* run(undefined, "read", Effect.suspend(() => values.keys))
      const ids = names.flatMap((name) => /^sso-oidc:([0-9a-f]{40}):text$/.exec(name)?.[1] ?? [])
      return yield* StoreEntry.list(ids, readById, exclusivelyById)
    })
  }
})
