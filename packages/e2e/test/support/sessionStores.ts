/**
 * Every store, in the open and sealed, with a look at what it keeps.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Redis from "@sso-oidc/test-kit/redis"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as EffectRedis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"

/** What a store keeps, as a person with access to it sees it. */
export interface Kept {
  /** Names of files and keys. */
  readonly names: ReadonlyArray<string>
  readonly texts: ReadonlyArray<string>
  /** The modes of files and folders that are open to others. */
  readonly open: ReadonlyArray<string>
}

export interface Made {
  readonly store: Layer.Layer<TokenStore.TokenStore, unknown>
  readonly kept: Effect.Effect<Kept, unknown>
}

export interface Store {
  readonly name: string
  readonly isSealed: boolean
  readonly needsRedis: boolean
  readonly make: Effect.Effect<Made, unknown, Scope.Scope>
}

/** A part of the path of each folder, as the name of a user is. */
export const user = "jane-doe-1234"

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

const files = (lock: Layer.Layer<Lock.Lock>) =>
  Effect.map(folder, (parent): Made => {
    const directory = join(parent, user, "cache")
    return {
      store: TokenStore.layerAwsCache({ directory }).pipe(Layer.provide(lock), Layer.provide(NodeServices.layer)),
      kept: Effect.sync(() => {
        const names = readdirSync(directory)
        const paths = names.map((name) => join(directory, name))
        const modes = [
          ...[directory, join(directory, "..")].map((path) => ({ path, mode: modeOf(path), wanted: "700" })),
          ...paths.map((path) => ({ path, mode: modeOf(path), wanted: "600" }))
        ]
        return {
          names,
          texts: paths.map((path) => readFileSync(path, "utf8")),
          open: modes.filter(({ mode, wanted }) => mode !== wanted).map(({ mode, path }) => `${path}: ${mode}`)
        }
      })
    }
  })

const texts = (names: ReadonlyArray<string>, texts: ReadonlyArray<string>): Kept => ({ names, texts, open: [] })

const sql = (client: Layer.Layer<SqlClient.SqlClient, unknown>): Made => ({
  store: TokenStore.layerSql().pipe(Layer.provide(client)),
  kept: Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM sso_oidc_tokens`).pipe(
    Effect.map((rows) =>
      texts(["sso_oidc_tokens"], rows.map((row) => inspect(row, { depth: null, maxStringLength: null })))
    ),
    Effect.provide(client)
  )
})

const open: ReadonlyArray<Omit<Store, "isSealed">> = [
  { name: "the AWS CLI's cache", needsRedis: false, make: files(KernelLock.layer) },
  { name: "the AWS CLI's cache, with the lock of one process", needsRedis: false, make: files(Lock.layerInProcess) },
  {
    name: "SQLite",
    needsRedis: false,
    make: Effect.map(folder, (at) => sql(Sqlite.layer(join(at, "tokens.sqlite"))))
  },
  { name: "PostgreSQL", needsRedis: false, make: Effect.map(Postgres.database, (url) => sql(Postgres.client(url))) },
  {
    name: "a KeyValueStore",
    needsRedis: false,
    make: Effect.sync((): Made => {
      const values = new Map<string, string>()
      const layer = Layer.succeed(
        KeyValueStore.KeyValueStore,
        KeyValueStore.makeStringOnly({
          get: (key) => Effect.sync(() => values.get(key)),
          set: (key, value) => Effect.sync(() => void values.set(key, value)),
          remove: (key) => Effect.sync(() => void values.delete(key)),
          clear: Effect.sync(() => values.clear()),
          size: Effect.sync(() => values.size),
          keys: Effect.sync(() => [...values.keys()])
        })
      )
      return {
        store: TokenStore.layerKeyValueStoreSingleProcess.pipe(Layer.provide(layer)),
        kept: Effect.sync(() => texts([...values.keys()], [...values.values()]))
      }
    })
  },
  {
    name: "Redis",
    needsRedis: true,
    make: Effect.map(Redis.prefix, (prefix): Made => ({
      store: TokenStore.layerRedis({ prefix }).pipe(Layer.provide(Redis.layer)),
      kept: Effect.gen(function*() {
        const redis = yield* EffectRedis.Redis
        const names = yield* redis.send<Array<string>>("KEYS", `${prefix}*`)
        const values = yield* Effect.forEach(
          names,
          (name) => redis.send("GET", name).pipe(Effect.catch(() => redis.send("HGETALL", name)))
        )
        return texts(names, values.map((value) => JSON.stringify(value)))
      }).pipe(Effect.provide(Redis.layer))
    }))
  }
]

const ring = { current: "one", keys: { one: Redacted.make(new Uint8Array(32).fill(1)) } }

export const stores: ReadonlyArray<Store> = [
  ...open.map((store) => ({ ...store, isSealed: false })),
  ...open.map((store) => ({
    name: `sealed ${store.name}`,
    needsRedis: store.needsRedis,
    isSealed: true,
    make: Effect.map(store.make, ({ kept, store }) => ({
      kept,
      store: TokenStore.sealed(store).pipe(Layer.provide(Sealer.layer(ring)))
    }))
  }))
]

/** The store, which ends with the scope. */
export const build = ({ store }: Made) =>
  Effect.map(Layer.build(store), (context) => Context.get(context, TokenStore.TokenStore))
