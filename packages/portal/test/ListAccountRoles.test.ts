import { assert, describe, it } from "@effect/vitest"
import * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { accessToken, accountId, answered, clientOf } from "./support/calls.ts"

const call = (body: unknown) =>
  answered((client) => client.listAccountRoles({ accessToken, accountId }), () => Wire.json(body))

/** The error of a success that cannot be used. */
const refused = (body: unknown, detail: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(call(body))
    if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
    assert.deepInclude(error, { operation: "ListAccountRoles", problem: "malformed", status: 200 })
    assert.include(error.detail ?? "", detail)
  })

describe("ListAccountRoles", () => {
  it.effect("reads a page, with null and unknown members (P1)", () =>
    Effect.gen(function*() {
      const body = {
        nextToken: "n+/=",
        roleList: [{ roleName: "a+=,.@-_", accountId, x: 1 }, { roleName: "Admin", accountId: null }],
        more: 1
      }
      assert.deepStrictEqual(yield* call(body), {
        nextToken: "n+/=",
        roleList: [{ roleName: "a+=,.@-_", accountId }, { roleName: "Admin" }]
      })
      assert.deepStrictEqual(yield* call({ nextToken: null, roleList: [] }), { roleList: [] })
      assert.deepStrictEqual(yield* call({ nextToken: "", roleList: null }), {})
      assert.deepStrictEqual(yield* call({}), {})
    }))

  it.effect("refuses an entry without its roleName, and names the entry (P1)", () =>
    Effect.gen(function*() {
      for (
        const entry of [
          null,
          {},
          { roleName: null },
          { roleName: "" },
          { roleName: 7 },
          { roleName: "a\u001b[2J" },
          "x",
          []
        ]
      ) {
        yield* refused({ roleList: [{ roleName: "1" }, entry] }, "[\"roleList\"][1]")
      }
    }))

  it.effect("refuses a list that is none, and a next page that is no text, since the rest would be lost (P1)", () =>
    Effect.gen(function*() {
      for (const value of [7, "x", true, {}]) yield* refused({ roleList: value }, "roleList")
      for (const nextToken of [7, true, {}, ["n"]]) yield* refused({ nextToken, roleList: [] }, "nextToken")
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
          yield* Effect.flatMap(
            clientOf(wire),
            (client) => client.listAccountRoles({ accessToken, accountId, ...page })
          )
          return new URL(url).searchParams
        })
      const own = [...(yield* search({})).keys()]
      assert.deepStrictEqual(own, ["account_id"])
      assert.deepStrictEqual([...(yield* search({ nextToken: undefined, maxResults: undefined })).keys()], own)
      assert.strictEqual((yield* search({ maxResults: 1 })).get("max_result"), "1")
      assert.strictEqual((yield* search({ nextToken: "a b+/=" })).get("next_token"), "a b+/=")
    }))

  it.effect("refuses a size of a page that is not finite, and names it (P1)", () =>
    Effect.gen(function*() {
      for (const maxResults of [NaN, Infinity]) {
        const error = yield* Effect.flip(
          answered((client) => client.listAccountRoles({ accessToken, accountId, maxResults }), () => Wire.json({}))
        )
        assert.deepInclude(error, { _tag: "RequestInvalid", operation: "ListAccountRoles" })
        assert.include(error.message, "maxResults")
      }
    }))

  it.effect("a response is encoded and decoded to the same value (P1)", () =>
    Effect.gen(function*() {
      const page = { nextToken: "n", roleList: [{ roleName: "a+=,.@-_", accountId }, { roleName: "Admin" }] }
      const encoded = yield* Schema.encodeEffect(ListAccountRoles.Response)(page)
      assert.deepStrictEqual(encoded, page)
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(ListAccountRoles.Response)(encoded), page)
    }))
})
