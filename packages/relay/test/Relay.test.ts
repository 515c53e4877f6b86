import { assert, describe, it } from "@effect/vitest"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Relay from "@sso-oidc/relay/Relay"
import { registerRequest, secret } from "@sso-oidc/test-kit/fixtures"
import { asked, make, options, origin, relayUrl, said, startUrl } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import { readFileSync } from "node:fs"

const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))

const registered = { clientId: "client-id", clientSecret: secret.clientSecret, clientSecretExpiresAt: 7_776_000 }

const respond = () =>
  Wire.json(registered, {
    headers: {
      "x-amzn-requestid": "r-1",
      date: "Wed, 25 Nov 2026 12:00:00 GMT",
      "set-cookie": "a=1",
      "x-amzn-trace-id": "t-1",
      server: "Server",
      "access-control-allow-origin": "*"
    }
  })

describe("Relay: what it passes on", () => {
  it.effect.each(
    [
      ["/eu-west-1/client/register", "https://oidc.eu-west-1.amazonaws.com/client/register", registerRequest],
      ["/us-east-1/device_authorization", "https://oidc.us-east-1.amazonaws.com/device_authorization", {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        startUrl
      }],
      ["/eu-west-1/token", "https://oidc.eu-west-1.amazonaws.com/token", {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "refresh_token",
        refreshToken: secret.refreshToken
      }]
    ] as const
  )("passes on the three operations, to the region in the path: %s", ([path, url, body]) =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const relay = yield* make(wire)
      const response = yield* relay(asked({ path, body }))
      assert.strictEqual(response.status, 200)
      assert.strictEqual(wire.sent.length, 1)
      assert.include(wire.sent[0], { method: "POST", url })
      assert.deepStrictEqual(JSON.parse(wire.sent[0]?.body ?? ""), body)
    }))

  it.effect("serves a region in capitals under the name that a page's client uses (C7)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const relay = yield* make(wire, { regions: ["CN-NORTH-1"] })
      assert.strictEqual((yield* relay(asked({ path: "/cn-north-1/client/register" }))).status, 200)
      assert.strictEqual(wire.sent[0]?.url, "https://oidc.cn-north-1.amazonaws.com.cn/client/register")
    }))

  it.effect("passes on none of the headers, and no trace header", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const relay = yield* make(wire)
      yield* relay(asked({
        headers: {
          cookie: "session=1",
          authorization: "Bearer x",
          "x-forwarded-for": "192.0.2.1",
          forwarded: "for=192.0.2.1",
          referer: "https://app.example/page",
          "user-agent": "a page",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "x-amz-security-token": "t",
          "accept-encoding": "gzip"
        }
      })).pipe(Effect.withSpan("of the operator"))
      const { "content-length": _length, ...headers } = wire.sent[0]?.headers ?? {}
      assert.deepStrictEqual(headers, {
        "content-type": "application/json",
        "user-agent": `sso-oidc-effect-relay/${Reflect.get(Object(manifest), "version")}`
      })
    }))

  it.effect("passes on no trace header also over a client that asks Effect whether to trace", () =>
    Effect.gen(function*() {
      const told: Array<boolean> = []
      const client = HttpClient.makeWith<HttpClientError, never, HttpClientError, never>(
        (effect) =>
          Effect.flatMap(effect, (request) =>
            Effect.gen(function*() {
              told.push(yield* HttpClient.TracerPropagationEnabled)
              told.push(!(yield* HttpClient.TracerDisabledWhen)(request))
              return HttpClientResponse.fromWeb(request, respond())
            })),
        Effect.succeed
      )
      const relay = yield* Relay.make(options).pipe(Effect.provideService(HttpClient.HttpClient, client))
      assert.strictEqual((yield* relay(asked())).status, 200)
      assert.deepStrictEqual(told, [false, false])
    }))

  it.effect("passes on only the body's members of the model, written anew", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const relay = yield* make(wire)
      yield* relay(asked({
        body: `{ "clientType" : "public", "clientName": "first", "clientName": "a\\u002dtool", "scopes": null,
          "__proto__": { "issuerUrl": "x" }, "more": { "deep": [1] }, "aws_iam": "t" }`
      }))
      assert.strictEqual(wire.sent[0]?.body, `{"clientName":"a-tool","clientType":"public"}`)
    }))

  it.effect("gives back the response's status, body and five headers, and forbids caching", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(respond))
      const response = yield* relay(asked())
      assert.deepStrictEqual(yield* Effect.promise(() => response.json()), registered)
      assert.deepStrictEqual(Object.fromEntries(response.headers), {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "x-amzn-errortype, x-amzn-requestid, retry-after, date, x-sso-oidc-relay",
        "cache-control": "no-store",
        "content-type": "application/json",
        date: "Wed, 25 Nov 2026 12:00:00 GMT",
        vary: "Origin",
        "x-amzn-requestid": "r-1",
        "x-content-type-options": "nosniff"
      })
    }))

  it.effect("gives back an exception of the service unchanged", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(() =>
        Wire.exception("SlowDownException", { error: "slow_down" }, {
          headers: { "retry-after": "7" }
        })
      ))
      const response = yield* relay(asked())
      assert.strictEqual(response.headers.get("retry-after"), "7")
      assert.deepStrictEqual(yield* said(response), {
        status: 400,
        type: "SlowDownException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/",
        verdict: null,
        body: { error: "slow_down" }
      })
    }))

  it.effect.each([200, 201, 204, 205, 400, 404, 429, 500, 503, 599])(
    "gives back a status of %i, with a body and without",
    (status) =>
      Effect.gen(function*() {
        for (const body of status === 204 || status === 205 ? [null] : [null, "", "text"]) {
          const relay = yield* make(Wire.responding(() => new Response(body, { status })))
          const response = yield* relay(asked())
          assert.strictEqual(response.status, status)
          assert.strictEqual(yield* Effect.promise(() => response.text()), body ?? "")
          assert.isNull(response.headers.get("x-sso-oidc-relay"))
        }
      })
  )

  it.effect("gives back no header of the service that looks like the relay's, and none that is invalid", () =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) => {
        const response = HttpClientResponse.fromWeb(request, respond())
        const headers = {
          ...response.headers,
          "x-sso-oidc-relay": "sent=no; transient=yes; code=X",
          "x-amzn-requestid": "\u0000漢"
        }
        return Effect.succeed(
          Object.create(response, { headers: { value: headers } }) as HttpClientResponse.HttpClientResponse
        )
      })
      const relay = yield* Relay.make(options).pipe(Effect.provideService(HttpClient.HttpClient, client))
      const response = yield* relay(asked())
      assert.strictEqual(response.status, 200)
      assert.isNull(response.headers.get("x-sso-oidc-relay"))
      assert.isNull(response.headers.get("x-amzn-requestid"))
    }))
})

