import { assert, describe, it } from "@effect/vitest"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net"

// -----------------------------------------------------------------------------
// servers
// -----------------------------------------------------------------------------

/** What a server does with a request that has arrived whole. `nth` counts the requests of its path. */
type Serve = (response: ServerResponse, request: IncomingMessage, nth: number) => void

const listen = (server: Server, port = 0) =>
  Effect.promise(async () => {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return (server.address() as AddressInfo).port
  })

const close = (server: Server) => Effect.promise(() => new Promise((resolve) => server.close(resolve)))

/** Counts the requests that have arrived whole, by path. */
const serving = (serve: Serve, at?: number) =>
  Effect.gen(function*() {
    const requests: Array<string> = []
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        const path = request.url ?? ""
        requests.push(path)
        serve(response, request, requests.filter((one) => one === path).length)
      })
    })
    yield* Effect.addFinalizer(() => {
      server.closeAllConnections()
      return close(server)
    })
    const port = yield* listen(server, at)
    return { port, url: `http://127.0.0.1:${port}`, requests }
  })

const refusedPort = Effect.gen(function*() {
  const server = createTcpServer()
  const port = yield* listen(server)
  yield* close(server)
  return port
})

/** A port that resets each connection during its TLS handshake. */
const resettingPort = Effect.gen(function*() {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.resetAndDestroy())
  })
  yield* Effect.addFinalizer(() => close(server))
  return yield* listen(server)
})

const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

/** A client with a retry. It counts the requests that its transport gets, and reports when an attempt has ended. */
const client = Effect.fnUntraced(function*(endpoint: string) {
  const ended = yield* Queue.unbounded<void>()
  const given = { count: 0 }
  const transport = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, HttpClient.tapRequest(() => Effect.sync(() => given.count++)))
  ).pipe(Layer.provide(NodeTransport.layer()))
  const watched = Layer.effect(
    SsoOidc.SsoOidc,
    Effect.map(SsoOidc.SsoOidc, (oidc) =>
      SsoOidc.fromExecute({
        region: oidc.region,
        endpoint: oidc.endpoint,
        execute: (operation, request) =>
          Effect.onExit(oidc.execute(operation, request), () => Queue.offer(ended, undefined))
      }))
  )
  const layer = Retry.layer(SsoOidc.SsoOidc).pipe(
    Layer.provide(watched),
    Layer.provide(SsoOidc.layer({ region: "us-east-1", endpoint })),
    Layer.provide(transport)
  )
  return { ended, given, layer }
})

type Client = Effect.Success<ReturnType<typeof client>>

/** No jitter, so each wait is exact. */
const evenChance = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.5 })

/** Runs the effect to its end, one attempt after another. No attempt may come before its wait is over. */
const run = Effect.fnUntraced(function*<A, E>(
  { ended, given, layer }: Client,
  effect: Effect.Effect<A, E, SsoOidc.SsoOidc>,
  waits: ReadonlyArray<number>
) {
  const fiber = yield* effect.pipe(
    Effect.exit,
    Effect.provide(layer),
    evenChance,
    Effect.forkChild
  )
  const isOver = Effect.raceFirst(Effect.as(Fiber.await(fiber), true), Effect.as(Queue.take(ended), false))
  for (let attempt = 1; !(yield* isOver); attempt++) {
    const wait = waits[attempt - 1] ?? 10_000
    if (wait === 0) continue
    assert.strictEqual(given.count, attempt)
    yield* TestClock.adjust(wait - 1)
    assert.strictEqual(given.count, attempt, "an attempt before its time")
    yield* TestClock.adjust(1)
  }
  return yield* Fiber.join(fiber)
})

const backoff = [200, 400, 800]

// -----------------------------------------------------------------------------
// the table
// -----------------------------------------------------------------------------

type Call = (oidc: SsoOidc.Service) => Effect.Effect<unknown, { readonly _tag: string }>

const secret = Redacted.make("a-secret-of-the-test")
const id = { clientId: "c", clientSecret: secret }
const start = { ...id, startUrl: "https://my.awsapps.com/start" }
const device = { ...id, grantType: CreateToken.deviceCodeGrantType, deviceCode: secret } as const
const code = { ...id, grantType: "authorization_code", code: secret, redirectUri: "http://127.0.0.1/" } as const
const refresh = { ...id, grantType: "refresh_token", refreshToken: secret } as const

