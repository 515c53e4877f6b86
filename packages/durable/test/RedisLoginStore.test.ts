import { assert, describe, it } from "@effect/vitest"
import * as RedisLoginStore from "@sso-oidc/durable/RedisLoginStore"
import * as RedisServer from "@sso-oidc/test-kit/redis"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { keeps } from "./support/stores.ts"

describe("RedisLoginStore", () => {
  it.live("keeps the contract", () =>
    Effect.gen(function*() {
      const prefix = yield* RedisServer.prefix
      const client = Layer.unwrap(Effect.map(RedisServer.shared, RedisServer.client))
      yield* keeps({ store: RedisLoginStore.layer({ prefix }).pipe(Layer.provide(client)) })
    }))
})
