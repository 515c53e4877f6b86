import { assert, describe, it } from "@effect/vitest"
import * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { accessToken, answered, clientOf } from "./support/calls.ts"

const call = (body: unknown) => answered((client) => client.listAccounts({ accessToken }), () => Wire.json(body))

/** The error of a success that cannot be used. */
const refused = (body: unknown, detail: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(call(body))
    if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
    assert.deepInclude(error, { operation: "ListAccounts", problem: "malformed", status: 200 })
    assert.include(error.detail ?? "", detail)
  })

describe("ListAccounts", () => {
  it.effect("reads a page, with null and unknown members (P1)", () =>
    Effect.gen(function*() {
      const body = {
        nextToken: "n+/=",
        accountList: [{ accountId: "111122223333", accountName: "Zoë's \\u001b", emailAddress: null, x: 1 }, {
          accountId: "0",
          accountName: 7
        }],
        more: 1
      }
      assert.deepStrictEqual(yield* call(body), {
        nextToken: "n+/=",
        accountList: [{ accountId: "111122223333", accountName: "Zoë's \\u001b" }, { accountId: "0" }]
      })
      assert.deepStrictEqual(yield* call({ nextToken: null, accountList: [] }), { accountList: [] })
      assert.deepStrictEqual(yield* call({ nextToken: "", accountList: null }), {})
      assert.deepStrictEqual(yield* call({}), {})
    }))

  it.effect("refuses an entry without its accountId, and names the entry (P1)", () =>
    Effect.gen(function*() {
      for (
        const entry of [
          null,
          {},
          { accountId: null },
          { accountId: "" },
          { accountId: 7 },
          { accountId: "a\u001b[2J" },
          "x",
          []
        ]
      ) {
        yield* refused({ accountList: [{ accountId: "1" }, entry] }, "[\"accountList\"][1]")
      }
    }))

  it.effect("refuses a list that is none, and a next page that is no text, since the rest would be lost (P1)", () =>
    Effect.gen(function*() {
      for (const value of [7, "x", true, {}]) yield* refused({ accountList: value }, "accountList")
      for (const nextToken of [7, true, {}, ["n"]]) yield* refused({ nextToken, accountList: [] }, "nextToken")
      for (const body of [null, [], "x"]) yield* refused(body, "not a JSON object")
    }))

  it.effect("sends only the members of the page that are given (P1)", () =>
    Effect.gen(function*() {
      const search = (page: { readonly nextToken?: string | undefined; readonly maxResults?: number | undefined }) =>
        Effect.gen(function*() {
          let url = ""
          const wire = Wire.responding((sent) => {
            url = sent.url
            return Wire.json({})
          })
          yield* Effect.flatMap(clientOf(wire), (client) => client.listAccounts({ accessToken, ...page }))
          return new URL(url).searchParams
        })
      const own = [...(yield* search({})).keys()]
      assert.deepStrictEqual(own, [])
      assert.deepStrictEqual([...(yield* search({ nextToken: undefined, maxResults: undefined })).keys()], own)
      assert.strictEqual((yield* search({ maxResults: 1 })).get("max_result"), "1")
      assert.strictEqual((yield* search({ nextToken: "a b+/=" })).get("next_token"), "a b+/=")
    }))

  it.effect("refuses a size of a page that is not finite, and names it (P1)", () =>
    Effect.gen(function*() {
      for (const maxResults of [NaN, Infinity]) {
        const error = yield* Effect.flip(
          answered((client) => client.listAccounts({ accessToken, maxResults }), () => Wire.json({}))
        )
        assert.deepInclude(error, { _tag: "RequestInvalid", operation: "ListAccounts" })
        assert.include(error.message, "maxResults")
      }
    }))

  it.effect("a response is encoded and decoded to the same value (P1)", () =>
    Effect.gen(function*() {
      const page = {
        nextToken: "n",
        accountList: [{ accountId: "111122223333", accountName: "Zoë's \\u001b" }, { accountId: "0" }]
      }
      const encoded = yield* Schema.encodeEffect(ListAccounts.Response)(page)
      assert.deepStrictEqual(encoded, page)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(ListAccounts.Response)(encoded), page)
    }))
})
