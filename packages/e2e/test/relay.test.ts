/**
 * Whole logins of a page through the relay, in process and over real sockets.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Relay from "@sso-oidc/relay/Relay"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { createServer } from "node:http"
import { relayed } from "./support/mounted.ts"

const startUrl = "https://my.awsapps.com/start"
const origin = "https://app.example"
const options: Relay.Options = { origins: [origin], regions: ["us-east-1"], startUrls: [startUrl] }

/** A page's client of a relay. Its `fetch` adds the origin, as a browser does. */
const clientOf = (url: string, fetch: typeof globalThis.fetch) =>
  SsoOidc.layer({ region: "us-east-1" }).pipe(
    Layer.provide(FetchTransport.layerRelay({ url })),
    Layer.provide(Layer.succeed(FetchHttpClient.Fetch, (input, init) => {
      const request = new Request(input, init)
      request.headers.set("origin", origin)
      return fetch(request)
    }))
  )

/** A login. The test takes its events one by one, and moves the clock in between. */
const watched = Effect.gen(function*() {
  const events = yield* Queue.unbounded<DeviceGrantEvent>()
  const fiber = yield* Effect.forkChild(DeviceGrant.login({
    clientName: "a page",
    startUrl,
    onEvent: (event) => Queue.offer(events, event)
  }))
  const next = <Tag extends DeviceGrantEvent["_tag"]>(tag: Tag) =>
    Effect.gen(function*() {
      const event = yield* Queue.take(events)
      const is = (event: DeviceGrantEvent): event is Extract<DeviceGrantEvent, { readonly _tag: Tag }> =>
        event._tag === tag
      return is(event) ? event : assert.fail(`${tag}, not ${event._tag}`)
    })
  return { fiber, next }
})

/** A login that is pending once and then approved, and then uses its refresh token. */
const wholeLogin = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  const oidc = yield* SsoOidc.SsoOidc
  const { fiber, next } = yield* watched
  yield* next("Registered")
  const { userCode } = yield* next("CodeReady")
  yield* TestClock.adjust("1 second")
  assert.strictEqual((yield* next("Waiting")).reason, "pending")
  yield* emulator.authorizations.approve(userCode)
  yield* TestClock.adjust("1 second")
  yield* next("Approved")
  const { refreshToken, registration } = yield* Fiber.join(fiber)
  if (refreshToken === undefined) return assert.fail("no refresh token")
  const { clientId, clientSecret } = registration
  const again = yield* oidc.createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })
  assert.match(Redacted.value(again.accessToken), /^aoa/)
})

describe("a page's login through the relay", () => {
  it.effect("works in process: client, relay and emulator under one test clock", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<HttpClient.HttpClient>()
      const relay = yield* Relay.make(options)
      yield* wholeLogin.pipe(
        Effect.provide(clientOf("https://relay.example/sso-oidc", (input, init) =>
          Effect.runPromiseWith(context)(relay(new Request(input, init)))))
      )
    }).pipe(Effect.provide(EmulatorTransport.layer())))

  it.effect.each([["node", NodeTransport.layer()], ["fetch", FetchTransport.layer]] as const)(
    "works over real sockets, with the relay on node:http and its transport %s",
    ([, transport]) =>
      Effect.gen(function*() {
        const { url: endpoint } = yield* EmulatorServer.EmulatorServer
        const { requests, url } = yield* relayed({ ...options, endpoint }, transport)
        yield* wholeLogin.pipe(Effect.provide(clientOf(url, globalThis.fetch)))
        assert.deepStrictEqual(requests.map(({ url }) => new URL(url).pathname), [
          "/sso-oidc/us-east-1/client/register",
          "/sso-oidc/us-east-1/device_authorization",
          "/sso-oidc/us-east-1/token",
          "/sso-oidc/us-east-1/token",
          "/sso-oidc/us-east-1/token"
        ])
      }).pipe(Effect.provide(EmulatorServer.layer()))
  )

  it.effect("works in Effect's own server, beside other routes", () =>
    Effect.gen(function*() {
      const { url: endpoint } = yield* EmulatorServer.EmulatorServer
      const relay = yield* Relay.make({ ...options, endpoint })
      const routes = HttpRouter.add("*", "/sso-oidc/*", Relay.toHttpEffect(relay))
      const server = HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
        Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
      )
      const context = yield* Layer.build(server)
      const { address } = Context.get(context, HttpServer.HttpServer)
      const port = "port" in address ? address.port : 0
      const url = `http://127.0.0.1:${port}/sso-oidc`
      yield* wholeLogin.pipe(Effect.provide(clientOf(url, globalThis.fetch)))
      const preflight = yield* Effect.promise(() =>
        fetch(`${url}/us-east-1/token`, {
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": "POST" }
        })
      )
      assert.strictEqual(preflight.status, 204)
      assert.strictEqual(preflight.headers.get("access-control-allow-origin"), origin)
    }).pipe(Effect.provide([EmulatorServer.layer(), NodeTransport.layer()])))

  it.effect("works for a client that has the relay as its endpoint", () =>
    Effect.gen(function*() {
      const { url: endpoint } = yield* EmulatorServer.EmulatorServer
      const { url } = yield* relayed({ ...options, endpoint }, NodeTransport.layer())
      const client = SsoOidc.layer({ region: "us-east-1", endpoint: `${url}/us-east-1` }).pipe(
        Layer.provide(FetchTransport.layer),
        Layer.provide(Layer.succeed(FetchHttpClient.Fetch, (input, init) => {
          const request = new Request(input, init)
          request.headers.set("origin", origin)
          return globalThis.fetch(request)
        }))
      )
      yield* wholeLogin.pipe(Effect.provide(client))
    }).pipe(Effect.provide(EmulatorServer.layer())))
})

