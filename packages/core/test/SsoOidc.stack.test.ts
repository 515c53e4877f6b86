import { assert, describe, it } from "@effect/vitest"
import { calls } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"

describe("SsoOidc: the stack of an exception", () => {
  for (const call of calls) {
    it.effect(`${call.name}: an exception has no stack of library code, and other errors keep theirs (C3)`, () =>
      Effect.gen(function*() {
        const limit = Error.stackTraceLimit
        const oidc = yield* Wire.client(Wire.responding(() => Wire.exception(call.exception.type, {})))
        const error = yield* Effect.flip(call.run(oidc))
        assert.instanceOf(error, Error)
        assert.notInclude(Object(error).stack, "\n    at ")
        assert.strictEqual(Error.stackTraceLimit, limit)
        assert.include(new Error("mine").stack, "\n    at ")
      }))
  }
})
