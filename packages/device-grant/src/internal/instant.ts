/**
 * Numbers of the service made into durations and instants that exist.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

// 30 years: longer than anything that is waited for, and far inside what dates can express.
const maxSeconds = 1e9

/** A duration of at least 0 and at most 30 years. What is no number counts as 0. */
export const millis = (n: number): Duration.Duration => Duration.millis(n > 0 ? Math.min(n, maxSeconds * 1000) : 0)

/** The same of seconds. */
export const seconds = (n: number): Duration.Duration => millis(n * 1000)

const maxMillis = 8.64e15

/** An instant inside the range of dates. */
export const at = (millis: number): DateTime.Utc =>
  DateTime.makeUnsafe(Math.min(Math.max(Number.isNaN(millis) ? 0 : millis, -maxMillis), maxMillis))

/** The instant that comes `duration` after the time `now`, in milliseconds. */
export const after = (now: number, duration: Duration.Duration): DateTime.Utc => at(now + Duration.toMillis(duration))
