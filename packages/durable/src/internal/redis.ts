/**
 * A store in Redis. A login is one hash. Each change is one script, so that nothing comes between the comparison and the change.
 *
 * A script uses one key, so that it also runs in a cluster. The logins that nothing drives stand in a sorted set as well. An entry is written
 * before its row, so that no login is missing there. What the set has too much is found when it is read.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import { troubleOf } from "@sso-oidc/core/database/Redis"
import type { Trouble } from "@sso-oidc/core/database/Trouble"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import { type Found, LoginStoreError, type Service } from "../LoginStore.ts"
import * as Database from "./database.ts"
import { names, type Stored } from "./row.ts"

const store = "Redis"

// -----------------------------------------------------------------------------
// scripts
// -----------------------------------------------------------------------------

const script = (...lines: ReadonlyArray<string>) =>
  Redis.script((key: string, ...args: ReadonlyArray<string | number>) => [key, ...args], {
    numberOfKeys: 1,
    lua: lines.join("\n")
  }).withReturnType<unknown>()

/**
 * Writes the fields behind the first arguments. It deletes before it writes, so that no field of the old row stays. A server whose memory is
 * full rejects the first write of a script, but no later one. It allows the DEL.
 */
const write = (first: number): ReadonlyArray<string> => [
  "redis.call('DEL', KEYS[1])",
  `redis.call('HSET', KEYS[1], unpack(ARGV, ${first}))`,
  "redis.call('PEXPIRE', KEYS[1], ARGV[1])",
  "return 1"
]

const makeScripts = () => ({
  insert: script(
    "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end",
    ...write(2).slice(1)
  ),
  set: script(
    "if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end",
    ...write(3)
  ),
  end: script(
    "local row = redis.call('HMGET', KEYS[1], 'attempt', 'state', 'version')",
    "if row[1] ~= ARGV[3] then return 0 end",
    "local is_pending = row[2] == 'pending' and row[3] == ARGV[2]",
    "if not is_pending and not (row[2] == 'lost' and ARGV[4] == 'approved') then return 0 end",
    ...write(5)
  ),
  list: script(
    "return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'WITHSCORES', 'LIMIT', ARGV[2], ARGV[3])"
  ),
  // An entry that was written again meanwhile has another score.
  forget: script(
    "local count = 0",
    "for i = 1, #ARGV, 2 do",
    "  if redis.call('ZSCORE', KEYS[1], ARGV[i]) == ARGV[i + 1] then",
    "    count = count + redis.call('ZREM', KEYS[1], ARGV[i])",
    "  end",
    "end",
    "return count"
  )
})

const scripts = /* @__PURE__ */ makeScripts()

// -----------------------------------------------------------------------------
// the list of logins without a holder
// -----------------------------------------------------------------------------

// The attempt is in the entry, so that no two logins of an id share one.
const entryOf = (id: string, attempt: string): string => JSON.stringify({ attempt, id })

const foundOf = (entry: string): Found | undefined => {
  const { attempt, id } = Wire.jsonObject(entry) ?? {}
  return typeof attempt === "string" && typeof id === "string" ? { id, attempt } : undefined
}

interface Listed {
  readonly entry: string
  readonly score: string
}

const listedIn = (page: unknown): ReadonlyArray<Listed> | undefined => {
  if (!Array.isArray(page) || page.length % 2 !== 0) return undefined
  const texts: ReadonlyArray<unknown> = page
  const listed = texts.flatMap((entry, i) => {
    const score = texts[i + 1]
    return i % 2 === 0 && typeof entry === "string" && typeof score === "string" ? [{ entry, score }] : []
  })
  return listed.length * 2 === page.length ? listed : undefined
}

/** An entry whose row is not there may be of a process that is about to write it. It stays for so long, in milliseconds. */
const grace = 60_000

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

export interface Options {
  readonly prefix?: string | undefined
}

