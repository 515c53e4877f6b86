/**
 * Numbers of the service made into durations and instants that exist.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

// 30 years: longer than anything that is waited for, and far inside what dates can express.
const maxSeconds = 1e9

/** A duration of at least 0 and at most 30 years. */
export const seconds = (n: number): Duration.Duration => Duration.seconds(Math.min(Math.max(n, 0), maxSeconds))

const maxMillis = 8.64e15

/** An instant inside the range of dates. */
export const at = (millis: number): DateTime.Utc =>
  DateTime.makeUnsafe(Math.min(Math.max(Number.isNaN(millis) ? 0 : millis, -maxMillis), maxMillis))

/** The instant that comes `duration` after the time `now`, in milliseconds. */
export const after = (now: number, duration: Duration.Duration): DateTime.Utc => at(now + Duration.toMillis(duration))
