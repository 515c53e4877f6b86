/**
 * How long a token lasts, and when it is due for a refresh. Times are in milliseconds.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { CachedToken } from "../CachedToken.ts"

/** A token with less left is refreshed. */
const due = Duration.toMillis("15 minutes")

/** With less left, a caller waits for the refresh. */
export const urgent = Duration.toMillis("5 minutes")

/** The time between a failed refresh and the next one, while the token is valid. */
export const pause = Duration.toMillis("1 minute")

/** Milliseconds of the monotonic clock. They count from no particular time. */
export const monotonic: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** The whole life of a token, if the token says when it arrived. */
const lifeOf = ({ expiresAt, receivedAt }: CachedToken): number | undefined => {
  if (receivedAt === undefined) return undefined
  const life = DateTime.toEpochMillis(expiresAt) - DateTime.toEpochMillis(receivedAt)
  return life > 0 ? life : undefined
}

/** Whether a token with so much left is due for a refresh: in the last 15 minutes, or in the second half of a shorter life. */
export const isDue = (token: CachedToken, left: number): boolean => {
  const life = lifeOf(token)
  return left < (life === undefined ? due : Math.min(due, life / 2))
}

/** Measures what tokens have left. */
export interface Ages {
  /** What the token has left. Zero or less: it has expired. */
  readonly leftOf: (token: CachedToken) => Effect.Effect<number>
}

/**
 * The expiry is a time of the wall clock. If that clock is set back, a token that was seen before still ends in time, because the time
 * since then is measured on the monotonic clock.
 */
export const makeAges = (): Ages => {
  let seen: { readonly accessToken: string; readonly left: number; readonly at: number } | undefined
  return {
    leftOf: Effect.fnUntraced(function*(token: CachedToken) {
      const [wall, at] = [yield* Clock.currentTimeMillis, yield* monotonic]
      const accessToken = Redacted.value(token.accessToken)
      const byExpiry = DateTime.toEpochMillis(token.expiresAt) - wall
      const left = Math.min(byExpiry, lifeOf(token) ?? Infinity)
      if (seen?.accessToken !== accessToken) {
        seen = { accessToken, left, at }
        return left
      }
      return Math.min(left, seen.left - (at - seen.at))
    })
  }
}
