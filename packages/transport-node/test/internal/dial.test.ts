import { assert, describe, it } from "@effect/vitest"
import * as Dial from "../../src/internal/dial.ts"

describe("dial (the seam)", () => {
  it("gives each address 250 ms at most, and starts the last address within half of the limit", () => {
    assert.strictEqual(Dial.headStart(1, 10_000), 250)
    assert.strictEqual(Dial.headStart(2, 10_000), 250)
    assert.strictEqual(Dial.headStart(2, Infinity), 250)
    for (const [addresses, limit] of [[2, 100], [10, 1_000], [50, 10_000], [3, 1], [2, 10]] as const) {
      const pause = Dial.headStart(addresses, limit)
      assert.isAbove(pause, 0)
      assert.isAtMost(pause * (addresses - 1), limit / 2)
    }
  })

  it("reports the error of an address that was reached, of several errors", () => {
    const [unreachable, none, refused] = ["ENETUNREACH", "EADDRNOTAVAIL", "ECONNREFUSED"].map((code) => ({ code }))
    assert.strictEqual(
      Dial.mostTelling([unreachable, refused, none].flatMap((error) => error ?? []))?.code,
      "ECONNREFUSED"
    )
    assert.strictEqual(Dial.mostTelling([unreachable, none].flatMap((error) => error ?? []))?.code, "ENETUNREACH")
    assert.isUndefined(Dial.mostTelling([]))
  })

  it("alternates the address families, the resolver's first choice first", () => {
    const six = ["::1", "::2", "::3"].map((address) => ({ address, family: 6 }))
    const four = [{ address: "127.0.0.1", family: 4 }]
    const names = (addresses: ReadonlyArray<{ readonly address: string }>) => addresses.map(({ address }) => address)
    assert.deepStrictEqual(names(Dial.inTurns([...six, ...four])), ["::1", "127.0.0.1", "::2", "::3"])
    assert.deepStrictEqual(names(Dial.inTurns([...four, ...six])), ["127.0.0.1", "::1", "::2", "::3"])
    assert.deepStrictEqual(names(Dial.inTurns(four)), ["127.0.0.1"])
    assert.deepStrictEqual(Dial.inTurns([]), [])
  })
})
