/**
 * The limit for requests. It makes a request later, and drops none.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ClientOptions } from "../Logins.ts"
import * as Within from "./within.ts"

export interface Pace {
  /** Takes the next turn, and gives how many milliseconds it is away. */
  readonly turn: Effect.Effect<number>
  /** How many requests may be sent in a second. Infinite without a limit. */
  readonly perSecond: number
}

const unlimited: Pace = { turn: Effect.succeed(0), perSecond: Number.POSITIVE_INFINITY }

const option = "pace"

const checked = (perSecond: unknown): number => {
  if (typeof perSecond === "number" && perSecond > 0) return perSecond
  throw new RangeError(`Logins: ${option} must be a number above 0, such as 50 for 50 requests per second`)
}

// A program in JavaScript may give anything.
const isLimiter = (limiter: unknown): boolean => typeof Wire.memberOf(limiter, "consume") === "function"

/** Turns of this process, with the same time between each two. */
const own = (perSecond: number): Pace => {
  let next = Number.NEGATIVE_INFINITY
  return {
    perSecond,
    turn: Effect.clockWith((clock) =>
      Effect.sync(() => {
        const now = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
        const mine = Math.max(now, next)
        next = mine + 1000 / perSecond
        return mine - now
      })
    )
  }
}

// A limiter that does not respond makes no request late for ever.
const patience = 10_000

/** Throws a `RangeError` for a limit that is none. */
export const make = (pace: ClientOptions["pace"]): Pace => {
  if (pace === undefined) return unlimited
  if (typeof pace === "number") {
    const perSecond = checked(pace)
    return Number.isFinite(perSecond) ? own(perSecond) : unlimited
  }
  const { key = "sso-oidc/logins", limiter } = pace
  const perSecond = checked(pace.perSecond)
  if (!isLimiter(limiter)) {
    throw new RangeError(`Logins: ${option} must be a number, or have a limiter, which is a RateLimiter of Effect`)
  }
  const fallback = own(perSecond)
  const limit = Math.max(1, Math.floor(perSecond))
  const consume = Effect.suspend(() =>
    limiter.consume({
      algorithm: "token-bucket",
      onExceeded: "delay",
      limit,
      window: Duration.millis(limit / perSecond * 1000),
      key
    })
  )
  return {
    perSecond,
    turn: Within.within(consume, patience, Effect.fail(undefined)).pipe(
      Effect.map(({ delay }) => Duration.toMillis(delay)),
      // Not without any limit: the limiter's store may be down for long.
      Effect.catchCause(() => fallback.turn)
    )
  }
}