/** How often each kind of call is sent: a call that may be repeated, a call with a secret that works only once, and a poll. */
const calls: ReadonlyArray<readonly [name: string, column: "anytime" | "unsent" | "polled", call: Call]> = [
  ["RegisterClient", "anytime", (oidc) => oidc.registerClient({ clientName: "n", clientType: "public" })],
  ["StartDeviceAuthorization", "anytime", (oidc) => oidc.startDeviceAuthorization(start)],
  ["an authorization code", "unsent", (oidc) => oidc.createToken(code)],
  ["a refresh token", "unsent", (oidc) => oidc.createToken(refresh)],
  ["a poll with a device code", "polled", (oidc) => oidc.createToken(device)]
]

const onlyAnytime = { anytime: 4, unsent: 1, polled: 1 }
const onlyOnce = { anytime: 1, unsent: 1, polled: 1 }

const service = (status: number, error: string, headers?: Record<string, string>): Serve => (response) =>
  json(response, status, { error }, headers)

const proxy = (status: number, headers?: Record<string, string>): Serve => (response) =>
  response.writeHead(status, headers).end("<html>")

const faults: ReadonlyArray<{
  readonly name: string
  readonly at: Serve | "refused" | "reset in the TLS handshake"
  readonly sent: { readonly anytime: number; readonly unsent: number; readonly polled: number }
  readonly waits?: ReadonlyArray<number>
  readonly error: object
}> = [
  {
    name: "the connection is refused",
    at: "refused",
    sent: { anytime: 4, unsent: 4, polled: 1 },
    error: { _tag: "TransportError", sent: "no", code: "ECONNREFUSED" }
  },
  {
    name: "the connection is reset before the request leaves",
    at: "reset in the TLS handshake",
    sent: { anytime: 4, unsent: 4, polled: 1 },
    error: { _tag: "TransportError", sent: "no", code: "ECONNRESET" }
  },
  {
    name: "the connection is reset after the request",
    at: (_, request) => request.socket.resetAndDestroy(),
    sent: onlyAnytime,
    error: { _tag: "TransportError", sent: "maybe" }
  },
  {
    name: "the response is cut off",
    at: (response, request) =>
      response.writeHead(200, { "content-type": "application/json", "content-length": 500 })
        .write("{\"accessToken\":", () => request.socket.destroy()),
    sent: onlyAnytime,
    error: { _tag: "TransportError", sent: "answered", status: 200 }
  },
  { name: "408", at: proxy(408), sent: onlyAnytime, error: { _tag: "UnexpectedResponse", status: 408 } },
  {
    name: "429 with Retry-After",
    at: proxy(429, { "retry-after": "2" }),
    sent: onlyAnytime,
    waits: [2000, 2000, 2000],
    error: { _tag: "UnexpectedResponse", status: 429, retryAfter: 2 }
  },
  {
    name: "429 with a Retry-After that is too long",
    at: proxy(429, { "retry-after": "3600" }),
    sent: onlyOnce,
    error: { _tag: "UnexpectedResponse", status: 429, retryAfter: 3600 }
  },
  {
    name: "500 of the service",
    at: service(500, "server_error"),
    sent: onlyAnytime,
    error: { _tag: "InternalServerException", status: 500 }
  },
  {
    name: "503 of a proxy",
    at: proxy(503),
    sent: onlyAnytime,
    error: { _tag: "UnexpectedResponse", status: 503 }
  },
  {
    name: "SlowDownException",
    at: service(400, "slow_down"),
    sent: onlyAnytime,
    error: { _tag: "SlowDownException", status: 400 }
  },
  {
    name: "an exception of the service",
    at: service(400, "invalid_request"),
    sent: onlyOnce,
    error: { _tag: "InvalidRequestException", status: 400 }
  },
  {
    name: "an exception outside the model",
    at: service(400, "teapot"),
    sent: onlyOnce,
    error: { _tag: "UnexpectedResponse", status: 400, code: "teapot" }
  },
  {
    name: "a redirect",
    at: proxy(307, { location: "/elsewhere" }),
    sent: onlyOnce,
    error: { _tag: "UnexpectedResponse", status: 307 }
  },
  {
    name: "a success that cannot be used",
    at: (response) => json(response, 200, {}),
    sent: onlyOnce,
    error: { _tag: "UnexpectedResponse", status: 200 }
  }
]

