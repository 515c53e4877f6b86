/**
 * Access tokens: the sessions that they belong to, and the requests that each of them sent in the last second.
 */
import * as Store from "./store.ts"

export interface AccessToken {
  readonly clientId: string
  /** The id of its session. A logout ends all tokens of the session. */
  readonly sessionId: string
  /** The scopes of the client. */
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt: number
}

export interface Entry extends AccessToken {
  /** When its last requests arrived, the oldest first. */
  readonly recent: Array<number>
}

export const make = (limits: Store.Limits & { readonly portalRequestsPerSecond: number }) => {
  // The time of one more request decides whether that request is too many
  const most = limits.portalRequestsPerSecond
  const times = Array.from({ length: most }, () => 0)
  const store = Store.make<Entry>({
    ...limits,
    // The times of its requests come later, so they are measured in advance
    content: (token) => ({ ...token, recent: times }),
    isOver: ({ expiresAt }, now) => expiresAt <= now,
    owner: ({ clientId }) => clientId
  })

  const entry = (token: AccessToken): Entry => ({ ...token, recent: [] })

  return {
    ...store,
    get: (token: string, now: number): AccessToken | undefined => {
      const found = store.get(token)
      return found !== undefined && now < found.expiresAt ? found : undefined
    },
    /** Keeps a token. If there is no room, it drops the least recently used token. */
    add: (token: string, given: AccessToken, now: number): void => {
      const made = entry(given)
      store.makeRoom(token, made, now)
      store.set(token, made)
    },
    /** Puts in a token of a snapshot. The caller has checked that there is room. */
    restore: (token: string, given: AccessToken): void => store.set(token, entry(given)),
    hasRoomFor: (items: ReadonlyArray<readonly [token: string, given: AccessToken]>): boolean =>
      store.hasRoomFor(items.map(([token, given]) => [token, entry(given)])),
    /** Ends all tokens of the session. */
    endSession: (clientId: string, sessionId: string): void => {
      for (const token of store.ownedBy(clientId)) if (store.get(token)?.sessionId === sessionId) store.drop(token)
    },
    /** Counts a request with the token, and says whether the second before it had too many. */
    throttled: (token: string, now: number): boolean => {
      const found = store.get(token)
      if (found === undefined) return false
      store.touch(token)
      const { recent } = found
      // If the clock was set back, the times after now are unknown
      const gone = recent.findIndex((time) => time > now - 1000)
      recent.splice(0, gone === -1 ? recent.length : gone)
      while ((recent.at(-1) ?? now) > now) recent.pop()
      const isTooMany = recent.length >= most
      if (isTooMany) recent.shift()
      recent.push(now)
      return isTooMany
    }
  }
}
