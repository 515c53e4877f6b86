import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { ask, codeClient, type HttpResponse, issuerUrl, started, startUrl, tagOf } from "./support.ts"

const provide = (options?: EmulatorServer.Options) => Effect.provide(EmulatorServer.layer(options))

const page = (userCode: string) => ask({ path: `/device?user_code=${encodeURIComponent(userCode)}` })

// The headers of a form that the page itself sends
const submit = Effect.fnUntraced(function*(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { url } = yield* EmulatorServer.EmulatorServer
  return yield* ask({
    path: "/device",
    body: new URLSearchParams(fields).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: url,
      "sec-fetch-site": "same-origin",
      ...headers
    }
  })
})

const count = (text: string, part: RegExp) => [...text.matchAll(part)].length

/** Checks what every page guarantees. */
const proper = (response: HttpResponse) => {
  const style = /<style>([^]*)<\/style>/.exec(response.text)?.[1] ?? ""
  const hash = createHash("sha256").update(style).digest("base64")
  assert.deepInclude(response.headers, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy":
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store"
  })
  assert.match(response.text, /^<!doctype html>\n<html lang="en">/)
  assert.match(response.text, /<title>[^<]+<\/title>/)
  assert.strictEqual(count(response.text, /<h1\b/g), 1)
  assert.strictEqual(count(response.text, /<main>/g), 1)
  assert.notMatch(response.text, /<script|\son\w+=|style=|javascript:/i)
  assert.include(response.text, "name=\"viewport\"")
}

