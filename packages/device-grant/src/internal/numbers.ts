/**
 * The numbers of a stored pending authorization: their limits, and how a count is raised.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const most = 1_000_000

/** A count of at most 1,000,000, so that {@link counted} can always add 1. */
export const Count = Schema.Natural.check(Schema.isLessThanOrEqualTo(most))

/** The count plus 1, but never more than the largest count. */
export const counted = (count: number): number => Math.min(count + 1, most)

const duration = (least: number, otherwise: string) =>
  Schema.DurationFromMillis.check(
    Schema.makeFilter((given: Duration.Duration) =>
      Duration.isFinite(given) && Duration.toMillis(given) >= least ? undefined : otherwise
    )
  )

/** A finite duration of at least 0. */
export const Wait = duration(0, "the wait must be finite and at least 0 milliseconds")

/** A finite duration of at least 1 second: the service cannot ask for a shorter interval. */
export const Interval = duration(1000, "the interval must be finite and at least 1,000 milliseconds")
