import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Net from "node:net"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"
import * as Certificates from "./support/testOnlyCertificates.ts"

/** Uses the proxy for loopback too, where the servers of the tests are. */
const through = (proxy: NodeTransport.ProxyOptions, options: NodeTransport.Options = {}) =>
  NodeTransport.make({ ca: Authority.root, proxy: { loopback: true, ...proxy }, ...options })

/** Reads like core: through the stream, in a scope that aborts when it closes. */
const read = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.withScope(client).execute(request).pipe(
    Effect.flatMap((response) => Stream.mkUint8Array(response.stream)),
    Effect.map((bytes) => new TextDecoder().decode(bytes)),
    Effect.scoped
  )

const get = (client: HttpClient.HttpClient, url: string) => read(client, HttpClientRequest.get(url))

const received = (server: Server.Server) => server.connections.map((connection) => connection.received).join("")

const withPassword = (proxy: Proxy.Proxy, user: string) => Redacted.make(proxy.url.replace("://", `://${user}@`))

describe("NodeTransport: a tunnel through a proxy (the seam)", () => {
  it.effect("carries https, and shows the proxy only the host and the port", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      const client = yield* through({ https: proxy.url })
      const request = HttpClientRequest.post(`https://localhost:${server.port}/token?a=b`).pipe(
        HttpClientRequest.bodyText("s3cret")
      )
      assert.strictEqual(yield* read(client, request), "hello")
      assert.deepStrictEqual(proxy.asked, [{
        line: `CONNECT localhost:${server.port}`,
        headers: {
          host: `localhost:${server.port}`,
          connection: "keep-alive",
          "user-agent": "sso-oidc-transport-node"
        }
      }])
      assert.include(received(server), "POST /token?a=b HTTP/1.1")
      assert.include(proxy.seen(), "\x16\x03")
      assert.notInclude(proxy.seen(), "/token")
      assert.notInclude(proxy.seen(), "s3cret")
    }))

  it.effect("is kept and used for the next request", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      const client = yield* through({ https: proxy.url })
      for (let i = 0; i < 12; i++) assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.strictEqual(proxy.asked.length, 1)
      assert.strictEqual(proxy.connections(), 1)
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("serves one target; another target gets its own tunnel", () =>
    Effect.gen(function*() {
      const one = yield* Server.tls(Authority.server, Server.always(Server.response("one")))
      const other = yield* Server.tls(Authority.server, Server.always(Server.response("other")))
      const proxy = yield* Proxy.make()
      const client = yield* through({ https: proxy.url })
      for (let i = 0; i < 2; i++) {
        assert.strictEqual(yield* get(client, one.origin), "one")
        assert.strictEqual(yield* get(client, other.origin), "other")
      }
      assert.deepStrictEqual(proxy.asked.map(({ line }) => line), [
        `CONNECT 127.0.0.1:${one.port}`,
        `CONNECT 127.0.0.1:${other.port}`
      ])
    }))

  it.effect("closes after idleTimeout, and when the client's scope ends", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      yield* get(yield* through({ https: proxy.url }, { idleTimeout: "50 millis" }), server.origin)
      yield* Server.until("closed", () => proxy.open() === 0 && server.open() === 0)
      yield* Effect.scoped(Effect.gen(function*() {
        yield* get(yield* through({ https: proxy.url }), server.origin)
        assert.strictEqual(proxy.open(), 1)
      }))
      yield* Server.until("closed", () => proxy.open() === 0 && server.open() === 0)
    }))

  it.effect("uses the target's certificate, checked against the target's name", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const misnamed = yield* Server.tls(Certificates.otherName, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      const untrusting = yield* through({ https: proxy.url }, { ca: undefined })
      assert.deepStrictEqual(yield* Failure.toldBy(untrusting, server.origin), {
        sent: "no",
        code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        transient: false
      })
      const client = yield* through({ https: proxy.url }, { ca: [Authority.root, Certificates.otherName.cert] })
      assert.deepStrictEqual(yield* Failure.toldBy(client, misnamed.origin), {
        sent: "no",
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
        transient: false
      })
      yield* Server.until("closed", () => proxy.open() === 0)
      assert.strictEqual(received(server) + received(misnamed), "")
    }))

  it.effect("does not check the target's certificate against the proxy's name", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Certificates.otherName, Server.always(Server.response("hello")))
      const proxy = yield* Server.tcp(() => {}, ({ socket }) => {
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
          const inner = Net.connect(server.port, "127.0.0.1").on("error", () => {})
          socket.pipe(inner).pipe(socket)
        })
      })
      const client = yield* through({ https: proxy.origin }, { ca: Certificates.otherName.cert })
      assert.strictEqual(yield* get(client, "https://other.invalid/"), "hello")
    }))

  it.effect("can go through a proxy that speaks TLS, under the same authorities", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ certificate: Authority.server, user: "me:s3cret" })
      const client = yield* through({ https: withPassword(proxy, "me:s3cret") })
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.strictEqual(proxy.connections(), 1)
      assert.deepStrictEqual(
        yield* Failure.toldBy(yield* through({ https: proxy.url }, { ca: undefined }), server.origin),
        { sent: "no", code: "PROXY_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", transient: false }
      )
    }))

  it.effect("checks an https proxy's certificate against the proxy's own name, not the target's", () =>
    Effect.gen(function*() {
      const refusing = (certificate: typeof Authority.server) =>
        Server.tls(certificate, Server.always("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"))
      const proxy = yield* refusing(Authority.server)
      const ca = [Authority.root, Certificates.otherName.cert]
      for (const host of ["localhost", "127.0.0.1"]) {
        const url = `https://${host}:${proxy.port}`
        const client = yield* through({ https: url, http: url }, { ca })
        for (const scheme of ["https", "http"]) {
          const { code } = yield* Failure.causeOf(client, `${scheme}://other.invalid/`)
          assert.strictEqual(code, "PROXY_REFUSED_407")
        }
      }
      // otherwise the owner of a certificate for a target could pose as the proxy and receive the password
      const impostor = yield* refusing(Certificates.otherName)
      const url = Redacted.make(`https://me:s3cret@localhost:${impostor.port}`)
      const client = yield* through({ https: url, http: url }, { ca })
      for (const scheme of ["https", "http"]) {
        const { code } = yield* Failure.causeOf(client, `${scheme}://other.invalid/`)
        assert.strictEqual(code, "PROXY_ERR_TLS_CERT_ALTNAME_INVALID")
      }
      assert.strictEqual(received(impostor), "")
    }))

  it.effect("sends the name and the password to the proxy, and not to the target (C6)", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ user: "me@corp:s3c:ret/ü" })
      const client = yield* through({ https: withPassword(proxy, "me%40corp:s3c%3Aret%2F%C3%BC") })
      assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.notInclude(received(server).toLowerCase(), "proxy-")
    }))
})

