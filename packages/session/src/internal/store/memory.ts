/**
 * A store in the memory of one process.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Hold, Mark, Service, State } from "../../TokenStore.ts"
import * as Waiting from "./waiting.ts"

interface Entry {
  text: Redacted.Redacted<string> | undefined
  /** The mark of one refresh token. A second one would be of a token that is no longer stored. */
  mark: Mark | undefined
}

/** The name of the store, for errors. */
const store = "memory"

export const make = (): Service => {
  const entries = new Map<string, Entry>()
  const locked = new Set<string>()

  const entryOf = (key: string): Entry => {
    const found = entries.get(key) ?? { text: undefined, mark: undefined }
    entries.set(key, found)
    return found
  }

  const holdOf = (key: string): Hold => ({
    isExclusive: true,
    prepare: (of) => Effect.sync(() => void (entryOf(key).mark = { of, state: "sent" })),
    commit: (text) => Effect.sync(() => void entries.set(key, { text, mark: undefined })),
    settle: (of: string, state: State | undefined) =>
      Effect.sync(() => void (entryOf(key).mark = state === undefined ? undefined : { of, state })),
    remove: Effect.sync(() => void entries.delete(key))
  })

  return {
    name: store,
    read: (key) => Effect.sync(() => entries.get(key)?.text),
    marks: (key) =>
      Effect.sync(() => {
        const mark = entries.get(key)?.mark
        return mark === undefined ? [] : [mark]
      }),
    exclusively: (key, use, waiting) =>
      Waiting.withLock(
        {
          attempt: Effect.sync(() => {
            if (locked.has(key)) return false
            locked.add(key)
            return true
          }),
          release: Effect.sync(() => void locked.delete(key))
        },
        Effect.suspend(() => use(holdOf(key))),
        waiting,
        // Hashing is asynchronous, and a program under a TestClock would notice it.
        { store, key: CacheFile.hash(key) }
      )
  }
}
