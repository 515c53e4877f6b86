import { assert, describe, it } from "@effect/vitest"
import * as Attempts from "../../src/internal/attempts.ts"

describe("attempts", () => {
  it("E4: the eleventh try waits until the first of ten wrong codes is a minute old, and no more is kept", () => {
    const attempts = Attempts.make()
    for (let n = 0; n < 10; n++) {
      assert.strictEqual(attempts.left(n * 1000), 0)
      attempts.failed(n * 1000)
    }
    assert.strictEqual(attempts.left(9000), 51_000)
    assert.strictEqual(attempts.left(59_999), 1)
    assert.strictEqual(attempts.left(60_000), 0)
    attempts.failed(60_000)
    assert.strictEqual(attempts.left(60_000), 1000)
  })

  it("E4: a clock that is set back locks nobody out for longer than the wrong codes of that minute do", () => {
    const attempts = Attempts.make()
    for (let n = 0; n < 10; n++) attempts.failed(1_000_000)
    assert.strictEqual(attempts.left(1_000_000), 60_000)
    assert.strictEqual(attempts.left(0), 0)
  })
})
