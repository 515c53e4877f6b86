import { assert, describe, it } from "@effect/vitest"
import type * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Snapshot from "@sso-oidc/emulator/Snapshot"
import { Effect, Redacted } from "effect"
import { ask, codeClient, grantType, redirectUri, registration, type Sent, started, startUrl } from "./support.ts"

const token = "a-token-for-the-tests"
const provide = (options: EmulatorServer.Options = {}) =>
  Effect.provide(EmulatorServer.layer({ control: Redacted.make(token), requestsPerSecond: 3, ...options }))

type Headers = Record<string, string>

/** The headers that browsers send ahead of a person, for a WebSocket, and for a page of another site. */
const unwanted: Readonly<Record<string, Headers>> = {
  "a prefetch": { "sec-purpose": "prefetch", "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" },
  "a prefetch through a proxy": { "sec-purpose": "prefetch;anonymous-client-ip" },
  "a prerender of what the person types": {
    "sec-purpose": "prefetch;prerender",
    "sec-fetch-site": "none",
    "sec-fetch-dest": "document"
  },
  "a prefetch of an older Chromium": { purpose: "prefetch" },
  "a prefetch of an older Firefox": { "x-moz": "prefetch" },
  "a preview of Safari": { "x-purpose": "preview" },
  "a WebSocket": { connection: "Upgrade", upgrade: "websocket" },
  "a WebSocket of a Firefox": {
    connection: "keep-alive, Upgrade",
    upgrade: "WebSocket",
    origin: "https://evil.test",
    "sec-fetch-site": "cross-site",
    "sec-fetch-dest": "empty"
  },
  "another protocol": { connection: "Upgrade", upgrade: "tcp" },
  "a request of another site": {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "empty"
  },
  "a request of another port": { "sec-fetch-site": "same-site", "sec-fetch-dest": "empty" },
  "a request of another site, without fetch metadata": { origin: "https://evil.test" },
  "a request of a sandboxed frame": { origin: "null" }
}

const form = { "content-type": "application/x-www-form-urlencoded" }

/** A request to every route that changes something. */
const changing = Effect.gen(function*() {
  const { clientId, clientSecret, code, emulator } = yield* started()
  const client = { clientId, clientSecret: Redacted.value(clientSecret) }
  const approved = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(approved.userCode)
  const browser = yield* codeClient()
  const authorization = {
    clientId: browser.clientId,
    redirectUri,
    responseType: "code",
    codeChallenge: "x".repeat(43),
    codeChallengeMethod: "S256"
  }
  const { id } = yield* emulator.authorize(authorization)
  const query = new URLSearchParams({
    client_id: browser.clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    code_challenge: "x".repeat(43),
    code_challenge_method: "S256"
  })
  const accessToken = "an-access-token"
  yield* emulator.state.seed({
    ...Snapshot.empty,
    accessTokens: [{
      accessToken: Redacted.make(accessToken),
      clientId,
      scopes: registration.scopes,
      expiresAt: (yield* emulator.clock.now) + 3_600_000
    }]
  })
  const bearer = { "x-amz-sso_bearer_token": accessToken }
  const role = "account_id=111122223333&role_name=ReadOnlyAccess"
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const sent: ReadonlyArray<Sent> = [
    { path: "/client/register", body: JSON.stringify(registration) },
    { path: "/device_authorization", body: JSON.stringify({ ...client, startUrl }) },
    {
      path: "/token",
      body: JSON.stringify({ ...client, grantType, deviceCode: Redacted.value(approved.deviceCode) })
    },
    { path: "/device?user_code=BBBB-BBBB" },
    { path: "/device/?user_code=BBBB-BBBB" },
    { path: "/device", headers: form, body: `user_code=${code.userCode}&action=allow` },
    { path: "/device", headers: form, body: "user_code=BBBB-BBBB&action=deny" },
    { path: `/authorize?${query}` },
    { path: "/authorize", headers: form, body: `id=${id}&action=allow` },
    { path: "/accounts" },
    { path: "/accounts", headers: form, body: "account_id=111122223333&role_name=AdministratorAccess&action=unassign" },
    { path: `/federation/credentials?${role}`, headers: bearer },
    { path: "/assignment/accounts", headers: bearer },
    { path: "/assignment/roles?account_id=111122223333", headers: bearer },
    { path: "/logout", method: "POST", headers: bearer },
    { path: "/control/accounts/111122223333", method: "DELETE", headers },
    { path: `/control/authorizations/${code.userCode}/deny`, method: "POST", headers },
    { path: "/control/faults", headers, body: JSON.stringify({ _tag: "ConnectionReset", carriedOut: false }) },
    { path: "/control/clock", headers, body: JSON.stringify({ seconds: 60 }) },
    { path: "/control/state", method: "DELETE", headers },
    { path: "/control/faults", method: "DELETE", headers }
  ]
  return { code, emulator, sent }
})

