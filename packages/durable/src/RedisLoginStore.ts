/**
 * A store of logins in Redis, through Effect's `Redis` service.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type * as EffectRedis from "effect/persistence/Redis"
import * as Redis from "./internal/redis.ts"
import { LoginStore, type LoginStoreError } from "./LoginStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What the names of all keys begin with. `"sso-oidc:"` by default. It may be any text. */
  readonly prefix?: string | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A store in Redis 6.2 or newer, for processes on many machines and for functions. It needs Effect's `Redis` service, which
 * `@effect/platform-node/NodeRedis` has, or which you make over another client.
 *
 * - A login is one hash. Each change is one script, which compares and writes. A script uses one key, so that Redis Cluster runs it.
 * - A row expires by itself, so that `sweep` finds nothing. Its life is measured from the clock of its writer.
 * - One sorted set has the logins that nothing drives, for `pending`.
 *
 * The server must not evict keys: set `maxmemory-policy` to `noeviction`. After a failover to a replica that lags behind, the last writes are
 * lost, and two processes may poll for a login.
 *
 * @example
 * ```ts
 * import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Layer from "effect/Layer"
 *
 * const store = RedisLoginStore.layer({ prefix: "billing:" }).pipe(
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<LoginStore, LoginStoreError, EffectRedis.Redis> =>
  Layer.effect(LoginStore, Redis.make(options))
