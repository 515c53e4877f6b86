/**
 * Role credentials in the memory of a process.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Kept, Key, Service } from "../CredentialsCache.ts"
import type { RoleCredentials } from "../RoleCredentials.ts"

interface Entry {
  readonly session: string
  readonly credentials: RoleCredentials
  readonly seen: Lifetime.Seen
}

const nameOf = ({ accountId, roleName, session }: Key): string => JSON.stringify([session, accountId, roleName])

/** What a cache over this memory uses beside the service. */
export interface Memory extends Omit<Service, "forget"> {
  /** Removes the credentials of one session, or of all sessions. */
  readonly forget: (what: PortalLogout.Forgotten) => Effect.Effect<void>
  /** Keeps credentials. `isReceived` says that this process received them, so that their life is known. */
  readonly put: (key: Key, credentials: RoleCredentials, isReceived: boolean) => Effect.Effect<Kept>
  /** Removes the credentials of a key. */
  readonly drop: (key: Key) => void
  /** Counts the calls of `forget` that concern this session. */
  readonly epoch: (session: string) => number
}

/** Counts what was forgotten. */
export interface Epochs {
  readonly of: (session: string) => number
  readonly count: (what: PortalLogout.Forgotten) => void
}

export const makeEpochs = (): Epochs => {
  const forgotten = new Map<string, number>()
  let all = 0
  return {
    of: (session) => all + (forgotten.get(session) ?? 0),
    count: (what) => {
      if (what === "all") all++
      else forgotten.set(what.key, (forgotten.get(what.key) ?? 0) + 1)
    }
  }
}

export const make = (epochs: Epochs = makeEpochs()): Memory => {
  const entries = new Map<string, Entry & { readonly life: number | undefined }>()

  let sweepAt = 1000
  /** Removes what has expired, when there is twice as much as after the last time. */
  const sweep = Effect.gen(function*() {
    if (entries.size < sweepAt) return
    const [wall, monotonic] = [yield* Clock.currentTimeMillis, yield* Lifetime.monotonic]
    for (const [name, { seen }] of entries) if (Lifetime.leftAt(seen, wall, monotonic) <= 0) entries.delete(name)
    sweepAt = Math.max(1000, 2 * entries.size)
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
        const since = epochs.of(key.session)
        return Effect.tap(fetch, (credentials) =>
          since === epochs.of(key.session) ? put(key, credentials, true) : Effect.void)
      }),
    forget: (what) =>
      Effect.sync(() => {
        epochs.count(what)
        for (const [name, { session }] of entries) if (what === "all" || session === what.key) entries.delete(name)
      }),
    put,
    drop: (key) => void entries.delete(nameOf(key)),
    epoch: epochs.of
  }
}
