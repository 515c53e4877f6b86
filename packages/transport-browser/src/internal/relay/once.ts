/**
 * Passes each request on once, also when the page's browser sends it twice.
 *
 * A browser sends a request again by itself, a POST too, when a kept connection turned out dead before an answer came.
 * The second one would find the code or the refresh token used, and the page would read `invalid_grant` where its token
 * was lost on the way. The page's transport gives every request an id; a request that its browser sends again has the
 * same.
 *
 * The id is taken before all else: whatever the relay then says of the request, it says of the first of that id.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimit from "../../RateLimit.ts"
import * as Verdict from "../verdict.ts"

/** Whether it is the first of its id; `undefined` when nobody can tell. */
export type Once = (request: Request) => Effect.Effect<boolean | undefined>

// far more than are under way within a time limit
const most = 10_000

/** One that this process has not seen, nor, where they share a store, another. */
export const make = (isFirst: RateLimit.Store["isFirst"], requestTimeout: Duration.Duration): Once => {
  const seen = new Set<string>()
  // the browser sends again while it waits for an answer, and no answer takes longer
  const within = Duration.times(requestTimeout, 2)
  return (request) =>
    Effect.suspend(() => {
      const id = request.headers.get(Verdict.idHeader)
      // one that is not of the page's transport is not known from another, nor does its page read what is said of it
      if (id === null || !/^[0-9a-f]{32}$/.test(id)) return Effect.succeed(true)
      if (seen.has(id)) return Effect.succeed(false)
      seen.add(id)
      for (const oldest of seen) {
        if (seen.size <= most) break
        seen.delete(oldest)
      }
      if (isFirst === undefined) return Effect.succeed(true)
      return Effect.suspend(() => isFirst(id, within)).pipe(
        Effect.catchCause(() => Effect.succeed(undefined))
      )
    })
}
