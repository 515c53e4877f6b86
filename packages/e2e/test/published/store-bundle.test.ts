import { assert, describe, it } from "@effect/vitest"
import { bundle } from "../support/bundle.ts"

const program = (store: string, imports = "") => `
  import * as TokenStore from "@sso-oidc/session/TokenStore"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${imports}
  const program = TokenStore.TokenStore.use((store) => Effect.all([
    store.read("k"),
    store.exclusively("k", (hold) => hold.remove, globalThis.waiting)
  ]))
  Effect.runPromise(Effect.provide(program, ${store}))
`

const over = (layer: string, service: string) =>
  `${layer}.pipe(Layer.provide(Layer.succeed(${service}, globalThis.service)))`

const redis = program(
  over("TokenStore.layerRedis({ prefix: \"p\" })", "Redis.Redis"),
  `import * as Redis from "effect/persistence/Redis"`
)

const sql = program(
  over("TokenStore.layerSql()", "SqlClient.SqlClient"),
  `import * as SqlClient from "effect/sql/SqlClient"`
)

const database = (path: string): boolean => /effect\/(?:src|dist)\/(?:persistence|sql)\//.test(path)

describe("a bundle with a store of tokens", () => {
  it("has no module of Node with Redis, nor with SQL, so that it runs at the edge (S22)", async () => {
    for (const one of [redis, sql]) {
      for (const platform of ["browser", "neutral"] as const) {
        const { files, imports, text } = await bundle(one, platform)
        assert.deepStrictEqual(imports, [])
        assert.notMatch(text, /(?:from|import|require)\s*\(?["'`]node:/)
        assert.isTrue(files.some(database))
      }
    }
  })

  it("has nothing of a database with the store in memory", async () => {
    const { files } = await bundle(program("TokenStore.layerMemory"), "browser")
    assert.deepStrictEqual(files.filter((path) => database(path) || /store\/(?!memory|waiting|entry\.)/.test(path)), [])
    assert.isTrue(files.some((path) => path.endsWith("store/memory.ts")))
  })

  it("has nothing of SQL or of the key-value store with Redis", async () => {
    const { files } = await bundle(redis, "browser")
    assert.deepStrictEqual(
      files.filter((path) => /effect\/(?:src|dist)\/sql\/|KeyValueStore|store\/(?:sql|keyValue|sealed)/.test(path)),
      []
    )
  })

  it("has nothing of the contract of a store", async () => {
    const { files } = await bundle(
      `import { TokenStore } from "@sso-oidc/session"; globalThis.layer = TokenStore.layerMemory`,
      "browser"
    )
    assert.deepStrictEqual(files.filter((path) => path.includes("contract/") || path.includes("Contract")), [])
  })
})
