/**
 * The page's transport and the relay together: which result a page gets.
 */
import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as RateLimit from "@sso-oidc/relay/RateLimit"
import type * as Relay from "@sso-oidc/relay/Relay"
import { registerRequest, registerResponse, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import { make, origin, relayUrl } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { gzipSync } from "node:zlib"

/** A page's transport whose `fetch` calls the relay, with what a browser would let through. */
const page = (relay: Relay.Handler) =>
  FetchTransport.layerRelay({ url: relayUrl }).pipe(Layer.provide(Layer.succeed(
    FetchHttpClient.Fetch,
    (input, init) => {
      const request = new Request(input, init)
      request.headers.set("origin", origin)
      return Effect.runPromise(relay(request))
    }
  )))

const refresh = (oidc: SsoOidc.Service) =>
  oidc.createToken({
    clientId: "client-id",
    clientSecret: Redacted.make("client-secret"),
    grantType: "refresh_token",
    refreshToken: Redacted.make("refresh-token")
  })

const over = (wire: Wire.Wire, more: Parameters<typeof make>[1] = {}) =>
  Effect.gen(function*() {
    const relay = yield* make(wire, more)
    return yield* SsoOidc.SsoOidc.use(refresh).pipe(
      Effect.flip,
      Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(page(relay))))
    )
  })

const direct = (wire: Wire.Wire) =>
  SsoOidc.make({ region: "eu-west-1" }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.flatMap(refresh),
    Effect.flip
  )

const heads = { "x-amzn-requestid": "r-1", date: "Wed, 25 Nov 2026 12:00:00 GMT", "retry-after": "3" }

describe("a page behind a relay gets the same result as without a relay", () => {
  const cases: ReadonlyArray<[string, () => Wire.Wire]> = [
    ...(["no", "maybe"] as const).flatMap((sent) =>
      [true, false].map((transient): [string, () => Wire.Wire] => [
        `a transport that failed: sent ${sent}, transient ${transient}`,
        () => Wire.broken(new TransportCause({ sent, transient, code: "ECONNREFUSED" }))
      ])
    ),
    ["an exception", () => Wire.responding(() => Wire.exception("InvalidGrantException", { error: "invalid_grant" }))],
    ["an exception that the operation does not list", () => Wire.responding(() => Wire.exception("NewException", {}))],
    ["a service that is busy", () => Wire.responding(() => new Response("busy", { status: 503, headers: heads }))],
    [
      "a redirect",
      () =>
        Wire.responding(() => new Response(null, { status: 307, headers: { location: "https://x.example", ...heads } }))
    ],
    ["a redirect that fetch hides", () => Wire.responding(() => Response.error())],
    ["a success that cannot be used", () => Wire.responding(() => new Response("<html>", { headers: heads }))],
    ["a success without a body", () => Wire.responding(() => new Response(null, { status: 204, headers: heads }))],
    ["a success without a token", () => Wire.responding(() => Wire.json({ tokenType: "Bearer" }, { headers: heads }))]
  ]
  it.effect.each(cases)("%s", ([, wire]) =>
    Effect.gen(function*() {
      const [relayed, plain] = [yield* over(wire()), yield* direct(wire())]
      assert.deepStrictEqual({ ...relayed, body: null }, {
        ...plain,
        body: null,
        ...("length" in relayed ? { length: relayed.length } : {})
      })
      assert.strictEqual(relayed.message, plain.message)
    }))

  it.effect("says that the service responded if its response was lost, with status and request id (C8)", () =>
    Effect.gen(function*() {
      const cut = () =>
        Wire.responding(() =>
          new Response(new ReadableStream({ pull: (body) => body.error({ code: "ECONNRESET" }) }), { headers: heads })
        )
      const [relayed, plain] = [yield* over(cut()), yield* direct(cut())]
      assert.include(relayed, {
        _tag: "TransportError",
        sent: "answered",
        code: "ECONNRESET",
        transient: true,
        status: 200,
        requestId: "r-1",
        retryAfter: 3
      })
      assert.strictEqual(relayed.message, plain.message)
    }))

  it.effect("reports a success over the relay's size limit as a response that cannot be used (D5)", () =>
    Effect.gen(function*() {
      const error = yield* over(Wire.responding(() => Wire.json(tokenResponse)), { maxResponseBytes: 16 })
      assert.include(error, { _tag: "UnexpectedResponse", status: 200, problem: "malformed" })
    }))

  it.effect("shows the relay's error as a sentence", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.silent())
      const error = yield* SsoOidc.SsoOidc.use((oidc) =>
        oidc.startDeviceAuthorization({
          clientId: "client-id",
          clientSecret: Redacted.make("client-secret"),
          startUrl: "https://d-9.awsapps.com/start"
        })
      ).pipe(Effect.flip, Effect.provide(SsoOidc.layer({ region: "us-east-1" }).pipe(Layer.provide(page(relay)))))
      assert.strictEqual(error._tag, "InvalidRequestException")
      assert.match(error.message, /^The relay does not serve this start URL\./)
    }))

  it.effect("reports an encoded body as a body that nothing decoded", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() =>
        new Response(new Uint8Array(gzipSync(JSON.stringify(registerResponse))), {
          headers: { "content-encoding": "gzip" }
        })
      )
      const relay = yield* make(wire)
      const error = yield* SsoOidc.SsoOidc.use((oidc) => oidc.registerClient(registerRequest)).pipe(
        Effect.flip,
        Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(page(relay))))
      )
      assert.include(error, { _tag: "UnexpectedResponse", problem: "contentEncoding" })
    }))

  it.effect("reports when to poll again after the rate limit, and does not take it for the service's slow_down (D3)", () =>
    Effect.gen(function*() {
      const relay = yield* make(
        Wire.responding(() => Wire.json(registerResponse)),
        {
          rateLimit: {
            store: {
              take: (): Effect.Effect<RateLimit.Taken> =>
                Effect.succeed({ allowed: false, retryAfter: Duration.seconds(30) })
            }
          }
        }
      )
      const error = yield* SsoOidc.SsoOidc.use((oidc) =>
        oidc.createToken({
          clientId: "client-id",
          clientSecret: Redacted.make("secret"),
          grantType: CreateToken.deviceCodeGrantType,
          deviceCode: Redacted.make("code")
        })
      ).pipe(
        Effect.flip,
        Effect.provide(SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(page(relay))))
      )
      // the grant looks at the status first: a 429 lengthens only the next wait
      assert.include(error, { _tag: "SlowDownException", status: 429, retryAfter: 30 })
    }))
})
