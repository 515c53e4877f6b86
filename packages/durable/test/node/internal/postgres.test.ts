import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Postgres from "../../../src/node/internal/postgres.ts"

describe("the client of PostgreSQL", () => {
  it.effect("says which package to install if it is absent", () =>
    Effect.gen(function*() {
      const client = Postgres.client(Redacted.make("postgres://host/name"), undefined, () => Promise.resolve(undefined))
      const error = yield* Effect.flip(Effect.scoped(Layer.build(client)))
      assert.match(error.message, /needs the package @effect\/sql-pg, version 4\.0\.5/)
    }))
})
