import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

/** Uses one proxy for everything, also for loopback. */
const through = (url: string | Redacted.Redacted, options: NodeTransport.Options = {}) =>
  NodeTransport.make({ ca: Authority.root, proxy: { https: url, http: url, loopback: true }, ...options })

// no socket ever opens to this target, because a proxy is in between
const target = "https://127.0.0.1:9/secret"

const received = (server: Server.Server) => server.connections.map((connection) => connection.received).join("")

describe("NodeTransport: a proxy that fails (the seam)", () => {
  it.effect("says `sent: no`, transient and PROXY_ for a proxy that cannot be reached", () =>
    Effect.gen(function*() {
      const client = yield* through(`http://127.0.0.1:${yield* Server.refusedPort}`)
      for (const url of [target, "http://127.0.0.1:9/"]) {
        const cause = yield* Failure.causeOf(client, url)
        assert.include(cause, { sent: "no", code: "PROXY_ECONNREFUSED", transient: true, syscall: "connect" })
      }
      const nowhere = yield* through("http://does-not-exist.invalid:3128")
      const cause = yield* Failure.causeOf(nowhere, target)
      assert.include(cause, { sent: "no", transient: true, syscall: "getaddrinfo" })
      assert.include(["PROXY_ENOTFOUND", "PROXY_EAI_AGAIN"], cause.code)
    }))

  it.effect("says `sent: no`, and permanent, for a proxy that wants a password, after only a CONNECT has left", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make({ user: "me:right" })
      for (const url of [proxy.url, Redacted.make(`http://me:wr0ng-s3cret@127.0.0.1:${proxy.port}`)]) {
        const cause = yield* Failure.causeOf(yield* through(url), target)
        assert.include(cause, { sent: "no", code: "PROXY_REFUSED_407", transient: false })
        assert.notMatch(inspect(cause, { depth: 20, showHidden: true }), /s3cret|czNjcmV0/)
      }
      assert.deepStrictEqual(proxy.asked.map(({ line }) => line), Array(2).fill("CONNECT 127.0.0.1:9"))
      assert.notInclude(proxy.seen(), "/secret")
      yield* Server.until("closed", () => proxy.open() === 0)
    }))

  it.effect("fails for a 407 of a proxy for http, which has received the request, and does not take it for the target's", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make({ user: "me:right" })
      const cause = yield* Failure.causeOf(yield* through(proxy.url), "http://127.0.0.1:9/")
      assert.include(cause, { sent: "maybe", code: "PROXY_REFUSED_407", transient: false })
      yield* Server.until("closed", () => proxy.open() === 0)
    }))

  it.effect("gives a 407 of a target without a proxy as a response", () =>
    Effect.gen(function*() {
      const text = Server.response("", ["HTTP/1.1 407 Proxy Authentication Required"])
      const plain = yield* Server.tcp(Server.always(text))
      const secret = yield* Server.tls(Authority.server, Server.always(text))
      const proxy = yield* Proxy.make()
      assert.strictEqual((yield* (yield* NodeTransport.make()).get(plain.origin)).status, 407)
      assert.strictEqual((yield* (yield* through(proxy.url)).get(secret.origin)).status, 407)
    }))

  it.effect("says `sent: no`, and transient, for a target that the proxy cannot reach", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make()
      const client = yield* through(proxy.url)
      assert.deepStrictEqual(yield* Failure.toldBy(client, `https://127.0.0.1:${yield* Server.refusedPort}`), {
        sent: "no",
        code: "PROXY_REFUSED_500",
        transient: true
      })
    }))

  it.effect.each([
    { status: 101, transient: false },
    { status: 302, transient: false },
    { status: 400, transient: false },
    { status: 403, transient: false },
    { status: 408, transient: true },
    { status: 429, transient: true },
    { status: 502, transient: true },
    { status: 503, transient: true }
  ])(
    "does not take a proxy's $status for the target's response, and is transient: $transient",
    ({ transient, status }) =>
      Effect.gen(function*() {
        const page = Server.response("<html>a page of the proxy's</html>", [
          `HTTP/1.1 ${status} So be it`,
          "location: /login"
        ])
        const proxy = yield* Server.tcp(Server.always(page))
        const client = yield* through(proxy.origin)
        assert.deepStrictEqual(yield* Failure.toldBy(client, target), {
          sent: "no",
          code: `PROXY_REFUSED_${status}`,
          transient
        })
        yield* Server.until("closed", () => proxy.open() === 0)
        assert.notInclude(received(proxy), "/secret")
      })
  )

  it.effect.each([
    { what: "closes", text: undefined, code: "PROXY_ECONNRESET" },
    { what: "speaks something else", text: "SSH-2.0-OpenSSH\r\n", code: "PROXY_HPE_INVALID_CONSTANT" }
  ])("says `sent: no`, and transient, for a proxy that $what", ({ code, text }) =>
    Effect.gen(function*() {
      const proxy = yield* Server.tcp(({ socket }) => text === undefined ? socket.destroy() : socket.write(text))
      const client = yield* through(proxy.origin)
      assert.deepStrictEqual(yield* Failure.toldBy(client, target), { sent: "no", code, transient: true })
      yield* Server.until("closed", () => proxy.open() === 0)
    }))

  it.effect("says `sent: no`, and transient, for a tunnel that ends within the TLS handshake", () =>
    Effect.gen(function*() {
      const proxy = yield* Server.tcp(({ received, socket }) => {
        if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
        else socket.resetAndDestroy()
      })
      const client = yield* through(proxy.origin)
      assert.deepStrictEqual(yield* Failure.toldBy(client, target), { sent: "no", code: "ECONNRESET", transient: true })
    }))

  it.effect("reads the bytes after the proxy's 200 as the tunnel's, and fails if they are not TLS", () =>
    Effect.gen(function*() {
      const proxy = yield* Server.tcp(({ received, socket }) => {
        // sent only once: a client that drops these bytes would wait for ever
        if (received.endsWith("\r\n\r\n")) {
          socket.write(`HTTP/1.1 200 Connection established\r\n\r\n${Server.response("hello")}`)
        }
      })
      const client = yield* through(proxy.origin)
      const cause = yield* Failure.causeOf(client, target)
      assert.include(cause, { sent: "no", code: "ERR_SSL_WRONG_VERSION_NUMBER", transient: false })
      assert.include(cause.hint, "The server behind the proxy does not speak TLS.")
    }))

  it.effect("says `sent: no`, and permanent, for an https proxy with an untrusted certificate, which gets nothing", () =>
    Effect.gen(function*() {
      const proxy = yield* Server.tls(Authority.server, () => {})
      const client = yield* through(proxy.origin, { ca: undefined })
      for (const url of [target, "http://127.0.0.1:9/secret"]) {
        assert.deepStrictEqual(yield* Failure.toldBy(client, url), {
          sent: "no",
          code: "PROXY_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
          transient: false
        })
      }
      assert.strictEqual(received(proxy), "")
    }))

  it.effect("says `sent: maybe` for a tunnel that dies once it is open, and does not send the request again", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, (connection) => {
        if (connection.received.split("GET").length > 2) connection.socket.destroy()
        else connection.socket.write(Server.response("hello"))
      })
      const proxy = yield* Proxy.make()
      const client = yield* through(proxy.url)
      yield* Effect.flatMap(client.get(server.origin), (response) => response.text)
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
      yield* Server.pause(20)
      assert.strictEqual(proxy.asked.length, 1)
      yield* Effect.flatMap(client.get(server.origin), (response) => response.text)
      assert.strictEqual(proxy.asked.length, 2)
    }))
})

