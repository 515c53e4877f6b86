/**
 * How many wrong user codes may be tried (RFC 8628 section 5.1): ten in any minute, of all requests together, since
 * on loopback one guesser looks like another.
 *
 * Synchronous, and the time is an argument. It remembers at most ten instants.
 */

/** So many wrong codes get a response of their own in one period; after them, no code is looked up. */
export const limit = 10

/** In milliseconds. */
export const period = 60_000

export const make = () => {
  // when the wrong codes of the last period came, oldest first
  let wrong: ReadonlyArray<number> = []

  // What lies ahead of a clock that was set back counts as of now: it would neither be forgotten nor hold for ever.
  const recent = (now: number): ReadonlyArray<number> =>
    wrong.map((at) => Math.min(at, now)).filter((at) => now - at < period)

  /** The whole seconds until a code is looked up again: 0 where one may be now. */
  const wait = (now: number): number => {
    wrong = recent(now)
    const [oldest] = wrong
    return oldest === undefined || wrong.length < limit ? 0 : Math.ceil((oldest + period - now) / 1000)
  }

  return {
    wait,
    /** Counts a wrong code, unless it is one too many: then the same as `wait`, and nothing must be told of the code. */
    count: (now: number): number => {
      const seconds = wait(now)
      if (seconds === 0) wrong = [...wrong, now]
      return seconds
    },
    /** How many instants are remembered. */
    size: (): number => wrong.length
  }
}

export type Attempts = ReturnType<typeof make>
