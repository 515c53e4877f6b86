/**
 * How many requests the relay passes on, and how callers are told apart.
 *
 * A relay has one address at the service for all of its pages. So one caller that sends without end uses up what the service
 * allows to all. The relay asks a {@link Store} before it reads a body. The default store lives in the memory of one process.
 * If several processes run, or if each request may meet a new one (serverless, workers), give a store that they share.
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
 * The relay passes a request on only after `take` gave an object whose `allowed` is `true`, and `isFirst` gave `true`.
 * Any other value, a failure, a defect, a throw or a time limit refuses the request with a 503 or 504. The relay then
 * logs an error that names the function.
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
   * Records an id for a time, and gives `true` if the id was not recorded before, else `false`.
   *
   * A browser sends a request again by itself when its connection breaks; both have the same id, and the relay passes
   * on the first alone. The relay calls `isFirst` right before it passes a request on, so refused requests record no id.
   *
   * Redis' `SET key value NX PX milliseconds` gives `"OK"` for the first and `null` after that. Neither is a boolean:
   * give `reply === "OK"`.
   *
   * Without `isFirst`, each process knows only the ids that it passed on itself. See `Relay.Options.rateLimit`.
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
   *     Effect.map((reply) => reply === "OK")
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
   * How many requests pass within `window`: a whole number of at least 1, or `Infinity` for no limit. 1,200 by default,
   * since a login polls once a second. Any other value is a `RangeError`.
   */
  readonly limit?: number | undefined
  /** 1 minute by default. It must be longer than zero, and finite; any other value is a `RangeError`. */
  readonly window?: Duration.Input | undefined
  /**
   * The bucket that a request is counted in. By default all requests share one.
   *
   * `remoteAddress` is what the server said of the connection (`Relay.Connection`). Give it to {@link keyOfAddress}.
   * Use a header only if your platform or proxy always sets it itself, such as `cf-connecting-ip` on Cloudflare. A caller
   * can write any other header, and so has a new bucket for each request.
   *
   * It must give a string at once. Any other value, or a throw, refuses the request with a 503.
   */
  readonly key?: ((request: Request, remoteAddress: string | undefined) => string) | undefined
  /** {@link memory} by default: it counts in one process. */
  readonly store?: Store | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Counts in the memory of this process, by Effect's monotonic `Clock`.
 *
 * It holds at most `maxKeys` buckets, 10,000 by default; a number below 1 is a `RangeError`. When it is full, it drops the least
 * recently used one. Rejecting new keys instead would let an attacker block all callers.
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

// -----------------------------------------------------------------------------
// keys
// -----------------------------------------------------------------------------

/**
 * The rate limit's key for the address of a caller: an IPv4 address as it is, and of an IPv6 address its /64.
 *
 * A provider gives each customer a /64 at least, so a key for each IPv6 address would give one caller 2^64 buckets. An
 * IPv4 address inside an IPv6 address (`::ffff:192.0.2.1`, `64:ff9b::192.0.2.1`) counts as the IPv4 address.
 *
 * The key of anything that is not one address, also of `undefined` and `null`, is the empty text. All callers without an
 * address then share one bucket.
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