/** A proxy that sends nothing, or that sends a 200 and connects to nothing. */
const silent = (consents: boolean) =>
  Server.tcp(({ received, socket }) => {
    if (consents && received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
  })

const moments = [
  { moment: "within the handshake with the proxy", proxy: silent(false), scheme: "https", at: "\x16\x03" },
  { moment: "while the proxy says nothing", proxy: silent(false), scheme: "http", at: "CONNECT" },
  { moment: "within the handshake in the tunnel", proxy: silent(true), scheme: "http", at: "\x16\x03" }
]

describe("NodeTransport: time limits and interruption on the way through a proxy (the seam)", () => {
  it.effect.each(moments)(
    "applies the connect limit, and closes the connection: $moment",
    ({ at, proxy, scheme }) =>
      Effect.gen(function*() {
        const server = yield* proxy
        const client = yield* through(`${scheme}://127.0.0.1:${server.port}`)
        const fiber = yield* Effect.forkChild(Failure.toldBy(client, target))
        yield* Server.until("there", () => received(server).includes(at))
        yield* TestClock.adjust("9999 millis")
        yield* Server.pause(20)
        assert.strictEqual(server.open(), 1)
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(yield* Fiber.join(fiber), { sent: "no", code: "CONNECT_TIMEOUT", transient: true })
        yield* Server.until("closed", () => server.open() === 0)
      })
  )

  it.effect.each(moments)(
    "closes the connection to the proxy on interruption: $moment",
    ({ at, proxy, scheme }) =>
      Effect.gen(function*() {
        const server = yield* proxy
        const client = yield* through(`${scheme}://127.0.0.1:${server.port}`)
        const fiber = yield* Effect.forkChild(client.execute(HttpClientRequest.get(target)))
        yield* Server.until("there", () => received(server).includes(at))
        yield* Fiber.interrupt(fiber)
        yield* Server.until("closed", () => server.open() === 0)
      })
  )

  it.effect.each(moments)(
    "closes the connection when the request's scope ends: $moment",
    ({ at, proxy, scheme }) =>
      Effect.gen(function*() {
        const server = yield* proxy
        const client = HttpClient.withScope(yield* through(`${scheme}://127.0.0.1:${server.port}`))
        const scope = yield* Scope.make()
        const fiber = yield* Effect.forkChild(
          client.execute(HttpClientRequest.get(target)).pipe(Scope.provide(scope), Effect.flip)
        )
        yield* Server.until("there", () => received(server).includes(at))
        yield* Scope.close(scope, Exit.void)
        assert.include((yield* Fiber.join(fiber)).cause, { sent: "no", code: "ABORTED" })
        yield* Server.until("closed", () => server.open() === 0)
      })
  )

  it.effect.each(moments)(
    "closes the connection when the client's scope ends: $moment",
    ({ at, proxy, scheme }) =>
      Effect.gen(function*() {
        const server = yield* proxy
        const scope = yield* Scope.make()
        const client = yield* Scope.provide(through(`${scheme}://127.0.0.1:${server.port}`), scope)
        const fiber = yield* Effect.forkChild(Failure.toldBy(client, target))
        yield* Server.until("there", () => received(server).includes(at))
        yield* Scope.close(scope, Exit.void)
        assert.include(yield* Fiber.join(fiber), { sent: "no", code: "CLIENT_CLOSED" })
        yield* Server.until("closed", () => server.open() === 0)
      })
  )

  it.effect("leaves no connection behind after interruption in any turn of the way", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const plain = yield* Proxy.make()
      const secure = yield* Proxy.make({ certificate: Authority.server })
      for (const proxy of [plain, secure]) {
        const client = yield* through(proxy.url, { idleTimeout: 0 })
        for (let turns = 0; turns < 60; turns++) {
          const fiber = yield* Effect.forkChild(Effect.flatMap(client.get(server.origin), (response) => response.text))
          for (let i = 0; i < turns; i++) {
            yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
          }
          yield* Fiber.interrupt(fiber)
        }
        yield* Server.until("closed", () => proxy.open() === 0)
        assert.isAbove(proxy.connections(), 20)
      }
    }))

  it.effect("ends the connect limit when the tunnel is open, before the wait for the service", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, () => {})
      const proxy = yield* Proxy.make()
      const client = yield* through(proxy.url)
      const fiber = yield* Effect.forkChild(Effect.flatMap(client.get(server.origin), (response) => response.text))
      yield* Server.until("request", () => received(server).includes("GET"))
      yield* TestClock.adjust("1 minute")
      server.connections[0]?.socket.write(Server.response("late"))
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))
})
