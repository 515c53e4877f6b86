import { assert, beforeAll, describe, it } from "@effect/vitest"
import { type Bundle, bundles } from "@sso-oidc/test-kit/bundled"

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

const engine = (name: string): boolean => /^effect\/(?:workflow|cluster)\//.test(name)
const database = (name: string): boolean => /^effect\/(?:sql|persistence)\/|core\/database\//.test(name)

describe("the bundle of a function", () => {
  let all: ReadonlyArray<Bundle> = []

  beforeAll(async () => {
    // a module of Node cannot be resolved for a browser
    all = await bundles([own, memory, sql, redis], { platform: "browser", from: import.meta.dirname })
  })

  const modulesOf = (at: number): ReadonlyArray<string> => [...all[at]?.modules.keys() ?? []]

  it("has no byte of an engine or a database with Step over a store of its own, or over the store in memory", () => {
    for (const modules of [modulesOf(0), modulesOf(1)]) {
      assert.isTrue(modules.some((name) => name.endsWith("durable/Step")))
      assert.deepStrictEqual(modules.filter((name) => engine(name) || database(name)), [])
      assert.deepStrictEqual(modules.filter((name) => /Contract|durable\/(?:Sql|Redis)LoginStore/.test(name)), [])
    }
  })

  it("has its own database alone with the stores in SQL and in Redis", () => {
    const [withSql, withRedis] = [modulesOf(2), modulesOf(3)]
    assert.isTrue(withSql.some(database))
    assert.isTrue(withRedis.some(database))
    assert.deepStrictEqual([...withSql, ...withRedis].filter(engine), [])
    assert.deepStrictEqual(withSql.filter((name) => /effect\/persistence\/Redis|database\/Redis/.test(name)), [])
    assert.deepStrictEqual(withRedis.filter((name) => /effect\/sql\/|database\/Sql/.test(name)), [])
  })
})
