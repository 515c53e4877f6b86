import { assert, describe, it } from "@effect/vitest"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import * as RedisServer from "@sso-oidc/test-kit/redis"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { fileURLToPath } from "node:url"
import { assertNoLeak, commit, idOf, keeps, of, patient, secret, textOf } from "./support/stores.ts"

const day = 86_400_000

/** A store with a prefix of its own, and what its keys are. */
const make = Effect.gen(function*() {
  const prefix = yield* RedisServer.prefix
  const redis = yield* Redis.Redis
  const layer = Layer.fresh(TokenStore.layerRedis({ prefix }))
  const keyOf = (key: string, what: string) => Effect.map(idOf(key), (id) => `${prefix}{${id}}:${what}`)
  return {
    prefix,
    redis,
    store: Context.get(yield* Layer.build(layer), TokenStore.TokenStore),
    keyOf,
    expire: (key: string) => Effect.flatMap(keyOf(key, "lease"), (lease) => redis.send("DEL", lease)),
    keys: Effect.map(
      redis.send<Array<string>>("KEYS", `${prefix}*`),
      (keys) => keys.map((key) => key.slice(prefix.length)).toSorted()
    )
  }
})

/** These tests mostly wait. They come first and at the same time, each with a prefix of its own. */
const waits = { concurrent: true }

