import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { file, hold, listed, marks, none, provide, secret, storeIn } from "./support/cache.ts"

const of = "ab12"

describe("the rooms of requests whose responses are lost", () => {
  for (const lock of ["with", "without"] as const) {
    it.effect(`leave one file behind, ${lock} the lock (S10)`, () =>
      Effect.gen(function*() {
        const at = yield* folder
        const store = yield* storeIn(at, ...(lock === "with" ? [] : [none]))
        for (let tries = 0; tries < 3; tries++) {
          yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare(of, 5000), settle(of, "sent")))
        }
        assert.deepStrictEqual(listed(at), [`FILE.${of}.ID.sent`])
        assert.deepStrictEqual(yield* marks(store), [{ of, state: "sent" }])
        // a request that certainly did not leave changes nothing of it
        yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare(of, 5000), settle(of, "sent")))
        assert.strictEqual(listed(at).length, 1)
        yield* hold(store, ({ commit, prepare }) => Effect.andThen(prepare(of, 5000), commit(secret("{}"))))
        assert.include(listed(at), "FILE")
      }).pipe(provide))
  }

  it.effect("do not take away the response that a dead holder wrote (S10)", () =>
    Effect.gen(function*() {
      const at = yield* folder
      const store = yield* storeIn(at)
      fs.writeFileSync(join(at, `${file}.${of}.00000000-0000-4000-8000-000000000001.sent`), "{\"a\":1}  ")
      yield* hold(store, ({ prepare, settle }) => Effect.andThen(prepare(of, 5000), settle(of, "sent")))
      assert.deepStrictEqual(yield* marks(store), [{ of, state: "sent", response: "{\"a\":1}" }])
    }).pipe(provide))
})
