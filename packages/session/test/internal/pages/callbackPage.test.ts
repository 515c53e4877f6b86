import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as CallbackPage from "../../../src/internal/pages/callbackPage.ts"

const statuses: ReadonlyArray<readonly [CallbackPage.Kind, number]> = [
  ["code", 200],
  ["error", 200],
  ["again", 410],
  ["foreign", 400],
  ["malformed", 400],
  ["path", 404],
  ["method", 405],
  ["host", 421]
]

describe("the page after a login", () => {
  it.each(statuses)("of the kind %s has the status %s, and can do and load nothing (S16)", (kind, status) => {
    const page = CallbackPage.page(kind)
    assert.strictEqual(page.status, status)
    const style = /<style>([^]*)<\/style>/.exec(page.body)?.[1] ?? ""
    const hash = createHash("sha256").update(style).digest("base64")
    assert.deepStrictEqual(page.headers, {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      connection: "close",
      ...(kind === "method" ? { allow: "GET" } : {})
    })
    assert.match(page.body, /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">/)
    assert.notMatch(page.body, /<script|<link|<img|<a |https?:|url\(|@import|\son\w+=/i)
    const title = /<title>(.+)<\/title>/.exec(page.body)?.[1] ?? assert.fail("no title")
    assert.include(page.body, `<h1>${title}</h1>`)
  })

  it("of one kind never looks like that of another kind, and never says that the login has its token (S16)", () => {
    const bodies = statuses.map(([kind]) => CallbackPage.page(kind).body)
    assert.strictEqual(new Set(bodies).size, statuses.length)
    // the code is exchanged after the page was sent
    for (const body of bodies) assert.notMatch(body, /success|logged in|token/i)
  })
})
