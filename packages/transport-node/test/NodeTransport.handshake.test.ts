/** TLS handshakes that fail on either side. They test which failures are permanent, and what the user has to change. */
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Net from "node:net"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

const received = (server: Server.Server) => server.connections.map((connection) => connection.received).join("")

/** Sends these bytes after a TLS hello, such as an alert of level fatal. */
const saying = (bytes: Uint8Array | string, then: (socket: Net.Socket) => void = () => {}) =>
  Server.tcp(({ socket }) => void socket.write(bytes, () => then(socket)))

const alert = (number: number) => Uint8Array.of(21, 3, 3, 0, 2, 2, number)

const legacy = { ...Authority.server, ciphers: "DEFAULT@SECLEVEL=0", minVersion: "TLSv1" } as const

const notOurs = { ...Authority.server, ciphers: "NULL-SHA256:@SECLEVEL=0", maxVersion: "TLSv1.2" } as const

const nothing: Parameters<typeof Server.tls>[1] = () => {}

const http = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nThis port is for https."

const never = [
  { what: "speaks plain HTTP", server: saying(http), hint: "does not speak TLS on this port" },
  {
    what: "speaks another protocol",
    server: saying("SSH-2.0-OpenSSH_9.9\r\n"),
    hint: "does not speak TLS on this port"
  },
  {
    what: "knows TLS 1.1 at most",
    server: Server.tls({ ...legacy, maxVersion: "TLSv1.1" }, nothing),
    hint: "TLS 1.2 or newer"
  },
  {
    what: "picks TLS 1.1",
    server: saying(Buffer.from(`160302002a020000260302${"00".repeat(32)}00002f00`, "hex")),
    hint: "TLS 1.2 or newer"
  },
  { what: "shares no cipher", server: Server.tls(notOurs, nothing), hint: "shares no cipher suite" },
  ...[
    { number: 40, hint: "shares no cipher suite" },
    { number: 42, hint: "`cert` and `key`" },
    { number: 46, hint: "`cert` and `key`" },
    { number: 48, hint: "`cert` and `key`" },
    { number: 49, hint: "`cert` and `key`" },
    { number: 10, hint: "do not agree on TLS" },
    { number: 47, hint: "do not agree on TLS" },
    { number: 50, hint: "do not agree on TLS" },
    { number: 70, hint: "TLS 1.2 or newer" },
    { number: 71, hint: "shares no cipher suite" },
    { number: 86, hint: "TLS 1.2 or newer" },
    { number: 112, hint: "serves no host of this name" },
    { number: 116, hint: "`cert` and `key`" },
    { number: 120, hint: "do not agree on TLS" }
  ].map(({ hint, number }) => ({ what: `sends the alert ${number}`, server: saying(alert(number)), hint }))
]

