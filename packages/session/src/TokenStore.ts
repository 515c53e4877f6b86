/**
 * Where a session keeps its token. **One service, so that one line swaps it.**
 *
 * A store keeps one secret text for each key. Only the holder of the key's lock changes the text. So of all processes that share a store,
 * one sends a refresh, and the others read its token.
 *
 * To write a store of your own, use {@link make}, or implement {@link Service}. Hold it to `TokenStoreContract`.
 *
 * @since 0.1.0
 */
import type { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import type * as Sealer from "@sso-oidc/core/Sealer"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Path from "effect/Path"
import type * as KeyValueStore from "effect/persistence/KeyValueStore"
import type * as Redis from "effect/persistence/Redis"
import type * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type { AwsConfigError } from "./AwsConfigError.ts"
import * as AwsCache from "./internal/store/awsCache.ts"
import * as KeyValue from "./internal/store/keyValue.ts"
import * as Make from "./internal/store/make.ts"
import * as Memory from "./internal/store/memory.ts"
import * as RedisStore from "./internal/store/redis.ts"
import * as Sealed from "./internal/store/sealed.ts"
import * as SqlStore from "./internal/store/sql.ts"
import type * as Lock from "./Lock.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What is known of a refresh token that was sent:
 *
 * - `"sent"`: a request with it was sent, or was about to be, and no response is stored. The response is possibly lost.
 * - `"ended"`: the service rejected it.
 * - `"lost"`: the service rejected it, after the response to an earlier request was possibly lost.
 *
 * @category models
 * @since 0.1.0
 */
export type State = "sent" | "ended" | "lost"

/**
 * What a store remembers of a refresh token. It outlives the process that wrote it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mark {
  /** Which refresh token: its hash in hexadecimal digits, which {@link Hold.prepare} was given. */
  readonly of: string
  /** What is known of it. */
  readonly state: State
  /** The text that a holder wrote before it died, and did not put into its place. Only a store of files has it. */
  readonly response?: Redacted.Redacted<string> | undefined
}

/**
 * What the holder of a key's lock can do. It is good until `use` of {@link Service} ends.
 *
 * Each member checks the lock and changes the record in one step. A holder that has lost its lock changes nothing: it fails with a
 * `StoreError` whose reason is `"fenced"`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hold {
  /** `false` if no lock could be had, for example in a read-only folder. Then another process may hold the key at the same time. */
  readonly isExclusive: boolean
  /**
   * Makes room for a text of so many bytes, and records the state `"sent"` for the refresh token with this hash. After it, a full disk
   * cannot stop `commit`, and a death of this process is seen by the next holder.
   */
  readonly prepare: (of: string, bytes: number) => Effect.Effect<void, StoreError>
  /** Replaces the text as a whole, with or without `prepare`. It removes all marks. */
  readonly commit: (text: Redacted.Redacted<string>) => Effect.Effect<void, StoreError>
  /** Ends what `prepare` began, without a text. It records the state for the refresh token with this hash, or that nothing is known of it. */
  readonly settle: (of: string, state: State | undefined) => Effect.Effect<void, StoreError>
  /** Removes the text and all marks. Nothing to remove is no error. */
  readonly remove: Effect.Effect<void, StoreError>
}

/**
 * How to wait for a lock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiting<A, E, R> {
  /** The longest wait, on the monotonic clock. Then `exclusively` fails with `StoreBusy`. */
  readonly wait: Duration.Duration
  /** Runs again and again during the wait. `Some` ends the wait with its value. Absent: the wait goes on. */
  readonly meanwhile?: Effect.Effect<Option.Option<A>, E, R> | undefined
}

