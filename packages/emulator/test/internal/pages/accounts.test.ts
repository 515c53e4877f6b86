import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Account } from "../../../src/Account.ts"
import * as Accounts from "../../../src/internal/pages/accounts.ts"

const many = (count: number): ReadonlyArray<Account> =>
  Array.from({ length: count }, (_, n) => ({ accountId: String(n).padStart(12, "0"), roles: [] }))

const show = (account: Account): string => Accounts.list({ accounts: [account], page: 1, pages: 1 }).body

describe("internal/pages/accounts", () => {
  it.prop("no text of an account breaks out of its place (E4, E7)", [Schema.String], ([text]) => {
    const name = `"><script>'${text}<`
    const body = show({ accountId: "000000000001", accountName: name, emailAddress: name, roles: [name] })
    assert.notMatch(body, /<script|"">/i)
    assert.strictEqual(body.match(/<form /g)?.length, 2)
    assert.strictEqual(body.match(/<input /g)?.length, 6)
  })

  it("each button says to a screen reader what it changes, and each field has a label of its own (E4, E7)", () => {
    const body = show({ accountId: "000000000001", roles: ["A", "B"] })
    for (const role of ["A", "B"]) {
      assert.include(body, `Unassign<span class="spoken"> ${role} in account 000000000001</span>`)
    }
    assert.include(body, "<label for=\"role-000000000001\">")
    assert.include(body, "<input class=\"plain\" id=\"role-000000000001\"")
  })

  it("a number of a page that is not there gives the nearest page, and anything else the first (E7)", () => {
    const all = many(51)
    const of = (asked: string | null) => {
      const { accounts, page, pages } = Accounts.partOf(all, asked)
      return [page, pages, accounts.length]
    }
    assert.deepStrictEqual(of(null), [1, 3, 25])
    assert.deepStrictEqual(of("2"), [2, 3, 25])
    assert.deepStrictEqual(of("3"), [3, 3, 1])
    assert.deepStrictEqual(of("999999"), [3, 3, 1])
    for (const asked of ["0", "-1", "x", "", "1e3", "9999999", "1.5"]) assert.deepStrictEqual(of(asked), [1, 3, 25])
    assert.deepStrictEqual(Accounts.partOf([], "7"), { accounts: [], page: 1, pages: 1 })
  })

  it("each page leads to the page before it and after it (E7)", () => {
    const links = (page: number) =>
      [...Accounts.list(Accounts.partOf(many(51), String(page))).body.matchAll(/href="(\/accounts[^"]*)"/g)]
        .map(([, href]) => href)
    assert.deepStrictEqual([1, 2, 3].map(links), [
      ["/accounts?page=2"],
      ["/accounts", "/accounts?page=3"],
      ["/accounts?page=2"]
    ])
    assert.deepStrictEqual(Accounts.list(Accounts.partOf(many(25), null)).body.match(/<nav/), null)
  })
})
