/**
 * A store in Redis. Each step is one script, so that nothing comes between the check of the lease and the change.
 */
import { StoreError } from "@sso-oidc/core/AccessToken"
import { troubleOf } from "@sso-oidc/core/database/Redis"
import type { Trouble } from "@sso-oidc/core/database/Trouble"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import type { Service } from "../../TokenStore.ts"
import * as Lease from "./lease.ts"

const store = "Redis"

// A registration lasts for 90 days, and nothing else in a record lasts longer.
const life = Duration.toMillis(Duration.days(100))

const lease = Duration.toMillis(Lease.lease)

// -----------------------------------------------------------------------------
// scripts
// -----------------------------------------------------------------------------

// The keys are the lease, the text and the mark. They are three, because a write of one replaces whatever another program put there.
type Keys = readonly [lease: string, text: string, mark: string]

const script = (lua: string) =>
  Redis.script((keys: Keys, ...args: ReadonlyArray<string | number>) => [...keys, ...args], { numberOfKeys: 3, lua })
    .withReturnType<unknown>()

const held = (change: string) =>
  script(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
${change}
return 1`)

const makeScripts = () => ({
  // A lease without an end is not of this store, and would never be free. A lease that ends much later than any does was taken before the
  // clock of the server was set back.
  acquire: script([
    "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end",
    "local left = redis.call('PTTL', KEYS[1])",
    "if left ~= -1 and left <= 2 * ARGV[2] then return 0 end",
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])",
    "return 1"
  ].join("\n")),
  prolong: held("redis.call('PEXPIRE', KEYS[1], ARGV[2])"),
  release: held("redis.call('DEL', KEYS[1])"),
  mark: held("redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])"),
  // It deletes before it writes. A server whose memory is full rejects the first write of a script, but no later one. DEL is allowed, so
  // the SET behind it can store the text.
  commit: held(`redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])`),
  unmark: held("redis.call('DEL', KEYS[3])"),
  remove: held("redis.call('DEL', KEYS[2], KEYS[3])")
})

const scripts = /* @__PURE__ */ makeScripts()

// -----------------------------------------------------------------------------
// the list
// -----------------------------------------------------------------------------

const isPage = (response: unknown): response is readonly [cursor: unknown, names: ReadonlyArray<unknown>] =>
  Array.isArray(response) && response.length === 2 && Array.isArray(response[1])

/** The ids of all records that have a text. It takes no lock of the server, and other programs may have many keys there. */
const list = Effect.fnUntraced(function*(redis: Redis.Redis["Service"], prefix: string) {
  const send = (command: string, ...args: ReadonlyArray<string>) =>
    Effect.mapError(redis.send(command, ...args), troubleOf)
  // Each node of a cluster lists its own keys alone. A part of the list would leave tokens behind.
  if (/^cluster_enabled:1/m.test(String(yield* send("INFO", "cluster")))) {
    return yield* Effect.fail<Trouble>({
      reason: "unavailable",
      detail: "it is a cluster, which cannot list all its keys. Log out each session by itself"
    })
  }
  // A client may put a prefix of its own before each key, except in a pattern.
  const pattern = `*${prefix.replace(/[\\*?[\]]/g, "\\$&")}{*}:text`
  const ids = new Set<string>()
  let cursor = "0"
  do {
    const page: unknown = yield* send("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
    if (!isPage(page)) {
      return yield* Effect.fail<Trouble>({ reason: "unavailable", detail: "it did not list its keys" })
    }
    cursor = String(page[0])
    for (const name of page[1]) {
      const id = /\{([0-9a-f]{40})\}:text$/.exec(String(name))?.[1]
      if (id !== undefined) ids.add(id)
    }
  } while (cursor !== "0")
  return [...ids]
})

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

export interface Options {
  readonly prefix?: string | undefined
}

export const make = Effect.fnUntraced(
  function*({ prefix = "sso-oidc:" }: Options = {}): Effect.fn.Return<Service, StoreError, Redis.Redis> {
    // Braces would decide which part of a key Redis Cluster hashes.
    if (typeof prefix !== "string" || /[{}]/.test(prefix)) {
      return yield* new StoreError({
        store,
        operation: "open",
        reason: "unavailable",
        detail: "the option prefix must be a text without braces"
      })
    }
    const redis = yield* Redis.Redis

    const keysOf = (id: string): Keys => {
      const key = `${prefix}{${id}}:`
      return [`${key}lease`, `${key}text`, `${key}mark`]
    }

    const get = (key: string) => Effect.mapError(redis.send("GET", key), troubleOf)

    const step = (
      script: ReturnType<typeof held>,
      id: string,
      ...args: ReadonlyArray<string | number>
    ): Effect.Effect<boolean, Trouble> =>
      redis.eval(script)(keysOf(id), ...args).pipe(
        Effect.mapError(troubleOf),
        Effect.map((result) => Number(result) === 1)
      )

    return Lease.make({
      name: store,
      text: (id) => get(keysOf(id)[1]),
      mark: (id) => get(keysOf(id)[2]),
      acquire: (id, holder) => step(scripts.acquire, id, holder, lease),
      prolong: (id, holder) => step(scripts.prolong, id, holder, lease),
      release: (id, holder) => step(scripts.release, id, holder),
      prepare: (id, holder, mark) => step(scripts.mark, id, holder, mark, life),
      commit: (id, holder, text) => step(scripts.commit, id, holder, text, life),
      settle: (id, holder, mark) =>
        mark === undefined ? step(scripts.unmark, id, holder) : step(scripts.mark, id, holder, mark, life),
      remove: (id, holder) => step(scripts.remove, id, holder),
      ids: list(redis, prefix)
    })
  }
)
