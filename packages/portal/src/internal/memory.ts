/**
 * Role credentials in the memory of a process.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as Effect from "effect/Effect"
import type { Kept, Key, Service } from "../CredentialsCache.ts"
import type { RoleCredentials } from "../RoleCredentials.ts"

interface Entry {
  readonly session: string
  readonly credentials: RoleCredentials
  readonly seen: Lifetime.Seen
}

/** How many entries there may be before expired ones are removed at a write. */
const sweepAt = 1000

const nameOf = ({ accountId, roleName, session }: Key): string => JSON.stringify([session, accountId, roleName])

/** What a cache over this memory uses beside the service. */
export interface Memory extends Service {
  /** Keeps credentials. `isReceived` says that this process received them, so that their life is known. */
  readonly put: (key: Key, credentials: RoleCredentials, isReceived: boolean) => Effect.Effect<Kept>
  /** Removes the credentials of a key. */
  readonly drop: (key: Key) => void
  /** Counts the calls of `forget` that concern this session. */
  readonly epoch: (session: string) => number
}

export const make = (): Memory => {
  const entries = new Map<string, Entry & { readonly life: number | undefined }>()
  const forgotten = new Map<string, number>()
  let allForgotten = 0

  const epoch = (session: string): number => allForgotten + (forgotten.get(session) ?? 0)

  const sweep = Effect.gen(function*() {
    if (entries.size < sweepAt) return
    for (const [name, { seen }] of entries) if ((yield* Lifetime.leftOf(seen)) <= 0) entries.delete(name)
  })

  const put = Effect.fnUntraced(function*(key: Key, credentials: RoleCredentials, isReceived: boolean) {
    yield* sweep
    const seen = yield* Lifetime.see(credentials.expiration)
    const life = isReceived ? seen.left : undefined
    entries.set(nameOf(key), { session: key.session, credentials, seen, life })
    return { credentials, left: seen.left, life }
  })

  return {
    read: Effect.fnUntraced(function*(key) {
      const entry = entries.get(nameOf(key))
      if (entry === undefined) return undefined
      return { credentials: entry.credentials, left: yield* Lifetime.leftOf(entry.seen), life: entry.life }
    }),
    keep: (key, fetch) =>
      Effect.suspend(() => {
        const since = epoch(key.session)
        return Effect.tap(fetch, (credentials) =>
          since === epoch(key.session) ? put(key, credentials, true) : Effect.void)
      }),
    forget: (what) =>
      Effect.sync(() => {
        if (what === "all") {
          allForgotten++
          entries.clear()
          return
        }
        forgotten.set(what.key, (forgotten.get(what.key) ?? 0) + 1)
        for (const [name, { session }] of entries) if (session === what.key) entries.delete(name)
      }),
    put,
    drop: (key) => void entries.delete(nameOf(key)),
    epoch
  }
}
