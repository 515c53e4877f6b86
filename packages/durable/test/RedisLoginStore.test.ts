import { assert, describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
import * as RedisServer from "@sso-oidc/test-kit/redis"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { assertNoLeak, failures, keeps, rowOf, secret } from "./support/stores.ts"

/** A store with a prefix of its own, and what its keys are. */
const make = Effect.gen(function*() {
  const prefix = yield* RedisServer.prefix
  const redis = yield* Redis.Redis
  const send = (command: string, ...args: ReadonlyArray<string>) => redis.send(command, ...args)
  return {
    prefix,
    redis,
    send,
    store: Context.get(yield* Layer.build(Layer.fresh(RedisLoginStore.layer({ prefix }))), LoginStore.LoginStore),
    key: (id: string) => `${prefix}login:${id}`,
    index: `${prefix}logins`,
    keys: Effect.map(
      redis.send<Array<string>>("KEYS", `${prefix}*`),
      (keys) => keys.map((key) => key.slice(prefix.length)).toSorted()
    )
  }
})

const minute = 60_000

/** These tests mostly wait. They come first and at the same time. */
const waits = { concurrent: true }

describe.skipIf(Tools.isMissing(RedisServer.tool))(`RedisLoginStore with ${RedisServer.tool.title}`, () => {
  it.live(
    "keeps the contract of a store of logins, through two clients (W1, W3, W6, W9)",
    () =>
      Effect.gen(function*() {
        const { index, keys, prefix, send } = yield* make
        const client = Layer.unwrap(Effect.map(RedisServer.shared, RedisServer.client))
        yield* keeps({ store: RedisLoginStore.layer({ prefix }).pipe(Layer.provide(client)) })
        yield* send("DEL", index)
        assert.deepStrictEqual(yield* keys, [])
      }).pipe(Effect.provide(RedisServer.layer)),
    waits
  )

  it.effect("keeps one hash for each login, which expires at its time of removal (W9)", () =>
    Effect.gen(function*() {
      const { key, keys, send, store } = yield* make
      const row = rowOf({ removeAt: 60 * minute })
      yield* store.insert("a", row)
      const left = Effect.map(send("PTTL", key("a")), Number)
      const isNear = (millis: number) =>
        Effect.map(left, (left) => assert.isTrue(left <= millis && left > millis - minute, String(left)))
      yield* isNear(60 * minute)
      const next = rowOf({
        attempt: row.attempt,
        holder: "h",
        heldUntil: 5,
        writtenAt: 1000,
        removeAt: 90 * minute
      })
      yield* store.set("a", row.version, next)
      // measured from the writer's clock, which a test's clock sets to 1970
      yield* isNear(90 * minute)
      assert.deepStrictEqual(yield* keys, ["login:a"])
      assert.deepStrictEqual(
        yield* send("HMGET", key("a"), "version", "state", "holder", "held_until", "written_at", "error"),
        [next.version, "pending", "h", "5", "1000", null]
      )
      yield* store.end("a", next.version, { ...rowOf({ attempt: row.attempt, removeAt: 0 }), state: "failed" })
      assert.deepStrictEqual(yield* keys, [])
      assert.deepStrictEqual(yield* store.sweep(Date.now()), [])
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("reads no row that is not in its form, and leaks nothing of it", () =>
    Effect.gen(function*() {
      const { key, send, store } = yield* make
      const changes: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
        ["HSET", "state", "revoked"],
        ["HSET", "driver", secret],
        ["HSET", "version", ""],
        ["HSET", "attempt", ""],
        ["HSET", "written_at", secret],
        ["HSET", "remove_at", "9007199254740993"],
        ["HSET", "held_until", "1e3"],
        ["HSET", "held_until", ""],
        ["HSET", "written_at", " 1"],
        ["HDEL", "version"],
        ["HDEL", "attempt"],
        ["HDEL", "state"],
        ["HDEL", "driver"],
        ["HDEL", "written_at"],
        ["HDEL", "remove_at"]
      ]
      for (const [command, ...args] of changes) {
        const id = args.join(" ")
        yield* store.insert(id, rowOf({ holder: "h" }))
        yield* send(command, key(id), ...args)
        const error = yield* Effect.flip(store.get(id))
        assert.deepInclude(error, { _tag: "LoginStoreError", store: "Redis", operation: "get", reason: "unreadable" })
        assertNoLeak(error)
        assert.isFalse(yield* store.insert(id, rowOf()))
      }
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("says that a value of another program is unreadable, and never replaces it", () =>
    Effect.gen(function*() {
      const { index, key, send, store } = yield* make
      for (const [command, ...args] of [["SET", secret], ["LPUSH", secret], ["HSET", "a", secret]] as const) {
        yield* send("DEL", key("a"))
        yield* send(command, key("a"), ...args)
        const row = rowOf({ version: secret })
        assert.strictEqual((yield* Effect.flip(store.get("a"))).reason, "unreadable")
        assert.isFalse(yield* store.insert("a", row))
        for (const write of [store.set("a", secret, row), store.end("a", secret, { ...row, state: "failed" })]) {
          const said = yield* Effect.match(write, { onFailure: ({ reason }) => reason, onSuccess: String })
          assert.strictEqual(said, command === "HSET" ? "false" : "unreadable")
        }
        assert.notStrictEqual(yield* send("TYPE", key("a")), "none")
      }
      yield* send("SET", index, secret)
      for (const effect of [store.pending(Date.now()), store.insert("b", rowOf({ driver: "engine" }))]) {
        const error = yield* Effect.flip<unknown, LoginStore.LoginStoreError, never>(effect)
        assert.deepInclude(error, { reason: "unreadable", code: "WRONGTYPE" })
        assertNoLeak(error)
      }
    }).pipe(Effect.provide(RedisServer.layer)))

  it.live("reads a row that another client inserts or removes while it is read (W1)", () =>
    Effect.gen(function*() {
      const { key, prefix, redis, store } = yield* make
      let hook: Effect.Effect<unknown> = Effect.void
      // between the two commands of one read
      const slow: Redis.Redis["Service"] = {
        ...redis,
        send: <A>(command: string, ...args: ReadonlyArray<string>) =>
          command === "EXISTS"
            ? Effect.andThen(Effect.suspend(() => hook), redis.send<A>(command, ...args))
            : redis.send<A>(command, ...args)
      }
      const reader = Context.get(
        yield* Layer.build(
          RedisLoginStore.layer({ prefix }).pipe(Layer.fresh, Layer.provide(Layer.succeed(Redis.Redis, slow)))
        ),
        LoginStore.LoginStore
      )
      const row = rowOf()
      hook = Effect.orDie(store.insert("a", row))
      assert.deepStrictEqual(yield* reader.get("a"), row)

      // another program's hash, which goes away before it is read again
      const hooks = [
        Effect.orDie(redis.send("HSET", key("b"), "a", "1")),
        Effect.orDie(redis.send("DEL", key("b")))
      ]
      hook = Effect.suspend(() => hooks.shift() ?? Effect.void)
      assert.isUndefined(yield* reader.get("b"))
      assert.deepStrictEqual(hooks, [])

      const client = Layer.unwrap(Effect.map(RedisServer.shared, RedisServer.client))
      const other = Context.get(
        yield* Layer.build(RedisLoginStore.layer({ prefix }).pipe(Layer.fresh, Layer.provide(client))),
        LoginStore.LoginStore
      )
      yield* Effect.forEach(Array.from({ length: 200 }, (_, i) => `race ${i}`), (id) =>
        Effect.gen(function*() {
          const [, came] = yield* Effect.all([other.insert(id, row), store.get(id)], { concurrency: "unbounded" })
          if (came !== undefined) assert.deepStrictEqual(came, row)
        }))
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("reads a row with more fields than it knows, and drops them with the row", () =>
    Effect.gen(function*() {
      const { key, send, store } = yield* make
      const row = rowOf()
      yield* store.insert("a", row)
      yield* send("HSET", key("a"), "tenant", "one")
      assert.deepStrictEqual(yield* store.get("a"), row)
      yield* store.set("a", row.version, rowOf())
      assert.isNull(yield* send("HGET", key("a"), "tenant"))
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("refuses a row that it could not keep as it is, and leaves the row before", () =>
    Effect.gen(function*() {
      const { store } = yield* make
      const row = rowOf()
      yield* store.insert("a", row)
      for (const change of [{ sealed: `${secret}\ud800` }, { writtenAt: 0.5 }, { removeAt: Number.NaN }]) {
        const error = yield* Effect.flip(store.set("a", row.version, rowOf(change)))
        assert.deepInclude(error, { reason: "unavailable", detail: "it cannot keep a text or a number of this row" })
        assertNoLeak(error)
      }
      assert.deepStrictEqual(yield* store.get("a"), row)
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("rounds the time of removal up to whole milliseconds, and writes nothing if the clock gives none (W9)", () =>
    Effect.gen(function*() {
      const { key, send, store } = yield* make
      const clock = yield* Clock.Clock
      const at = (now: number) =>
        Effect.provideService(Clock.Clock, {
          ...clock,
          currentTimeMillis: Effect.succeed(now),
          currentTimeMillisUnsafe: () => now
        })
      const row = rowOf({ removeAt: 60 * minute })
      assert.isTrue(yield* store.insert("a", row).pipe(at(0.5)))
      assert.isTrue(Number(yield* send("PTTL", key("a"))) > 59 * minute)
      const next = rowOf({ attempt: row.attempt, removeAt: 60 * minute })
      assert.isTrue(yield* store.set("a", row.version, next).pipe(at(1e-9)))
      const outcome = { ...next, version: "v", state: "approved" } as const
      for (const now of [Number.NaN, Number.POSITIVE_INFINITY, -1e300]) {
        for (
          const write of [
            store.insert("b", row),
            store.set("a", next.version, row),
            store.end("a", next.version, outcome)
          ]
        ) {
          const error = yield* Effect.flip(at(now)(write))
          assert.deepInclude(error, { reason: "unavailable", detail: "the clock of this program gives no time" })
        }
        assert.isUndefined(yield* store.get("b"))
        assert.deepStrictEqual(yield* store.get("a"), next)
      }
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("loads its scripts again into a server that lost them", () =>
    Effect.gen(function*() {
      const { send, store } = yield* make
      const row = rowOf()
      yield* store.insert("a", row)
      yield* send("SCRIPT", "FLUSH")
      assert.isTrue(yield* store.set("a", row.version, rowOf()))
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("drops the entries of its list that have no idle login, but none of the last minute", () =>
    Effect.gen(function*() {
      const { index, send, store } = yield* make
      const now = 10 * minute
      const entry = (id: string, attempt = "a") => JSON.stringify({ attempt, id })
      const listed = Effect.map(send("ZRANGE", index, "0", "-1"), (entries) => entries)
      const idle = rowOf({ driver: "engine", attempt: "a", writtenAt: 0, removeAt: minute })
      yield* store.insert("idle", idle)
      const held = rowOf({ driver: "engine", attempt: "a", writtenAt: 1, removeAt: minute })
      yield* store.insert("held", held)
      yield* store.set("held", held.version, { ...held, version: "v", holder: "h" })
      yield* store.insert("lost", idle)
      assert.isFalse(yield* store.insert("lost", { ...idle, attempt: "other" }))
      yield* send("SET", `${index.slice(0, -"logins".length)}login:foreign`, secret)
      for (
        const [score, member] of [[2, entry("absent")], [3, entry("foreign")], [4, secret], [5, "[1,2]"], [6, "{"], [
          7,
          "{\"id\":1}"
        ]]
      ) {
        yield* send("ZADD", index, String(score), String(member))
      }
      yield* send("ZADD", index, String(now - minute), entry("new"))
      assert.deepStrictEqual((yield* store.pending(now)).map(({ id }) => id).toSorted(), ["idle", "lost"])
      assert.deepStrictEqual(yield* listed, [entry("idle"), entry("lost"), entry("new")])
      assert.deepStrictEqual((yield* store.pending(now)).map(({ id }) => id).toSorted(), ["idle", "lost"])
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("keeps an entry that a reader was about to drop while its row was written", () =>
    Effect.gen(function*() {
      const { prefix, redis, store } = yield* make
      let hook: Effect.Effect<unknown> = Effect.void
      const slow: Redis.Redis["Service"] = {
        ...redis,
        eval: (script) => (...args) => Effect.andThen(Effect.suspend(() => hook), redis.eval(script)(...args))
      }
      const writer = Context.get(
        yield* Layer.build(
          RedisLoginStore.layer({ prefix }).pipe(Layer.fresh, Layer.provide(Layer.succeed(Redis.Redis, slow)))
        ),
        LoginStore.LoginStore
      )
      const row = rowOf({ driver: "engine", writtenAt: 5 })
      // its entry is there and its row is not
      hook = Effect.orDie(Effect.map(store.pending(10 * minute), (found) => assert.deepStrictEqual(found, [])))
      yield* writer.insert("a", row)
      hook = Effect.void
      assert.deepStrictEqual(yield* store.pending(6), [{ id: "a", attempt: row.attempt }])
      const held = rowOf({ driver: "engine", attempt: row.attempt, holder: "h", writtenAt: 6 })
      yield* store.set("a", row.version, held)
      hook = Effect.orDie(store.pending(10 * minute))
      yield* writer.set("a", held.version, rowOf({ driver: "engine", attempt: row.attempt, writtenAt: 7 }))
      assert.deepStrictEqual(yield* store.pending(8), [{ id: "a", attempt: row.attempt }])
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("lists what it can if a server removes no entry", () =>
    Effect.gen(function*() {
      let lists = 0
      const page = Array.from({ length: 1000 }, (_, i) => [JSON.stringify({ attempt: "a", id: `${i}` }), "1"]).flat()
      const store = yield* over((name, args) =>
        Effect.sync(() => {
          if (name === "SCRIPT") return String(args[1]).includes("ZRANGEBYSCORE") ? "list" : "forget"
          if (name === "HMGET") return [null, null, null, null, null]
          if (args[0] === "forget") return 0
          lists++
          return lists < 4 ? page : []
        })
      )
      assert.deepStrictEqual(yield* store.pending(10 * minute), [])
      assert.strictEqual(lists, 4)
    }))

  it.live("finds the idle logins behind many entries that have none", () =>
    Effect.gen(function*() {
      const { index, send, store } = yield* make
      const stale = Array.from(
        { length: 1200 },
        (_, i) => [String(i), JSON.stringify({ attempt: "a", id: `stale ${i}` })]
      )
      yield* send("ZADD", index, ...stale.flat())
      yield* store.insert("idle", rowOf({ driver: "engine", writtenAt: 3000 }))
      assert.deepStrictEqual((yield* store.pending(3001)).map(({ id }) => id), ["idle"])
      assert.strictEqual(Number(yield* send("ZCARD", index)), 1201)
      assert.deepStrictEqual((yield* store.pending(10 * minute)).map(({ id }) => id), ["idle"])
      assert.strictEqual(Number(yield* send("ZCARD", index)), 1)
    }).pipe(Effect.provide(RedisServer.layer)))
})

describe.skipIf(Tools.isMissing(RedisServer.program))(`RedisLoginStore with ${RedisServer.program.title}`, () => {
  it.live("a server whose memory is full rejects a new login, but takes the token of an old one (W6)", () =>
    Effect.gen(function*() {
      const { url } = yield* RedisServer.make
      yield* Effect.gen(function*() {
        const { send, store } = yield* make
        const row = rowOf({ sealed: "short" })
        const held = rowOf({ attempt: row.attempt, holder: "h" })
        const token = { ...rowOf({ attempt: row.attempt, sealed: "t".repeat(9000) }), state: "approved" as const }
        yield* store.insert("a", row)
        yield* send("CONFIG", "SET", "maxmemory", "1")
        assert.isTrue(yield* store.set("a", row.version, held))
        assert.isTrue(yield* store.end("a", held.version, token))
        assert.deepStrictEqual(yield* store.get("a"), token)
        const error = yield* Effect.flip(store.insert("b", row))
        assert.deepInclude(error, { reason: "unavailable", operation: "insert", code: "OOM" })
        assert.include(error.message, "did not store the new login: the memory of the server is full (OOM). Check the")
        assert.isUndefined(yield* store.get("b"))
      }).pipe(Effect.provide(RedisServer.client(url)))
    }).pipe(Effect.provide(RedisServer.layer)))

  it.live("says that a server is gone, and nothing of what was sent to it (W8)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { url } = yield* Effect.provideService(RedisServer.make, Scope.Scope, scope)
      yield* Effect.gen(function*() {
        const store = yield* Effect.provide(LoginStore.LoginStore, RedisLoginStore.layer())
        yield* store.insert("id", rowOf())
        yield* Scope.close(scope, Exit.void)
        // the client waits for a new connection, and a list may wait for a minute
        const list = () => Effect.as(store.get("id"), [])
        for (const { error, operation } of yield* failures({ ...store, pending: list, sweep: list })) {
          assert.deepStrictEqual(error.operation, ["pending", "sweep"].includes(operation) ? "get" : operation)
          assert.include(["unavailable", "timeout"], error.reason)
          assertNoLeak(error)
        }
        // the client logs that it has no connection
      }).pipe(Effect.provide(RedisServer.client(url)), Effect.provideService(References.MinimumLogLevel, "None"))
    }), waits)
})

const over = (
  command: (name: string, args: ReadonlyArray<string>) => Effect.Effect<unknown, Redis.RedisError>,
  options?: RedisLoginStore.Options
) =>
  Effect.provide(LoginStore.LoginStore, RedisLoginStore.layer(options).pipe(Layer.provide(RedisServer.told(command))))

/** The store removes nothing by itself. */
const failuresOf = (store: LoginStore.Service) => failures({ ...store, sweep: store.pending })

describe("RedisLoginStore with a client of a user", () => {
  it.effect("names one key for each script, so that a cluster runs it", () =>
    Effect.gen(function*() {
      const keys: Array<string | undefined> = []
      const store = yield* over(
        (name, args) =>
          Effect.sync(() => {
            if (name === "SCRIPT") return "sha"
            if (name === "EVALSHA") keys.push(args[1], args[2])
            return name === "EVALSHA" ? 1 : []
          }),
        { prefix: "{tag}:" }
      )
      const row = rowOf({ driver: "engine" })
      yield* store.insert("a{b}", row)
      yield* store.set("a{b}", "v", row)
      yield* store.end("a{b}", "v", { ...row, state: "failed" })
      yield* Effect.exit(store.pending(1))
      const login = ["1", "{tag}:login:a{b}"]
      assert.deepStrictEqual(keys, [...login, ...login, ...login, "1", "{tag}:logins"])
    }))

  it.effect("takes nothing but 0 and 1 for what a script says, and no row of another shape", () =>
    Effect.gen(function*() {
      for (const value of ["OK", "1", 2, null, undefined, Number.NaN, {}, [secret], true]) {
        const store = yield* over((name) => Effect.succeed(name === "SCRIPT" ? "sha" : value))
        for (const { error, operation } of yield* failuresOf(store)) {
          assert.strictEqual(error.reason, "unreadable", `${operation} with ${String(value)}`)
          assertNoLeak(error)
        }
      }
      for (const value of [Array.from({ length: 10 }, () => undefined), Array.from({ length: 10 }, () => 7)]) {
        const store = yield* over(() => Effect.succeed(value))
        assert.strictEqual((yield* Effect.flip(store.get("a"))).reason, "unreadable")
      }
    }))

  it.effect("keeps a known code of a client's error, and nothing else of it (W8)", () =>
    Effect.gen(function*() {
      const causes: ReadonlyArray<readonly [unknown, string | undefined, string]> = [
        [Object.assign(new Error(`READONLY ${secret}`), { command: { args: [secret] } }), "READONLY", "unavailable"],
        [new Error(`ERR Error running script: @user_script:1: WRONGTYPE ${secret}`), "WRONGTYPE", "unreadable"],
        [Object.assign(new Error(secret), { code: "ECONNREFUSED" }), "ECONNREFUSED", "unavailable"],
        [Object.assign(new Error(secret), { code: secret }), undefined, "unavailable"],
        [secret, undefined, "unavailable"]
      ]
      for (const [cause, code, reason] of causes) {
        const store = yield* over(() => Effect.fail(new Redis.RedisError({ cause })))
        for (const { error } of yield* failuresOf(store)) {
          assert.deepStrictEqual([error.code, error.reason], [code, reason])
          assertNoLeak(error)
        }
      }
      const dying = yield* over(() => Effect.die(new Error(secret)))
      for (const { error } of yield* failuresOf(dying)) assertNoLeak(error)
    }))

  it.effect("does not wait for ever for a server that does not respond", () =>
    Effect.gen(function*() {
      const store = yield* over(() => Effect.never)
      const failing = yield* Effect.forkChild(failuresOf(store))
      yield* TestClock.adjust("1 minute")
      for (const { error } of yield* Fiber.join(failing)) {
        assert.deepStrictEqual([error.code, error.reason], ["ETIMEDOUT", "timeout"])
      }
    }))

  it.effect("refuses a prefix that is no text", () =>
    Effect.gen(function*() {
      for (const prefix of ["a\ud800", JSON.parse("7"), JSON.parse("null"), JSON.parse("[]")]) {
        const error = yield* Effect.flip(over(() => Effect.never, { prefix }))
        assert.deepInclude(error, { _tag: "LoginStoreError", operation: "open", store: "Redis" })
        assert.include(error.message, "the option prefix must be a text")
      }
    }))
})
