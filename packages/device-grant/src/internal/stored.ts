/**
 * What is demanded of a stored text before it is used: no less than of a response of the service.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const most = 1_000_000

const isPrintable = Schema.makeFilter((text: string) =>
  Wire.isPrintable(text) ? undefined : "characters that cannot be seen are not allowed here"
)

/** A text that may reach a message, a terminal or a log. */
export const Text = Schema.String.check(isPrintable)

/** The same, and not empty. */
export const Printable = Schema.NonEmptyString.check(isPrintable)

/** A count that one more can be added to. {@link counted} adds it. */
export const Count = Schema.Natural.check(Schema.isLessThanOrEqualTo(most))

/** One more, up to the most that a count says. */
export const counted = (count: number): number => Math.min(count + 1, most)

/** A finite duration that is not negative. */
export const Wait = Schema.DurationFromMillis.check(
  Schema.makeFilter((duration: Duration.Duration) =>
    Duration.isFinite(duration) && !Duration.isNegative(duration)
      ? undefined
      : "the wait must be finite, and not negative"
  )
)

/** A finite duration of at least a second, which is the least that the service can ask for. */
export const Interval = Schema.DurationFromMillis.check(
  Schema.makeFilter((duration: Duration.Duration) =>
    Duration.isFinite(duration) && Duration.toMillis(duration) >= 1000
      ? undefined
      : "the interval must be finite, and at least a second"
  )
)
