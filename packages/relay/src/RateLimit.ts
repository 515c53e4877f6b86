/**
 * Limits how many requests the relay passes on, for each key.
 *
 * All pages of a relay share its one address at the service. So one caller that sends without end uses up the service's limit
 * for all. The relay asks a {@link Store} before it reads a body. The default store lives in the memory of one process. If
 * several processes run, or if each request may start a new process (serverless, workers), give a store that they share.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Address from "./internal/address.ts"

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
  /** How many requests the bucket holds: a whole number of at least 1. */
  readonly limit: number
  /** How long an empty bucket takes to be full again. */
  readonly window: Duration.Duration
}

/**
 * Whether a request may pass, and if not, how long to wait.
 *
 * @category models
 * @since 0.1.0
 */
export type Taken =
  | {
    /** The request may pass. */
    readonly allowed: true
  }
  | {
    /** The request may not pass. */
    readonly allowed: false
    /** How long the caller has to wait for the next request. The response has it in the header `retry-after`. */
    readonly retryAfter: Duration.Duration
  }

/**
 * Counts the requests.
 *
 * The relay passes a request on only if `take` gave an object whose `allowed` is `true`, and `isFirst` gave `true`. For any
 * other value, a failure, a defect, a throw or a time limit, it responds with a 503 or 504. The relay then logs an error that
 * names the function.
 *
 * @example
 * ```ts
 * import type * as RateLimit from "@sso-oidc/relay/RateLimit"
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
  /** Takes one request from the bucket of a key. The key has at most 256 characters. */
  readonly take: (key: string, limit: Limit) => Effect.Effect<Taken, unknown>
  /**
   * Records an id for a time. It gives `true` if the id was not recorded before, else `false`.
   *
   * A browser may send a request again by itself when its connection breaks. Both requests have the same id, and the relay
   * passes on only the first. The relay calls `isFirst` right before it passes a request on, so a rejected request records no
   * id.
   *
   * Redis' `SET key value NX PX milliseconds` gives `"OK"` for the first and `null` after that. Neither is a boolean: give
   * `result === "OK"`.
   *
   * Without `isFirst`, each process knows only the ids that it passed on itself. See `RelayOptions.rateLimit`.
   *
   * @example
   * ```ts
   * import type * as RateLimit from "@sso-oidc/relay/RateLimit"
   * import * as Duration from "effect/Duration"
   * import * as Effect from "effect/Effect"
   *
   * // the client of the package `redis`
   * declare const redis: {
   *   set(key: string, value: string, options: { NX: true; PX: number }): Promise<string | null>
   * }
   *
   * const isFirst: RateLimit.Store["isFirst"] = (id, within) =>
   *   Effect.tryPromise(() => redis.set(`sso-oidc:id:${id}`, "1", { NX: true, PX: Duration.toMillis(within) })).pipe(
   *     Effect.map((result) => result === "OK")
   *   )
   * ```
   */
  readonly isFirst?: ((id: string, within: Duration.Duration) => Effect.Effect<boolean, unknown>) | undefined
}

/**
 * The relay's limit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many requests pass within `window`: a whole number of at least 1, or `Infinity` for no limit. 1,200 by default, because
   * a login polls once a second. Any other value is a `RangeError`.
   */
  readonly limit?: number | undefined
  /**
   * How long an empty bucket takes to be full again. 1 minute by default; a bare number counts milliseconds. It must be longer
   * than zero, and finite; any other value is a `RangeError`.
   */
  readonly window?: Duration.Input | undefined
  /**
   * Gives the bucket that a request is counted in. By default all requests share one.
   *
   * `remoteAddress` is the address that the server gave for the connection (`Relay.Connection`). Pass it to {@link
   * keyOfAddress}. Use a header only if your platform or proxy always sets it itself, such as `cf-connecting-ip` on Cloudflare.
   * A caller can write any other header, and so gets a new bucket for each request.
   *
   * It must give a string at once. For any other value, or a throw, the relay responds with a 503.
   */
  readonly key?: ((request: Request, remoteAddress: string | undefined) => string) | undefined
  /** The store that counts. {@link makeMemoryStore} by default, which counts in one process. */
  readonly store?: Store | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A store that counts in the memory of this process, by Effect's monotonic `Clock`. Invalid options throw a `RangeError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemoryStore = (options: {
  /**
   * The most buckets that it holds. 10,000 by default; a number below 1 is a `RangeError`.
   *
   * When it is full, it drops the least recently used bucket. Rejecting new keys instead would let an attacker block all
   * callers.
   */
  readonly maxKeys?: number | undefined
} = {}): Store => {
  const maxKeys = options.maxKeys ?? 10_000
  if (!(maxKeys >= 1)) throw new RangeError("RateLimit: maxKeys must be a number of at least 1")
  // The time at which each bucket is full again. One number holds a whole bucket (the generic cell rate algorithm).
  const full = new Map<string, number>()
  return {
    take: (key, { limit, window }) =>
      Effect.map(Clock.monotonicTimeNanos, (nanos): Taken => {
        const now = Number(nanos) / 1_000_000
        const millis = Duration.toMillis(window)
        const then = Math.max(full.get(key) ?? now, now) + millis / limit
        // the map is in the order of use: its first key is the least recently used one
        full.delete(key)
        const wait = then - now - millis
        // less than a microsecond is a rounding error
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

// -----------------------------------------------------------------------------
// keys
// -----------------------------------------------------------------------------

/**
 * The rate limit's key for the address of a caller. It is the IPv4 address as it is, or the /64 of an IPv6 address.
 *
 * A provider gives each customer a /64 at least, so a key for each IPv6 address would give one caller 2^64 buckets. An IPv4
 * address inside an IPv6 address (`::ffff:192.0.2.1`, `64:ff9b::192.0.2.1`) counts as the IPv4 address.
 *
 * For anything that is not one address, and for `undefined` and `null`, the key is the empty text. So all callers without an
 * address share one bucket.
 *
 * @example
 * ```ts
 * import * as RateLimit from "@sso-oidc/relay/RateLimit"
 *
 * RateLimit.keyOfAddress("::ffff:192.0.2.1") // "192.0.2.1"
 * RateLimit.keyOfAddress("2001:db8:1:2:3:4:5:6") // "2001:db8:1:2::/64"
 *
 * const options: RateLimit.Options = {
 *   limit: 120,
 *   key: (_request, remoteAddress) => RateLimit.keyOfAddress(remoteAddress)
 * }
 * ```
 *
 * @category keys
 * @since 0.1.0
 */
export const keyOfAddress = (address: string | null | undefined): string => Address.key(address)
