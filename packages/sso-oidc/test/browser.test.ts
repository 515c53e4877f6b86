import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Browser from "sso-oidc/browser"
import * as SsoOidc from "sso-oidc/SsoOidc"

/** A `fetch` that responds 503 to its first requests, and then registers clients. It records the URLs. */
const fetching = (busy = 0) => {
  const urls: Array<string> = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    urls.push(new Request(input, init).url)
    const status = urls.length > busy ? 200 : 503
    return Promise.resolve(
      Response.json({ clientId: "id", clientSecret: "secret", clientSecretExpiresAt: 0 }, { status })
    )
  }
  return { urls, layer: Layer.succeed(FetchHttpClient.Fetch, fetch) }
}

const register = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient({ clientName: "n", clientType: "public" }))

describe("the layer of sso-oidc/browser", () => {
  it.effect.each<[string, Browser.Options, string]>([
    ["directly to the service", { region: "eu-west-1" }, "https://oidc.eu-west-1.amazonaws.com/client/register"],
    [
      "to an endpoint",
      { region: "eu-west-1", endpoint: "http://localhost:8484" },
      "http://localhost:8484/client/register"
    ],
    [
      "through the relay",
      { region: "eu-west-1", relay: "https://app.example/sso-oidc" },
      "https://app.example/sso-oidc/eu-west-1/client/register"
    ]
  ])("sends a request %s", ([, options, url]) =>
    Effect.gen(function*() {
      const { layer, urls } = fetching()
      yield* Effect.provide(register, Browser.layer(options).pipe(Layer.provide(layer)))
      assert.deepStrictEqual(urls, [url])
    }))

  it.effect("reads no environment variable", () =>
    Effect.gen(function*() {
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://127.0.0.1:9"
        }),
        () => Effect.sync(() => delete process.env["AWS_ENDPOINT_URL_SSO_OIDC"])
      )
      const { endpoint } = yield* Effect.provide(
        SsoOidc.SsoOidc.use(Effect.succeed),
        Browser.layer({ region: "eu-west-1" })
      )
      assert.strictEqual(endpoint, "https://oidc.eu-west-1.amazonaws.com")
    }))

  it.live.each([undefined, "https://app.example/sso-oidc"])(
    "retries a request that may be sent again, unless times is 0: relay %s (C8)",
    (relay) =>
      Effect.gen(function*() {
        const common = relay === undefined ? { region: "eu-west-1" } : { region: "eu-west-1", relay }
        const first = fetching(2)
        const again = Browser.layer({ ...common, retry: { base: "1 milli" } })
        yield* Effect.provide(register, again.pipe(Layer.provide(first.layer)))
        assert.strictEqual(first.urls.length, 3)
        const second = fetching(2)
        const once = Browser.layer({ ...common, retry: { times: 0 } })
        const error = yield* Effect.flip(Effect.provide(register, once.pipe(Layer.provide(second.layer))))
        assert.include(error, { _tag: "UnexpectedResponse", status: 503 })
        assert.strictEqual(second.urls.length, 1)
      })
  )

  it.effect.each<[string, Browser.Options, RegExp]>([
    ["a region", { region: "eu west 1" }, /not a region name/],
    ["an endpoint", { region: "eu-west-1", endpoint: "http://service.example" }, /plain http to another machine/],
    [
      "FIPS beside an endpoint",
      { region: "eu-west-1", endpoint: "https://e.example", useFipsEndpoint: true },
      /useFipsEndpoint/
    ],
    ["a relay's URL", { region: "eu-west-1", relay: "/sso-oidc" }, /the relay's URL must be absolute/]
  ])(
    "fails with a typed error whose message says that %s cannot be used (C3)",
    ([, options, sentence]) =>
      Effect.gen(function*() {
        const error: Browser.Error = yield* Effect.flip(Layer.build(Browser.layer(options)))
        assert.strictEqual(error._tag, "EndpointError")
        assert.match(error.message, sentence)
      }).pipe(Effect.scoped)
  )
})