/**
 * A text that a store lists, without its key. See {@link Service.entries}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** The SHA-1 of its key in hexadecimal digits, which errors name. For the file of another tool, the SHA-1 of the file's name. */
  readonly id: string
  /** The text. `undefined` if it cannot be read. */
  readonly text: Redacted.Redacted<string> | undefined
  /**
   * Removes the text and its marks, alone among all that share the store, if the store still has this text. `false` if it has another text
   * by now, which stays. `true` also if the text is gone. `wait` is the longest wait for the lock. Then it fails with `StoreBusy`.
   */
  readonly remove: (wait: Duration.Duration) => Effect.Effect<boolean, StoreError | StoreBusy>
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What a store gives.
 *
 * A key is any text, such as the name of a session or a start URL.
 *
 * A session distrusts a store. It makes the store's errors anew, and leaves out a text in them that shows what is stored. Any other failure, a
 * defect, or a value that the contract does not have, becomes a `StoreError`.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The name of the store, for errors and for a person. */
  readonly name: string
  /** The text of a key. `undefined` if there is none. It needs no lock, and sees a whole text. */
  readonly read: (key: string) => Effect.Effect<Redacted.Redacted<string> | undefined, StoreError>
  /** What is remembered of the refresh tokens of a key. It needs no lock. While a holder is alive, `"sent"` may be its request. */
  readonly marks: (key: string) => Effect.Effect<ReadonlyArray<Mark>, StoreError>
  /**
   * Runs `use` alone among all that share the store. Two keys have two locks. The lock ends with `use`, and with the process that holds it.
   */
  readonly exclusively: <A, E, R>(
    key: string,
    use: (hold: Hold) => Effect.Effect<A, E, R>,
    waiting: Waiting<A, E, R>
  ) => Effect.Effect<A, E | StoreError | StoreBusy, R>
  /** The name of the lock, for a person, such as `kernel lock`. Absent if the store does not say. */
  readonly lock?: string | undefined
  /**
   * What a person should know of how the text of a key is kept, such as that other users may read its file. Sentences, without any path and
   * any secret. It needs no lock. Absent: nothing.
   */
  readonly warnings?: ((key: string) => Effect.Effect<ReadonlyArray<string>, StoreError>) | undefined
  /**
   * All texts that the store has, also those of registrations and of other tools. It needs no lock. A store without it cannot log out all
   * sessions at once.
   */
  readonly entries?: Effect.Effect<ReadonlyArray<Entry>, StoreError> | undefined
}

/**
 * The store of tokens.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenStore extends Context.Service<TokenStore, Service>()("@sso-oidc/session/TokenStore") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A lock that was taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Taken {
  /** What its holder can do. After `release` it must change nothing, and fail as `"fenced"`. */
  readonly hold: Hold
  /** Gives the lock back. It runs once, also after a failure or an interruption. */
  readonly release: Effect.Effect<void>
}

/**
 * The parts of a store of your own.
 *
 * @category models
 * @since 0.1.0
 */
export interface MakeOptions {
  /** The name of the store, for errors and for a person. */
  readonly name: string
  /** The text of a key. `undefined` if there is none. */
  readonly read: Service["read"]
  /** What is remembered of the refresh tokens of a key. */
  readonly marks: Service["marks"]
  /**
   * Tries to take the lock of a key, without a wait. `undefined` if another holder has it. It is not interrupted, so it needs a time limit of
   * its own.
   */
  readonly take: (key: string) => Effect.Effect<Taken | undefined, StoreError>
  /** The name of the lock, for a person. */
  readonly lock?: Service["lock"]
  /** What a person should know of how the text of a key is kept. Nothing by default. */
  readonly warnings?: Service["warnings"]
  /** All texts that the store has. Without it, the store cannot log out all sessions at once. */
  readonly entries?: Service["entries"]
}

/**
 * Makes a store of your own of its parts, and adds the wait for the lock: tries, `meanwhile`, `StoreBusy` and interruption. Hold it to
 * `TokenStoreContract`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options: MakeOptions) => Service = Make.make

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A store in the memory of this process, for tests and for a server that may log in again after a restart. Each build of the layer has a
 * store of its own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<TokenStore> = /* @__PURE__ */ Layer.sync(TokenStore, Memory.make)

/**
 * Options of {@link layerRedis}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RedisOptions {
  /** What the names of all keys begin with. `"sso-oidc:"` by default. A text with `{` or `}` is refused. */
  readonly prefix?: string | undefined
}

