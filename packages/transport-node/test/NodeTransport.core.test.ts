import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"
import * as Server from "./support/Server.ts"
import * as Certificates from "./support/testOnlyCertificates.ts"

const client = (endpoint: string, options?: NodeTransport.Options) =>
  Layer.build(
    SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(NodeTransport.layer(options)))
  ).pipe(Effect.flatMap((context) => SsoOidc.SsoOidc.pipe(Effect.provide(context))))

const register = (oidc: SsoOidc.Service) =>
  oidc.registerClient({ clientName: "my-tool", clientType: "public", scopes: ["sso:account:access"] })

const refresh = (oidc: SsoOidc.Service) =>
  oidc.createToken({
    clientId: "client-id",
    clientSecret: Redacted.make("s3cret-of-the-client"),
    grantType: "refresh_token",
    refreshToken: Redacted.make("s3cret-of-the-refresh")
  })

const registered = Server.response(
  JSON.stringify({ clientId: "id", clientSecret: "secret", clientSecretExpiresAt: 4_000_000_000 }),
  ["HTTP/1.1 200 OK", "content-type: application/json", "x-amzn-requestid: request-1"]
)

const pending = Server.response(JSON.stringify({ error: "authorization_pending" }), [
  "HTTP/1.1 400 Bad Request",
  "content-type: application/json",
  "x-amzn-errortype: AuthorizationPendingException:"
])

describe("NodeTransport under core (the seam)", () => {
  it.effect("uses one connection for several calls, also after an error response", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        connection.socket.write(connection.received.includes("/token") ? pending : registered)
        connection.received = ""
      })
      const oidc = yield* client(server.origin)
      assert.strictEqual((yield* register(oidc)).clientId, "id")
      assert.strictEqual((yield* Effect.flip(refresh(oidc)))._tag, "AuthorizationPendingException")
      assert.strictEqual((yield* register(oidc)).clientId, "id")
      assert.strictEqual(server.connections.length, 1)
    }))

  it.effect("reports a lost response, with the platform's code, for a body that was cut off", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.end(registered.slice(0, -5)))
      const error = yield* Effect.flip(register(yield* client(server.origin)))
      assert.include(error, {
        _tag: "TransportError",
        sent: "answered",
        code: "ECONNRESET",
        transient: true,
        status: 200
      })
    }))

  it.effect("says `sent: maybe` if no response came, and `sent: no` if no server was there", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.destroy())
      const lost = yield* Effect.flip(refresh(yield* client(server.origin)))
      assert.include(lost, { _tag: "TransportError", sent: "maybe", code: "ECONNRESET" })
      const port = yield* Server.refusedPort
      const refused = yield* Effect.flip(refresh(yield* client(`http://127.0.0.1:${port}`)))
      assert.include(refused, { _tag: "TransportError", sent: "no", code: "ECONNREFUSED", transient: true })
    }))

  it.effect("says that an untrusted certificate is permanent", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Certificates.loopback, Server.always(registered))
      const error = yield* Effect.flip(register(yield* client(server.origin)))
      assert.include(error, {
        _tag: "TransportError",
        sent: "no",
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
        transient: false
      })
    }))

  it.effect("fails for a redirect, and closes its connection", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(
        Server.always(Server.response("moved", ["HTTP/1.1 307 Temporary Redirect", "location: /elsewhere"]))
      )
      const error = yield* Effect.flip(refresh(yield* client(server.origin)))
      assert.include(error, { _tag: "UnexpectedResponse", status: 307 })
      yield* Server.until("closed", () => server.open() === 0)
      assert.notInclude(server.connections.map((connection) => connection.received).join(""), "elsewhere")
    }))

  it.effect("closes the connection of a response over maxResponseBytes (C7)", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        connection.socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        const more = () => {
          if (connection.socket.writable) connection.socket.write(`10000\r\n${"x".repeat(0x10000)}\r\n`, more)
        }
        more()
      })
      const error = yield* Effect.flip(register(yield* client(server.origin)))
      assert.include(error, { _tag: "UnexpectedResponse", problem: "tooLarge" })
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("closes the connection when the time limit of a request passes", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const oidc = yield* client(server.origin)
      const fiber = yield* Effect.forkChild(Effect.flip(register(oidc)))
      yield* Server.until("sent", () => (server.connections[0]?.received.length ?? 0) > 0)
      yield* TestClock.adjust("30 seconds")
      assert.include(yield* Fiber.join(fiber), { _tag: "TransportError", sent: "maybe", code: "TIMEOUT" })
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("closes the connection when a call is interrupted", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {})
      const fiber = yield* Effect.forkChild(register(yield* client(server.origin)))
      yield* Server.until("sent", () => (server.connections[0]?.received.length ?? 0) > 0)
      yield* Fiber.interrupt(fiber)
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("keeps the request's secrets out of every failure over a socket (C6)", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.destroy())
      const error = yield* Effect.flip(refresh(yield* client(server.origin)))
      const printed = inspect(error, { depth: 20, showHidden: true, customInspect: false })
      assert.notInclude(printed, "s3cret")
      assert.notInclude(JSON.stringify(error), "s3cret")
    }))
})
