import { assert, describe, it } from "@effect/vitest"
import * as Fault from "@sso-oidc/testing/Fault"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const Stored = Schema.fromJsonString(Schema.Array(Fault.Fault))

describe("Fault", () => {
  const times: ReadonlyArray<readonly [Duration.Input, Duration.Input]> = [
    ["2 seconds", "2 seconds"],
    [1500, "1500 millis"],
    [0, "0 millis"],
    [2_500_000n, "2.5 millis"],
    [[2, 500_000_000], "2500 millis"],
    [{ minutes: 1, seconds: 5 }, "65000 millis"],
    [Duration.hours(1), "3600000 millis"],
    // JavaScript writes this number in a form that Effect cannot read as a duration
    [1e21, 1e21]
  ]
  for (const [given, kept] of times) {
    it(`keeps a time as a text with its unit, which JSON can hold: ${String(kept)}`, () => {
      for (const fault of [Fault.delay(given), Fault.validate({ _tag: "Delay", duration: given })]) {
        assert.deepStrictEqual(fault, { _tag: "Delay", duration: kept })
      }
      assert.deepStrictEqual(Fault.slowResponse(16, given), { _tag: "SlowResponse", bytes: 16, every: kept })
      assert.deepStrictEqual(Schema.decodeSync(Stored)(JSON.stringify([Fault.delay(given)])), [Fault.delay(given)])
      assert.strictEqual(Duration.toMillis(kept), Duration.toMillis(given))
    })
  }

  it("refuses a time that is infinite, negative or not a duration, and shows the fault in the error", () => {
    const wrong: ReadonlyArray<Duration.Input> = [
      "Infinity",
      Infinity,
      Number.NaN,
      -1,
      -1n,
      Duration.infinity,
      // @ts-expect-error -- a plan may have been read from a file
      "two seconds"
    ]
    for (const duration of wrong) {
      assert.throws(() => Fault.delay(duration), RangeError)
      assert.throws(() => Fault.slowResponse(1, duration), RangeError)
    }
    assert.throws(
      () => Fault.delay(-1n),
      "Fault: {\"_tag\":\"Delay\",\"duration\":\"-1n\"} is not valid. Give sizes as whole numbers of bytes, and times as finite durations that are not negative."
    )
  })

  it("can be stored as JSON and read back, for each kind", () => {
    assert.deepStrictEqual(Schema.decodeSync(Stored)(JSON.stringify(Fault.oneOfEach)), Fault.oneOfEach)
    assert.sameMembers(
      [...new Set(Fault.oneOfEach.map(({ _tag }) => _tag))],
      Fault.Fault.members.map((member) => member.fields._tag.schema.literal)
    )
  })
})
