/**
 * Limits the guesses of user codes (RFC 8628 section 5.1) to ten wrong codes in any minute. All requests count together,
 * because on loopback their senders cannot be told apart.
 *
 * It is synchronous and takes the time as an argument. It keeps at most ten times.
 */

/** How many wrong codes one period allows. After them, the emulator looks up no code. */
export const limit = 10

/** The period, in milliseconds. */
export const period = 60_000

export const make = () => {
  // The times of the wrong codes in the last period, the oldest first
  let wrong: ReadonlyArray<number> = []

  // After the clock was set back, a time may lie in the future. It counts as now, so that it expires after one period.
  const recent = (now: number): ReadonlyArray<number> =>
    wrong.map((at) => Math.min(at, now)).filter((at) => now - at < period)

  /** The whole seconds until the emulator looks up a code again, or 0 if it does so now. */
  const wait = (now: number): number => {
    wrong = recent(now)
    const [oldest] = wrong
    return oldest === undefined || wrong.length < limit ? 0 : Math.ceil((oldest + period - now) / 1000)
  }

  return {
    wait,
    /** Counts a wrong code. If it is one too many, it gives the seconds of `wait`, and the page must not judge the code. */
    count: (now: number): number => {
      const seconds = wait(now)
      if (seconds === 0) wrong = [...wrong, now]
      return seconds
    },
    /** How many times it keeps. */
    size: (): number => wrong.length
  }
}

export type Attempts = ReturnType<typeof make>