/**
 * A store in Redis 6.2 or newer, for processes on many machines and for functions. It needs Effect's `Redis` service, which
 * `@effect/platform-node/NodeRedis` has, or which you make over another client.
 *
 * - The lock is a lease of 3 seconds on the server's clock. The holder prolongs it each second. If the holder dies, the lock is free within 3
 *   seconds.
 * - Each change checks the lease in the same script.
 * - A record expires 100 days after its last write.
 * - The three keys of a record have the same hash tag, so that Redis Cluster keeps them on one node.
 *
 * The lock is as good as the server: after a failover to a replica that lags behind, two holders are possible, and a token may be lost.
 *
 * @example
 * ```ts
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as TokenStore from "@sso-oidc/session/TokenStore"
 * import * as Layer from "effect/Layer"
 *
 * const store = TokenStore.layerRedis({ prefix: "billing:" }).pipe(
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRedis = (options?: RedisOptions): Layer.Layer<TokenStore, StoreError, Redis.Redis> =>
  Layer.effect(TokenStore, RedisStore.make(options))

/**
 * Options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions {
  /**
   * The name of the table, or a schema, a dot and the name. `"sso_oidc_tokens"` by default. A name has letters, digits and underscores, at
   * most 63, and does not begin with a digit. Any other name is refused.
   */
  readonly table?: string | undefined
}

/**
 * A store in a table of PostgreSQL or SQLite (3.35 or newer), through Effect's `SqlClient`. A client of another database is refused with a
 * `StoreError`.
 *
 * - The table is made if it is absent. It has one row for each key.
 * - The lock is a lease of 3 seconds on the database's clock. The holder prolongs it each second. If the holder dies, the lock is free within
 *   3 seconds.
 * - Each change is one statement that checks the lease.
 * - A transaction of the caller is not joined: a token that has arrived stays stored when that transaction is rolled back. So the client needs
 *   a second connection. With SQLite, or a pool of one connection, do not ask for a token within a transaction.
 * - No row expires. `written_at` has the time of the last change, in milliseconds since 1970, if you want to delete old rows.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (options?: SqlOptions): Layer.Layer<TokenStore, StoreError, SqlClient.SqlClient> =>
  Layer.effect(TokenStore, SqlStore.make(options))

/**
 * A store over Effect's `KeyValueStore`, **for one process only**: the lock is in the memory of this process. If two processes use one
 * `KeyValueStore`, both send a refresh, and a session may be lost. Layers over the same `KeyValueStore` share the lock.
 *
 * Do not use it over `KeyValueStore.layerFileSystem`, whose files other users of the machine may read.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerKeyValueStoreSingleProcess: Layer.Layer<TokenStore, never, KeyValueStore.KeyValueStore> =
  /* @__PURE__ */ Layer.effect(TokenStore, /* @__PURE__ */ Effect.suspend(KeyValue.make))

/**
 * Options of {@link layerAwsCache}.
 *
 * @category models
 * @since 0.1.0
 */
export interface AwsCacheOptions {
  /**
   * The folder. Default, also if it is empty: `.aws/sso/cache` in the home folder, which is that of `HOME`. A missing folder is made with
   * mode 0700 when something is first written.
   */
  readonly directory?: string | undefined
}

/**
 * The AWS CLI's cache: a login in one tool serves the others. Each key has the file that the CLI has for it. A file that is not JSON
 * is read again for 250 ms, because other tools write in place.
 *
 * Empty files for the locks stay beside these files. If no lock can be had, the store goes on without, and logs one warning. If another
 * program removes a lock's file, `prepare` fails with the reason `"fenced"`. But a response that has arrived is always stored.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAwsCache = (
  options: AwsCacheOptions = {}
): Layer.Layer<TokenStore, AwsConfigError, Lock.Lock | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(TokenStore, AwsCache.make(options.directory))

/**
 * A store whose texts are sealed: what it holds can be read only with a key of the `Sealer`. A text that cannot be opened is a
 * `StoreError` whose reason is `"unreadable"`, and is sent nowhere. The AWS CLI cannot read sealed files.
 *
 * @category layers
 * @since 0.1.0
 */
export const sealed = <E, R>(store: Layer.Layer<TokenStore, E, R>): Layer.Layer<TokenStore, E, R | Sealer.Sealer> =>
  Layer.effect(TokenStore, Effect.flatMap(TokenStore, Sealed.make)).pipe(Layer.provide(store))
