import { assert, describe, it } from "@effect/vitest"
import { bundles } from "@sso-oidc/test-kit/bundled"

const program = (layer: string, imports = "") => `
  import * as LoginStore from "@sso-oidc/durable/LoginStore"
  import * as Sealer from "@sso-oidc/core/Sealer"
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as Step from "@sso-oidc/durable/Step"
  import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${imports}
  const program = Effect.all([Step.start(globalThis.options), Step.step("a"), Step.get("a"), Step.take("a"), Step.cancel("a")])
  Effect.runPromise(program.pipe(
    Effect.provide(${layer}),
    Effect.provide(Sealer.layer(globalThis.ring)),
    Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(FetchTransport.layer)))
  ))
`

const own = program("Layer.succeed(LoginStore.LoginStore, globalThis.store)")
const memory = program("LoginStore.layerMemory")
const sql = program(
  "SqlLoginStore.layer().pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, globalThis.client)))",
  `import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
  import * as SqlClient from "effect/sql/SqlClient"`
)
const redis = program(
  "RedisLoginStore.layer().pipe(Layer.provide(Layer.succeed(Redis.Redis, globalThis.client)))",
  `import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
  import * as Redis from "effect/persistence/Redis"`
)

const engines = /^effect\/(?:workflow|cluster)\//
const databases = /^effect\/(?:sql|persistence)\//

describe("the bundle of a function", () => {
  it("has no byte of an engine or a database with Step over a store of its own", async () => {
    const all = await bundles([own, memory, sql, redis], { platform: "browser", from: import.meta.dirname })
    const [withOwn = [], withMemory = [], withSql = [], withRedis = []] = all.map(({ modules }) => [...modules.keys()])
    for (const modules of [withOwn, withMemory]) {
      assert.include(modules, "durable/Step")
      assert.deepStrictEqual(modules.filter((name) => engines.test(name) || databases.test(name)), [])
      assert.deepStrictEqual(modules.filter((name) => /^core\/database\/|LoginStoreContract|\/contract\//.test(name)), [])
    }
    // so the patterns find what they look for
    assert.isAbove(withSql.filter((name) => databases.test(name)).length, 0)
    assert.isAbove(withRedis.filter((name) => databases.test(name)).length, 0)
    for (const modules of [withSql, withRedis]) assert.deepStrictEqual(modules.filter((name) => engines.test(name)), [])
  })

  it("runs without Node, with each store", async () => {
    // a module of Node would fail here, because it cannot be resolved for a browser
    const all = await bundles([own, memory, sql, redis], { platform: "browser", from: import.meta.dirname })
    for (const { bytes } of all) assert.notInclude(new TextDecoder().decode(bytes), "node:")
  })
})
