/**
 * Unstable: how long a token or a credential lasts, which the packages of this project share.
 *
 * An expiry is a time of the wall clock. If that clock is set back, what was seen before still ends in time, because the time since then is
 * measured on the monotonic clock.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What was left when something was first seen. {@link see} makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seen {
  /** When it expires, in milliseconds since 1970 on the wall clock. */
  readonly expiresAt: number
  /** What was left then, in milliseconds. */
  readonly left: number
  /** When that was, in milliseconds of the monotonic clock. */
  readonly at: number
}

// -----------------------------------------------------------------------------
// clocks
// -----------------------------------------------------------------------------

/**
 * Milliseconds of the monotonic clock. They count from no particular time.
 *
 * @category clocks
 * @since 0.1.0
 */
export const monotonic: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

// -----------------------------------------------------------------------------
// what is left
// -----------------------------------------------------------------------------

/**
 * Notes what is left until an expiry: at most `most` milliseconds, if the whole life is known. No limit by default.
 *
 * @category what is left
 * @since 0.1.0
 */
export const see = (expiry: DateTime.Utc, most = Infinity): Effect.Effect<Seen> =>
  Effect.gen(function*() {
    const expiresAt = DateTime.toEpochMillis(expiry)
    return { expiresAt, left: Math.min(expiresAt - (yield* Clock.currentTimeMillis), most), at: yield* monotonic }
  })

/**
 * What is left, in milliseconds, at a time of the wall clock and of the monotonic clock, by the clock that says less. Zero or less means
 * expired.
 *
 * @category what is left
 * @since 0.1.0
 */
export const leftAt = ({ at, expiresAt, left }: Seen, wall: number, monotonic: number): number =>
  Math.min(expiresAt - wall, left - (monotonic - at))

/**
 * What is left now. See {@link leftAt}.
 *
 * @category what is left
 * @since 0.1.0
 */
export const leftOf = (seen: Seen): Effect.Effect<number> =>
  Effect.gen(function*() {
    return leftAt(seen, yield* Clock.currentTimeMillis, yield* monotonic)
  })