describe("NodeTransport: a handshake that cannot succeed (the seam)", () => {
  it.effect.each(never)(
    "is permanent for a server that $what; nothing was sent, and the hint says what to change",
    ({ hint, server }) =>
      Effect.gen(function*() {
        const { connections, port } = yield* server
        const client = yield* NodeTransport.make({ ca: Authority.root })
        const cause = yield* Failure.causeOf(client, `https://127.0.0.1:${port}/secret`)
        assert.include(cause, { sent: "no", transient: false })
        assert.include(cause.hint, hint)
        assert.include(cause.message, `: ${cause.hint}`)
        for (const one of connections) assert.notInclude(one.received, "secret")
      })
  )

  it.effect.each(never)(
    "is permanent for an https proxy that $what; the code and the hint name the proxy",
    ({ server }) =>
      Effect.gen(function*() {
        const proxy = yield* server
        const url = `https://127.0.0.1:${proxy.port}`
        const client = yield* NodeTransport.make({
          ca: Authority.root,
          proxy: { https: url, http: url, loopback: true }
        })
        for (const target of ["https://127.0.0.1:9/secret", "http://127.0.0.1:9/secret"]) {
          const cause = yield* Failure.causeOf(client, target)
          assert.include(cause, { sent: "no", transient: false })
          assert.match(cause.code, /^PROXY_(?:ERR_SSL_|EPROTO)/)
          assert.match(cause.hint ?? "", /proxy/)
        }
        assert.notInclude(received(proxy), "secret")
      })
  )

  it.effect.each(never)(
    "is permanent for a server behind a tunnel that $what",
    ({ hint, server }) =>
      Effect.gen(function*() {
        const { port } = yield* server
        const net = process.getBuiltinModule("node:net")
        const proxy = yield* Server.tcp(({ received, socket }) => {
          if (!received.startsWith("CONNECT") || !received.endsWith("\r\n\r\n")) return
          const inner = net.connect(port, "127.0.0.1", () => {
            socket.removeAllListeners("data")
            socket.write("HTTP/1.1 200 OK\r\n\r\n")
            socket.pipe(inner).pipe(socket)
          })
          inner.on("error", () => socket.destroy())
        })
        const client = yield* NodeTransport.make({
          ca: Authority.root,
          proxy: { https: proxy.origin, loopback: true }
        })
        const cause = yield* Failure.causeOf(client, `https://127.0.0.1:${port}/secret`)
        assert.include(cause, { sent: "no", transient: false })
        assert.notInclude(cause.code, "PROXY_")
        assert.include(cause.hint, hint.replace("does not speak TLS on this port", "does not speak TLS"))
      })
  )

  it.effect("is permanent for a proxy with https:// that speaks plain HTTP, and the hint names the option", () =>
    Effect.gen(function*() {
      const proxy = yield* saying(http)
      const url = `https://127.0.0.1:${proxy.port}`
      const client = yield* NodeTransport.make({ proxy: { https: url, loopback: true } })
      const cause = yield* Failure.causeOf(client, "https://127.0.0.1:9/")
      assert.strictEqual(cause.code, "PROXY_ERR_SSL_WRONG_VERSION_NUMBER")
      assert.include(cause.hint, "Write it with http:// in `proxy` or HTTPS_PROXY")
    }))

  it.effect("ends core's error message with the hint (C3)", () =>
    Effect.gen(function*() {
      const server = yield* saying(http)
      const oidc = SsoOidc.layer({ region: "eu-west-1", endpoint: `https://127.0.0.1:${server.port}` })
      const error = yield* SsoOidc.SsoOidc.use((service) =>
        service.registerClient({ clientName: "test", clientType: "public" })
      ).pipe(Effect.flip, Effect.provide(Layer.provide(oidc, NodeTransport.layer())))
      assert.strictEqual(
        error.message,
        `RegisterClient could not be sent to 127.0.0.1:${server.port} (ERR_SSL_WRONG_VERSION_NUMBER). ` +
          "The server does not speak TLS on this port. " +
          "Correct the endpoint's port, or write http:// if it is on loopback."
      )
    }))
})

describe("NodeTransport: a handshake that may succeed later (the seam)", () => {
  it.effect.each([
    { what: "closes the connection", server: Server.tcp(({ socket }) => socket.end()) },
    { what: "destroys the connection", server: Server.tcp(({ socket }) => socket.destroy()) },
    { what: "resets the connection", server: Server.tcp(({ socket }) => socket.resetAndDestroy()) },
    { what: "closes within a record", server: saying(Uint8Array.of(22, 3, 3, 0, 90, 2), (socket) => socket.end()) },
    { what: "says goodbye in TLS", server: saying(Uint8Array.of(21, 3, 3, 0, 2, 1, 0), (socket) => socket.end()) },
    { what: "breaks down", server: saying(alert(80)) },
    { what: "is stopped", server: saying(alert(90)) },
    { what: "got damaged bytes", server: saying(alert(20)) }
  ])("is transient, without a hint, for a server that $what", ({ server }) =>
    Effect.gen(function*() {
      const { port } = yield* server
      for (const options of [{}, { proxy: { https: `https://127.0.0.1:${port}`, loopback: true } }]) {
        const client = yield* NodeTransport.make({ ca: Authority.root, ...options })
        const cause = yield* Failure.causeOf(client, `https://127.0.0.1:${port}/`)
        assert.include(cause, { sent: "no", transient: true })
        assert.isUndefined(cause.hint)
      }
    }))

  it.effect("is transient for a reset after NODE_TLS_REJECT_UNAUTHORIZED=0 let an untrusted certificate pass", () =>
    Effect.gen(function*() {
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
        }),
        () =>
          Effect.sync(() => {
            delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]
          })
      )
      const server = yield* Server.tls(Authority.server, ({ socket }) => socket.destroy())
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
    }))
})
