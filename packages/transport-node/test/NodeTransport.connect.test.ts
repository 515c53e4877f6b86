/** What a proxy gets, what it may send, and which names the transport uses for TLS. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { vi } from "vitest"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"
import * as Certificates from "./support/testOnlyCertificates.ts"

const get = (client: HttpClient.HttpClient, url: string, headers: Record<string, string> = {}) =>
  Effect.flatMap(client.execute(HttpClientRequest.get(url, { headers })), (response) => response.text)

const target = "https://127.0.0.1:9/secret"

/** A proxy that sends these bytes after a CONNECT, and then connects to the port. */
const saying = (pieces: ReadonlyArray<string>, port: number) => {
  const net = process.getBuiltinModule("node:net")
  return Server.tcp(({ received, socket }) => {
    if (!received.endsWith("\r\n\r\n")) return
    socket.removeAllListeners("data")
    socket.pause()
    const inner = net.connect(port, "127.0.0.1", () => {
      const next = (i: number): void => {
        const piece = pieces[i]
        if (piece === undefined) return void socket.pipe(inner).pipe(socket)
        socket.write(piece, "latin1", () => setTimeout(next, 2, i + 1))
      }
      next(0)
    })
    inner.on("error", () => socket.destroy())
  })
}

const through = (url: string, options: NodeTransport.Options = {}) =>
  NodeTransport.make({ ca: Authority.root, proxy: { https: url, loopback: true }, ...options })

const consent = "HTTP/1.1 200 Connection established\r\n\r\n"