export const make = Effect.fnUntraced(
  function*({ prefix = "sso-oidc:" }: Options = {}): Effect.fn.Return<Service, LoginStoreError, Redis.Redis> {
    if (typeof prefix !== "string" || !prefix.isWellFormed()) {
      return yield* new LoginStoreError({
        store,
        operation: "open",
        reason: "unavailable",
        detail: "the option prefix must be a text"
      })
    }
    const redis = yield* Redis.Redis
    const keyOf = (id: string): string => `${prefix}login:${id}`
    const index = `${prefix}logins`

    const evaluate = (
      script: (typeof scripts)["insert"],
      key: string,
      ...args: ReadonlyArray<string | number>
    ): Effect.Effect<unknown, Trouble> => Effect.mapError(redis.eval(script)(key, ...args), troubleOf)

    const change = (
      script: (typeof scripts)["insert"],
      id: string,
      row: Stored,
      ...args: ReadonlyArray<string>
    ): Effect.Effect<boolean, Trouble> => {
      const fields = names.flatMap((name) => row[name] === null ? [] : [name, String(row[name])])
      const changed = Effect.flatMap(
        // measured from the writer's own clock, because the server's may differ
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          // Redis takes whole milliseconds alone, and a script that fails has done the commands before.
          const left = Math.ceil(row.remove_at - now)
          return Number.isSafeInteger(left)
            ? evaluate(script, keyOf(id), left, ...args, ...fields)
            : Effect.fail<Trouble>({ reason: "unavailable", detail: "the clock of this program gives no time" })
        }),
        (result) =>
          result === 1 || result === 0
            ? Effect.succeed(result === 1)
            : Effect.fail<Trouble>({ reason: "unreadable", detail: "its script gave neither 0 nor 1" })
      )
      if (row.driver !== "engine" || row.state !== "pending" || row.holder !== null) return changed
      const entry = entryOf(id, row.attempt)
      // A reader that found no row for the entry may be about to remove it. Written again, it has another score, so it stays.
      return send("ZADD", index, "LT", String(row.written_at - 0.5), entry).pipe(
        Effect.andThen(changed),
        Effect.tap((did) => did ? Effect.ignore(send("ZADD", index, String(row.written_at), entry)) : Effect.void)
      )
    }

    const send = (command: string, ...args: ReadonlyArray<string>): Effect.Effect<unknown, Trouble> =>
      Effect.mapError(redis.send(command, ...args), troubleOf)

    const read = (
      id: string,
      isLast = false
    ): Effect.Effect<Readonly<Record<string, unknown>> | undefined, Trouble> =>
      Effect.flatMap(send("HMGET", keyOf(id), ...names), (values) => {
        if (!Array.isArray(values) || values.length !== names.length) return Effect.fail(Database.unreadable)
        if (values.some((value) => value !== null)) {
          return Effect.succeed(Object.fromEntries(names.map((name, i) => [name, values[i]])))
        }
        // A hash of another program has none of the fields. A row that was inserted after the first command has them when it is read again.
        return Effect.flatMap(send("EXISTS", keyOf(id)), (count) =>
          Number(count) === 0
            ? Effect.undefined
            : isLast
            ? Effect.fail(Database.unreadable)
            : read(id, true))
      })

    /** When the login of an entry was written, if nothing drives it. */
    const look = ({ entry }: Listed, before: number): Effect.Effect<readonly [Found, number] | undefined, Trouble> => {
      const found = foundOf(entry)
      if (found === undefined) return Effect.undefined
      return send("HMGET", keyOf(found.id), "attempt", "state", "driver", "holder", "written_at").pipe(
        Effect.catchIf(({ reason }) => reason === "unreadable", () => Effect.undefined),
        Effect.map((values) => {
          const [attempt, state, driver, holder, writtenAt]: ReadonlyArray<unknown> = Array.isArray(values)
            ? values
            : []
          const time = typeof writtenAt === "string" ? Number(writtenAt) : Number.NaN
          return attempt === found.attempt && state === "pending" && driver === "engine" && holder === null &&
              time < before
            ? [found, time] as const
            : undefined
        })
      )
    }

    const forget = (old: ReadonlyArray<Listed>): Effect.Effect<boolean, Trouble> =>
      old.length === 0
        ? Effect.succeed(false)
        : Effect.map(
          evaluate(scripts.forget, index, ...old.flatMap(({ entry, score }) => [entry, score])),
          (count) => Number(count) > 0
        )

    const pending = Effect.fnUntraced(function*(before: number) {
      // by their entries, because a page may have an entry of the page before
      const all = new Map<string, readonly [Found, number]>()
      let [offset, isMore] = [0, true]
      while (isMore && all.size < Database.most) {
        const page = listedIn(yield* evaluate(scripts.list, index, before, offset, Database.most))
        if (page === undefined) return yield* Effect.fail(Database.unreadable)
        const looked = yield* Effect.forEach(page, (listed) => look(listed, before), { concurrency: 16 })
        for (const [i, { entry }] of page.entries()) {
          const found = looked[i]
          if (found !== undefined) all.set(entry, found)
        }
        const old = page.filter(({ score }, i) => looked[i] === undefined && Number(score) < before - grace)
        // if nothing was removed, the same page must not come again for ever
        offset += page.length - ((yield* forget(old)) ? old.length : 0)
        isMore = page.length === Database.most
      }
      return [...all.values()].toSorted(([, one], [, other]) => one - other).slice(0, Database.most)
        .map(([found]) => found)
    })

    return Database.make({
      name: store,
      insert: (id, row) => change(scripts.insert, id, row),
      get: read,
      set: (id, version, row) => change(scripts.set, id, row, version),
      end: (id, version, row) => change(scripts.end, id, row, version, row.attempt, row.state),
      pending,
      // Each key expires by itself.
      sweep: () => Effect.succeed([])
    })
  }
)
