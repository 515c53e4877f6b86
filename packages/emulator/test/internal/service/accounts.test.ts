import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Accounts from "../../../src/internal/service/accounts.ts"

const accountId = "000000000001"

describe("internal/service/accounts", () => {
  it("puts, replaces, assigns, unassigns and removes, and each of them can be repeated (E7)", () => {
    const accounts = Accounts.make(1_000_000)
    for (let n = 0; n < 2; n++) accounts.put({ accountId, accountName: "First", roles: ["b", "a"] })
    assert.deepStrictEqual(accounts.list(), [{ accountId, accountName: "First", roles: ["a", "b"] }])
    accounts.put({ accountId: "000000000000", roles: [] })
    assert.deepStrictEqual(accounts.list().map(({ accountId }) => accountId), ["000000000000", accountId])
    for (let n = 0; n < 2; n++) assert.isTrue(Result.isSuccess(accounts.assign(accountId, "c")))
    for (let n = 0; n < 2; n++) assert.isTrue(Result.isSuccess(accounts.unassign(accountId, "a")))
    assert.deepStrictEqual(accounts.get(accountId), { accountId, accountName: "First", roles: ["b", "c"] })
    assert.lengthOf(accounts.list(), 2)
    for (let n = 0; n < 2; n++) accounts.remove("000000000000")
    assert.lengthOf(accounts.list(), 1)
    accounts.put({ accountId, roles: [] })
    assert.deepStrictEqual(accounts.list(), [{ accountId, roles: [] }])
  })

  it("says why a change cannot be made, and changes nothing (E7)", () => {
    const accounts = Accounts.make(1_000_000)
    accounts.put({ accountId, roles: ["a"] })
    for (
      const [change, words] of [
        [accounts.assign("000000000009", "a"), "there is no account 000000000009"],
        [accounts.unassign("nonsense", "a"), "the number of an account has 12 digits"],
        [accounts.assign(accountId, ""), "roles.1: the name of a role has 1 to 256 characters"],
        [accounts.assign(accountId, "x".repeat(257)), "roles.1: the name of a role has 1 to 256 characters"],
        [accounts.put({ accountId, roles: ["a"], more: 1 }), "more: no member has this name; check its spelling"],
        [accounts.put({ accountId, roles: ["x".repeat(256).repeat(1)], accountName: 5 }), "accountName"]
      ] as const
    ) {
      assert(Result.isFailure(change))
      assert.include(change.failure, words)
    }
    assert.deepStrictEqual(accounts.list(), [{ accountId, roles: ["a"] }])
  })

  it("a list that it gave does not change later (E7)", () => {
    const accounts = Accounts.make(1_000_000)
    accounts.put({ accountId, roles: ["a"] })
    const before = accounts.list()
    accounts.assign(accountId, "b")
    accounts.remove("000000000009")
    assert.deepStrictEqual(before, [{ accountId, roles: ["a"] }])
    assert.lengthOf(accounts.list(), 1)
  })
})