describe("NodeTransport: CONNECT (the seam)", () => {
  it.effect("sends the request's User-Agent, or the transport's, and nothing else of the request", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      for (const certificate of [undefined, Authority.server]) {
        const proxy = yield* Proxy.make(certificate === undefined ? {} : { certificate })
        const headers = { "user-agent": "my-tool/1.2", authorization: "Bearer s3cret", cookie: "s3cret" }
        assert.strictEqual(yield* get(yield* through(proxy.url), server.origin, headers), "hello")
        assert.strictEqual(yield* get(yield* through(proxy.url), server.origin), "hello")
        assert.deepStrictEqual(proxy.asked.map(({ headers }) => headers), [
          { host: `127.0.0.1:${server.port}`, connection: "keep-alive", "user-agent": "my-tool/1.2" },
          { host: `127.0.0.1:${server.port}`, connection: "keep-alive", "user-agent": "sso-oidc-transport-node" }
        ])
      }
      // the target gets no header that is not in the request
      assert.notInclude(server.connections.at(-1)?.received, "user-agent")
    }))

  it.effect("sends nothing if the User-Agent would add a header", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make()
      const request = HttpClientRequest.get(target, { headers: { "user-agent": "a\r\nx-smuggled: b" } })
      assert.include(yield* Failure.causeOf(yield* through(proxy.url), request), {
        sent: "no",
        code: "ERR_INVALID_CHAR"
      })
      assert.deepStrictEqual(proxy.asked, [])
    }))

  it.effect.each([
    { what: "a 100", pieces: ["HTTP/1.1 100 Continue\r\n\r\n", consent] },
    {
      what: "a 102 and a 103 with headers",
      pieces: [
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n",
        "\r\n",
        consent
      ]
    },
    { what: "a 100 in one piece with the 200", pieces: [`HTTP/1.1 100 Continue\r\n\r\n${consent}`] },
    { what: "nothing, in many pieces", pieces: [...consent] },
    { what: "nothing, with a length that means nothing", pieces: ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"] },
    { what: "nothing, with another 2xx and no reason", pieces: ["HTTP/1.0 204\r\n\r\n"] },
    { what: "nothing, with bare line feeds", pieces: ["HTTP/1.1 200 OK\nvia: a\n\n"] }
  ])("opens a tunnel after $what before the 200", ({ pieces }) =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* saying(pieces, server.port)
      const client = yield* through(proxy.origin)
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* get(client, server.origin), "hello")
      assert.strictEqual(proxy.connections.length, 1)
    }))

  it.effect.each([
    {
      what: "a 403 after an interim response",
      text: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n`,
      code: "REFUSED_403"
    },
    { what: "an upgrade", text: "HTTP/1.1 101 Switching Protocols\r\n\r\n", code: "REFUSED_101" },
    {
      what: "interim responses without end",
      text: "HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000),
      code: "HPE_HEADER_OVERFLOW"
    },
    { what: "a head without end", text: `HTTP/1.1 200 OK\r\nx: ${"a".repeat(40_000)}`, code: "HPE_HEADER_OVERFLOW" },
    { what: "half a head, and closes", text: "HTTP/1.1 200 OK\r\nx: ", code: "ECONNRESET" },
    { what: "an interim response, and closes", text: "HTTP/1.1 100 Continue\r\n\r\n", code: "ECONNRESET" },
    { what: "no status", text: "HTTP/1.1 OK\r\n\r\n", code: "HPE_INVALID_CONSTANT" }
  ])("opens no tunnel and closes the connection if the proxy sends $what", ({ code, text }) =>
    Effect.gen(function*() {
      const proxy = yield* Server.tcp(({ received, socket }) => {
        if (received.endsWith("\r\n\r\n")) socket.end(text)
      })
      const told = yield* Failure.toldBy(yield* through(proxy.origin), target)
      assert.deepStrictEqual(told, { sent: "no", code: `PROXY_${code}`, transient: !code.startsWith("REFUSED") })
      yield* Server.until("closed", () => proxy.open() === 0)
    }))

  it.effect("tells the user what to change when a proxy rejects the request", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make({ user: "me:right" })
      const cause = yield* Failure.causeOf(yield* through(proxy.url), target)
      assert.include(cause, { code: "PROXY_REFUSED_407", transient: false })
      assert.include(cause.hint, "Give them in the URL of HTTPS_PROXY, or of `proxy` as Redacted.")
    }))
})

/** Resolves each name to this machine, also with a dot at its end, until the test ends. */
const everywhere = Effect.acquireRelease(
  Effect.sync(() => {
    const asked: Array<string> = []
    const spy = vi.spyOn(process.getBuiltinModule("node:dns"), "lookup")
    spy.mockImplementation((...args: ReadonlyArray<unknown>) => {
      asked.push(String(args[0]))
      const done = args.at(-1)
      if (typeof done === "function") process.nextTick(done, null, [{ address: "127.0.0.1", family: 4 }])
    })
    return { asked, spy }
  }),
  ({ spy }) => Effect.sync(() => spy.mockRestore())
)

/** A server that records the names that clients send in TLS. */
const named = Effect.gen(function*() {
  const names: Array<string> = []
  const certificate = {
    ...Certificates.loopback,
    SNICallback: (name: string, done: (error: null) => void) => {
      names.push(name)
      done(null)
    }
  }
  return { names, certificate }
})

describe("NodeTransport: a host with a dot at its end (the seam)", () => {
  it.effect("uses the name without the dot in TLS, and checks the certificate against that name", () =>
    Effect.gen(function*() {
      const { asked } = yield* everywhere
      const { certificate, names } = yield* named
      const server = yield* Server.tls(certificate, Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ ca: Certificates.loopback.cert })
      const url = `https://localhost.:${server.port}`
      assert.strictEqual(yield* get(client, url), "hello")
      assert.deepStrictEqual(names, ["localhost"])
      // the resolver needs the dot, which skips the search domains; the header `host` is that of the URL
      assert.include(asked, "localhost.")
      assert.notInclude(asked, "localhost")
      assert.include(server.connections[0]?.received, `Host: localhost.:${server.port}\r\n`)
      assert.include(yield* Failure.causeOf(client, `https://other.invalid.:${server.port}`), {
        sent: "no",
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
        transient: false
      })
    }))

  it.effect("uses the name without the dot in a tunnel and for an https proxy too", () =>
    Effect.gen(function*() {
      yield* everywhere
      const inner = yield* named
      const outer = yield* named
      const server = yield* Server.tls(inner.certificate, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ certificate: outer.certificate })
      const url = `https://localhost.:${proxy.port}`
      const client = yield* through(url, { ca: Certificates.loopback.cert })
      assert.strictEqual(yield* get(client, `https://localhost.:${server.port}`), "hello")
      assert.deepStrictEqual([inner.names, outer.names], [["localhost"], ["localhost"]])
      assert.deepStrictEqual(proxy.asked.map(({ headers, line }) => [line, headers.host]), [
        [`CONNECT localhost.:${server.port}`, `localhost.:${server.port}`]
      ])
      const plain = yield* Server.tcp(Server.always(Server.response("plain")))
      const forward = yield* NodeTransport.make({
        ca: Certificates.loopback.cert,
        proxy: { http: url, loopback: true }
      })
      assert.strictEqual(yield* get(forward, `http://127.0.0.1:${plain.port}`), "plain")
      assert.deepStrictEqual(outer.names, ["localhost", "localhost"])
    }))

  it.effect("checks the certificate against the URL's host, even if the request's host header differs", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Certificates.otherName, Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make({ ca: Certificates.otherName.cert })
      const request = HttpClientRequest.get(server.origin, { headers: { host: "other.invalid" } })
      assert.include(yield* Failure.causeOf(client, request), { sent: "no", code: "ERR_TLS_CERT_ALTNAME_INVALID" })
      assert.strictEqual(server.connections.map(({ received }) => received).join(""), "")
    }))
})
