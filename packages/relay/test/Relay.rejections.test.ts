import { assert, describe, it } from "@effect/vitest"
import { registerRequest, secret } from "@sso-oidc/test-kit/fixtures"
import { search } from "@sso-oidc/test-kit/leaks"
import { type Asked, asked, make, origin, relayUrl, said, startUrl } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const refusedBy = (more: Parameters<typeof make>[1], ask: Asked) =>
  Effect.gen(function*() {
    const wire = Wire.responding(() => Wire.json({ token: "must not be given out" }))
    const relay = yield* make(wire, more)
    const response = yield* relay(asked(ask))
    assert.strictEqual(wire.sent.length, 0)
    assert.strictEqual(response.headers.get("cache-control"), "no-store")
    assert.strictEqual(response.headers.get("vary"), "Origin")
    return response
  })

const description = (body: unknown): string => {
  if (typeof body !== "object" || body === null) return assert.fail("no object")
  assert.strictEqual(Reflect.get(body, "error"), "invalid_request")
  return String(Reflect.get(body, "error_description"))
}

const client = { clientId: "client-id", clientSecret: secret.clientSecret }

describe("Relay: a page of an origin that is not listed", () => {
  it.effect.each([
    ["no origin", undefined],
    ["an opaque origin", "null"],
    ["a foreign origin", "https://evil.example"],
    ["the relay's own origin, if it is not listed", "https://relay.example"],
    ["another scheme", "http://app.example"],
    ["another port", "https://app.example:8443"],
    ["a name below the listed one", "https://x.app.example"],
    ["a name that begins like the listed one", "https://app.example.evil.example"],
    ["another spelling", "https://APP.example"],
    ["two origins", `${origin}, ${origin}`]
  ])("gets a 403 that it cannot read, and nothing is sent, for %s", ([, origin]) =>
    Effect.gen(function*() {
      for (const method of ["POST", "OPTIONS", "GET"]) {
        const response = yield* refusedBy({}, {
          method,
          headers: { origin, "access-control-request-method": "POST" }
        })
        assert.strictEqual(response.status, 403)
        for (const name of response.headers.keys()) assert.notMatch(name, /^access-control/)
        assert.match(description((yield* said(response)).body), /option origins/)
      }
    }))
})

