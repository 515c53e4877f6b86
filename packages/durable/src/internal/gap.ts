/**
 * How the wait between two polls grows with the age of the code.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Options } from "../Logins.ts"

/** The least wait for a code of an age. Both in milliseconds. */
export type Gap = (age: number) => number

const millisOf = (most: Duration.Input): number =>
  Option.match(Duration.fromInput(most), { onNone: () => Number.NaN, onSome: Duration.toMillis })

/** Throws a `RangeError` for values that are out of range. */
export const make = (gap: Options["gap"]): Gap => {
  if (gap === undefined || gap === false) return () => 0
  const { most = Duration.seconds(30), share = 0.1 } = gap === true ? {} : gap
  const longest = millisOf(most)
  if ((gap !== true && typeof gap !== "object") || !(share >= 0 && share <= 1) || !(longest >= 0)) {
    throw new RangeError("Logins: gap must have a share from 0 to 1, and a duration as most, such as \"30 seconds\"")
  }
  return (age) => Math.min(longest, Math.max(0, age) * share)
}
