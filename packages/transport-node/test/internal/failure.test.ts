import { assert, describe, it } from "@effect/vitest"
import * as Failure from "../../src/internal/failure.ts"

const named = (error: unknown) => {
  const { code, syscall } = Failure.causeOf(error, "no", true)
  return { code, syscall }
}

describe("failure", () => {
  it("is named by its own code, by that of its cause, or by that of the first of its errors (seam)", () => {
    const refused = { code: "ECONNREFUSED", syscall: "connect" }
    assert.deepStrictEqual(named(refused), refused)
    assert.deepStrictEqual(named(new Error("outer", { cause: refused })), refused)
    assert.deepStrictEqual(named({ errors: [refused, { code: "EHOSTUNREACH" }] }), refused)
    assert.deepStrictEqual(named({ errors: [new Error("inner", { cause: refused })] }), refused)
    assert.deepStrictEqual(named({ code: "EPIPE", cause: refused }).code, "EPIPE")
  })

  it("has the code UNKNOWN where nothing names it, also where reading it throws (seam)", () => {
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