const seen = (emulator: Emulator.Service) =>
  Effect.all([emulator.state.snapshot, emulator.authorizations.list, emulator.faults.list, emulator.clock.now])

describe("requests that the person here did not send", () => {
  it.effect.each(Object.entries(unwanted))(
    "%s changes nothing on any route (E6)",
    ([, headers]) =>
      Effect.gen(function*() {
        const { code, emulator, sent } = yield* changing
        yield* emulator.faults.arm({ _tag: "Exception", exception: "InternalServerException" })
        const before = yield* seen(emulator)
        // More requests than the limit of requests in one second, and more wrong codes than the limit of attempts
        const wrong = sent.filter(({ body = "", path }) => `${path}${body}`.includes("BBBB"))
        assert.lengthOf(wrong, 3)
        for (let n = 0; n < 11; n++) {
          for (const one of n < 4 ? sent : wrong) {
            const response = yield* ask({ ...one, headers: { ...one.headers, ...headers } })
            const isPage = /^\/(device|authorize|accounts)(\/?\?|$)/.test(one.path)
            const isPortal = /^\/(federation|assignment|logout)\b/.test(one.path)
            assert.strictEqual(response.status, isPage ? 403 : 400, one.path)
            assert.match(
              response.text,
              isPage
                ? /^<!doctype html>[^]*Nothing was decided\./
                : isPortal
                ? /^\{"message":"\w[^"]+","__type":"com\.amazonaws\.switchboard\.portal#InvalidRequestException"\}$/
                : /^\{"error":"invalid_request","error_description":"\w/
            )
          }
        }
        assert.deepStrictEqual(yield* seen(emulator), before)
        assert.strictEqual((yield* ask({ path: `/device?user_code=${code.userCode}` })).status, 200)
        // No request took the fault, and the requests of a tool are not throttled
        const first = yield* ask({ path: "/client/register", body: JSON.stringify(registration) })
        assert.strictEqual(first.status, 500)
        for (const { body = "", path } of sent.slice(0, 3)) assert.strictEqual((yield* ask({ path, body })).status, 200)
      }).pipe(provide())
  )

  it.effect("serves what tools send: no fetch metadata, an offer of HTTP/2, or the headers of Node's fetch (E1, E6)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const offer = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" }
      for (const headers of [{}, offer, { "sec-fetch-mode": "cors" }, { origin: url }]) {
        for (const one of (yield* changing).sent) {
          if (one.path.startsWith("/control") || `${one.path}${one.body}`.includes("BBBB")) continue
          const response = yield* ask({ ...one, headers: { ...one.headers, ...headers } })
          assert.include([200, 303], response.status, one.path)
        }
      }
      const fetched = yield* Effect.promise(() =>
        fetch(`${url}/client/register`, { method: "POST", body: JSON.stringify(registration) })
      )
      assert.strictEqual(fetched.status, 200)
    }).pipe(provide({ requestsPerSecond: 500 })))

  it.effect("lets pages of the origins in cors call the operations, but decide nothing (E6)", () =>
    Effect.gen(function*() {
      const { emulator, sent } = yield* changing
      const headers = { origin: "http://localhost:5173", "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" }
      for (const one of sent.slice(0, 3)) assert.strictEqual((yield* ask({ ...one, headers })).status, 200)
      const portal = sent.filter(({ path }) => /^\/(federation|assignment)\b/.test(path))
      assert.lengthOf(portal, 3)
      for (const one of portal) {
        assert.strictEqual((yield* ask({ ...one, headers: { ...one.headers, ...headers } })).status, 200, one.path)
      }
      const before = yield* Effect.all([emulator.authorizations.list, emulator.accounts.list])
      for (const one of sent.filter(({ path }) => /^\/(device|authorize|accounts)\b/.test(path))) {
        assert.strictEqual((yield* ask({ ...one, headers: { ...one.headers, ...headers } })).status, 403, one.path)
      }
      assert.deepStrictEqual(yield* Effect.all([emulator.authorizations.list, emulator.accounts.list]), before)
      // Another origin has no more rights than before
      const other = { ...headers, origin: "http://localhost:5174", referer: "http://localhost:5173/" }
      for (const one of sent.slice(0, 3)) assert.strictEqual((yield* ask({ ...one, headers: other })).status, 400)
    }).pipe(provide({ cors: ["http://localhost:5173"] })))
})

