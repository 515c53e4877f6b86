import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Sessions from "../../../src/internal/service/sessions.ts"

const session = (usedTokens: ReadonlyArray<string> = [], endsAt = 1000): Sessions.Session => ({
  id: "an id",
  clientId: "a",
  endsAt,
  codeAuthorizationId: undefined,
  usedTokens
})

const make = () => Sessions.make({ capacity: 3, capacityBytes: 1_000_000 })

describe("internal/service/sessions", () => {
  it("finds a session by its latest token and by each used token (E3)", () => {
    const sessions = make()
    sessions.set("3", session(["1", "2"]))
    sessions.set("4", session())
    assert.deepStrictEqual(["1", "2", "3", "4", "5"].map(sessions.latest), ["3", "3", "3", "4", undefined])
    sessions.drop("3")
    assert.deepStrictEqual(["1", "2", "3", "4"].map(sessions.latest), [undefined, undefined, undefined, "4"])
  })

  it("replaces each session that has one of the new session's tokens (E3)", () => {
    const sessions = make()
    sessions.set("4", session(["1", "2", "3"]))
    sessions.set("9", session())
    // The same session as it was two refreshes before
    sessions.set("2", session(["1"]))
    assert.deepStrictEqual(["1", "2", "3", "4", "9"].map(sessions.latest), ["2", "2", undefined, undefined, "9"])
    assert.strictEqual(sessions.count(), 2)
  })

  it("keeps the tokens that a client sent last, the latest of them at the end (E3, E6)", () => {
    assert.deepStrictEqual(Sessions.usedAfter([], "1", "1"), ["1"])
    assert.deepStrictEqual(Sessions.usedAfter(["1"], "2", "2"), ["1", "2"])
    assert.deepStrictEqual(Sessions.usedAfter(["1", "2"], "3", "1"), ["2", "3", "1"])
    const full = Array.from({ length: Sessions.mostUsedTokens }, (_, n) => String(n))
    assert.deepStrictEqual(Sessions.usedAfter(full, "x", "x"), [...full.slice(1), "x"])
    assert.deepStrictEqual(
      Sessions.usedAfter(full, "x", "5"),
      [...full.filter((token) => token !== "5"), "x", "5"].slice(-64)
    )
  })

  it("measures a used token with its place in the index (E6)", () => {
    const sessions = make()
    const token = (n: number) => `aor${n}`.padEnd(260, "x")
    sessions.set(token(0), session())
    const before = sessions.bytes()
    sessions.set(token(0), session(Array.from({ length: 64 }, (_, n) => token(n + 1))))
    assert.isAtLeast(sessions.bytes() - before, 64 * 320)
  })

  // A session with some of ten tokens. The first is its latest token
  const digit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))
  const steps = Schema.Array(Schema.Struct({ drop: Schema.Boolean, tokens: Schema.NonEmptyArray(digit) }))

  it.prop("gives each token to one session, and keeps no token of another (E6)", [steps], ([given]) => {
    const sessions = make()
    for (const { drop, tokens: [latest, ...used] } of given) {
      if (drop) sessions.drop(String(latest))
      else {
        const made = session(used.map(String))
        sessions.makeRoom(String(latest), made, 0)
        sessions.set(String(latest), made)
      }
      const list = sessions.list()
      assert.isAtMost(list.length, 3)
      const owners = new Map<string, string>()
      for (const [key, { usedTokens }] of list) {
        for (const token of new Set([key, ...usedTokens])) {
          assert.isFalse(owners.has(token), `${token} has two sessions`)
          owners.set(token, key)
        }
      }
      for (let n = 0; n < 10; n++) assert.strictEqual(sessions.latest(String(n)), owners.get(String(n)))
      assert.strictEqual(sessions.indexed(), new Set(list.flatMap(([, { usedTokens }]) => usedTokens)).size)
    }
    sessions.clear()
    assert.deepStrictEqual([sessions.count(), sessions.indexed(), sessions.bytes()], [0, 0, 0])
  })
})
