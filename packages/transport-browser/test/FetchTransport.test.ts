import { assert, describe, it } from "@effect/vitest"
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Http from "node:http"

/** A `fetch` that records what it was given. */
const recording = (respond: () => Response | Promise<Response>) => {
  const inits: Array<RequestInit> = []
  const fetch: typeof globalThis.fetch = (_input, init) => {
    inits.push(init ?? {})
    return Promise.resolve().then(respond)
  }
  return { inits, fetch }
}

const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(request))

const get = (url: string) => send(HttpClientRequest.get(url))

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

const causeOf = Effect.fnUntraced(function*(request: string | HttpClientRequest.HttpClientRequest) {
  const error = yield* Effect.flip(typeof request === "string" ? get(request) : send(request))
  assert.strictEqual(error.reason._tag, "TransportError")
  if (!TransportCause.isTransportCause(error.cause)) return assert.fail("the cause is no TransportCause")
  const { code, transient, sent } = error.cause
  return { sent, code, transient }
})

/** Removes members of the platform's `Request`, as in a runtime that lacks them. */
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

describe("FetchTransport (the seam)", () => {
  it.effect("follows no redirect, sends no credentials or referrer, and uses no cache", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const response = yield* get("https://service.test/").pipe(Effect.provide(scripted(fetch)))
      assert.strictEqual(yield* response.text, "hello")
      assert.strictEqual(inits.length, 1)
      assert.include(inits[0], pinned)
    }))

  it.effect("ignores the caller's RequestInit, wherever it is provided", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const init: RequestInit = {
        credentials: "include",
        redirect: "follow",
        cache: "force-cache",
        referrer: "https://page.test/secret",
        referrerPolicy: "unsafe-url",
        headers: { cookie: "a=1", authorization: "Basic x" },
        integrity: "sha256-x",
        keepalive: true,
        mode: "no-cors",
        window: null,
        signal: AbortSignal.abort()
      }
      const layer = scripted(fetch).pipe(Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, init)))
      yield* get("https://service.test/").pipe(
        Effect.provideService(FetchHttpClient.RequestInit, init),
        Effect.provide(layer)
      )
      assert.include(inits[0], pinned)
      for (const name of ["integrity", "keepalive", "mode", "referrer", "window"]) assert.notProperty(inits[0], name)
      assert.isFalse(inits[0]?.signal?.aborted)
      const headers = new Headers(inits[0]?.headers)
      assert.isNull(headers.get("cookie"))
      assert.isNull(headers.get("authorization"))
    }))

  it.effect("sends no trace header inside a span", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      yield* get("https://service.test/").pipe(
        Effect.provideService(HttpClient.TracerPropagationEnabled, true),
        Effect.provide(scripted(fetch)),
        Effect.withSpan("the caller's own")
      )
      assert.deepStrictEqual([...new Headers(inits[0]?.headers).keys()], [])
    }))

  it.effect("sends bytes whole and unchanged, without the streaming setting", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const bytes = new TextEncoder().encode("{}")
      yield* send(
        HttpClientRequest.post("https://service.test/", { body: HttpBody.uint8Array(bytes, "application/json") })
      ).pipe(Effect.provide(scripted(fetch)))
      assert.strictEqual(inits[0]?.body, bytes)
      assert.isUndefined(Reflect.get(inits[0] ?? {}, "duplex"))
      assert.deepStrictEqual(Object.fromEntries(new Headers(inits[0]?.headers)), { "content-type": "application/json" })
    }))

  it.effect("uses the caller's Fetch, and prefers it to the layer's", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      yield* get("https://service.test/").pipe(
        Effect.provideService(FetchHttpClient.Fetch, fetch),
        Effect.provide(scripted(() => Promise.reject(new Error("the layer's"))))
      )
      assert.include(inits[0], pinned)
    }))

  it.effect("sends a runtime only settings that it implements, because it may throw at others; but always redirect", () =>
    Effect.gen(function*() {
      yield* without(["credentials", "cache", "referrerPolicy", "redirect"])
      const { fetch, inits } = recording(() => new Response("hello"))
      yield* get("https://service.test/").pipe(Effect.provide(scripted(fetch)))
      assert.strictEqual(inits[0]?.redirect, "manual")
      for (const name of ["credentials", "cache", "referrerPolicy", "mode"]) {
        assert.notProperty(inits[0], name)
      }
    }))

  it.effect("gives core a redirect over the real fetch, which core refuses", () =>
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

  it.effect("says `sent: maybe`, and transient, with the platform's code", () =>
    Effect.gen(function*() {
      const { origin } = yield* server((request) => request.socket.destroy())
      assert.deepStrictEqual(yield* causeOf(origin), { sent: "maybe", code: "UND_ERR_SOCKET", transient: true })
    }).pipe(Effect.provide(FetchTransport.layer)))

  it.effect.each([new TypeError("Failed to fetch"), undefined, "no reason", { cause: { code: 7 } }])(
    "has the code FETCH_FAILED if the platform gives none (%j)",
    (failure) =>
      causeOf("https://service.test/").pipe(
        Effect.provide(scripted(() => Promise.reject(failure))),
        Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "maybe", code: "FETCH_FAILED", transient: true }))
      )
  )

  it.effect.each([
    ["AbortError", "ABORTED"],
    ["TimeoutError", "TIMEOUT"],
    ["NotAllowedError", "FETCH_FAILED"]
  ])(
    "has the code of an abort signal by the error's name (%s)",
    ([name, code]) =>
      causeOf("https://service.test/").pipe(
        Effect.provide(scripted(() => Promise.reject(new DOMException("secret", name)))),
        Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "maybe", code, transient: true }))
      )
  )

  it.effect.each([
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "CERT_HAS_EXPIRED",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "HOSTNAME_MISMATCH"
  ])(
    "says permanent for an untrusted certificate if the platform names it (%s)",
    (code) =>
      causeOf("https://service.test/").pipe(
        Effect.provide(scripted(() => Promise.reject(new TypeError("fetch failed", { cause: { code } })))),
        Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "maybe", code, transient: false }))
      )
  )

  it.effect("keeps the TransportCause of a fetch that knows more", () => {
    const known = new TransportCause.TransportCause({ sent: "no", code: "MY_PROXY", transient: true })
    return causeOf("https://service.test/").pipe(
      Effect.provide(scripted(() => Promise.reject(known))),
      Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "no", code: "MY_PROXY", transient: true }))
    )
  })

  it.effect.each<[string, HttpClientRequest.HttpClientRequest, string]>([
    ["user info in the URL", HttpClientRequest.get("https://user:secret@service.test/"), "INVALID_REQUEST"],
    ["a method that fetch forbids", HttpClientRequest.make("TRACE")("https://service.test/"), "INVALID_REQUEST"],
    [
      "a header that no header may be",
      HttpClientRequest.get("https://service.test/", { headers: { a: "x\ny" } }),
      "INVALID_REQUEST"
    ],
    [
      "a GET with a body",
      HttpClientRequest.get("https://service.test/").pipe(
        HttpClientRequest.setBody(HttpBody.uint8Array(new Uint8Array(1)))
      ),
      "INVALID_REQUEST"
    ],
    ["an upgrade", HttpClientRequest.get("https://service.test/", { headers: { upgrade: "x" } }), "UPGRADE_UNSUPPORTED"]
  ])("says `sent: no` for a request that fetch cannot send: %s", ([, request, code]) =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const cause = yield* causeOf(request).pipe(Effect.provide(scripted(fetch)))
      assert.deepStrictEqual(cause, { sent: "no", code, transient: false })
      assert.strictEqual(inits.length, 0)
    }))

  /** Replaces the global `fetch` while the effect runs. */
  const withGlobal = (fetch: unknown) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const before = globalThis.fetch
        Object.assign(globalThis, { fetch })
        return before
      }),
      () => effect,
      (before) => Effect.sync(() => Object.assign(globalThis, { fetch: before }))
    )

  it.effect("says `sent: no` if there is no fetch", () =>
    causeOf("https://service.test/").pipe(
      withGlobal(undefined),
      Effect.provide(FetchTransport.layer),
      Effect.map((cause) => assert.deepStrictEqual(cause, { sent: "no", code: "NO_FETCH", transient: false }))
    ))

  it.effect("calls the global fetch at the time of the request, not the first `fetch` that it saw", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const called: Array<string> = []
      const named = (name: string) => () => {
        called.push(name)
        return Promise.resolve(new Response(name))
      }
      for (const name of ["first", "second", "third"]) {
        const text = yield* client.get("https://service.test/").pipe(
          Effect.flatMap((response) => response.text),
          withGlobal(named(name))
        )
        assert.strictEqual(text, name)
      }
      assert.deepStrictEqual(called, ["first", "second", "third"])
      // the context's `fetch` still comes first
      yield* client.get("https://service.test/").pipe(
        Effect.provideService(FetchHttpClient.Fetch, named("context")),
        withGlobal(named("global"))
      )
      assert.deepStrictEqual(called, ["first", "second", "third", "context"])
    }).pipe(Effect.provide(FetchTransport.layer)))

  it.effect("sends nothing after its scope is closed", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const scope = yield* Scope.make()
      const late = Effect.gen(function*() {
        const client = HttpClient.withScope(yield* HttpClient.HttpClient)
        const request = HttpClientRequest.get("https://service.test/")
        return yield* Effect.flip(client.execute(request)).pipe(Effect.provideService(Scope.Scope, scope))
      })
      yield* Scope.close(scope, Exit.void)
      const error = yield* late.pipe(Effect.provide(scripted(fetch)))
      assert.include(error.cause, { sent: "no", code: "ABORTED", transient: true })
      assert.strictEqual(inits.length, 0)
    }))

  it.effect.each([
    { name: "a string", body: HttpBody.raw("a body") },
    { name: "bytes", body: HttpBody.raw(new TextEncoder().encode("a body")) },
    { name: "a buffer", body: HttpBody.raw(new TextEncoder().encode("a body").buffer) },
    {
      name: "a stream",
      body: HttpBody.stream(Stream.make(new TextEncoder().encode("a "), new TextEncoder().encode("body")))
    }
  ])("sends a body that is $name, and leaves its length to the platform", ({ body }) =>
    Effect.gen(function*() {
      const texts: Array<string> = []
      const { fetch, inits } = recording(() => new Response("hello"))
      const reading: typeof globalThis.fetch = async (input, init) => {
        texts.push(await new Request(input, init).text())
        return fetch(input, init)
      }
      const request = HttpClientRequest.post("https://service.test/", { body, headers: { "content-length": "0" } })
      yield* send(request).pipe(Effect.provide(scripted(reading)))
      assert.deepStrictEqual(texts, ["a body"])
      assert.isNull(new Headers(inits[0]?.headers).get("content-length"))
    }))

  it.effect.each([
    {
      name: "a stream that fails",
      body: HttpBody.stream(Stream.concat(Stream.make(new Uint8Array(4)), Stream.die("no")))
    },
    { name: "an object", body: HttpBody.raw({ a: 1 }) }
  ])("sends nothing for $name, and fails", ({ body }) =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const request = HttpClientRequest.post("https://service.test/", { body })
      const exit = yield* Effect.exit(send(request).pipe(Effect.provide(scripted(fetch))))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(inits, [])
    }))

  it.effect("fails with an EncodeError if the stream of a body fails", () =>
    Effect.gen(function*() {
      const { fetch, inits } = recording(() => new Response("hello"))
      const body = Stream.concat(Stream.make(new Uint8Array(4)), Stream.fail("broken"))
      const request = HttpClientRequest.post("https://service.test/").pipe(HttpClientRequest.bodyStream(body))
      const error = yield* Effect.flip(send(request).pipe(Effect.provide(scripted(fetch))))
      assert.strictEqual(error.reason._tag, "EncodeError")
      assert.deepStrictEqual(inits, [])
    }))

  it.effect("aborts the request on interruption", () =>
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