describe("Relay: which pages it serves", () => {
  it.effect("responds to a preflight itself, and sends nothing to the service", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const relay = yield* make(wire)
      const response = yield* relay(asked({
        method: "OPTIONS",
        headers: { "access-control-request-method": "POST", "access-control-request-headers": "content-type" }
      }))
      assert.strictEqual(response.status, 204)
      assert.deepInclude(Object.fromEntries(response.headers), {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type, user-agent, x-sso-oidc-relay-id",
        "access-control-max-age": "600",
        vary: "Origin"
      })
      assert.isNull(response.headers.get("access-control-allow-credentials"))
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("takes \"same-origin\" for the origin of the request's URL, and for no other", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(respond), { origins: ["same-origin"] })
      assert.strictEqual((yield* relay(asked({ headers: { origin: "https://relay.example" } }))).status, 200)
      for (const other of [origin, "http://relay.example", "https://relay.example:8443", "null", "same-origin"]) {
        assert.strictEqual((yield* relay(asked({ headers: { origin: other } }))).status, 403, other)
      }
    }))

  it.effect("takes the browser's headers for \"same-origin\", whatever URL a server made", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(respond), { origins: ["same-origin"] })
      const url = "https://evil.example/sso-oidc/eu-west-1/client/register"
      const ask = (headers: Record<string, string>) =>
        Effect.map(
          relay(asked({ url, headers: { origin: "https://evil.example", ...headers } })),
          ({ status }) => status
        )
      assert.strictEqual(yield* ask({}), 200)
      assert.strictEqual(yield* ask({ host: "evil.example", "sec-fetch-site": "same-origin" }), 200)
      assert.strictEqual(yield* ask({ host: "relay.example" }), 403)
      for (const site of ["cross-site", "same-site", "none"]) {
        assert.strictEqual(yield* ask({ "sec-fetch-site": site }), 403)
      }
    }))

  it.effect("serves several origins, each by its own name", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(respond), { origins: [origin, "http://localhost:5173"] })
      for (const one of [origin, "http://localhost:5173"]) {
        const response = yield* relay(asked({ headers: { origin: one } }))
        assert.strictEqual(response.headers.get("access-control-allow-origin"), one)
      }
    }))

  it.effect("asks a startUrls function only about https URLs or loopback", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      const seen: Array<string> = []
      const relay = yield* make(wire, {
        startUrls: (url) => {
          seen.push(url)
          return new URL(url).hostname.endsWith(".awsapps.com")
        }
      })
      const start = (startUrl: string) =>
        relay(asked({
          path: "/eu-west-1/device_authorization",
          body: { clientId: "client-id", clientSecret: "secret", startUrl }
        }))
      assert.strictEqual((yield* start("https://d-1.awsapps.com/start")).status, 200)
      assert.strictEqual((yield* start("https://d-1.awsapps.com.evil.example/start")).status, 400)
      assert.strictEqual((yield* start("http://d-1.awsapps.com/start")).status, 400)
      assert.strictEqual((yield* start("no URL")).status, 400)
      assert.deepStrictEqual(seen, ["https://d-1.awsapps.com/start", "https://d-1.awsapps.com.evil.example/start"])
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect.each(["\"no\"", "{}", "1"])(
    "lets no start URL pass if the function gives %s, which is not true",
    (given) =>
      Effect.gen(function*() {
        const wire = Wire.responding(respond)
        // as an untyped program does; the object stands for a `Promise`
        const relay = yield* make(wire, { startUrls: () => JSON.parse(given) })
        const response = yield* relay(asked({
          path: "/eu-west-1/device_authorization",
          body: { clientId: "client-id", clientSecret: "secret", startUrl: "https://evil.example/start" }
        }))
        assert.strictEqual(response.status, 400)
        assert.strictEqual(wire.sent.length, 0)
      })
  )

  it.effect("serves the path that it is mounted at", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      for (const [base, url] of [["/", "/"], ["", "/"], ["/a/b", "/a/b/"]] as const) {
        const relay = yield* make(wire, { base })
        const response = yield* relay(asked({ url: `https://relay.example${url}eu-west-1/client/register` }))
        assert.strictEqual(response.status, 200, base)
      }
      assert.strictEqual(wire.sent.length, 3)
    }))

  it.effect("calls the operator's endpoints: FIPS, dual-stack, or their own", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(respond)
      for (
        const more of [
          { useFipsEndpoint: true },
          { useDualstackEndpoint: true },
          { endpoint: "http://127.0.0.1:4000/emulator/" }
        ]
      ) {
        const relay = yield* make(wire, more)
        assert.strictEqual((yield* relay(asked())).status, 200)
      }
      assert.deepStrictEqual(wire.sent.map(({ url }) => url), [
        "https://oidc-fips.eu-west-1.amazonaws.com/client/register",
        "https://oidc.eu-west-1.api.aws/client/register",
        "http://127.0.0.1:4000/emulator/client/register"
      ])
    }))
})