describe("NodeTransport: a proxy for http (the seam)", () => {
  it.effect("gets the whole URL and the target as host, over no kept connection", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ user: "me:s3cret" })
      const client = yield* through({ http: withPassword(proxy, "me:s3cret") })
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* get(client, `${server.origin}/a?b=c#d`), "hello")
      assert.deepStrictEqual(proxy.asked.map(({ line }) => line), Array(2).fill(`GET ${server.origin}/a?b=c`))
      assert.strictEqual(proxy.connections(), 2)
      yield* Server.until("closed", () => proxy.open() === 0)
      assert.include(received(server), `host: 127.0.0.1:${server.port}\r\n`)
      assert.notInclude(received(server).toLowerCase(), "proxy-")
    }))

  it.effect("gets the whole URL also if it speaks TLS itself", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ certificate: Authority.server })
      const client = yield* through({ http: proxy.url })
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.strictEqual(proxy.connections(), 2)
      yield* Server.until("closed", () => proxy.open() === 0)
    }))

  it.effect("is used for its own scheme only", () =>
    Effect.gen(function*() {
      const plain = yield* Server.tcp(Server.always(Server.response("plain")))
      const secret = yield* Server.tls(Authority.server, Server.always(Server.response("secret")))
      const proxy = yield* Proxy.make()
      const forHttp = yield* through({ http: proxy.url })
      assert.strictEqual(yield* get(forHttp, secret.origin), "secret")
      assert.strictEqual(proxy.connections(), 0)
      const forHttps = yield* through({ https: proxy.url })
      assert.strictEqual(yield* get(forHttps, plain.origin), "plain")
      assert.strictEqual(proxy.connections(), 0)
    }))
})

describe("NodeTransport: targets without a proxy (the seam)", () => {
  it.effect("reaches loopback directly unless loopback is true", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      for (const loopback of [undefined, false]) {
        const client = yield* through({ https: proxy.url, http: proxy.url, loopback })
        assert.strictEqual(yield* get(client, server.origin), "hello")
        assert.strictEqual(yield* get(client, `https://localhost:${server.port}`), "hello")
      }
      assert.strictEqual(proxy.connections(), 0)
    }))

  it.effect("reaches the targets in noProxy directly, and others through the proxy", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make()
      const client = yield* through({ https: proxy.url, noProxy: [`localhost:${server.port}`] })
      assert.strictEqual(yield* get(client, `https://localhost:${server.port}`), "hello")
      assert.strictEqual(proxy.connections(), 0)
      assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.strictEqual(proxy.connections(), 1)
    }))
})
