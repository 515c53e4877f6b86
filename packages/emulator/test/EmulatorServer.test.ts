import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import { Context, Effect, Fiber, Layer, Redacted, Scope, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { connect, createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { ask, exchange, registration, startUrl, tagOf } from "./support.ts"

const provide = (options?: EmulatorServer.Options) => Effect.provide(EmulatorServer.layer(options))

const paths = ["/", "/device", "/client/register", "/token", "/nope", "/%zz"]

/** Sends raw bytes over a connection that stays open until the other side ends it. */
const raw = (port: number, bytes: string) =>
  Effect.callback<string>((resume) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes))
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString()
    })
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(text)))
    return Effect.sync(() => socket.destroy())
  })

describe("a body", () => {
  it.live("that is announced as far too large gets a response, which says that the connection ends (E6)", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const head = "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
      const text = yield* raw(port, head + "x".repeat(70_000))
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.match(text, /\r\nconnection: close\r\n/i)
      assert.include(text, "The body has more than 65536 bytes")
    }).pipe(provide()))
})

describe("the host", () => {
  it.effect("is refused on every route if it is not loopback (E5)", () =>
    Effect.gen(function*() {
      for (
        const host of [
          "evil.test",
          "127.0.0.1.evil.test",
          "localhost.evil.test",
          "evil.localhost",
          "10.0.0.1",
          "0.0.0.0",
          "[::]",
          "[::ffff:127.0.0.1]",
          "127.0.0.1@evil.test",
          "evil.test/127.0.0.1",
          "localhost:x"
        ]
      ) {
        for (const path of paths) {
          for (const method of ["GET", "POST"]) {
            const response = yield* ask({ method, path, headers: { host } })
            assert.strictEqual(response.status, 403, `${method} ${path} ${host}`)
          }
        }
      }
    }).pipe(provide()))

  it.effect("is accepted with any loopback name and any port (E5)", () =>
    Effect.gen(function*() {
      for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:9", "[::1]", "[::1]:8484"]) {
        assert.strictEqual((yield* ask({ path: "/device", headers: { host } })).status, 200, host)
      }
    }).pipe(provide()))

  it.effect("is required: a request without it, or with an absolute target elsewhere, is refused (E5)", () =>
    Effect.gen(function*() {
      const { port } = yield* EmulatorServer.EmulatorServer
      const none = yield* raw(port, "GET /device HTTP/1.0\r\n\r\n")
      assert.match(none, /^HTTP\/1\.1 403 /)
      const target = "GET http://evil.test/device HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      assert.match(yield* raw(port, target), /^HTTP\/1\.1 403 /)
    }).pipe(provide()))

  it.effect("of the socket is 127.0.0.1 and no other address (E5)", () =>
    Effect.gen(function*() {
      const { port, url } = yield* EmulatorServer.EmulatorServer
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ address }) =>
        address !== "127.0.0.1" && !address.startsWith("fe80")
      )
      for (const { address, family } of others) {
        const host = family === "IPv6" ? `[${address}]` : address
        const error = yield* Effect.flip(exchange(`http://${host}:${port}`, { path: "/device" }))
        assert.match(String(Object(error).code), /ECONNREFUSED|EADDRNOTAVAIL|EHOSTUNREACH/, address)
      }
    }).pipe(provide()))
})

describe("the server", () => {
  it.effect("frees its port and ends open connections when its scope closes (E5)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmulatorServer.layer(), scope)
      const { port } = Context.get(context, EmulatorServer.EmulatorServer)
      // One connection is idle after a response, the other is in the middle of a request that never ends
      const idle = yield* Effect.forkChild(raw(port, "GET /device HTTP/1.1\r\nHost: localhost\r\n\r\n"), {
        startImmediately: true
      })
      const stuck = yield* Effect.forkChild(
        raw(port, "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{"),
        { startImmediately: true }
      )
      yield* Effect.promise(() => new Promise((done) => setTimeout(done, 100)))
      const before = performance.now()
      yield* Scope.close(scope, yield* Effect.exit(Effect.void))
      assert.isBelow(performance.now() - before, 3000)
      yield* Effect.forEach([idle, stuck], (fiber) => Fiber.join(fiber))
      yield* Effect.provide(Effect.void, EmulatorServer.layer({ port }))
    }))

  it.effect("says in one sentence that its port is in use (E5)", () =>
    Effect.gen(function*() {
      const taken = yield* Effect.acquireRelease(
        Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
          const server = createServer().listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" && address !== null ? address.port : 0
            resume(Effect.succeed({ port, close: () => server.close() }))
          })
        }),
        ({ close }) => Effect.sync(close)
      )
      const error = yield* Effect.flip(Layer.build(EmulatorServer.layer({ port: taken.port })))
      assert.deepStrictEqual([error._tag, error.problem], ["EmulatorError", "listen"])
      assert.strictEqual(
        error.message,
        `The emulator cannot start: port ${taken.port} on 127.0.0.1 is in use, perhaps by an emulator that still runs; choose another, or 0 for any free port.`
      )
    }))

  it.effect.each([-1, 65_536, 1.5, NaN])("refuses port %s (E5)", (port) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(EmulatorServer.layer({ port })))
      assert.strictEqual(error.problem, "options")
    }))

  it.effect("puts no user code into a span (C6)", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      yield* ask({ path: "/device?user_code=CNRY-CNRY" }).pipe(
        Effect.provide(EmulatorServer.layer().pipe(Layer.provide(Layer.succeed(Tracer.Tracer, tracer))))
      )
      const told = spans.map((span) => JSON.stringify([span.name, ...span.attributes.entries()])).join("\n")
      assert.include(told, "/device")
      assert.notInclude(told, "CNRY")
    }))

  it.effect("lets core's client log in, slows it down, and refreshes its token (E1)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { url } = yield* EmulatorServer.EmulatorServer
      const oidc = yield* SsoOidc.make({ region: "eu-west-1", endpoint: url }).pipe(
        Effect.provide(FetchHttpClient.layer)
      )
      const client = yield* oidc.registerClient(registration)
      assert.strictEqual(client.clientSecretExpiresAt, 7_776_000)
      const credentials = { clientId: client.clientId, clientSecret: client.clientSecret }
      const code = yield* oidc.startDeviceAuthorization({ ...credentials, startUrl })
      assert.strictEqual(code.verificationUri, `${url}/device`)
      const poll = oidc.createToken({
        ...credentials,
        grantType: CreateToken.deviceCodeGrantType,
        deviceCode: code.deviceCode
      })
      assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
      assert.strictEqual(yield* tagOf(poll), "SlowDownException")
      yield* TestClock.adjust("6 seconds")
      yield* emulator.authorizations.approve(code.userCode)
      const token = yield* poll
      assert.strictEqual(token.expiresIn, 3600)
      const refreshToken = token.refreshToken ?? Redacted.make("none")
      const refresh = oidc.createToken({ ...credentials, grantType: "refresh_token", refreshToken })
      assert.strictEqual((yield* refresh).tokenType, "Bearer")
      const error = yield* Effect.flip(refresh)
      assert.strictEqual(error._tag, "InvalidGrantException")
      assert.match(error.message, /^Invalid refresh token provided\. .*request [0-9a-f-]{36}\)$/)
    }).pipe(provide()))
})