describe("Relay: when the page goes away", () => {
  it.effect("interrupts the request to the service (D6)", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const relay = yield* make(wire)
      const gone = new AbortController()
      const fiber = yield* Effect.forkChild(relay(asked({ signal: gone.signal })), { startImmediately: true })
      while (wire.sent.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.isFalse(wire.sent[0]?.signal.aborted)
      gone.abort()
      assert.strictEqual((yield* Fiber.join(fiber)).status, 499)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("sends no request for a page that has already gone (D6)", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const relay = yield* make(wire)
      assert.strictEqual((yield* relay(asked({ signal: AbortSignal.abort() }))).status, 499)
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("interrupts the request also when the handler is interrupted (D6)", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const relay = yield* make(wire)
      const fiber = yield* Effect.forkChild(relay(asked()), { startImmediately: true })
      while (wire.sent.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Fiber.interrupt(fiber)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))
})

describe("Relay.toWebHandler", () => {
  it("responds over a transport that is built with the first request and released with the handler", async () => {
    const events: Array<string> = []
    const transport = Layer.effect(
      HttpClient.HttpClient,
      Effect.acquireRelease(
        Effect.sync(() => {
          events.push("built")
          return Wire.responding(respond).client
        }),
        () => Effect.sync(() => events.push("released"))
      )
    )
    const { dispose, handler } = Relay.toWebHandler(options, transport)
    assert.deepStrictEqual(events, [])
    assert.strictEqual((await handler(asked())).status, 200)
    assert.strictEqual((await handler(asked())).status, 200)
    await dispose()
    assert.deepStrictEqual(events, ["built", "released"])
  })

  it("passes a request on over fetch", async () => {
    const seen: Array<string> = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      seen.push(new Request(input, init).url)
      return Promise.resolve(respond())
    }
    const transport = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
    const { handler } = Relay.toWebHandler(options, transport)
    assert.strictEqual((await handler(asked())).status, 200)
    assert.deepStrictEqual(seen, [`https://oidc.eu-west-1.amazonaws.com${RegisterClient.operation.path}`])
  })

  it("throws at once for options that cannot be used", () => {
    assert.throws(
      () => Relay.toWebHandler({ ...options, regions: ["eu-west-1/"] }, FetchHttpClient.layer),
      /not a region name/
    )
    assert.throws(
      () => Relay.toWebHandler({ ...options, origins: ["*"] }, FetchHttpClient.layer),
      RangeError,
      "origins"
    )
  })
})

it("serves URLs below the relay's URL", () => {
  assert.strictEqual(asked().url, `${relayUrl}/eu-west-1/client/register`)
})
