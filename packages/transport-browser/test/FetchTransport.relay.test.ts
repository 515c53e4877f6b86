import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { calls, registerRequest, registerResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const relayUrl = "https://relay.example/sso-oidc"

/** A page's transport over a `fetch` that records its requests, and responds as the test says. */
const recording = (respond: () => Response, url = relayUrl) => {
  const requests: Array<Request> = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    requests.push(new Request(input, init))
    return Promise.resolve().then(respond)
  }
  return {
    requests,
    layer: FetchTransport.layerRelay({ url }).pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  }
}

const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(request))

const refresh = (oidc: SsoOidc.Service) =>
  oidc.createToken({
    clientId: "client-id",
    clientSecret: Redacted.make("client-secret"),
    grantType: "refresh_token",
    refreshToken: Redacted.make("refresh-token")
  })

const register = (oidc: SsoOidc.Service) => oidc.registerClient(registerRequest)

/** Gives the process a location, as a page has one. */
const at = (href: string) =>
  Effect.acquireRelease(
    Effect.sync(() => Object.defineProperty(globalThis, "location", { value: new URL(href), configurable: true })),
    () => Effect.sync(() => Reflect.deleteProperty(globalThis, "location"))
  )

describe("FetchTransport.layerRelay: where requests go (the seam)", () => {
  it.effect.each(calls)(
    "sends $name to the relay unchanged, and core reads the response",
    (call) =>
      Effect.gen(function*() {
        const { layer, requests } = recording(() => Wire.json(call.response))
        yield* SsoOidc.SsoOidc.use(call.run).pipe(
          Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(layer)))
        )
        const [request] = requests
        assert.strictEqual(requests.length, 1)
        assert.strictEqual(request?.url, `${relayUrl}/eu-west-1${call.path}`)
        assert.include(request, {
          method: "POST",
          credentials: "omit",
          cache: "no-store",
          redirect: "manual",
          referrerPolicy: "no-referrer"
        })
        const { "x-sso-oidc-relay-id": id, ...headers } = Object.fromEntries(request?.headers ?? [])
        assert.deepStrictEqual(headers, { "content-type": "application/json" })
        assert.match(id ?? "", /^[0-9a-f]{32}$/)
      })
  )

  it.effect("gives each request its own id (C8)", () =>
    Effect.gen(function*() {
      const { layer, requests } = recording(() => Wire.json(registerResponse))
      yield* SsoOidc.SsoOidc.use((oidc) => Effect.andThen(register(oidc), register(oidc))).pipe(
        Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(layer)))
      )
      assert.strictEqual(new Set(requests.map(({ headers }) => headers.get("x-sso-oidc-relay-id"))).size, 2)
    }))

  it.effect.each([
    ["/sso-oidc", "https://app.example/sso-oidc/cn-north-1/client/register"],
    ["/", "https://app.example/cn-north-1/client/register"],
    ["sso-oidc/", "https://app.example/app/sso-oidc/cn-north-1/client/register"],
    ["https://relay.example/a//", "https://relay.example/a/cn-north-1/client/register"],
    ["http://localhost:4000/sso-oidc", "http://localhost:4000/sso-oidc/cn-north-1/client/register"]
  ])("accepts a relay's URL that is relative to the page: %s", ([url, expected]) =>
    Effect.gen(function*() {
      yield* at("https://app.example/app/index.html?a=1#b")
      const { layer, requests } = recording(() => Wire.json(registerResponse), url)
      yield* SsoOidc.SsoOidc.use(register).pipe(
        Effect.provide(SsoOidc.layer({ region: "cn-north-1" }).pipe(Layer.provide(layer)))
      )
      assert.strictEqual(requests[0]?.url, expected)
    }))

  it.effect.each<[string | undefined, string, RegExp]>([
    [undefined, "/sso-oidc", /must be absolute/],
    ["about:blank", "/sso-oidc", /must be absolute/],
    ["http://app.example/", "/sso-oidc", /the relay's URL is plain http to another machine/],
    ["https://app.example/", "http://relay.example", /the relay's URL is plain http to another machine/],
    ["https://app.example/", "/sso-oidc?a", /the relay's URL must not have a query/],
    ["https://app.example/", "/sso-oidc#a", /the relay's URL must not have a fragment/],
    ["https://app.example/", "https://user:pass@relay.example", /the relay's URL must not hold user info/],
    ["https://app.example/", "javascript:alert(1)", /the relay's URL must begin with https/]
  ])(
    "fails with an EndpointError for a relay's URL that cannot be used: at %s, %s (C7)",
    ([href, url, detail]) =>
      Effect.gen(function*() {
        if (href !== undefined) yield* at(href)
        const error = yield* Layer.build(FetchTransport.layerRelay({ url })).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error._tag, "EndpointError")
        assert.match(error.detail, detail)
      })
  )

  it.effect.each([
    HttpClientRequest.post("https://oidc-fips.eu-west-1.amazonaws.com/token"),
    HttpClientRequest.post("https://oidc.eu-west-1.api.aws/token"),
    HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com.evil.example/token"),
    HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com:8443/token"),
    HttpClientRequest.post("http://oidc.eu-west-1.amazonaws.com/token"),
    HttpClientRequest.post("http://127.0.0.1:4000/token"),
    HttpClientRequest.get("https://oidc.eu-west-1.amazonaws.com/token"),
    HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com/token?aws_iam=t"),
    HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com/authorize"),
    HttpClientRequest.post("https://portal.sso.eu-west-1.amazonaws.com/token"),
    HttpClientRequest.post("/token")
  ])(
    "sends nothing that is not an operation at a plain endpoint ($method $url)",
    (request) =>
      Effect.gen(function*() {
        const { layer, requests } = recording(() => new Response())
        const error = yield* send(request).pipe(Effect.flip, Effect.provide(layer))
        assert.include(error.cause, { sent: "no", code: "NOT_RELAYED", transient: false })
        assert.strictEqual(requests.length, 0)
      })
  )
})

describe("FetchTransport.layerRelay: headers that it does not trust", () => {
  const learned = (headers: Record<string, string>, status = 502) =>
    SsoOidc.SsoOidc.use(refresh).pipe(
      Effect.flip,
      Effect.provide(
        SsoOidc.layer({ region: "eu-west-1" }).pipe(
          Layer.provide(recording(() => new Response("{}", { status, headers })).layer)
        )
      )
    )

  it.effect.each([
    "",
    "sent=no",
    "sent=never; transient=yes; code=X",
    "sent=no; transient=yes; code=",
    "sent=no; transient=yes; code=X, sent=no; transient=yes; code=X",
    "sent=no; transient=yes; code=X Y",
    "sent=no; transient=yes; code=X; status=2000",
    "sent=answered; transient=yes; code=X",
    "sent=answered; transient=yes; code=X; status=99",
    "sent=answered; transient=no; code=X; status=600",
    "sent=answered; transient=yes; code=X; status=204"
  ])("gives the 502 as it is if its header is not one of the relay: %j (C8)", (verdict) =>
    Effect.gen(function*() {
      const error = yield* learned(verdict === "" ? {} : { "x-sso-oidc-relay": verdict })
      assert.include(error, { _tag: "UnexpectedResponse", status: 502 })
    }))

  it.effect("ignores the header of a response that is no failure (C8)", () =>
    Effect.gen(function*() {
      const error = yield* learned({ "x-sso-oidc-relay": "sent=no; transient=yes; code=X" }, 200)
      assert.include(error, { _tag: "UnexpectedResponse", status: 200 })
    }))

  it.effect("says `sent: maybe` for a relay that cannot be reached (C8)", () =>
    Effect.gen(function*() {
      const error = yield* SsoOidc.SsoOidc.use(refresh).pipe(
        Effect.flip,
        Effect.provide(
          SsoOidc.layer({ region: "eu-west-1" }).pipe(
            Layer.provide(FetchTransport.layerRelay({ url: relayUrl })),
            Layer.provide(Layer.succeed(FetchHttpClient.Fetch, () => Promise.reject(new TypeError("Failed to fetch"))))
          )
        )
      )
      assert.include(error, { _tag: "TransportError", sent: "maybe", code: "FETCH_FAILED", transient: true })
    }))
})
