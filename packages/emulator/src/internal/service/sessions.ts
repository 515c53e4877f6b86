/**
 * Sessions by their refresh tokens.
 *
 * The key of a session is its latest refresh token. With lenient rotation, a session also keeps used tokens, and each of them
 * finds the session too. A token belongs to one session.
 */
import * as Store from "./store.ts"

export interface Session {
  /** Its access tokens have this id too. It stays the same when the refresh token rotates. */
  readonly id: string
  readonly clientId: string
  readonly endsAt: number
  /** The code authorization that began it. A second use of its code ends the session (RFC 6749 section 4.1.2). */
  readonly codeAuthorizationId: string | undefined
  /** The used refresh tokens that still continue it, the token that a client sent last at the end. Empty if rotation is strict. */
  readonly usedTokens: ReadonlyArray<string>
}

/**
 * The most used tokens that one session keeps. 32 processes, each with its own token, can then take turns. Between two refreshes
 * of one process, each of the others sends a token and gets a token.
 */
export const mostUsedTokens = 64

/**
 * The used tokens after a refresh with `sent`. The token that a client sent last goes to the end, so a client that sends the same
 * token again and again never loses it.
 */
export const usedAfter = (usedTokens: ReadonlyArray<string>, latest: string, sent: string): ReadonlyArray<string> =>
  [...usedTokens.filter((token) => token !== sent), ...(latest === sent ? [] : [latest]), sent].slice(-mostUsedTokens)

export const make = (limits: Store.Limits) => {
  const latestOf = new Map<string, string>()
  const store = Store.make<Session>({
    ...limits,
    // A used token has a place in the index too
    content: (session) => ({ ...session, index: session.usedTokens.map(() => 0) }),
    isOver: ({ endsAt }, now) => endsAt <= now,
    owner: ({ clientId }) => clientId,
    onDrop: ({ usedTokens }) => {
      for (const token of usedTokens) latestOf.delete(token)
    }
  })

  /** The latest refresh token of the session that this token continues. */
  const latest = (token: string): string | undefined => store.has(token) ? token : latestOf.get(token)

  return {
    ...store,
    latest,
    /** Keeps a session, and replaces each session that has one of its tokens. The caller has to make room first. */
    set: (token: string, session: Session): void => {
      for (const each of [token, ...session.usedTokens]) {
        const before = latest(each)
        if (before !== undefined) store.drop(before)
      }
      store.set(token, session)
      for (const used of session.usedTokens) latestOf.set(used, token)
    },
    clear: (): void => {
      store.clear()
      latestOf.clear()
    },
    /** How many used tokens the index has. */
    indexed: (): number => latestOf.size
  }
}
