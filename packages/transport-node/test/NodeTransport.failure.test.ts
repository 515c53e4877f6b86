import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { inspect } from "node:util"
import * as Failure from "./support/Failure.ts"
import * as Server from "./support/Server.ts"

describe("NodeTransport: failures (the seam)", () => {
  it.effect("says `sent: no` for a refused connection, and names the system call", () =>
    Effect.gen(function*() {
      const client = yield* NodeTransport.make()
      const port = yield* Server.refusedPort
      for (const host of ["127.0.0.1", "localhost"]) {
        const cause = yield* Failure.causeOf(client, `http://${host}:${port}`)
        assert.include(cause, { sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
      }
    }))

  it.effect("says `sent: no`, and transient, for a name that does not exist", () =>
    Effect.gen(function*() {
      const client = yield* NodeTransport.make()
      const cause = yield* Failure.causeOf(client, "https://does-not-exist.invalid")
      assert.include(cause, { sent: "no", transient: true, syscall: "getaddrinfo" })
      assert.include(["ENOTFOUND", "EAI_AGAIN"], cause.code)
    }))

  it.effect("says `sent: maybe` for a reset after the request", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.resetAndDestroy())
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
    }))

  it.effect("says `sent: maybe` for an open connection that dies, even if the server read nothing", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(() => {}, (connection) => {
        connection.socket.pause()
        setTimeout(() => connection.socket.resetAndDestroy(), 20)
      })
      const client = yield* NodeTransport.make()
      const cause = yield* Failure.causeOf(client, server.origin)
      assert.strictEqual(cause.sent, "maybe")
    }))

  it.effect("says `sent: maybe` for a kept connection that dies, and does not send the request again", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection, index) => {
        if (index === 0 && connection.received.split("GET").length > 2) connection.socket.resetAndDestroy()
        else connection.socket.write(Server.response("hello"))
      })
      const client = yield* NodeTransport.make()
      yield* Effect.flatMap(client.get(server.origin), (response) => response.text)
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
      yield* Server.pause(20)
      assert.strictEqual(server.connections.length, 1)
      yield* Effect.flatMap(client.get(server.origin), (response) => response.text)
      assert.strictEqual(server.connections.length, 2)
    }))

  it.effect("says `sent: maybe` for a response that is not HTTP", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always("SSH-2.0-OpenSSH\r\n"))
      const client = yield* NodeTransport.make()
      const cause = yield* Failure.causeOf(client, server.origin)
      assert.strictEqual(cause.sent, "maybe")
      assert.match(cause.code, /^HPE_/)
    }))

  it.effect("fails, and does not wait, if the server switches protocols unasked", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(
        Server.always("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")
      )
      const client = yield* NodeTransport.make()
      assert.deepStrictEqual(yield* Failure.toldBy(client, server.origin), {
        sent: "maybe",
        code: "CONNECTION_CLOSED",
        transient: true
      })
    }))

  it.effect.each([
    { what: "a header that cannot be sent", url: "http://127.0.0.1:9", name: "x-a", code: "ERR_INVALID_CHAR" },
    { what: "a header without a name", url: "http://127.0.0.1:9", name: "", code: "ERR_INVALID_HTTP_TOKEN" },
    { what: "an unknown protocol", url: "ftp://127.0.0.1/", code: "UNSUPPORTED_PROTOCOL" },
    { what: "user info in the URL", url: "http://me:secret@127.0.0.1:9/", code: "URL_CREDENTIALS" },
    { what: "a user in the URL", url: "http://me@127.0.0.1:9/", code: "URL_CREDENTIALS" },
    { what: "a password in the URL", url: "http://:secret@127.0.0.1:9/", code: "URL_CREDENTIALS" },
    { what: "an upgrade", url: "http://127.0.0.1:9", name: "upgrade", code: "UPGRADE_UNSUPPORTED" }
  ])(
    "says `sent: no`, and permanent, for $what",
    ({ code, name, url }) =>
      Effect.gen(function*() {
        const client = yield* NodeTransport.make()
        const headers = name === undefined ? {} : { [name]: "a\nb" }
        const told = yield* Failure.toldBy(client, HttpClientRequest.get(url, { headers }))
        assert.deepStrictEqual(told, { sent: "no", code, transient: false })
      })
  )

  it.effect.each([
    { lacks: "its length", text: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart", code: "ECONNRESET" },
    {
      lacks: "its last chunk",
      text: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n",
      code: "ECONNRESET"
    },
    {
      lacks: "sense",
      text: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      code: "HPE_INVALID_CHUNK_SIZE"
    }
  ])(
    "fails with a DecodeError and the platform's code for a body without $lacks",
    ({ code, text }) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp((connection) => connection.socket.end(text))
        const client = yield* NodeTransport.make()
        const response = yield* client.get(server.origin)
        const error = yield* Effect.flip(response.text)
        assert.strictEqual(error.reason._tag, "DecodeError")
        assert.deepStrictEqual(error.cause, { name: "Error", code })
      })
  )

  it.effect("reads the whole body if the connection is reset after its last byte", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        connection.socket.write(Server.response("whole"), () => {
          setTimeout(() => connection.socket.resetAndDestroy(), 20)
        })
      })
      const client = yield* NodeTransport.make()
      const response = yield* client.get(server.origin)
      yield* Server.until("reset", () => server.open() === 0)
      yield* Server.pause(20)
      assert.strictEqual(yield* response.text, "whole")
    }))

  it.effect("keeps neither the platform's error nor the request in the cause (C6)", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => connection.socket.resetAndDestroy())
      const client = yield* NodeTransport.make()
      const request = HttpClientRequest.post(server.origin).pipe(
        HttpClientRequest.bodyJsonUnsafe({ clientSecret: "s3cret" })
      )
      const cause = yield* Failure.causeOf(client, request)
      assert.notInclude(inspect(cause, { depth: 20, showHidden: true }), "s3cret")
      assert.isUndefined(cause.cause)
    }))
})

describe("NodeTransport: options (the seam)", () => {
  it.effect.each([
    { connectTimeout: 0 },
    { connectTimeout: -1 },
    { connectTimeout: Number.NaN },
    { idleTimeout: Number.NaN },
    { idleTimeout: -1 }
  ])("dies with the option's name for %j", (options) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(NodeTransport.make(options))
      assert.isTrue(Exit.hasDies(exit))
      assert.include(
        Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
        `RangeError: NodeTransport: ${Object.keys(options)[0]}`
      )
    }))

  it.effect.each(["Infinity", "365 days"] as const)(
    "does not apply a limit of %s at once",
    (limit) =>
      Effect.gen(function*() {
        const server = yield* Server.tcp(Server.always(Server.response("hello")))
        const client = yield* NodeTransport.make({ connectTimeout: limit, idleTimeout: limit })
        for (let i = 0; i < 2; i++) {
          yield* Effect.flatMap(client.get(server.origin), (response) => response.text)
          yield* Server.pause(20)
        }
        assert.strictEqual(server.connections.length, 1)
      })
  )
})
