import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as RedisServer from "@sso-oidc/test-kit/redis"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { crowd, type Options } from "./support/crowd.ts"
import { yielding } from "./support/login.ts"

// The clock of these tests runs faster than that of the server.
const postgres = Layer.unwrap(
  Effect.map(Postgres.database, (url) => Postgres.client(url, { connectTimeout: "1 hour" }))
)

const sqlite = Layer.unwrap(Effect.map(folder, (path) => Sqlite.layer(join(path, "logins.db"))))

const stores: ReadonlyArray<
  readonly [name: string, store: Layer.Layer<LoginStore.LoginStore, unknown>, isMissing: boolean]
> = [
  ["memory", LoginStore.layerMemory, false],
  ["SQLite", SqlLoginStore.layer().pipe(Layer.provide(sqlite)), false],
  ["PostgreSQL", SqlLoginStore.layer().pipe(Layer.provide(postgres)), false],
  [
    RedisServer.tool.title,
    Layer.unwrap(Effect.map(RedisServer.prefix, (prefix) => RedisLoginStore.layer({ prefix }))).pipe(
      Layer.provide(RedisServer.layer)
    ),
    Tools.isMissing(RedisServer.tool)
  ]
]

const patient: Options = {
  logins: 30,
  callers: 8,
  kills: 0,
  hold: "40 seconds",
  expiresIn: "10 seconds",
  decided: 7000,
  seed: 1
}

/** In these runs one of four polls kills its invocation, and the next one waits for the end of its hold. */
const killing: Options = { ...patient, callers: 3, kills: 1 / 4, hold: "10 seconds", expiresIn: "40 seconds", seed: 2 }

// Its first start copies files, and nothing else runs meanwhile.
beforeAll(() => Effect.runPromise(Effect.asVoid(Postgres.shared)))

// They mostly wait.
describe.concurrent("30 logins, each with 8 impatient callers", () => {
  for (const [name, store, isMissing] of stores) {
    it.effect.skipIf(isMissing)(
      `on ${name}, no poll is early, none is doubled, and each login ends as the service says (W1, W3)`,
      () =>
        Effect.gen(function*() {
          const { all, sum } = yield* crowd(Layer.fresh(store), yielding, patient)
          assert.strictEqual(sum("early"), 0)
          assert.strictEqual(sum("double"), 0)
          assert.strictEqual(sum("slowDowns"), 0)
          for (const { hasToken, login, said } of all) {
            assert.strictEqual(login.state, said === "token" ? "approved" : "failed")
            assert.strictEqual(hasToken, said === "token")
            if (login.state === "failed") {
              assert.strictEqual(
                login.error._tag,
                said === "access_denied" ? "AccessDeniedException" : "DeviceCodeExpired"
              )
            }
          }
          assert.strictEqual(all.filter(({ hasToken }) => hasToken).length, sum("tokens"))
          assert.isAbove(sum("tokens"), 15)
        })
    )
  }
})

describe.concurrent("30 logins, each with 3 callers that are killed now and then", () => {
  for (const [name, store, isMissing] of stores) {
    it.effect.skipIf(isMissing)(
      `on ${name}, with invocations killed in their polls, each token that was issued is stored or reported lost (W3, W6)`,
      () =>
        Effect.gen(function*() {
          const { all, killed, sum } = yield* crowd(Layer.fresh(store), yielding, killing)
          assert.strictEqual(sum("early"), 0)
          assert.strictEqual(sum("double"), 0)
          assert.strictEqual(sum("slowDowns"), 0)
          assert.isAbove(killed, 0)
          for (const { hasToken, issued, state } of all) {
            assert.notStrictEqual(state, "pending")
            assert.isAtMost(issued, 1)
            if (issued === 0) assert.isFalse(hasToken)
            else if (!hasToken) assert.strictEqual(state, "lost")
          }
          assert.isAbove(sum("tokens"), 15)
        })
    )
  }
})
