import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redis from "effect/persistence/Redis"
import { existsSync } from "node:fs"
import * as TestRedis from "../src/redis.ts"
import { isMissing } from "../src/tools.ts"
import { isRunning } from "./support/running.ts"

const send = <A>(command: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(Redis.Redis, (redis) => redis.send<A>(command, ...args))

describe.skipIf(isMissing(TestRedis.tool))(TestRedis.tool.title, () => {
  it.effect("gives each user a prefix, and removes the keys that begin with it and no others", () =>
    Effect.gen(function*() {
      const other = yield* TestRedis.prefix
      yield* send("SET", `${other}kept`, "1")
      const [key, ...many] = yield* Effect.scoped(Effect.gen(function*() {
        const mine = yield* TestRedis.prefix
        const keys = Array.from({ length: 2500 }, (_, at) => `${mine}${at}`)
        yield* send("MSET", ...keys.flatMap((key) => [key, "1"]))
        assert.strictEqual(yield* send<number>("EXISTS", ...keys), 2500)
        return keys
      }))
      assert.strictEqual(yield* send<number>("EXISTS", key ?? "", ...many), 0)
      assert.strictEqual(yield* send<string>("GET", `${other}kept`), "1")
    }).pipe(Effect.provide(TestRedis.layer)))
})

describe.skipIf(isMissing(TestRedis.program))(TestRedis.program.title, () => {
  it.live("runs twice at once, keeps nothing on disk, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const ended = yield* Effect.scoped(Effect.gen(function*() {
        const [one, other] = yield* Effect.all([TestRedis.make, TestRedis.make], { concurrency: "unbounded" })
        yield* send("SET", "here", "1").pipe(Effect.provide(TestRedis.client(one.url)))
        const elsewhere = send<string | null>("GET", "here").pipe(Effect.provide(TestRedis.client(other.url)))
        assert.isNull(yield* elsewhere)
        const kept = Effect.all([send("CONFIG", "GET", "save"), send("CONFIG", "GET", "appendonly")])
        assert.deepStrictEqual(yield* kept.pipe(Effect.provide(TestRedis.client(one.url))), [
          { save: "" },
          { appendonly: "no" }
        ])
        return [one, other]
      }))
      for (const { folder, pid } of ended) {
        assert.isFalse(isRunning(pid))
        assert.isFalse(existsSync(folder))
      }
    }))
})
