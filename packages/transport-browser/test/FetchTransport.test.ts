import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as TransportCause from "@sso-oidc/core/TransportCause"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Http from "node:http"

/** A `fetch` that keeps what it was given. */
const recording = (answer: () => Response | Promise<Response>) => {
  const inits: Array<RequestInit> = []
  const fetch: typeof globalThis.fetch = (_input, init) => {
    inits.push(init ?? {})
    return Promise.resolve().then(answer)
  }
  return { inits, fetch }
}

const get = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(HttpClientRequest.get(url)))

const scripted = (fetch: typeof globalThis.fetch) =>
  FetchTransport.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))

const server = (handler: Http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Http.Server; readonly origin: string }>((resume) => {
      const server = Http.createServer(handler)
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({ server, origin: `http://127.0.0.1:${port}` }))
      })
    }),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const causeOf = Effect.fnUntraced(function*(url: string) {
  const error = yield* Effect.flip(get(url))
  assert.strictEqual(error.reason._tag, "TransportError")
  if (!TransportCause.isTransportCause(error.cause)) return assert.fail("the cause is no TransportCause")
  const { code, heals, sent } = error.cause
  return { sent, code, heals }
})

/** Takes members away from the platform's `Request`, as a runtime that lacks them. */
const without = (names: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const taken = names.map((name) => [name, Object.getOwnPropertyDescriptor(Request.prototype, name)] as const)
      for (const name of names) Reflect.deleteProperty(Request.prototype, name)
      return taken
    }),
    (taken) =>
      Effect.sync(() => {
        for (const [name, descriptor] of taken) {
          if (descriptor !== undefined) Object.defineProperty(Request.prototype, name, descriptor)
        }
      })
  )

const pinned: RequestInit = {
  redirect: "manual",
  credentials: "omit",
  cache: "no-store",
  referrerPolicy: "no-referrer"
}

describe("FetchTransport", () => {
  it.effect("seam: no redirect, no credentials, no cache, no referrer", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const response = yield* get("https://service.test/").pipe(Effect.provide(scripted(fetch)))
      assert.strictEqual(yield* response.text, "hello")
      assert.strictEqual(inits.length, 1)
      assert.include(inits[0], pinned)
    }))

  it.effect("seam: the caller's RequestInit has no say, wherever it is provided", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const init: RequestInit = {
        credentials: "include",
        redirect: "follow",
        cache: "force-cache",
        headers: { cookie: "a=1", authorization: "Basic x" },
        integrity: "sha256-x"
      }
      const layer = scripted(fetch).pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, init)))
      yield* get("https://service.test/").pipe(
        Effect.provideService(FetchHttpClient.RequestInit, init),
        Effect.provide(layer)
      )
      assert.include(inits[0], pinned)
      assert.isUndefined(inits[0]?.integrity)
      const headers = new Headers(inits[0]?.headers)
      assert.isNull(headers.get("cookie"))
      assert.isNull(headers.get("authorization"))
    }))

  it.effect("seam: the caller's Fetch is used", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      yield* get("https://service.test/").pipe(
        Effect.provideService(FetchHttpClient.Fetch, fetch),
        Effect.provide(FetchTransport.layer)
      )
      assert.include(inits[0], pinned)
    }))

  it.effect("seam: a runtime gets no setting that it does not know, since it may throw at it; but always redirect", () =>
    Effect.gen(function*() {
      yield* without(["credentials", "cache", "referrerPolicy", "redirect"])
      const { fetch, inits } = recording(() => new Response("hello"))
      yield* get("https://service.test/").pipe(Effect.provide(scripted(fetch)))
      assert.strictEqual(inits[0]?.redirect, "manual")
      for (const name of ["credentials", "cache", "referrerPolicy", "mode"]) {
        assert.notProperty(inits[0], name)
      }
    }))

  it.effect("seam: a redirect is refused by core, over the real fetch", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const { origin } = yield* server((request, response) => {
        seen.push(request.url ?? "")
        response.writeHead(307, { location: "/elsewhere" }).end()
      })
      const context = yield* Layer.build(
        SsoOidc.layer({ region: "eu-west-1", endpoint: origin }).pipe(Layer.provide(FetchTransport.layer))
      )
      const error = yield* SsoOidc.SsoOidc.use((oidc) =>
        oidc.createToken({
          clientId: "client-id",
          clientSecret: Redacted.make("secret"),
          grantType: "refresh_token",
          refreshToken: Redacted.make("refresh")
        })
      ).pipe(Effect.provide(context), Effect.flip)
      assert.include(error, { _tag: "UnexpectedResponse", status: 307 })
      assert.deepStrictEqual(seen, ["/token"])
    }))

  it.effect("seam: a failure is maybe and heals, with the platform's code", () =>
    Effect.gen(function*() {
      const { origin } = yield* server((request) => request.socket.destroy())
      assert.deepStrictEqual(yield* causeOf(origin), { sent: "maybe", code: "UND_ERR_SOCKET", heals: true })
    }).pipe(Effect.provide(FetchTransport.layer)))

  it.effect.each([new TypeError("Failed to fetch"), undefined, "no reason", { cause: { code: 7 } }])(
    "seam: … or FETCH_FAILED where it gives none (%j)",
    (failure) =>
      causeOf("https://service.test/").pipe(
        Effect.provide(scripted(() => Promise.reject(failure))),
        Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "maybe", code: "FETCH_FAILED", heals: true }))
      )
  )

  it.effect("seam: interruption aborts the request", () =>
    Effect.gen(function*() {
      let signal: AbortSignal | null | undefined
      const waiting: typeof globalThis.fetch = (_input, init) => {
        signal = init?.signal
        return new Promise(() => {})
      }
      const fiber = yield* Effect.forkChild(get("https://service.test/").pipe(Effect.provide(scripted(waiting))), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      assert.isFalse(signal?.aborted)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(signal?.aborted)
    }))
})