describe("links on other sites", () => {
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }

  it.effect("show the question of their code, and use up no attempts of the person here (E4, E6)", () =>
    Effect.gen(function*() {
      const { code } = yield* started()
      const open = (userCode: string, headers: Headers) => ask({ path: `/device?user_code=${userCode}`, headers })
      assert.include((yield* open(code.userCode, link)).text, "Allow this sign-in?")
      for (let n = 0; n < 10; n++) assert.strictEqual((yield* open("BBBB-BBBB", link)).status, 404)
      // After ten wrong codes the emulator looks up no code, so the pages for a right and a wrong code are equal
      for (const userCode of [code.userCode, "CCCC-CCCC"]) {
        const { status, text } = yield* open(userCode, { ...link, "sec-fetch-site": "same-site" })
        assert.deepStrictEqual([status, text.includes(`value="${userCode}"`)], [200, true])
        assert.notInclude(text, "Allow this sign-in?")
        assert.notInclude(text, "This code is unknown")
      }
      // The person still has all ten attempts
      for (let n = 0; n < 10; n++) assert.strictEqual((yield* open("BBBB-BBBB", {})).status, 404)
      assert.strictEqual((yield* open(code.userCode, { "sec-fetch-site": "same-origin" })).status, 429)
    }).pipe(provide()))

  it.effect("start nothing at /authorize before the person continues (E6)", () =>
    Effect.gen(function*() {
      const { emulator, sent } = yield* changing
      const path = sent.find(({ path }) => path.startsWith("/authorize?"))?.path ?? ""
      const before = yield* emulator.authorizations.list
      for (const site of ["cross-site", "same-site"]) {
        const { status, text } = yield* ask({ path, headers: { ...link, "sec-fetch-site": site } })
        assert.strictEqual(status, 200)
        const href = /class="next" href="([^"]+)"/.exec(text)?.[1] ?? ""
        assert.strictEqual(href.replaceAll("&#38;", "&"), path)
      }
      assert.deepStrictEqual(yield* emulator.authorizations.list, before)
      const { text } = yield* ask({ path, headers: { ...link, "sec-fetch-site": "same-origin" } })
      assert.include(text, "Allow this sign-in?")
      assert.lengthOf(yield* emulator.authorizations.list, before.length + 1)
    }).pipe(provide()))

  it.effect("start a login at /authorize at once if their origin is in cors (E6)", () =>
    Effect.gen(function*() {
      const { emulator, sent } = yield* changing
      const path = sent.find(({ path }) => path.startsWith("/authorize?"))?.path ?? ""
      const before = (yield* emulator.authorizations.list).length
      const open = (referer: string) => ask({ path, headers: { ...link, referer } })
      assert.include((yield* open("http://localhost:5173/")).text, "Allow this sign-in?")
      for (
        const referer of ["http://localhost:5174/", "http://localhost:5173.evil.test/", "http://x@localhost:5173/", "x"]
      ) {
        assert.include((yield* open(referer)).text, "Begin a sign-in?", referer)
      }
      assert.lengthOf(yield* emulator.authorizations.list, before + 1)
    }).pipe(provide({ cors: ["http://localhost:5173"] })))
})
