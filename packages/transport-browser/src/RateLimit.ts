/**
 * How many requests the relay passes on, and for whom.
 *
 * A relay stands before the service with one address for all of its pages, so that one caller who asks without end uses
 * up what the service allows to all. The relay asks a {@link Store} before it reads a body. The default store lives in
 * the memory of one process; where several run beside each other, or where each request may meet a new one (serverless,
 * workers), give one that they share.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A bucket of `limit` requests, which fills evenly within `window`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limit {
  readonly limit: number
  readonly window: Duration.Duration
}

/**
 * Whether a request may pass, and if not, when one may.
 *
 * @category models
 * @since 0.1.0
 */
export type Taken =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfter: Duration.Duration }

/**
 * Where requests are counted.
 *
 * - `take` takes one from the bucket of a key.
 * - `isFirst` says whether an id has not been asked for within a time, and remembers that it now was (`SET NX PX` in
 *   Redis). A browser sends a request again by itself when its connection broke, and the relay passes on the first
 *   alone. Without `isFirst` each process knows what itself has seen.
 *
 * When either fails, the relay passes nothing on.
 *
 * @example
 * ```ts
 * import type * as RateLimit from "@sso-oidc/transport-browser/RateLimit"
 * import * as Effect from "effect/Effect"
 * import * as RateLimiter from "effect/persistence/RateLimiter"
 *
 * // over Effect's own, which keeps its counts in Redis or in memory
 * const store = Effect.map(RateLimiter.RateLimiter, (limiter): RateLimit.Store => ({
 *   take: (key, { limit, window }) =>
 *     limiter.consume({ algorithm: "token-bucket", key: `sso-oidc:${key}`, limit, window }).pipe(
 *       Effect.map((): RateLimit.Taken => ({ allowed: true })),
 *       Effect.catchReason(
 *         "RateLimiterError",
 *         "RateLimitExceeded",
 *         ({ retryAfter }) => Effect.succeed<RateLimit.Taken>({ allowed: false, retryAfter })
 *       )
 *     )
 * }))
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Store {
  readonly take: (key: string, limit: Limit) => Effect.Effect<Taken, unknown>
  readonly isFirst?: ((id: string, within: Duration.Duration) => Effect.Effect<boolean, unknown>) | undefined
}

/**
 * The relay's limit.
 *
 * - `limit`: how many requests within `window`. 1,200 by default: a login polls once a second. A whole number of 1 or
 *   more; `Infinity` for no limit.
 * - `window`: 1 minute by default; longer than zero, and finite.
 * - `key`: whose bucket a request is counted in. By default all requests share one. Take what your platform vouches for,
 *   such as `cf-connecting-ip` on Cloudflare: a header that the caller can write counts nobody.
 * - `store`: {@link memory} by default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly limit?: number | undefined
  readonly window?: Duration.Input | undefined
  readonly key?: ((request: Request) => string) | undefined
  readonly store?: Store | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Counts in the memory of this process, by Effect's monotonic `Clock`.
 *
 * It holds at most `maxKeys` buckets (10,000 by default) and forgets the one that was asked for longest ago: whoever has
 * more addresses than that has more requests than the limit anyhow, and to refuse strangers would let them lock all out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const memory = (options: { readonly maxKeys?: number | undefined } = {}): Store => {
  const maxKeys = options.maxKeys ?? 10_000
  if (!(maxKeys >= 1)) throw new RangeError("RateLimit: maxKeys must be a number of at least 1")
  // when each bucket is full again (the generic cell rate algorithm: one number is a whole bucket)
  const full = new Map<string, number>()
  return {
    take: (key, { limit, window }) =>
      Effect.map(Clock.monotonicTimeNanos, (nanos): Taken => {
        const now = Number(nanos) / 1_000_000
        const millis = Duration.toMillis(window)
        const then = Math.max(full.get(key) ?? now, now) + millis / limit
        // counted from the front, the map is in the order in which its keys were asked for
        full.delete(key)
        const wait = then - now - millis
        // a part of a microsecond is the rounding of a sum of parts
        const allowed = wait < 0.001
        full.set(key, allowed ? then : then - millis / limit)
        for (const oldest of full.keys()) {
          if (full.size <= maxKeys) break
          full.delete(oldest)
        }
        return allowed ? { allowed } : { allowed, retryAfter: Duration.millis(wait) }
      })
  }
}
