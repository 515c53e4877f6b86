import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Page from "../../../src/internal/pages/page.ts"
import * as Shell from "../../../src/internal/pages/shell.ts"

const policy = (headers: Readonly<Record<string, string | undefined>>): string =>
  headers["content-security-policy"] ?? ""

describe("internal/pages/shell", () => {
  it.effect("sends the headers with every kind of response (E4)", () =>
    Effect.gen(function*() {
      const { headers, lead, show } = yield* Shell.make
      const own = headers()
      assert.match(
        policy(own),
        /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/
      )
      for (const response of [show(Page.enter()), show(Page.crossSite), lead("/device")]) {
        assert.deepInclude({ ...response.headers }, own)
      }
      assert.strictEqual(lead("/device").headers["location"], "/device")
      assert.strictEqual(lead("http://127.0.0.1:1/").status, 303)
    }))

  it.effect("lets a form lead to the site of its page, and says how long to wait (E4)", () =>
    Effect.gen(function*() {
      const { show } = yield* Shell.make
      const question = Page.confirm({
        clientName: "x",
        scopes: [],
        returnTo: "http://127.0.0.1:4711",
        action: "/authorize",
        hidden: { name: "id", value: "1" }
      })
      assert.include(policy(show(question).headers), "; form-action 'self' http://127.0.0.1:4711; ")
      assert.strictEqual(show(Page.tooMany(7)).headers["retry-after"], "7")
      assert.isUndefined(show(Page.enter()).headers["retry-after"])
      assert.strictEqual(show(Page.enter(), { "set-cookie": "a=b" }).headers["set-cookie"], "a=b")
    }))

  it.effect("allows an IPv6 address by its scheme, because the grammar has no such address (E4)", () =>
    Effect.gen(function*() {
      const { headers } = yield* Shell.make
      assert.include(policy(headers(["http://[::1]:4711"])), "; form-action 'self' http:; ")
    }))

  it.effect.prop(
    "adds to the policy nothing but the place itself (E4)",
    [Schema.String],
    ([text]) =>
      Effect.gen(function*() {
        const { headers } = yield* Shell.make
        const directives = (place: string) =>
          policy(headers([place])).split(";").map((part) => part.trim().split(" ")[0])
        for (
          const place of [
            text,
            `https://x;${text}`,
            `https://x ${text}`,
            `https://x,${text}`,
            `x:;${text}`,
            "'none'",
            "*"
          ]
        ) {
          assert.deepStrictEqual(directives(place), [
            "default-src",
            "style-src",
            "form-action",
            "frame-ancestors",
            "base-uri"
          ])
          assert.notMatch(policy(headers([place])), /[*,\n]|'self' '/)
        }
      })
  )
})
