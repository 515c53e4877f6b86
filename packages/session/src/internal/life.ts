/**
 * How long a token lasts, and when it is due for a refresh. Times are in milliseconds.
 */
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
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
export const monotonic = Lifetime.monotonic

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

/** The ages of tokens. The token that was asked for last is remembered, so that a clock that is set back cannot make it last longer. */
export const makeAges = (): Ages => {
  let seen: { readonly accessToken: string; readonly mark: Lifetime.Seen } | undefined
  return {
    leftOf: Effect.fnUntraced(function*(token: CachedToken) {
      const accessToken = Redacted.value(token.accessToken)
      if (seen?.accessToken !== accessToken) {
        seen = { accessToken, mark: yield* Lifetime.see(token.expiresAt, lifeOf(token)) }
      }
      return yield* Lifetime.leftOf({ ...seen.mark, expiresAt: DateTime.toEpochMillis(token.expiresAt) })
    })
  }
}
