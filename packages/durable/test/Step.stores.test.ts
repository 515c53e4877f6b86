import { assert, describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import * as Step from "@sso-oidc/durable/Step"
import { folder, run } from "@sso-oidc/test-kit/child"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Leaks from "@sso-oidc/test-kit/leaks"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as RedisServer from "@sso-oidc/test-kit/redis"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as SqlClient from "effect/sql/SqlClient"
import * as TestClock from "effect/testing/TestClock"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { as, options, row, sealing, start, stepped, using } from "./support/login.ts"

const secrets = ["client-secret-1", "device-code-1", "access-token-1", "refresh-token-1", "BRCJ-PDVT"]

const polls = [
  Service.pending,
  Service.token(),
  Service.exception("AccessDeniedException", "access_denied"),
  Service.pending
]

/** One login of each end, and a pending one. Gives what the store has after each change. */
const logins = <E, R>(
  dump: Effect.Effect<string, E, R>,
  adjust: (duration: Duration.Input) => Effect.Effect<void> = TestClock.adjust
) =>
  Effect.gen(function*() {
    const dumps: Array<string> = []
    const keep = Effect.map(dump, (text) => dumps.push(text))
    yield* start
    yield* keep
    yield* adjust("5 seconds")
    yield* stepped("Waiting")
    yield* keep
    yield* adjust("5 seconds")
    yield* stepped("Approved")
    yield* keep
    yield* Step.start({ ...options, id: "login-2" })
    yield* Step.start({ ...options, id: "login-3" })
    yield* adjust("5 seconds")
    assert.strictEqual((yield* Effect.flip(Step.step("login-2")))._tag, "AccessDeniedException")
    as(yield* Step.step("login-3"), "Waiting")
    assert.isTrue(yield* Step.cancel("login-3"))
    yield* Step.take("login-1")
    yield* keep
    return dumps
  })

const assertClean = (dumps: ReadonlyArray<string>) => {
  const find = Leaks.search(secrets)
  assert.strictEqual(dumps.length, 4)
  for (const dump of dumps) {
    // what the test looks at is what was stored
    assert.include(dump, "login-1")
    assert.isUndefined(find(dump))
  }
}

describe("Step on real stores", () => {
  it.effect("a dump of SQLite's files shows no secret (W8)", () => {
    const service = Service.make({ polls })
    return Effect.scoped(Effect.gen(function*() {
      const path = yield* folder
      const store = SqlLoginStore.layer().pipe(Layer.provide(Sqlite.layer(join(path, "logins.db"))), Layer.orDie)
      const dump = Effect.sync(() =>
        readdirSync(path).map((name) => readFileSync(join(path, name)).toString("latin1")).join("\n")
      )
      assertClean(yield* logins(dump).pipe(using(service, store, sealing)))
    }))
  })

  it.effect("a dump of PostgreSQL's tables shows no secret (W8)", () => {
    const service = Service.make({ polls })
    return Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const dump = Effect.map(
        sql`SELECT query_to_xml('SELECT * FROM sso_oidc_logins', true, true, '')::text AS dump`,
        (rows) => JSON.stringify(rows)
      )
      const store = SqlLoginStore.layer().pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)), Layer.orDie)
      assertClean(yield* logins(dump).pipe(using(service, store, sealing)))
    }).pipe(Effect.provide(Postgres.layer))
  })

  it.effect.skipIf(Tools.isMissing(RedisServer.tool))(
    `a dump of ${RedisServer.tool.title} shows no secret, and each key expires (W8, W9)`,
    () => {
      const service = Service.make({ polls })
      return Effect.scoped(Effect.gen(function*() {
        const [prefix, redis] = [yield* RedisServer.prefix, yield* Redis.Redis]
        // The keys expire on the clock of the server.
        const clock = yield* Clocks.jumping
        yield* clock.jump(Math.floor(Date.now() / 1000))
        const keys = redis.send<Array<string>>("KEYS", `${prefix}*`)
        const dump = Effect.gen(function*() {
          const hashes = yield* Effect.forEach(
            yield* keys,
            (key) =>
              Effect.map(redis.send<unknown>("HGETALL", key), (hash) => [key, hash]).pipe(
                Effect.catch(() => Effect.succeed([key]))
              )
          )
          return JSON.stringify(hashes)
        })
        const store = RedisLoginStore.layer({ prefix }).pipe(
          Layer.provide(Layer.succeed(Redis.Redis, redis)),
          Layer.orDie
        )
        assertClean(yield* logins(dump, clock.adjust).pipe(using(service, store, sealing), clock.provide))
        for (const key of yield* keys) {
          if (key.includes("login-")) assert.isAbove(yield* redis.send<number>("PTTL", key), 3_600_000)
        }
      })).pipe(Effect.provide(RedisServer.layer))
    }
  )

  it.live("after a process was killed in its poll, no poll comes before the end of its hold, and its token counts as lost (W3, W6)", () => {
    const service = Service.make({ start: [Service.code({ interval: 1 })], polls: [Service.invalidGrant] })
    return Effect.scoped(Effect.gen(function*() {
      const file = join(yield* folder, "logins.db")
      const store = SqlLoginStore.layer().pipe(Layer.provide(Sqlite.layer(file)), Layer.orDie)
      yield* Effect.gen(function*() {
        yield* start
        yield* Effect.sleep("1 second")
        const program = fileURLToPath(new URL("support/dying.ts", import.meta.url))
        yield* Effect.scoped(Effect.gen(function*() {
          const child = yield* run(process.execPath, { args: [program, file] })
          yield* child.printed(/polling/)
          yield* child.signal("SIGKILL")
          yield* child.ended
        }))
        const { heldUntil = 0 } = yield* row()
        assert.isAtMost(Duration.toSeconds((yield* stepped("Busy", { hold: "1 second" })).left), 1)
        let polled = 0
        while (polled === 0) {
          const result = yield* Effect.result(Step.step("login-1", { hold: "1 second" }))
          if (result._tag === "Failure") {
            polled = Date.now()
            assert.strictEqual(result.failure._tag, "TokenPossiblyLost")
          } else {
            assert.include(["Busy", "NotDue"], result.success._tag)
            yield* Effect.sleep("50 millis")
          }
        }
        assert.isAtLeast(polled, heldUntil + 1000)
        assert.strictEqual(service.polls().length, 1)
        const store = yield* LoginStore.LoginStore
        assert.strictEqual((yield* store.get("login-1"))?.state, "lost")
      }).pipe(using(service, store, sealing))
    }))
  })
})
