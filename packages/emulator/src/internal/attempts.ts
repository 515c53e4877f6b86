/**
 * How often a person may enter a wrong code, so that nobody finds a right one by trying (RFC 8628 section 5.1).
 *
 * One count for all: on loopback everybody comes from the same address.
 */

/** Wrong codes that a window sees before nobody may try. */
export const most = 10

/** In milliseconds. */
export const window = 60_000

export const make = () => {
  // when the latest wrong codes came, the oldest first, and never more than the limit
  let wrong: ReadonlyArray<number> = []

  return {
    /** Milliseconds until the next code may be tried; 0 when it may be now. */
    left: (now: number): number => {
      // what lies ahead was counted before the clock was set back
      wrong = wrong.filter((at) => at <= now && now - at < window)
      const [oldest] = wrong
      return wrong.length < most || oldest === undefined ? 0 : oldest + window - now
    },
    /** A code was wrong. */
    failed: (now: number): void => {
      wrong = [...wrong, now].slice(-most)
    }
  }
}
