import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Attempts from "../../../src/internal/service/attempts.ts"

const minute = 60_000

describe("internal/service/attempts", () => {
  it("allows ten wrong codes in a minute, and the next when the first is a minute old (E4)", () => {
    const attempts = Attempts.make()
    for (let at = 0; at < 10; at++) assert.strictEqual(attempts.count(at * 1000), 0, String(at))
    assert.strictEqual(attempts.wait(9000), 51)
    assert.strictEqual(attempts.count(9000), 51)
    assert.strictEqual(attempts.wait(minute - 1), 1)
    assert.strictEqual(attempts.wait(minute), 0)
    // One time has expired, so one more code is allowed. The next time expires a second later
    assert.strictEqual(attempts.count(minute), 0)
    assert.strictEqual(attempts.count(minute), 1)
    assert.strictEqual(attempts.wait(minute + 1000), 0)
  })

  it("does not become longer through requests while it blocks (E4)", () => {
    const attempts = Attempts.make()
    for (let n = 0; n < 10; n++) attempts.count(0)
    for (let at = 0; at < minute; at += 100) assert.isAbove(attempts.count(at), 0)
    assert.strictEqual(attempts.wait(minute), 0)
  })

  it("neither blocks for ever nor forgets after the clock was set back (E4)", () => {
    const attempts = Attempts.make()
    const late = 1_800_000_000_000
    for (let n = 0; n < 10; n++) attempts.count(late)
    assert.strictEqual(attempts.wait(5000), 60)
    assert.strictEqual(attempts.wait(5000 + minute), 0)
  })

  // The milliseconds between two attempts. A negative number means that the clock was set back
  const steps = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -90_000, maximum: 30_000 })))

  it.prop("keeps ten times and ends within a minute, whatever the attempts (E4)", [steps], ([gaps]) => {
    const attempts = Attempts.make()
    let now = 0
    for (const gap of gaps.flatMap((gap) => [gap, 0, 0, 0])) {
      now += gap
      const before = attempts.wait(now)
      assert.strictEqual(attempts.count(now), before)
      assert.isAtMost(attempts.size(), Attempts.limit)
      const seconds = attempts.wait(now)
      assert.isTrue(Number.isInteger(seconds) && seconds >= 0 && seconds <= 60, String(seconds))
      assert.strictEqual(seconds === 0, attempts.size() < Attempts.limit)
    }
    assert.strictEqual(attempts.wait(now + minute), 0)
    assert.strictEqual(attempts.size(), 0)
  })

  const times = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 })))

  it.prop("allows no more than ten in any minute of a clock that moves forward (E4)", [times], ([gaps]) => {
    const attempts = Attempts.make()
    const responded: Array<number> = []
    let now = 0
    for (const gap of gaps.flatMap((gap) => [gap, 1, 1, 1, 1])) {
      now += gap
      if (attempts.count(now) === 0) responded.push(now)
    }
    for (const from of responded) {
      assert.isAtMost(responded.filter((at) => at >= from && at < from + minute).length, 10)
    }
  })
})
