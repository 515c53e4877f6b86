/**
 * A store in the memory of one process.
 */
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Hold, Mark, Service, State } from "../../TokenStore.ts"
import * as StoreEntry from "./entry.ts"
import * as Waiting from "./waiting.ts"

interface Record {
  text: Redacted.Redacted<string> | undefined
  /** The mark of one refresh token. A second one would be of a token that is no longer stored. */
  mark: Mark | undefined
}

/** The name of the store, for errors. */
const store = "memory"

export const make = (): Service => {
  const entries = new Map<string, Record>()
  const holders = new Map<string, symbol>()

  const entryOf = (key: string): Record => {
    const found = entries.get(key) ?? { text: undefined, mark: undefined }
    entries.set(key, found)
    return found
  }

  // The hash of a key is for errors alone: to make it takes a real moment, also under a test's clock.
  const fenced = (key: string, operation: StoreError["operation"]) =>
    Effect.flatMap(
      CacheFile.hash(key),
      (key) =>
        Effect.fail(new StoreError({ store, key, operation, reason: "fenced", detail: "the lock was given back" }))
    )

  const holdOf = (key: string, holder: symbol): Hold => {
    const change = (operation: StoreError["operation"], write: () => void) =>
      Effect.suspend(() => holders.get(key) === holder ? Effect.sync(write) : fenced(key, operation))
    return {
      isExclusive: true,
      prepare: (of) => change("prepare", () => entryOf(key).mark = { of, state: "sent" }),
      commit: (text) => change("commit", () => entries.set(key, { text, mark: undefined })),
      settle: (of: string, state: State | undefined) =>
        change("commit", () => entryOf(key).mark = state === undefined ? undefined : { of, state }),
      remove: change("remove", () => entries.delete(key))
    }
  }

  const service: Service = {
    name: store,
    lock: "lock in memory",
    read: (key) => Effect.sync(() => entries.get(key)?.text),
    marks: (key) =>
      Effect.sync(() => {
        const mark = entries.get(key)?.mark
        return mark === undefined ? [] : [mark]
      }),
    exclusively: (key, use, waiting) =>
      Effect.suspend(() => {
        const holder = Symbol("holder")
        return Waiting.withLock(
          {
            attempt: Effect.sync(() => {
              if (holders.has(key)) return false
              holders.set(key, holder)
              return true
            }),
            release: Effect.sync(() => void holders.delete(key))
          },
          Effect.suspend(() => use(holdOf(key, holder))),
          waiting,
          { store, key: CacheFile.hash(key) }
        )
      }),
    entries: Effect.suspend(() =>
      Effect.forEach(
        [...entries].filter(([, { text }]) => text !== undefined),
        ([key, { text }]) =>
          Effect.map(CacheFile.hash(key), (id) =>
            StoreEntry.make({
              id,
              text,
              read: service.read(key),
              exclusively: (use, waiting) => service.exclusively(key, use, waiting)
            }))
      )
    )
  }
  return service
}