describe.skipIf(Tools.isMissing(RedisServer.tool))(`TokenStore.layerRedis with ${RedisServer.tool.title}`, () => {
  it.live("keeps the contract of a store, through two clients (S8)", () =>
    Effect.gen(function*() {
      const { expire, keys, prefix } = yield* make
      const client = Layer.unwrap(Effect.map(RedisServer.shared, RedisServer.client))
      yield* keeps({ store: TokenStore.layerRedis({ prefix }).pipe(Layer.provide(client)), expire })
      assert.deepStrictEqual(yield* keys, [])
    }).pipe(Effect.provide(RedisServer.layer)), waits)

  it.live(
    "a process that was stopped stores nothing, and a killed one is followed within 5 seconds (S8, S22)",
    () =>
      Effect.gen(function*() {
        const { prefix, store } = yield* make
        const URL = yield* RedisServer.shared
        const child = yield* run(process.execPath, {
          args: ["-e", `console.log(process.pid); await import(process.argv[1])`, bundled(holder)],
          env: { PREFIX: prefix, URL }
        })
        const pid = Number(yield* child.printed(/^(\d+)$/m))
        const next = (text: string) =>
          Effect.gen(function*() {
            const start = yield* Clock.currentTimeMillis
            yield* commit(store, "frozen", text)
            const waited = (yield* Clock.currentTimeMillis) - start
            assert.isTrue(waited > 1000 && waited < 5000, `the next holder waited ${waited} ms`)
          })

        yield* child.printed(/held 1/)
        process.kill(pid, "SIGSTOP")
        yield* next("of the second holder")
        process.kill(pid, "SIGCONT")
        yield* child.write("\n")
        yield* child.printed(/first: StoreError/)
        assert.strictEqual(yield* textOf(store, "frozen"), "of the second holder")

        yield* child.printed(/held 2/)
        process.kill(pid, "SIGKILL")
        assert.deepStrictEqual(yield* store.marks("frozen"), [{ of: "0b".repeat(32), state: "sent" }])
        yield* next("of the third holder")
      }).pipe(Effect.provide(RedisServer.layer)),
    waits
  )

  it.effect("keeps the keys of a record in one slot of a cluster, and lets each expire", () =>
    Effect.gen(function*() {
      const { keyOf, keys, redis, store } = yield* make
      const id = yield* idOf("k")
      const left = (what: string) => Effect.flatMap(keyOf("k", what), (key) => redis.send<number>("PTTL", key))
      yield* store.exclusively("k", (hold) =>
        Effect.gen(function*() {
          yield* hold.commit(Redacted.make("text"))
          yield* hold.prepare(of, 10)
          assert.deepStrictEqual(yield* keys, [`{${id}}:lease`, `{${id}}:mark`, `{${id}}:text`])
          const lease = yield* left("lease")
          assert.isTrue(lease > 0 && lease <= 3000, String(lease))
          for (const what of ["mark", "text"]) {
            const life = yield* left(what)
            assert.isTrue(life > 99 * day && life <= 100 * day, `${what}: ${life}`)
          }
          yield* redis.send("PEXPIRE", yield* keyOf("k", "text"), "1000")
          yield* hold.commit(Redacted.make("renewed"))
          assert.isAbove(yield* left("text"), 99 * day)
        }), patient)
      assert.deepStrictEqual(yield* keys, [`{${id}}:text`])
      yield* store.exclusively("k", (hold) => hold.remove, patient)
      assert.deepStrictEqual(yield* keys, [])
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("keeps a text that UTF-8 cannot carry", () =>
    Effect.gen(function*() {
      const { store } = yield* make
      yield* commit(store, "k", "a\ud800b\udc00")
      assert.strictEqual(yield* textOf(store, "k"), "a\ud800b\udc00")
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("says that a value of another program is unreadable, and replaces it at the next commit", () =>
    Effect.gen(function*() {
      const { keyOf, redis, store } = yield* make
      const [text, mark, lease] = [yield* keyOf("k", "text"), yield* keyOf("k", "mark"), yield* keyOf("k", "lease")]
      const foreign = (key: string): ReadonlyArray<readonly [string, ...Array<string>]> => [
        ["LPUSH", key, secret],
        ["HSET", key, "a", secret],
        ["SET", key, secret],
        ["SET", key, "{}"]
      ]
      for (const [i, [command, ...args]] of foreign(text).entries()) {
        yield* redis.send("DEL", text)
        yield* redis.send(command, ...args)
        const [, ...markArgs] = foreign(mark)[i] ?? []
        yield* redis.send(command, ...markArgs)
        for (const error of [yield* Effect.flip(store.read("k")), yield* Effect.flip(store.marks("k"))]) {
          assert.deepInclude(error, { _tag: "StoreError", reason: "unreadable", operation: "read" })
          assertNoLeak(error)
        }
        yield* store.exclusively(
          "k",
          (hold) => Effect.andThen(hold.prepare(of, 10), hold.commit(Redacted.make("again"))),
          patient
        )
        assert.strictEqual(yield* textOf(store, "k"), "again")
        assert.deepStrictEqual(yield* store.marks("k"), [])
      }
      // a lease without an end is not of this store
      yield* redis.send("SET", lease, "foreign")
      yield* commit(store, "k", "after a lease of another program")
      assert.strictEqual(yield* textOf(store, "k"), "after a lease of another program")
      // such a lease was taken before the server's clock was set back
      yield* redis.send("SET", lease, "dead", "PX", String(day))
      yield* commit(store, "k", "after a lease of a day")
      assert.strictEqual(yield* textOf(store, "k"), "after a lease of a day")
    }).pipe(Effect.provide(RedisServer.layer)))

  it.effect("loads its scripts again into a server that lost them", () =>
    Effect.gen(function*() {
      const { redis, store } = yield* make
      yield* commit(store, "k", "one")
      yield* redis.send("SCRIPT", "FLUSH")
      yield* commit(store, "k", "two")
      assert.strictEqual(yield* textOf(store, "k"), "two")
    }).pipe(Effect.provide(RedisServer.layer)))
})

describe.skipIf(Tools.isMissing(RedisServer.tool))(
  `the entries of TokenStore.layerRedis with ${RedisServer.tool.title}`,
  () => {
    it.effect("are those of its prefix, of many pages, and of a client with a prefix of its own (S20)", () =>
      Effect.gen(function*() {
        const { keys, prefix, redis, store } = yield* make
        const many = Array.from({ length: 2500 }, (_, i) => [`${prefix}foreign ${i}`, "x"])
        yield* redis.send("MSET", ...many.flat())
        for (const part of ["a*", "[b]", "c?", "\\"]) {
          const build = (prefix: string) => Layer.build(Layer.fresh(TokenStore.layerRedis({ prefix })))
          const one = Context.get(yield* build(`${prefix}${part}:`), TokenStore.TokenStore)
          const near = Context.get(
            yield* build(`${prefix}${part.replaceAll(/[*?[\]\\]/g, "b")}:`),
            TokenStore.TokenStore
          )
          yield* commit(one, "k", part)
          yield* commit(near, "other", "of another prefix")
          const entries = yield* one.entries ?? Effect.succeed([])
          assert.deepStrictEqual(entries.map(({ id }) => id), [yield* idOf("k")])
          assert.isTrue(yield* entries[0]?.remove(patient.wait) ?? Effect.succeed(false))
          yield* near.exclusively("other", (hold) => hold.remove, patient)
        }
        assert.deepStrictEqual(yield* store.entries ?? Effect.undefined, [])
        yield* redis.send("DEL", ...many.map(([name]) => name ?? ""))
        assert.deepStrictEqual(yield* keys, [])
      }).pipe(Effect.provide(RedisServer.layer)))
  }
)

const holder = fileURLToPath(new URL("support/leaseHolder.ts", import.meta.url))

describe.skipIf(Tools.isMissing(RedisServer.program))(`TokenStore.layerRedis with ${RedisServer.program.title}`, () => {
  it.live("a server whose memory is full rejects prepare, but takes the text that was prepared (S9)", () =>
    Effect.gen(function*() {
      const { url } = yield* RedisServer.make
      yield* Effect.gen(function*() {
        const { redis, store } = yield* make
        yield* store.exclusively("k", (hold) =>
          Effect.gen(function*() {
            yield* hold.prepare(of, 5000)
            yield* redis.send("CONFIG", "SET", "maxmemory", "1")
            yield* hold.commit(Redacted.make("arrived"))
            const error = yield* Effect.flip(hold.prepare(of, 5000))
            assert.deepInclude(error, { reason: "unavailable", operation: "prepare", code: "OOM" })
            assert.include(error.message, "the memory of the server is full. Nothing was sent.")
          }), patient)
        assert.strictEqual(yield* textOf(store, "k"), "arrived")
        const error = yield* Effect.flip(store.exclusively("k", () => Effect.void, patient))
        assert.deepInclude(error, { _tag: "StoreError", operation: "lock", code: "OOM" })
      }).pipe(Effect.provide(RedisServer.client(url)))
    }).pipe(Effect.provide(RedisServer.layer)))
})

const over = (
  command: (name: string, args: ReadonlyArray<string>) => Effect.Effect<unknown, Redis.RedisError>,
  options?: TokenStore.RedisOptions
) =>
  Effect.provide(TokenStore.TokenStore, TokenStore.layerRedis(options).pipe(Layer.provide(RedisServer.told(command))))

describe("TokenStore.layerRedis with a client of a user", () => {
  it.effect("prolongs the lease after each second of a hold, and sends nothing after it (S22, S23)", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const store = yield* over((name, args) =>
        Effect.sync(() => {
          if (name === "SCRIPT") return args[1]
          sent.push(String(args[0]).includes("PEXPIRE") ? "prolong" : name)
          return 1
        })
      )
      yield* store.exclusively("k", () =>
        Effect.gen(function*() {
          sent.length = 0
          yield* TestClock.adjust(999)
          assert.deepStrictEqual(sent, [])
          yield* TestClock.adjust(1)
          assert.deepStrictEqual(sent, ["prolong"])
          yield* TestClock.adjust("9 seconds")
          assert.deepStrictEqual(sent, Array.from({ length: 10 }, () => "prolong"))
        }), patient)
      sent.length = 0
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(sent, [])
    }))

  it.effect("goes on to prolong after a failed try, and stops when the lease is lost (S22)", () =>
    Effect.gen(function*() {
      let [tries, result] = [0, "fails"]
      const store = yield* over((name, args) => {
        if (name === "SCRIPT") return Effect.succeed(args[1])
        if (!String(args[0]).includes("PEXPIRE")) return Effect.succeed(1)
        tries++
        return result === "fails"
          ? Effect.fail(new Redis.RedisError({ cause: new Error("ECONNRESET") }))
          : result === "hangs"
          ? Effect.never
          : Effect.succeed(0)
      })
      yield* store.exclusively("k", () =>
        Effect.gen(function*() {
          yield* TestClock.adjust("3 seconds")
          assert.strictEqual(tries, 3)
          result = "hangs"
          yield* TestClock.adjust("4 seconds")
          assert.strictEqual(tries, 5)
          result = "lost"
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual(tries, 6)
        }), patient)
    }))

  it.effect("does not wait for ever for a server that does not respond, and an interruption ends the wait at once", () =>
    Effect.gen(function*() {
      const commands: Array<string> = []
      const store = yield* over((name, args) => {
        commands.push(`${name} ${args[0]}`)
        return Effect.never
      })
      // Only a fiber that waits moves with the test's clock, and a hash takes a real moment.
      const begun = (effect: Effect.Effect<unknown, unknown>) =>
        Effect.gen(function*() {
          const count = commands.length
          const fiber = yield* Effect.forkChild(effect)
          while (commands.length === count) {
            yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
          }
          return fiber
        })
      const reading = yield* begun(Effect.flip(store.read("k")))
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* Fiber.join(reading), {
        _tag: "StoreError",
        reason: "unavailable",
        code: "ETIMEDOUT",
        message:
          "The Redis store cannot be read (ETIMEDOUT): it did not respond within 5s. Mend the store, and try again."
      })
      const waiting = yield* begun(store.exclusively("k", () => Effect.void, patient))
      yield* Fiber.interrupt(waiting)
    }))

  it.effect("keeps a known code of a client's error, and nothing else of it (S21)", () =>
    Effect.gen(function*() {
      const causes: ReadonlyArray<readonly [unknown, string | undefined, string]> = [
        [
          Object.assign(new Error(`READONLY You can't write: ${secret}`), { command: { args: [secret] } }),
          "READONLY",
          "unavailable"
        ],
        [new Error(`ERR Error running script: @user_script:1: WRONGTYPE ${secret}`), "WRONGTYPE", "unreadable"],
        [new Error(`ERR unknown command 'EVALSHA', with args beginning with: ${secret}`), undefined, "unavailable"],
        [Object.assign(new Error(secret), { code: "ECONNREFUSED" }), "ECONNREFUSED", "unavailable"],
        [Object.assign(new Error(secret), { code: secret }), undefined, "unavailable"],
        [`NOAUTH ${secret}`, "NOAUTH", "unavailable"],
        [secret, undefined, "unavailable"],
        [{ [secret]: secret }, undefined, "unavailable"],
        [undefined, undefined, "unavailable"]
      ]
      for (const [cause, code, reason] of causes) {
        const store = yield* over(() => Effect.fail(new Redis.RedisError({ cause })))
        for (const effect of [store.read("k"), store.marks("k"), commit(store, "k", secret)]) {
          const error = yield* Effect.flip(effect)
          assert.strictEqual(error._tag, "StoreError")
          if (error._tag !== "StoreError") return
          assert.deepStrictEqual([error.code, error.reason], [code, reason])
          assertNoLeak(error)
        }
      }
      const dying = yield* over(() => Effect.die(new Error(secret)))
      assertNoLeak(yield* Effect.flip(commit(dying, "k", secret)))
    }))

  it.effect("takes no value of another type for a text, nor for a lock", () =>
    Effect.gen(function*() {
      for (const value of [0, {}, [secret], new TextEncoder().encode("{\"text\":\"a\"}"), true]) {
        const store = yield* over((name, args) => Effect.succeed(name === "SCRIPT" ? args[1] : value))
        assert.strictEqual((yield* Effect.flip(store.read("k"))).reason, "unreadable")
      }
      for (const value of [0, "OK", {}, null, undefined, Number.NaN]) {
        const store = yield* over((name, args) => Effect.succeed(name === "SCRIPT" ? args[1] : value))
        const error = yield* Effect.flip(
          store.exclusively("k", () => Effect.void, { ...patient, meanwhile: Effect.fail("not held") })
        )
        assert.strictEqual(error, "not held")
      }
    }))

  it.effect("refuses a prefix with braces, because they would part the keys of a record", () =>
    Effect.gen(function*() {
      for (const prefix of ["{}", "a}b", "{tag}:"]) {
        const error = yield* Effect.flip(over(() => Effect.never, { prefix }))
        assert.deepInclude(error, { _tag: "StoreError", operation: "open", store: "Redis" })
        assert.include(error.message, "the option prefix must be a text without braces")
      }
    }))

  it.effect("fails to list its texts in a cluster, or if the list makes no sense (S20)", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [info: unknown, page: unknown, detail: string]> = [
        ["# Cluster\r\ncluster_enabled:1\r\n", ["0", []], "it is a cluster, which cannot list all its keys."],
        ["cluster_enabled:0", "OK", "it did not list its keys"],
        ["cluster_enabled:0", ["0"], "it did not list its keys"],
        [undefined, ["0", { length: 1 }], "it did not list its keys"]
      ]
      for (const [info, page, detail] of cases) {
        const store = yield* over((name) => Effect.succeed(name === "INFO" ? info : page))
        const error = yield* Effect.flip(store.entries ?? Effect.die("no entries"))
        assert.deepInclude(error, { _tag: "StoreError", operation: "read", reason: "unavailable" })
        assert.include(error.message, detail)
      }
      const store = yield* over((name) => Effect.succeed(name === "SCAN" ? ["0", [7, null, `{${secret}}:text`]] : ""))
      assert.deepStrictEqual(yield* store.entries ?? Effect.undefined, [])
    }))

  it.effect("does not wait for ever for a list (S20, S23)", () =>
    Effect.gen(function*() {
      const store = yield* over(() => Effect.never)
      const listing = yield* Effect.forkChild(Effect.flip(store.entries ?? Effect.die("no entries")))
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* Fiber.join(listing), { _tag: "StoreError", code: "ETIMEDOUT" })
    }))
})
