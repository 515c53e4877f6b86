/**
 * Why a database did not do what it was told, which the stores of this project share.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another store, not in an application.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Why a database did not do what it was told. It has nothing of what was sent to it, because that may be a secret.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trouble {
  /**
   * `"unavailable"`: the database does not work now. `"timeout"`: it took too long, and a write may have been done. `"unreadable"`: it works,
   * but another program wrote the value.
   */
  readonly reason: "unavailable" | "timeout" | "unreadable"
  /** What is wrong, in words, without a full stop. */
  readonly detail: string
  /** The code of the database or of the system, such as `READONLY` or `ECONNREFUSED`. Absent if there is none. */
  readonly code?: string | undefined
}

// -----------------------------------------------------------------------------
// limits
// -----------------------------------------------------------------------------

/**
 * What a database does, within a time. A database that does not respond must not hold a caller for ever. A defect of its client may hold what
 * was sent, so nothing of it is kept.
 *
 * @category limits
 * @since 0.1.0
 */
export const within = <A, R>(
  effect: Effect.Effect<A, Trouble, R>,
  duration: Duration.Duration
): Effect.Effect<A, Trouble, R> =>
  effect.pipe(
    Effect.timeoutOrElse({
      duration,
      orElse: () =>
        Effect.fail<Trouble>({
          reason: "timeout",
          code: "ETIMEDOUT",
          detail: `it did not respond within ${Duration.format(duration)}`
        })
    }),
    Effect.catchDefect(() => Effect.fail<Trouble>({ reason: "unavailable", detail: "its client failed unexpectedly" }))
  )
