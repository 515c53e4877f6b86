import { assert, describe, it } from "@effect/vitest"
import * as Failure from "../../src/internal/failure.ts"

const named = (error: unknown) => {
  const { code, syscall } = Failure.causeOf(error, "no", true)
  return { code, syscall }
}

describe("failure (the seam)", () => {
  it("takes its code from the error, from its cause, or from the first of its errors", () => {
    const refused = { code: "ECONNREFUSED", syscall: "connect" }
    assert.deepStrictEqual(named(refused), refused)
    assert.deepStrictEqual(named(new Error("outer", { cause: refused })), refused)
    assert.deepStrictEqual(named({ errors: [refused, { code: "EHOSTUNREACH" }] }), refused)
    assert.deepStrictEqual(named({ errors: [new Error("inner", { cause: refused })] }), refused)
    assert.deepStrictEqual(named({ code: "EPIPE", cause: refused }).code, "EPIPE")
  })

  it("has the code UNKNOWN if there is no code, also if reading it throws", () => {
    const hostile = Object.defineProperty({}, "code", {
      get: () => {
        throw new Error("no code")
      }
    })
    for (const error of [undefined, null, "text", {}, { code: "" }, { code: 7 }, { errors: [] }, hostile]) {
      assert.deepStrictEqual(named(error), { code: "UNKNOWN", syscall: undefined })
    }
  })
})