describe("Relay: requests that it rejects with a sentence for the page", () => {
  const rejects = (what: string, status: number, ask: Asked, more: Parameters<typeof make>[1] = {}) =>
    it.effect(`rejects ${what}`, () =>
      Effect.gen(function*() {
        const response = yield* refusedBy(more, ask)
        assert.strictEqual(response.headers.get("access-control-allow-origin"), origin)
        const { body, ...rest } = yield* said(response)
        assert.deepStrictEqual(rest, { status, type: "InvalidRequestException", verdict: null })
        assert.match(description(body), /^(The relay|The request|The body) .*\.?$/)
      }))

  for (
    const path of [
      "",
      "/",
      "/eu-west-1",
      "/eu-west-1/",
      "/eu-west-1/authorize",
      "/eu-west-1/token/",
      "/eu-west-1//token",
      "//eu-west-1/token",
      "/eu-west-1/TOKEN",
      "/EU-WEST-1/token",
      "/eu-west-1/%74oken",
      "/eu-west-1%2ftoken",
      "/eu-central-1/token",
      "/constructor/token",
      "/evil.example/token",
      "/eu-west-1.evil.example/token",
      "/eu-west-1@evil.example/token",
      "/x/../../other/eu-west-1/token",
      "/eu-west-1/token?aws_iam=t",
      "/eu-west-1/token?a",
      "/https://evil.example/token"
    ]
  ) {
    rejects(`another path: ${path}`, 404, { path })
  }

  rejects("a path outside its base", 404, { url: "https://relay.example/eu-west-1/token" })

  for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH", "PROPFIND"]) {
    if (method !== "HEAD") rejects(`another method: ${method}`, 405, { method })
  }
  rejects("a preflight for another method", 405, {
    method: "OPTIONS",
    headers: { "access-control-request-method": "PUT" }
  })
  rejects("a preflight without a method", 405, { method: "OPTIONS" })

  for (
    const type of [
      undefined,
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonx",
      "text/plain, application/json"
    ]
  ) {
    rejects(`a content type of ${type ?? "none"}`, 415, { headers: { "content-type": type } })
  }
  rejects("a content encoding", 415, { headers: { "content-encoding": "gzip" } })
  rejects("two content encodings", 415, { headers: { "content-encoding": "identity, br" } })

  rejects("a body whose length is too large", 413, { headers: { "content-length": "65537" } })
  rejects("a body that is too large, without a length", 413, {
    body: new ReadableStream({
      start: (body) => {
        for (let at = 0; at < 65; at++) body.enqueue(new Uint8Array(1024))
        body.close()
      }
    })
  })
  rejects("a body over the operator's limit", 413, {}, { maxRequestBytes: 16 })

  for (const body of ["x", "[]", "null", "1", "\"text\"", "{", "{}x", "\ufeff{}"]) {
    rejects(`a body that is no JSON object: ${JSON.stringify(body)}`, 400, { body })
  }
  rejects("a body that is no UTF-8", 400, {
    body: new ReadableStream({
      start: (body) => {
        const [before = "", after = ""] = JSON.stringify(registerRequest).split("a-tool")
        body.enqueue(new TextEncoder().encode(`${before}a`))
        body.enqueue(new Uint8Array([0xff]))
        body.enqueue(new TextEncoder().encode(after))
        body.close()
      }
    })
  })
  rejects("a body that breaks off", 400, {
    body: new ReadableStream({
      start: (body) => body.enqueue(new TextEncoder().encode("{}")),
      pull: (body) => body.error(new Error("gone"))
    })
  })
  rejects("a body without a member that must be there", 400, { body: { clientName: "a-tool" } })
  rejects("a body with a member of another type", 400, { body: { ...registerRequest, scopes: "all" } })
  rejects("a grant that the operation does not know", 400, {
    path: "/eu-west-1/token",
    body: { ...client, grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: "a" }
  })

  for (
    const other of [
      "https://d-9999999999.awsapps.com/start",
      `${startUrl}/`,
      `${startUrl}#/`,
      `${startUrl}?x`,
      startUrl.toUpperCase(),
      "https://evil.example/start",
      ""
    ]
  ) {
    rejects(`another start URL: ${other}`, 400, {
      path: "/eu-west-1/device_authorization",
      body: { ...client, startUrl: other }
    })
    rejects(`another issuer URL: ${other}`, 400, { body: { ...registerRequest, issuerUrl: other } })
  }
})

describe("Relay: further requests that it rejects", () => {
  it.effect("sends nothing for a HEAD", () =>
    Effect.map(refusedBy({}, { method: "HEAD" }), ({ status }) => assert.strictEqual(status, 405)))

  it.effect("sends nothing for a body that comes too slowly, and tells the page so", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const relay = yield* make(wire, { requestTimeout: "10 seconds" })
      let cancelled = false
      const body = new ReadableStream({
        pull: () => new Promise(() => {}),
        cancel: () => {
          cancelled = true
        }
      })
      const fiber = yield* Effect.forkChild(relay(asked({ body })), { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const { status, verdict } = yield* said(yield* Fiber.join(fiber))
      assert.deepStrictEqual({ status, verdict }, { status: 504, verdict: "sent=no; transient=yes; code=TIMEOUT" })
      assert.isTrue(cancelled)
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("repeats no value of a rejected request (C6)", () =>
    Effect.gen(function*() {
      const find = search(Object.values(secret))
      const bodies: ReadonlyArray<unknown> = [
        { ...client, grantType: secret.code },
        { ...client, clientSecret: [secret.clientSecret], grantType: "refresh_token" },
        { clientId: { [secret.code]: secret.code }, clientSecret: "", grantType: "refresh_token", refreshToken: "" },
        `{"clientSecret":"${secret.deviceCode}"`
      ]
      for (const body of bodies) {
        const response = yield* refusedBy({}, { path: "/eu-west-1/token", body })
        assert.strictEqual(response.status, 400)
        const text = yield* Effect.promise(() => response.text())
        assert.isUndefined(find(text), text)
      }
    }))

  it("uses URLs of the relay in these tests", () => assert.isTrue(asked().url.startsWith(relayUrl)))
})