describe("the pages", () => {
  it.effect("have a form for the code with a label, which accepts what people type and leads to the question (E4)", () =>
    Effect.gen(function*() {
      const { code } = yield* started()
      const form = yield* ask({ path: "/device" })
      proper(form)
      assert.strictEqual(form.status, 200)
      assert.include(form.text, "<label for=\"user_code\">")
      assert.match(form.text, /<input id="user_code" name="user_code"[^>]*\brequired\b[^>]*autocomplete="off"/)
      assert.match(form.text, /autocapitalize="characters"/)
      assert.match(form.text, /<form method="get" action="\/device">/)
      const question = yield* page(` ${code.userCode.toLowerCase().replace("-", " ")} `)
      assert.strictEqual(question.status, 200)
      assert.include(question.text, code.userCode)
      const root = yield* ask({ path: "/" })
      assert.deepStrictEqual([root.status, root.headers["location"]], [303, "/device"])
      assert.include(root.headers["content-security-policy"], "frame-ancestors 'none'")
    }).pipe(provide()))

  it.effect("show code, client, scopes and start URL in the question, with a warning (E4)", () =>
    Effect.gen(function*() {
      const { code } = yield* started({ clientName: "My tool", scopes: ["sso:account:access", "other:scope"] })
      const { text, ...rest } = yield* page(code.userCode)
      proper({ text, ...rest })
      for (
        const part of [code.userCode, "My tool", startUrl, "<bdi>sso:account:access</bdi>", "<bdi>other:scope</bdi>"]
      ) {
        assert.include(text, part)
      }
      assert.include(text, "Allow only if you started this yourself and the code matches.")
      assert.strictEqual(count(text, /<form /g), 1)
      assert.match(text, /<form method="post" action="\/device">/)
      assert.match(text, /<button [^>]*name="action" value="allow">Allow<\/button>/)
      assert.match(text, /<button [^>]*name="action" value="deny">Deny<\/button>/)
    }).pipe(provide()))

  it.effect("give the device access after Allow, and not after Deny (E4)", () =>
    Effect.gen(function*() {
      const allowed = yield* started()
      const yes = yield* submit({ user_code: allowed.code.userCode, action: "allow" })
      proper(yes)
      assert.deepStrictEqual([yes.status, yes.text.includes("Return to your device")], [200, true])
      assert.strictEqual((yield* submit({ user_code: allowed.code.userCode, action: "allow" })).status, 200)
      yield* allowed.poll

      const denied = yield* started()
      const no = yield* submit({ user_code: denied.code.userCode, action: "deny" })
      proper(no)
      assert.deepStrictEqual([no.status, no.text.includes("Sign-in denied")], [200, true])
      assert.strictEqual(yield* tagOf(denied.poll), "AccessDeniedException")
    }).pipe(provide()))

  it.effect("decide nothing when a person only opens the question (E4)", () =>
    Effect.gen(function*() {
      const { code, emulator } = yield* started()
      yield* page(code.userCode)
      yield* ask({ path: `/device?user_code=${code.userCode}&action=allow` })
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "pending")
    }).pipe(provide()))

  it.effect("say that a code is unknown, expired, used or decided, with a way back (E4)", () =>
    Effect.gen(function*() {
      const unknown = yield* page("BBBB-BBBB")
      proper(unknown)
      assert.strictEqual(unknown.status, 404)
      assert.include(unknown.text, "role=\"alert\"")
      assert.match(unknown.text, /<form method="get" action="\/device">/)
      assert.strictEqual((yield* submit({ user_code: "BBBB-BBBB", action: "allow" })).status, 404)

      const used = yield* started()
      yield* used.emulator.authorizations.approve(used.code.userCode)
      const approvedPage = yield* page(used.code.userCode)
      yield* used.poll
      const denied = yield* started()
      yield* denied.emulator.authorizations.deny(denied.code.userCode)
      const deniedPage = yield* page(denied.code.userCode)
      const deniedPost = yield* submit({ user_code: denied.code.userCode, action: "allow" })
      const usedPage = yield* page(used.code.userCode)
      const usedPost = yield* submit({ user_code: used.code.userCode, action: "deny" })
      const late = yield* started()
      yield* TestClock.adjust("600 seconds")
      const expiredPage = yield* page(late.code.userCode)
      const expiredPost = yield* submit({ user_code: late.code.userCode, action: "allow" })
      for (
        const [response, says] of [
          [approvedPage, "Already allowed"],
          [deniedPage, "Already denied"],
          [deniedPost, "Already denied"],
          [usedPage, "Already signed in"],
          [usedPost, "Already signed in"],
          [expiredPage, "Code expired"],
          [expiredPost, "Code expired"]
        ] as const
      ) {
        proper(response)
        assert.deepStrictEqual([response.status, response.text.includes(says)], [410, true], says)
        assert.include(response.text, " href=\"/device\">")
      }
    }).pipe(provide()))

  it.effect("show the name of a client as text, whatever it contains (E4)", () =>
    Effect.gen(function*() {
      const hostile = "</dd><script>alert(1)</script>\"'`&amp;\u202e\u0007\u200b"
      const { code } = yield* started({ clientName: hostile, scopes: ["<b>x</b>"] })
      const response = yield* page(code.userCode)
      proper(response)
      assert.notInclude(response.text, "<b>")
      // oxlint-disable-next-line no-control-regex -- the page must not have these
      assert.notMatch(response.text, /[\u202e\u0007\u200b]/)
      assert.include(response.text, "&#60;/dd&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#96;&#38;amp;")

      const typed = yield* page("\"><script>alert(1)</script>")
      proper(typed)
      assert.strictEqual(typed.status, 404)

      const long = yield* started({ clientName: "x".repeat(5000) })
      assert.notInclude((yield* page(long.code.userCode)).text, "x".repeat(201))
    }).pipe(provide()))

  it.effect("decide nothing when another site sends the form (E4)", () =>
    Effect.gen(function*() {
      const { code, emulator } = yield* started()
      const fields = { user_code: code.userCode, action: "allow" }
      const { port, url } = yield* EmulatorServer.EmulatorServer
      const body = new URLSearchParams(fields).toString()
      for (
        const headers of [
          { "sec-fetch-site": "cross-site", origin: url },
          { "sec-fetch-site": "same-site", origin: url },
          { origin: "https://evil.test" },
          { origin: "null" },
          { origin: `http://localhost:${port}` },
          { origin: `http://127.0.0.1:${port + 1}` },
          { origin: `https://127.0.0.1:${port}` }
        ]
      ) {
        const response = yield* ask({ path: "/device", body, headers })
        proper(response)
        assert.strictEqual(response.status, 403, JSON.stringify(headers))
      }
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "pending")
      // A tool sends neither header, and a browser sends one or both
      assert.strictEqual((yield* ask({ path: "/device", body })).status, 200)
      assert.strictEqual((yield* ask({ path: "/device", body, headers: { origin: url } })).status, 200)
      assert.strictEqual((yield* ask({ path: "/device", body, headers: { "sec-fetch-site": "none" } })).status, 200)
    }).pipe(provide()))

  it.effect("may be opened by a link of another site, but not by its frames and fetch, which could find codes (E4)", () =>
    Effect.gen(function*() {
      const { code } = yield* started()
      const from = (site: string, dest?: string) =>
        Effect.map(
          ask({
            path: `/device?user_code=${code.userCode}`,
            headers: { "sec-fetch-site": site, ...(dest === undefined ? {} : { "sec-fetch-dest": dest }) }
          }),
          (response) => {
            proper(response)
            return [response.status, response.text.includes(code.userCode)]
          }
        )
      for (const site of ["cross-site", "same-site"]) {
        assert.deepStrictEqual(yield* from(site, "document"), [200, true])
        for (const dest of ["iframe", "object", "image", "script", "empty", undefined]) {
          assert.deepStrictEqual(yield* from(site, dest), [403, false], dest)
        }
      }
      assert.deepStrictEqual(yield* from("none", "document"), [200, true])
      assert.deepStrictEqual(yield* from("same-origin", "document"), [200, true])
    }).pipe(provide()))

  it.effect("prevent guesses of codes: after ten wrong codes in a minute they accept none, not even the right one (E4)", () =>
    Effect.gen(function*() {
      const { code, emulator } = yield* started()
      const user_code = code.userCode
      // Codes in the URL and in forms count alike, and a right code does not reset the count
      for (let n = 0; n < 5; n++) {
        assert.strictEqual((yield* page(user_code)).status, 200)
        assert.strictEqual((yield* page("BBBB-BBBB")).status, 404)
        assert.strictEqual((yield* submit({ user_code: "CCCC-CCCC", action: n === 0 ? "deny" : "allow" })).status, 404)
      }
      yield* TestClock.adjust("20 seconds")
      for (
        const response of [
          yield* page("BBBB-BBBB"),
          yield* page(user_code),
          yield* submit({ user_code: "CCCC-CCCC", action: "allow" }),
          yield* submit({ user_code, action: "allow" }),
          yield* submit({ user_code, action: "deny" })
        ]
      ) {
        proper(response)
        assert.deepStrictEqual([response.status, response.headers["retry-after"]], [429, "40"])
        assert.notInclude(response.text, user_code)
      }
      assert.strictEqual((yield* emulator.authorizations.lookup(user_code)).status, "pending")
      // The form itself stays available
      assert.strictEqual((yield* ask({ path: "/device" })).status, 200)
      yield* TestClock.adjust("39 seconds")
      assert.strictEqual((yield* page(user_code)).headers["retry-after"], "1")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* submit({ user_code, action: "allow" })).status, 200)
    }).pipe(provide()))

  it.effect("judge no more than ten of many simultaneous wrong codes, even if all passed the first check (E4)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.make()
      // A slow emulator: all requests pass the first check before it counts one of them
      const slow = Emulator.Emulator.of({
        ...emulator,
        authorizations: {
          ...emulator.authorizations,
          lookup: (userCode) => Effect.andThen(Effect.yieldNow, emulator.authorizations.lookup(userCode))
        }
      })
      const { dispose, handler } = HttpRouter.toWebHandler(
        EmulatorHttp.layer().pipe(Layer.provide(Layer.succeed(Emulator.Emulator, slow))),
        { disableLogger: true }
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const responses = yield* Effect.promise(() =>
        Promise.all(
          Array.from({ length: 40 }, () => handler(new Request("http://localhost/device?user_code=BBBB-BBBB")))
        )
      )
      const having = (status: number) => responses.filter((response) => response.status === status).length
      assert.deepStrictEqual([having(404), having(429)], [10, 30])
    }))

  it.effect("use up no attempts of the person for requests of another site (E4)", () =>
    Effect.gen(function*() {
      const { code } = yield* started()
      const headers = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }
      for (let n = 0; n < 12; n++) {
        yield* ask({ path: "/device?user_code=BBBB-BBBB", headers })
        yield* submit({ user_code: "BBBB-BBBB", action: "allow" }, { "sec-fetch-site": "cross-site" })
        yield* submit({ user_code: "BBBB-BBBB" })
      }
      assert.strictEqual((yield* page(code.userCode)).status, 200)
    }).pipe(provide()))

  it.effect("decide nothing for a form without a decision, or a form that is too large (E4)", () =>
    Effect.gen(function*() {
      const { code, emulator } = yield* started()
      const user_code = code.userCode
      for (
        const fields of [{ user_code }, { user_code, action: "Allow" }, {
          user_code,
          action: "allow",
          x: "x".repeat(65_536)
        }]
      ) {
        const response = yield* submit(fields)
        proper(response)
        assert.strictEqual(response.status, 400)
      }
      assert.strictEqual((yield* emulator.authorizations.lookup(user_code)).status, "pending")
      assert.strictEqual((yield* submit({ action: "allow" })).status, 404)
    }).pipe(provide()))

  it.effect("decide on the same emulator that programs see (E4)", () =>
    Effect.gen(function*() {
      const { code } = yield* started()
      yield* submit({ user_code: code.userCode, action: "allow" })
      const emulator = yield* Emulator.Emulator
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "approved")
    }).pipe(provide()))

  it.effect("keep no more of a client's own description than a person reads (E4)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret, emulator } = yield* started()
      yield* ask({
        path: "/device_authorization",
        headers: { "user-agent": "x".repeat(5000) },
        body: JSON.stringify({ clientId, clientSecret: Redacted.value(clientSecret), startUrl })
      })
      const [, last] = yield* emulator.authorizations.list
      assert.strictEqual(last?.requester?.userAgent, "x".repeat(512))
    }).pipe(provide()))

  it.effect("say in the question from where, with which program and when the request came (E4)", () =>
    Effect.gen(function*() {
      const { clientId, clientSecret } = yield* started()
      const response = yield* ask({
        path: "/device_authorization",
        headers: { "user-agent": "a <b>tool</b>/1.0" },
        body: JSON.stringify({ clientId, clientSecret: Redacted.value(clientSecret), startUrl })
      })
      yield* TestClock.adjust("75 seconds")
      const { text } = yield* page(JSON.parse(response.text).userCode)
      for (
        const part of [
          "This computer (<bdi>127.0.0.1</bdi>)",
          "<bdi>a &#60;b&#62;tool&#60;/b&#62;/1.0</bdi>",
          "1 minute ago"
        ]
      ) {
        assert.include(text, part)
      }
    }).pipe(provide()))
})

