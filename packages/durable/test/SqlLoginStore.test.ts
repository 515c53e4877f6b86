import { assert, describe, it } from "@effect/vitest"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { join } from "node:path"
import { keeps } from "./support/stores.ts"

describe("SqlLoginStore", () => {
  it.live("keeps the contract, sqlite", () =>
    Effect.gen(function*() {
      const client = Sqlite.layer(join(yield* folder, "store.db"))
      yield* keeps({ store: SqlLoginStore.layer().pipe(Layer.provide(client)) })
    }))
  it.live("keeps the contract, pg", () =>
    Effect.gen(function*() {
      const client = Postgres.client(yield* Postgres.database)
      yield* keeps({ store: SqlLoginStore.layer().pipe(Layer.provide(client)) })
    }))
})
