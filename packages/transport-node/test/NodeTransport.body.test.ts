import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import * as Server from "./support/Server.ts"

describe("NodeTransport: bodies (the seam)", () => {
  it.effect("stops reading from the server while the reader is slow", () =>
    Effect.gen(function*() {
      const piece = Buffer.alloc(64 * 1024)
      const size = 1024 * piece.length
      let sent = 0
      const server = yield* Server.tcp((connection) => {
        connection.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
        const more = () => {
          if (sent === size) return
          sent += piece.length
          connection.socket.write(piece, more)
        }
        more()
      })
      const client = yield* NodeTransport.make()
      // until the sender can send no more
      const stalled = Effect.gen(function*() {
        for (let before = -1; before !== sent;) {
          before = sent
          yield* Server.pause(100)
        }
        assert.isBelow(sent, size)
      })
      let read = 0
      const response = yield* client.execute(HttpClientRequest.get(server.origin))
      yield* Stream.runForEach(response.stream, (chunk) => {
        read += chunk.length
        return read === chunk.length ? stalled : Effect.void
      })
      assert.strictEqual(read, size)
    }))

  it.effect("applies MaxBodySize, and closes the connection of a larger body", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("0123456789")))
      const client = yield* NodeTransport.make()
      const text = Effect.flatMap(
        client.execute(HttpClientRequest.get(server.origin)),
        (response) => response.text
      )
      const limited = (max: number) => Effect.provideService(text, HttpIncomingMessage.MaxBodySize, ByteSize.bytes(max))
      assert.strictEqual(yield* limited(10), "0123456789")
      const error = yield* Effect.flip(limited(9))
      assert.strictEqual(error.reason._tag, "DecodeError")
      yield* Server.until("closed", () => server.open() === 0)
    }))

  it.effect("reads text, JSON, form fields and form data", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp((connection) => {
        connection.socket.write(
          connection.received.includes("/json")
            ? Server.response(`{"a":1}`)
            : Server.response("a=1&b=2", ["HTTP/1.1 200 OK", "content-type: application/x-www-form-urlencoded"])
        )
        connection.received = ""
      })
      const client = yield* NodeTransport.make()
      const json = yield* client.execute(HttpClientRequest.get(`${server.origin}/json`))
      assert.deepStrictEqual(yield* json.json, { a: 1 })
      assert.strictEqual(yield* json.text, `{"a":1}`)
      const form = yield* client.execute(HttpClientRequest.get(`${server.origin}/form`))
      assert.strictEqual((yield* form.formData).get("b"), "2")
      assert.strictEqual((yield* Effect.flip(form.json)).reason._tag, "DecodeError")
      assert.strictEqual((yield* Effect.flip(form.upgrade)).reason._tag, "StatusCodeError")
    }))

  it.effect("shows no secret of the request when a response is printed or walked (C6)", () =>
    Effect.gen(function*() {
      const server = yield* Server.tcp(Server.always(Server.response("hello")))
      const client = yield* NodeTransport.make()
      const response = yield* HttpClient.withScope(client).execute(
        HttpClientRequest.post(server.origin).pipe(HttpClientRequest.bodyJsonUnsafe({ clientSecret: "s3cret" }))
      )
      for (
        const text of [
          inspect(response, { depth: 20, customInspect: false }),
          inspect(response),
          JSON.stringify(response),
          String(response)
        ]
      ) {
        assert.notInclude(text, "s3cret")
      }
      yield* response.text
    }))
})