describe("the page of the authorization code grant", () => {
  const challenge = "x".repeat(43)
  const authorize = (client: { clientId: string }, more: Record<string, string> = {}) =>
    ask({
      path: `/authorize?${new URLSearchParams({
        response_type: "code",
        client_id: client.clientId,
        redirect_uri: "http://127.0.0.1:49152/oauth/callback",
        state: "a state",
        code_challenge_method: "S256",
        scopes: "sso:account:access",
        code_challenge: challenge,
        ...more
      })}`
    })
  const response = (id: string, action: string, headers: Record<string, string> = {}) =>
    ask({
      path: "/authorize",
      body: new URLSearchParams({ id, action }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers }
    })
  const idOf = (text: string) => /name="id" value="([^"]+)"/.exec(text)?.[1] ?? ""

  it.effect("asks the same question, names the next site, and lets the browser go there and nowhere else (E4)", () =>
    Effect.gen(function*() {
      const question = yield* authorize(yield* codeClient())
      assert.strictEqual(question.status, 200)
      for (
        const part of [
          "a tool",
          issuerUrl,
          "http://127.0.0.1:49152",
          "<bdi>sso:account:access</bdi>",
          "If this page opened by itself"
        ]
      ) {
        assert.include(question.text, part)
      }
      assert.include(
        String(question.headers["content-security-policy"]),
        "; form-action 'self' http://127.0.0.1:49152; "
      )
      assert.notInclude(question.text, "a state")
      const allowed = yield* response(idOf(question.text), "allow")
      assert.strictEqual(allowed.status, 303)
      const location = new URL(String(allowed.headers["location"]))
      assert.strictEqual(`${location.origin}${location.pathname}`, "http://127.0.0.1:49152/oauth/callback")
      assert.sameMembers([...location.searchParams.keys()], ["code", "state"])
    }).pipe(provide()))

  it.effect("redirects with access_denied after Deny, and has a page for a login that has ended (E4)", () =>
    Effect.gen(function*() {
      const id = idOf((yield* authorize(yield* codeClient())).text)
      const denied = yield* response(id, "deny")
      assert.include(String(denied.headers["location"]), "error=access_denied&state=a+state")
      assert.strictEqual((yield* response(id, "allow")).status, 410)
      assert.strictEqual((yield* response("nobody", "allow")).status, 404)
      assert.strictEqual((yield* response(id, "maybe")).status, 400)
      const { code, emulator } = yield* started()
      assert.strictEqual((yield* response(code.userCode, "allow")).status, 404)
      assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "pending")
      const late = idOf((yield* authorize(yield* codeClient())).text)
      yield* TestClock.adjust("600 seconds")
      assert.strictEqual((yield* response(late, "allow")).status, 410)
    }).pipe(provide()))

  it.effect("decides nothing when another site sends the form (E4)", () =>
    Effect.gen(function*() {
      const { emulator } = yield* started()
      const id = idOf((yield* authorize(yield* codeClient())).text)
      for (
        const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "null" }]
      ) {
        assert.strictEqual((yield* response(id, "allow", headers)).status, 403)
      }
      assert.strictEqual((yield* emulator.authorizations.lookup(id)).status, "pending")
      const before = yield* emulator.authorizations.list
      const { clientId } = yield* codeClient()
      const image = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }
      assert.strictEqual((yield* ask({ path: `/authorize?client_id=${clientId}`, headers: image })).status, 403)
      assert.deepStrictEqual(yield* emulator.authorizations.list, before)
    }).pipe(provide()))

  it.effect("shows errors of the client in the service's dialect, and sends other errors in the client's redirect (E2)", () =>
    Effect.gen(function*() {
      const client = yield* codeClient()
      const wrong = yield* authorize({ clientId: "nobody" })
      assert.strictEqual(wrong.status, 401)
      assert.include(String(wrong.headers["x-amzn-errortype"]), "InvalidClientException:")
      const twice = yield* ask({ path: "/authorize?client_id=a&client_id=b" })
      assert.deepInclude(JSON.parse(twice.text), { error: "invalid_request" })
      const { text } = yield* authorize(client)
      assert.isNotEmpty(idOf(text))
      const query = new URLSearchParams({
        response_type: "code",
        client_id: client.clientId,
        redirect_uri: "http://127.0.0.1:49152/oauth/callback",
        code_challenge_method: "S256",
        code_challenge: challenge
      })
      for (const more of ["&response_type=code", "&state=a&state=b", "&scope=a&scopes=b"]) {
        assert.strictEqual((yield* ask({ path: `/authorize?${query}${more}` })).status, 400, more)
      }
      const scope = yield* authorize(client, { scopes: "other" })
      assert.strictEqual(scope.status, 303)
      assert.include(String(scope.headers["location"]), "error=invalid_scope")
      for (const scopes of ["sso:account:access", "sso:account:access,", " sso:account:access "]) {
        assert.strictEqual((yield* authorize(client, { scopes })).status, 200)
      }
    }).pipe(provide()))

  it.effect("asks no person with autoApprove, and redirects the browser after its time (E4)", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(authorize(yield* codeClient()))
      // The request goes over a socket, so the clock may move only after the emulator has begun to sleep
      const emulator = yield* Emulator.Emulator
      while ((yield* emulator.authorizations.list).length === 0) yield* Effect.yieldNow
      yield* TestClock.adjust("3 seconds")
      const led = yield* Fiber.join(fiber)
      assert.strictEqual(led.status, 303)
      assert.include(String(led.headers["location"]), "code=")
    }).pipe(provide({ autoApprove: "3 seconds" })))

  it.effect("puts neither state nor code into a span of the server (C6)", () =>
    Effect.gen(function*() {
      const { spans: recorded, tracer } = Recorder.tracing()
      const location = yield* Effect.gen(function*() {
        const question = yield* authorize(yield* codeClient(), { state: "THE-OWN-SECRET" })
        return String((yield* response(idOf(question.text), "allow")).headers["location"])
      }).pipe(provide(), Effect.withTracer(tracer))
      const seen = inspect(recorded, { depth: 12, maxArrayLength: null })
      assert.isNotEmpty(recorded)
      assert.notInclude(seen, "THE-OWN-SECRET")
      assert.notInclude(seen, new URL(location).searchParams.get("code") ?? "")
    }))
})
