/**
 * A difference between the official client and ours that is on purpose.
 */

export interface Difference {
  /** The situation. */
  readonly when: string
  /** What the official client does. */
  readonly official: string
  /** What ours does. */
  readonly ours: string
  readonly why: string
  /** The title of its test. */
  readonly test: string
}

export const difference = (when: string, official: string, ours: string, why: string, test: string): Difference => ({
  when,
  official,
  ours,
  why,
  test
})

/** The row of `docs/wire.md`. */
export const row = ({ official, ours, test, when, why }: Difference): string =>
  `| ${when} | ${official} | ${ours} | ${why} | ${test} |`
