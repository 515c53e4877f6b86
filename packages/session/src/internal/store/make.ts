/**
 * A store of a user, which only has to try its lock: the wait for it is here.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Effect from "effect/Effect"
import type { MakeOptions, Service, Taken } from "../../TokenStore.ts"
import * as Waiting from "./waiting.ts"

export const make = ({ entries, lock, marks, name, read, take, warnings }: MakeOptions): Service => ({
  name,
  lock,
  warnings,
  entries,
  read,
  marks,
  exclusively: (key, use, waiting) =>
    Effect.suspend(() => {
      let taken: Taken | undefined
      return Waiting.withLock(
        {
          attempt: Effect.map(Effect.suspend(() => take(key)), (found) => {
            taken = found
            return found !== undefined
          }),
          release: Effect.suspend(() => taken?.release ?? Effect.void)
        },
        Effect.suspend(() => taken === undefined ? Effect.die("use without a lock") : use(taken.hold)),
        waiting,
        { store: name, key: CacheFile.hash(key) }
      )
    })
})
