/**
 * How a store waits for a lock: it tries, asks whether the wait is still needed, and tries again.
 */
import { StoreBusy } from "@sso-oidc/core/AccessToken"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type { Waiting } from "../../TokenStore.ts"

// In milliseconds. They differ from try to try, so that processes that wait together do not try together.
const usual = [15, 45] as const

// Each try costs some milliseconds of a processor. Without longer pauses, 32 processes that wait for a slow service keep two cores busy.
const patience = 500
const mostTimes = 6

/** A pause before the next try, after a wait so far. It never goes beyond the longest wait. All in milliseconds. */
const sleep = ([shortest, longest]: readonly [number, number], waited: number, wait: number): Effect.Effect<void> =>
  Effect.flatMap(Random.nextBetween(shortest, longest), (millis) => {
    const times = Math.min(Math.max(waited / patience, 1), mostTimes)
    return Effect.sleep(Duration.millis(Math.ceil(Math.min(millis * times, wait - waited))))
  })

/** A lock that can be tried without a wait. */
export interface Lock<E, R = never> {
  /** Takes the lock if it is free, and says whether it did. */
  readonly attempt: Effect.Effect<boolean, E, R>
  /** Gives the lock back. */
  readonly release: Effect.Effect<void, never, R>
  /**
   * Gives the lock back after a try that failed or was interrupted, and may have taken it. Without it, a try cannot be interrupted. A lock
   * that waits for a response needs it.
   */
  readonly abandon?: Effect.Effect<void, never, R>
  /**
   * The shortest and the longest pause between two tries, in milliseconds. 15 and 45 by default. After half a second of waiting, both grow
   * with the wait, up to six times.
   */
  readonly pause?: readonly [shortest: number, longest: number]
}

/**
 * Runs `use` while it holds the lock. An interruption ends the wait. It never leaves the lock taken.
 */
export const withLock = <E2, R2, A, E, R>(
  lock: Lock<E2, R2>,
  use: Effect.Effect<A, E, R>,
  waiting: Waiting<A, E, R>,
  busy: { readonly store: string; readonly key: Effect.Effect<string> }
): Effect.Effect<A, E | E2 | StoreBusy, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const wait = Duration.toMillis(waiting.wait)
      const start = yield* Clock.monotonicTimeNanos
      const { abandon, attempt } = lock
      const taken = abandon === undefined ? attempt : Effect.onError(restore(attempt), () => abandon)
      while (true) {
        if (yield* taken) return yield* Effect.ensuring(restore(use), lock.release)
        const found = waiting.meanwhile === undefined ? Option.none<A>() : yield* restore(waiting.meanwhile)
        if (Option.isSome(found)) return found.value
        const waited = Number((yield* Clock.monotonicTimeNanos) - start) / 1e6
        if (waited >= wait) {
          return yield* new StoreBusy({ store: busy.store, key: yield* busy.key, seconds: Math.round(waited / 1000) })
        }
        yield* restore(sleep(lock.pause ?? usual, waited, wait))
      }
    })
  )
