import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Page from "../../../src/internal/pages/page.ts"

const device: Page.Question = {
  code: "BCDF-GHJK",
  clientName: "My tool",
  scopes: ["sso:account:access", "other:scope"],
  startUrl: "https://my.awsapps.com/start",
  requester: { address: "127.0.0.1", userAgent: "aws-cli/2.9.19", secondsAgo: 12.7 },
  action: "/device",
  hidden: { name: "user_code", value: "BCDF-GHJK" }
}

const code: Page.Question = {
  clientName: "My tool",
  scopes: ["sso:account:access"],
  startUrl: "https://my.awsapps.com/start",
  returnTo: "http://127.0.0.1:4711",
  action: "/authorize",
  hidden: { name: "id", value: "c\"1" }
}

/** The text that a person reads, without the markup. */
const words = (page: Page.Page): string =>
  page.body.replace(/^[^]*<main>|<\/main>[^]*$/g, "").replace(/<[^>]*>/g, "").replace(
    /&#(\d+);/g,
    (_, char: string) => String.fromCharCode(Number(char))
  ).replace(/\s+/g, " ")

const tags = (page: Page.Page): ReadonlyArray<string> => page.body.match(/<[^>]*>/g) ?? []

describe("internal/pages/page: the question", () => {
  it("shows code, program, sender, access and the warning of RFC 8628 section 5.4 for the device grant (E4)", () => {
    const page = Page.confirm(device)
    const text = words(page)
    for (
      const part of [
        "Your device or terminal must show this code: BCDF-GHJK",
        "Program, as it calls itself My tool",
        "Requested from This computer (127.0.0.1), 12 seconds ago, with aws-cli/2.9.19",
        "Start URL https://my.awsapps.com/start",
        "See and use the AWS accounts and roles assigned to you sso:account:access other:scope",
        "Allow only if you started this yourself and the code matches.",
        "If another person sent you this code or this link, deny"
      ]
    ) assert.include(text, part)
    assert.notInclude(text, "Afterwards")
    assert.isUndefined(page.formAction)
    assert.include(page.body, "<form method=\"post\" action=\"/device\">")
    assert.include(page.body, "<input type=\"hidden\" name=\"user_code\" value=\"BCDF-GHJK\">")
  })

  it("shows no code, the next site, and a warning of its own for the code grant (E4)", () => {
    const page = Page.confirm(code)
    const text = words(page)
    for (
      const part of [
        "Afterwards this browser goes to http://127.0.0.1:4711",
        "Allow only if you started this yourself, just now, on this computer.",
        "deny"
      ]
    ) assert.include(text, part)
    for (const part of ["must show this code", "code matches", "Requested from"]) assert.notInclude(text, part)
    // The policy must let the browser go there
    assert.strictEqual(page.formAction, "http://127.0.0.1:4711")
    assert.include(page.body, "<form method=\"post\" action=\"/authorize\">")
    assert.include(page.body, "<input type=\"hidden\" name=\"id\" value=\"c&#34;1\">")
  })

  it("has Deny before Allow, and describes Allow with the warning (E4)", () => {
    for (const question of [device, code]) {
      const buttons = Page.confirm(question).body.match(/<button[^>]*>[^<]*/g) ?? []
      assert.deepStrictEqual(buttons, [
        "<button type=\"submit\" name=\"action\" value=\"deny\">Deny",
        "<button class=\"main\" type=\"submit\" aria-describedby=\"warning\" name=\"action\" value=\"allow\">Allow"
      ])
    }
  })

  it("is spelled by a screen reader letter by letter (E4)", () => {
    assert.include(
      Page.confirm(device).body,
      "<span aria-hidden=\"true\">BCDF-GHJK</span><span class=\"spoken\">B C D F, G H J K</span>"
    )
  })

  it("says from where the request came, as far as this is known (E4)", () => {
    const from = (requester: Page.Requester): string =>
      /Requested from (.*) Start URL/.exec(words(Page.confirm({ ...device, requester })))?.[1] ?? ""
    assert.strictEqual(from({ secondsAgo: 0 }), "Unknown address, just now")
    assert.strictEqual(from({ address: "::1", secondsAgo: -5 }), "This computer (::1), just now")
    assert.strictEqual(
      from({ address: "::ffff:127.0.0.1", secondsAgo: 1 }),
      "This computer (::ffff:127.0.0.1), 1 second ago"
    )
    assert.strictEqual(
      from({ address: "10.0.0.7", userAgent: " ", secondsAgo: 60 }),
      "Another computer (10.0.0.7), 1 minute ago"
    )
    assert.strictEqual(
      from({ address: "1270.0.0.1", secondsAgo: 3599 }),
      "Another computer (1270.0.0.1), 59 minutes ago"
    )
    assert.strictEqual(
      from({ userAgent: "x".repeat(500), secondsAgo: 7200 }),
      `Unknown address, 2 hours ago, with ${"x".repeat(119)}…`
    )
  })

  it("says what is missing (E4)", () => {
    const text = words(Page.confirm({ ...device, clientName: " \u200b".trim(), scopes: [] }))
    assert.include(text, "Program, as it calls itself �")
    assert.include(text, "Requested access No scope named")
    assert.include(words(Page.confirm({ ...device, clientName: " " })), "Program, as it calls itself No name")
  })

  const hostile = Schema.Array(
    Schema.Union([Schema.Literals(["<", ">", "\"", "'", "&", "</dd>", "<script>", "-->", "\u202e"]), Schema.String])
  )

  it.prop("has the same tags, and no policy of the client's, whatever the client writes (E4)", [hostile], ([
    parts
  ]) => {
    const text = `x${parts.join("")}`
    const written = (text: string): Page.Page =>
      Page.confirm({
        ...device,
        clientName: text,
        scopes: [text, text],
        startUrl: text,
        requester: { address: text, userAgent: text, secondsAgo: 1 },
        returnTo: text
      })
    assert.deepStrictEqual(tags(written(text)), tags(written("x")))
    assert.notMatch(written(text).body, /[\u202a-\u202e\u2066-\u2069]/)
    // An attribute holds the text of the person
    assert.strictEqual(tags(Page.enter(text)).length, tags(Page.enter("x")).length)
  })
})

