import { assert, describe, it } from "@effect/vitest"
import * as Bundled from "@sso-oidc/test-kit/bundled"
import type { Platform } from "esbuild"

const program = (module: string, layer: string, imports = "") => `
  import * as LoginStore from "@sso-oidc/durable/LoginStore"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  import * as Store from "@sso-oidc/durable/${module}"
  ${imports}
  const program = LoginStore.LoginStore.use((store) => Effect.all([
    store.insert("id", globalThis.row),
    store.get("id"),
    store.set("id", "version", globalThis.row),
    store.end("id", "version", globalThis.row),
    store.pending(1),
    store.sweep(1)
  ]))
  Effect.runPromise(Effect.provide(program, ${layer}))
`

const over = (service: string) => `Store.layer().pipe(Layer.provide(Layer.succeed(${service}, globalThis.service)))`

const stores = {
  sql: program(
    "SqlLoginStore",
    over("SqlClient.SqlClient"),
    `import * as SqlClient from "effect/sql/SqlClient"`
  ),
  redis: program("RedisLoginStore", over("Redis.Redis"), `import * as Redis from "effect/persistence/Redis"`),
  own: program("LoginStore", "Layer.succeed(LoginStore.LoginStore, globalThis.store)"),
  memory: program("LoginStore", "LoginStore.layerMemory")
}

const bundle = async (text: string, platform: Platform = "browser") => {
  const [made] = await Bundled.bundles([text], { platform, from: import.meta.dirname })
  if (made === undefined) throw new Error("no bundle")
  return { text: new TextDecoder().decode(made.bytes), modules: [...made.modules.keys()] }
}

const ofDatabases = (name: string): boolean =>
  /^effect\/(?:sql|persistence)\/|\/database\/|internal\/(?:sql|redis)$/.test(name)

const ofTests = (name: string): boolean => /contract/i.test(name)

describe("a bundle with a store of logins", () => {
  it("has no module of Node with SQL, nor with Redis, so that it runs at the edge", async () => {
    for (const text of [stores.sql, stores.redis]) {
      for (const platform of ["browser", "neutral"] as const) {
        const made = await bundle(text, platform)
        assert.notMatch(made.text, /(?:from|import|require)\s*\(?["'`]node:/)
        assert.isTrue(made.modules.some((name) => /^effect\/(?:sql|persistence)\//.test(name)))
        assert.deepStrictEqual(made.modules.filter(ofTests), [])
      }
    }
  })

  it("has nothing of SQL with Redis, and nothing of Redis with SQL", async () => {
    const [sql, redis] = [await bundle(stores.sql), await bundle(stores.redis)]
    assert.deepStrictEqual(sql.modules.filter((name) => /persistence|redis/i.test(name)), [])
    assert.deepStrictEqual(redis.modules.filter((name) => /\/sql\b/i.test(name)), [])
  })

  it("has no byte of effect/sql and effect/persistence with a store of one's own, nor in memory", async () => {
    for (const text of [stores.own, stores.memory]) {
      const { modules } = await bundle(text)
      assert.isTrue(modules.some((name) => name.endsWith("durable/LoginStore")))
      assert.deepStrictEqual(modules.filter((name) => ofDatabases(name) || ofTests(name)), [])
    }
  })
})
