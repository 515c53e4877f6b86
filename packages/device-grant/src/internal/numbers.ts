/**
 * The numbers of a stored pending authorization: what is refused, and how a count goes on.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const most = 1_000_000

/** A count that one more can be added to. {@link counted} adds it. */
export const Count = Schema.Natural.check(Schema.isLessThanOrEqualTo(most))

/** One more, up to the most that a count says. */
export const counted = (count: number): number => Math.min(count + 1, most)

const duration = (least: number, otherwise: string) =>
  Schema.DurationFromMillis.check(
    Schema.makeFilter((given: Duration.Duration) =>
      Duration.isFinite(given) && Duration.toMillis(given) >= least ? undefined : otherwise
    )
  )

/** A finite duration that is not negative. */
export const Wait = duration(0, "the wait must be finite, and not negative")

/** A finite duration of at least a second, which is the least that the service can ask for. */
export const Interval = duration(1000, "the interval must be finite, and at least a second")