describe("internal/pages/page: every page", () => {
  const pages: Record<string, [status: number, page: Page.Page]> = {
    enter: [200, Page.enter()],
    "wrong code": [404, Page.enter("wrong")],
    device: [200, Page.confirm(device)],
    code: [200, Page.confirm(code)],
    allowed: [200, Page.decided("approved")],
    denied: [200, Page.decided("denied")],
    "already allowed": [410, Page.over("approved")],
    "already denied": [410, Page.over("denied")],
    used: [410, Page.over("used")],
    expired: [410, Page.over("expired")],
    "code authorization decided": [410, Page.ended("decided")],
    "code authorization expired": [410, Page.ended("expired")],
    "code authorization unknown": [404, Page.ended("unknown")],
    "too many": [429, Page.tooMany(42)],
    "cross-site": [403, Page.crossSite],
    unreadable: [400, Page.unreadable]
  }

  it.each(Object.entries(pages))("%s is a whole page with its status (E4)", (_, [status, { body, status: is }]) => {
    assert.strictEqual(is, status)
    assert.match(body, /^<!doctype html>\n<html lang="en">/)
    assert.match(body, /<title>[^<]+ – SSO OIDC emulator<\/title>/)
    for (const once of [/<h1\b/g, /<main>/g, /<footer>/g, /name="viewport"/g]) {
      assert.strictEqual([...body.matchAll(once)].length, 1, String(once))
    }
    assert.notMatch(body, /<script|<img|<link|\son\w+=|\sstyle=|javascript:|url\(|https?:\/\/(?!my\.|127\.)/i)
    // Every label and description refers to an element
    for (const [, ids = ""] of body.matchAll(/\s(?:for|aria-describedby|aria-labelledby)="([^"]*)"/g)) {
      for (const id of ids.split(" ")) assert.include(body, ` id="${id}"`)
    }
  })

  it("sends no person from the code grant to the form for device codes (E4)", () => {
    for (const page of [Page.ended("decided"), Page.ended("expired"), Page.ended("unknown")]) {
      assert.notInclude(page.body, "/device")
    }
  })

  it("says how long too many wrong codes block the form (E4)", () => {
    assert.strictEqual(Page.tooMany(42).retryAfter, 42)
    assert.include(words(Page.tooMany(42)), "For the next 42 seconds")
    assert.include(words(Page.tooMany(1)), "For the next 1 second ")
  })

  it("has the wrong code in its field, up to the limit of the field (E4)", () => {
    assert.include(Page.enter("bcdf").body, " value=\"bcdf\"")
    assert.include(Page.enter("x".repeat(500)).body, ` value="${"x".repeat(63)}…"`)
  })
})