describe("reports to the page that the service is unreachable behind the relay (D3, C8)", () => {
  const withoutService = Effect.gen(function*() {
    const emulated = yield* Scope.make()
    const emulator = yield* Layer.buildWithScope(EmulatorServer.layer(), emulated)
    const { url: endpoint } = yield* EmulatorServer.EmulatorServer.pipe(Effect.provideContext(emulator))
    const { requests, url } = yield* relayed({ ...options, endpoint }, NodeTransport.layer())
    return { close: Scope.close(emulated, Exit.void), requests, client: clientOf(url, globalThis.fetch) }
  })

  it.effect("does not count a poll that the relay could not send as a lost response (D3)", () =>
    Effect.gen(function*() {
      const { client, close } = yield* withoutService
      yield* Effect.gen(function*() {
        const { next } = yield* watched
        yield* next("Registered")
        yield* next("CodeReady")
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* next("Waiting")).reason, "pending")
        yield* close
        yield* TestClock.adjust("1 second")
        const { trouble, wait } = yield* next("Waiting")
        assert.deepInclude(trouble, { error: "TransportError", sent: "no", code: "ECONNREFUSED" })
        assert.strictEqual(Duration.toSeconds(wait), 2)
      }).pipe(
        Effect.provide(client),
        Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 })
      )
    }))

  it.effect("sends a refresh token again if it certainly did not leave (C8)", () =>
    Effect.gen(function*() {
      const { client, close, requests } = yield* withoutService
      yield* close
      const refreshed = SsoOidc.SsoOidc.use((oidc) =>
        Retry.make(oidc, { times: 2 }).createToken({
          clientId: "client-id",
          clientSecret: Redacted.make("secret"),
          grantType: "refresh_token",
          refreshToken: Redacted.make("refresh")
        })
      ).pipe(Effect.flip, Effect.provide(client))
      const fiber = yield* Effect.forkChild(refreshed, { startImmediately: true })
      while (fiber.pollUnsafe() === undefined) {
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
        yield* TestClock.adjust("200 millis")
      }
      assert.include(yield* Fiber.join(fiber), { sent: "no", code: "ECONNREFUSED", transient: true })
      assert.strictEqual(requests.length, 3)
    }))
})

describe("an error response of the relay over a socket", () => {
  it.effect("reaches a caller that sent too much, and nothing is passed on", () =>
    Effect.gen(function*() {
      const { url } = yield* relayed(options, Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never)))
      const response = yield* Effect.promise(() =>
        fetch(`${url}/us-east-1/token`, {
          method: "POST",
          headers: { origin, "content-type": "application/json" },
          body: "x".repeat(1_000_000)
        })
      )
      assert.strictEqual(response.status, 413)
      assert.strictEqual(response.headers.get("x-amzn-errortype"), "InvalidRequestException")
    }))
})

describe("a page that disconnects (D6)", () => {
  it.effect("ends its request, from the relay's socket to the service's (D6)", () =>
    Effect.gen(function*() {
      const reached = yield* Queue.unbounded<string>()
      const transport = Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make((_request, _url, signal) => {
          signal.addEventListener("abort", () => Queue.offerUnsafe(reached, "aborted"))
          return Effect.andThen(Queue.offer(reached, "sent"), Effect.never)
        })
      )
      const { url } = yield* relayed(options, transport)
      const call = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient({ clientName: "a page", clientType: "public" }))
      const fiber = yield* Effect.forkChild(Effect.provide(call, clientOf(url, globalThis.fetch)))
      assert.strictEqual(yield* Queue.take(reached), "sent")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* Queue.take(reached), "aborted")
    }))
})
