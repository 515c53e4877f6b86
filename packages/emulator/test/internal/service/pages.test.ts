import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Pages from "../../../src/internal/service/pages.ts"

const key = (item: string): string => item

describe("internal/service/pages", () => {
  const size = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))

  it.prop("whatever is added or removed between two pages, each text that stays comes once, in order (E7)", [
    Schema.Array(Schema.String),
    Schema.Array(Schema.String),
    Schema.Array(Schema.Boolean),
    size
  ], ([some, more, keeps, maxResults]) => {
    const page = Pages.make()
    const first = [...new Set(some)].toSorted()
    const kept = first.filter((_, n) => keeps[n] !== false)
    const later = [...new Set([...kept, ...more])].toSorted()
    const seen: Array<string> = []
    let list: ReadonlyArray<string> = first
    let nextToken: string | undefined
    do {
      const result = page("a list", list, key, { maxResults, nextToken })
      assert(result._tag === "Success")
      seen.push(...result.success.items)
      nextToken = result.success.nextToken
      list = later
    } while (nextToken !== undefined)
    assert.deepStrictEqual(seen, [...new Set(seen)].toSorted())
    assert.includeMembers(seen, kept)
  })

  it.prop(
    "a text that is no token of this list gives a problem, and never throws (E7)",
    [Schema.String],
    ([nextToken]) => {
      const page = Pages.make()
      assert.deepInclude(page("a list", ["a", "b"], key, { nextToken }), { _tag: "Failure", failure: "token" })
    }
  )

  it("a token of another list, of another emulator, or a changed one is no token of this list (E7)", () => {
    const [page, other] = [Pages.make(), Pages.make()]
    const token = (from: typeof page, list: string): string => {
      const result = from(list, ["a", "b"], key, { maxResults: 1 })
      return result._tag === "Success" ? result.success.nextToken ?? assert.fail("a token") : assert.fail("a page")
    }
    const own = token(page, "a list")
    assert.deepInclude(page("a list", ["a", "b"], key, { nextToken: own }), { _tag: "Success" })
    for (const nextToken of [token(page, "another"), token(other, "a list"), own.slice(1), `${own}A`]) {
      assert.deepInclude(page("a list", ["a", "b"], key, { nextToken }), { failure: "token" })
    }
  })
})
