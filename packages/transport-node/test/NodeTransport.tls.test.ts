import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as TestClock from "effect/testing/TestClock"
import * as Tls from "node:tls"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"
import * as Certificates from "./support/testOnlyCertificates.ts"

/** Makes this process trust the certificates of the tests until the test ends. */
const trusted = Effect.acquireRelease(
  Effect.sync(() => {
    const before = Tls.getCACertificates("default")
    Tls.setDefaultCACertificates([...before, Certificates.loopback.cert, Certificates.otherName.cert])
    return before
  }),
  (before) => Effect.sync(() => Tls.setDefaultCACertificates(before))
)

const received = (server: Server.Server) => server.connections.map((connection) => connection.received).join("")

describe("NodeTransport: TLS (the seam)", () => {
  it.effect("uses one connection for two requests over TLS too", () =>
    Effect.gen(function*() {
      yield* trusted
      const server = yield* Server.tls(Certificates.loopback, Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      for (let i = 0; i < 2; i++) {
        const response = yield* client.get(server.origin)
        assert.strictEqual(yield* response.text, "hello")
      }
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("says `sent: no`, and permanent, for an untrusted certificate, and sends nothing", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Certificates.loopback, Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, `${server.origin}/secret`), {
        sent: "no",
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
        transient: false
      })
      yield* Server.pause(20)
      assert.strictEqual(received(server), "")
    }))

  it.effect("says `sent: no`, and permanent, for a trusted certificate of another name, and sends nothing", () =>
    Effect.gen(function*() {
      yield* trusted
      const server = yield* Server.tls(Certificates.otherName, Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, `${server.origin}/secret`), {
        sent: "no",
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
        transient: false
      })
      yield* Server.pause(20)
      assert.strictEqual(received(server), "")
    }))

  it.effect("says `sent: no`, and transient, for a reset within the handshake", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.resetAndDestroy())
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, `https://127.0.0.1:${server.port}`), {
        sent: "no",
        code: "ECONNRESET",
        transient: true
      })
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("says `sent: maybe` for a reset after the request, with the same code", () =>
    Effect.gen(function*() {
      yield* trusted
      const server = yield* Server.tls(Certificates.loopback, (connection) => connection.socket.destroy())
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
    }))

  it.effect("applies the connect limit to the handshake by Effect's Clock, and closes the connection", () =>
    Effect.gen(function*() {
      // accepts the connection and sends nothing
      const server = yield* Server.tcp(() => {})
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(Failure.toldBy(client, `https://127.0.0.1:${server.port}`))
      yield* Server.until("hello of TLS", () => (server.connections[0]?.received.length ?? 0) > 0)
      yield* TestClock.adjust("9999 millis")
      yield* Server.pause(20)
      assert.strictEqual(server.open(), 1)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { sent: "no", code: "CONNECT_TIMEOUT", transient: true })
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.live("applies the connect limit in real time", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const client = yield* NodeTransport.make({ connectTimeout: "80 millis" })
      const told = yield* Failure.toldBy(client, `https://127.0.0.1:${server.port}`)
      assert.deepStrictEqual(told, { sent: "no", code: "CONNECT_TIMEOUT", transient: true })
    }))

  it.effect("ends the connect limit when the connection is open, before the wait for the service", () =>
    Effect.gen(function*() {
      yield* trusted
      const server = yield* Server.tls(Certificates.loopback, (connection) => {
        if (connection.received.includes("/second")) connection.socket.write(Server.response("late"))
      })
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(Effect.flatMap(client.get(`${server.origin}/first`), (r) => r.text))
      yield* Server.until("request", () => received(server).includes("/first"))
      yield* TestClock.adjust("1 minute")
      server.connections[0]?.socket.write(Server.response("late"))
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))

  it.effect("closes the connection if interrupted while it connects", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const client = yield* NodeTransport.make()
      const fiber = yield* Effect.forkChild(
        client.execute(HttpClientRequest.get(`https://127.0.0.1:${server.port}`))
      )
      yield* Server.until("hello of TLS", () => (server.connections[0]?.received.length ?? 0) > 0)
      yield* Fiber.interrupt(fiber)
      yield* Server.until("closed", () => server.open() === 0)
    }))
})