describe.each(faults)("retries over a real socket: $name (C8)", ({ at, error, name, sent, waits }) => {
  it.effect.each(calls)(`sends %s as often as allowed (${name}) (C8)`, ([, column, call]) =>
    Effect.gen(function*() {
      const server = typeof at === "function" ? yield* serving(at) : undefined
      const url = server?.url ?? (at === "refused"
        ? `http://127.0.0.1:${yield* refusedPort}`
        : `https://127.0.0.1:${yield* resettingPort}`)
      const attempts = yield* client(url)
      const exit = yield* run(attempts, Effect.flatMap(SsoOidc.SsoOidc, call), waits ?? backoff)
      if (Exit.isSuccess(exit)) return assert.fail("succeeded")
      assert.deepInclude(Cause.squash(exit.cause), error)
      assert.strictEqual(attempts.given.count, sent[column])
      assert.strictEqual(server?.requests.length ?? sent[column], sent[column])
    }))
})

// -----------------------------------------------------------------------------
// the results
// -----------------------------------------------------------------------------

const token = { accessToken: "a", tokenType: "Bearer", expiresIn: 3600 }

describe("retries over a real socket (C8)", () => {
  it.effect("a refresh token that could not be sent arrives once, when the service is back (C8)", () =>
    Effect.gen(function*() {
      const port = yield* refusedPort
      const { ended, given, layer } = yield* client(`http://127.0.0.1:${port}`)
      const fiber = yield* SsoOidc.SsoOidc.use((oidc) => oidc.createToken(refresh)).pipe(
        Effect.provide(layer),
        evenChance,
        Effect.forkChild
      )
      yield* Queue.take(ended)
      const server = yield* serving((response) => json(response, 200, token), port)
      yield* TestClock.adjust(200)
      assert.strictEqual((yield* Fiber.join(fiber)).expiresIn, 3600)
      assert.strictEqual(given.count, 2)
      assert.deepStrictEqual(server.requests, ["/token"])
    }))

  it.effect("a login retries its start, and its polls keep the grant's interval (C8, D3)", () =>
    Effect.gen(function*() {
      const responses: Record<string, object> = {
        "/client/register": { clientId: "c", clientSecret: "s", clientSecretExpiresAt: 4_000_000_000 },
        "/device_authorization": {
          deviceCode: "d",
          userCode: "BCDF-GHJK",
          verificationUri: "https://device.example/",
          expiresIn: 600,
          interval: 1
        },
        "/token": token
      }
      const server = yield* serving((response, { url = "" }, nth) =>
        nth === 1 ? proxy(503)(response, response.req, nth) : json(response, 200, responses[url] ?? {})
      )
      const attempts = yield* client(server.url)
      const login = DeviceGrant.login({ clientName: "e2e", startUrl: "https://my.awsapps.com/start" }).pipe(
        Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })
      )
      // register, register, start, start; the first poll one interval later, the next poll two intervals after its failure
      const exit = yield* run(attempts, login, [200, 0, 200, 1000, 2000])
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(server.requests, [
        "/client/register",
        "/client/register",
        "/device_authorization",
        "/device_authorization",
        "/token",
        "/token"
      ])
    }))

  it.effect.each([["a code", code], ["a refresh token", refresh]] as const)(
    "a retry below the client breaks the law without a sign: it sends %s twice, in one span (C8)",
    ([, request]) =>
      Effect.gen(function*() {
        const server = yield* serving(proxy(503))
        const retrying = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.retryTransient({ times: 1 }))
        ).pipe(Layer.provide(NodeTransport.layer()))
        const spans: Array<string> = []
        yield* SsoOidc.SsoOidc.use((oidc) => Effect.flip(oidc.createToken(request))).pipe(
          Effect.provide(SsoOidc.layer({ region: "us-east-1", endpoint: server.url }).pipe(Layer.provide(retrying))),
          Effect.provideService(
            Tracer.Tracer,
            Tracer.make({
              span: (options) => {
                spans.push(options.name)
                return new Tracer.NativeSpan(options)
              }
            })
          )
        )
        assert.strictEqual(server.requests.length, 2)
        assert.deepStrictEqual(spans, ["SSO OIDC.CreateToken"])
      })
  )
})
