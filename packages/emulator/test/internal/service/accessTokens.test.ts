import { assert, describe, it } from "@effect/vitest"
import * as AccessTokens from "../../../src/internal/service/accessTokens.ts"

const make = (limits: Partial<Parameters<typeof AccessTokens.make>[0]> = {}) =>
  AccessTokens.make({ capacity: 3, capacityBytes: 1_000_000, portalRequestsPerSecond: 2, ...limits })

const token = (more: Partial<AccessTokens.AccessToken> = {}): AccessTokens.AccessToken => ({
  clientId: "a",
  sessionId: "1",
  scopes: [],
  expiresAt: 1000,
  ...more
})

describe("internal/service/accessTokens", () => {
  it("ends the tokens of one session of one client, and no others (E7)", () => {
    const tokens = make()
    tokens.add("x", token(), 0)
    tokens.add("y", token({ sessionId: "2" }), 0)
    tokens.add("z", token({ clientId: "b" }), 0)
    tokens.endSession("a", "1")
    assert.deepStrictEqual(["x", "y", "z"].map((text) => tokens.get(text, 0) !== undefined), [false, true, true])
    tokens.dropOwnedBy("a")
    assert.deepStrictEqual(tokens.list().map(([text]) => text), ["z"])
  })

  it("knows a token until it expires, and makes room with expired tokens first (E6, E7)", () => {
    const tokens = make()
    tokens.add("x", token({ expiresAt: 5000 }), 0)
    tokens.add("y", token(), 0)
    tokens.add("z", token({ expiresAt: 5000 }), 0)
    assert.isDefined(tokens.get("y", 999))
    assert.isUndefined(tokens.get("y", 1000))
    tokens.add("v", token({ expiresAt: 5000 }), 1000)
    assert.deepStrictEqual(tokens.list().map(([text]) => text), ["x", "z", "v"])
    // A request makes it the most recently used one
    tokens.throttled("x", 1000)
    tokens.add("w", token({ expiresAt: 5000 }), 1000)
    assert.deepStrictEqual(tokens.list().map(([text]) => text), ["x", "v", "w"])
  })

  it("keeps no more times than the limit has requests, and measures them before they come (E6)", () => {
    const [few, many] = [make({ portalRequestsPerSecond: 1 }), make({ portalRequestsPerSecond: 1000 })]
    for (const tokens of [few, many]) tokens.add("x", token(), 0)
    assert.isAtLeast(many.bytes() - few.bytes(), 999 * 8)
    const before = few.bytes()
    for (let n = 0; n < 10_000; n++) few.throttled("x", n)
    assert.strictEqual(few.bytes(), before)
    // Nothing is kept of a token that is unknown
    assert.isFalse(few.throttled("unknown", 0))
    assert.strictEqual(few.count(), 1)
  })
})
