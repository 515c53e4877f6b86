/**
 * Whether this process stood still: frozen, suspended, or too busy to run its timers.
 *
 * A process that thaws runs its late timers in any order. So each reader compares the clocks itself, and does not wait for the watch.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Holding from "./holding.ts"

export interface Watch {
  /** How often this process stood still, up to this moment. */
  readonly count: () => number
  /**
   * Whether it stood still lately. The engine may have given its work to another process, and may need some time to stop this one. So
   * once is not enough: each poll is confirmed.
   */
  readonly isRecent: () => boolean
  /** How many milliseconds ago it stood still last. Infinite if it never did. */
  readonly since: () => number
}

// In milliseconds. An engine takes up to its lock's expiry to notice, and then some time to stop what runs.
const lately = 60_000

/** Watches the clocks of this process. It stood still if either of them shows more than `limit` milliseconds since the last look. */
export const watch = (limit: number): Effect.Effect<Watch, never, Scope.Scope> =>
  Effect.clockWith((clock) => {
    let last = Holding.moment(clock)
    let found = 0
    let at = Number.NEGATIVE_INFINITY
    const count = (): number => {
      const now = Holding.moment(clock)
      // a clock that was set shows other times to other processes, so it counts too
      if (Math.abs(now.wall - last.wall) > limit || now.monotonic - last.monotonic > limit) {
        found++
        at = now.monotonic
      }
      last = now
      return found
    }
    const since = (): number => {
      // this may be the first look after the standstill
      count()
      return Holding.moment(clock).monotonic - at
    }
    return Effect.as(
      Effect.forkScoped(
        Effect.forever(
          Effect.andThen(Effect.sleep(Duration.millis(Math.min(1000, limit / 4))), Effect.sync(count))
        )
      ),
      { count, since, isRecent: () => since() < lately }
    )
  })
