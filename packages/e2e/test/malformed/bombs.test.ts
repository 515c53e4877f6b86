import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type { Socket } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib"
import * as Hostile from "../support/hostile.ts"

const MB = 1024 * 1024

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

// most cases stay below 3 MB, and the buffers of sockets and decompressors vary
const limit = 40 * MB

const used = (): number => {
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

/** Runs the effect, and checks that its memory never exceeds the limit, in the heap and outside of it. */
const bounded = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    collect()
    const before = used()
    let [collected, peak] = [0, 0]
    const look = (): void => {
      // memory that can be collected does not count
      if (used() - before > limit / 2) {
        if (performance.now() - collected < 200) return
        collect()
        collected = performance.now()
      }
      peak = Math.max(peak, used() - before)
    }
    const timer = setInterval(look, 5)
    const value = yield* Effect.ensuring(effect, Effect.sync(() => clearInterval(timer)))
    collected = 0
    look()
    assert.isBelow(peak, limit)
    return value
  })

const zeros = Buffer.alloc(100 * MB)
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
const compressed = [
  ["gzip", gzipSync(zeros)],
  ["deflate", deflateSync(zeros)],
  ["br", brotliCompressSync(zeros, quick)],
  ["gzip, gzip", gzipSync(gzipSync(zeros))]
] as const

// 10 MB of zeros as one chunk, repeated, because gzip accepts several members one after another
const packed = gzipSync(zeros.subarray(0, 10 * MB))
const member = Buffer.concat([Buffer.from(`${packed.length.toString(16)}\r\n`), packed, Buffer.from("\r\n")])

/** Writes pieces for as long as the client reads them. */
const endless = (head: Uint8Array, piece: string | Uint8Array) => (socket: Socket): void => {
  const more = (): void => {
    if (socket.writable) socket.write(piece, () => setImmediate(more))
  }
  socket.write(head)
  more()
}

const chunked = Hostile.raw("200 OK", [Hostile.requestId, "transfer-encoding: chunked"])
const piece = `10000\r\n${"x".repeat(0x10000)}\r\n`

for (const [name, transport] of Hostile.transports) {
  const fails = (
    script: Hostile.Script,
    options?: Parameters<typeof Hostile.client>[2],
    watch: typeof bounded = bounded
  ) =>
    Effect.gen(function*() {
      const server = yield* Hostile.serve(script, Hostile.response(Hostile.token))
      const oidc = yield* Hostile.client(server, transport, options)
      const error = yield* watch(Effect.flip(Hostile.createToken(oidc)))
      assert.isTrue(yield* Hostile.becomes(() => server.connections[0]?.closed === true), "closed")
      assert.strictEqual(server.paths().length, 1)
      return { error, server }
    })

  describe(`decompression bombs and endless bodies over real sockets, through ${name}`, () => {
    for (const [encoding, bytes] of compressed) {
      it.live(`the cap counts the decompressed bytes of 100 MB of zeros as ${encoding}, and memory is bounded (C7)`, () =>
        Effect.gen(function*() {
          const script = Hostile.response(bytes, "200 OK", [`content-encoding: ${encoding}`])
          const server = yield* Hostile.serve(script, Hostile.response(Hostile.token))
          const oidc = yield* Hostile.client(server, transport)
          const value = yield* bounded(Effect.gen(function*() {
            const error = yield* Effect.flip(Hostile.createToken(oidc))
            // nothing is left behind: the connection is whole or closed, and the next call gets its own response
            const { accessToken } = yield* Hostile.createToken(oidc)
            assert.strictEqual(Redacted.value(accessToken), Hostile.secret.accessToken)
            return error
          }))
          if (value._tag !== "UnexpectedResponse") return assert.fail(value._tag)
          assert.strictEqual(value.problem, name === "node" ? "contentEncoding" : "tooLarge")
          // Node's transport asks for no encoding and decodes none
          if (name === "fetch") assert.strictEqual(Redacted.value(value.body), "\0".repeat(1024))
          assert.strictEqual(value.length, bytes.length)
        }))
    }

    it.live("endless gzip stops at the cap, and its connection closes (C7)", () =>
      Effect.gen(function*() {
        const head = Hostile.raw("200 OK", [
          Hostile.requestId,
          "content-encoding: gzip",
          "transfer-encoding: chunked"
        ])
        const { error } = yield* fails(endless(head, member))
        assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse tooLarge 200")
      }))

    it.live("an endless body stops at the cap, its connection closes, and the server can write no more (C7)", () =>
      Effect.gen(function*() {
        const { error, server } = yield* fails(endless(chunked, piece))
        assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse tooLarge 200")
        // the size of the buffers of two sockets
        assert.isBelow(server.connections[0]?.socket.bytesWritten ?? Infinity, limit)
      }))

    it.live("an endless body without a length stops at the cap, also in an error (C7)", () =>
      Effect.gen(function*() {
        for (const status of ["200 OK", "400 Bad Request", "502 Bad Gateway"]) {
          const { error } = yield* fails(endless(Hostile.raw(status, [Hostile.requestId]), "x".repeat(0x10000)))
          assert.strictEqual(Hostile.lineOf(error), `UnexpectedResponse tooLarge ${status.slice(0, 3)}`)
        }
      }))

    it.live("a declared length of a terabyte reserves no memory (C7)", () =>
      Effect.gen(function*() {
        const head = Hostile.raw("200 OK", [Hostile.requestId, `content-length: ${1e12}`])
        const { error } = yield* fails(endless(head, "x".repeat(0x10000)))
        assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse tooLarge 200")
        assert.propertyVal(error, "length", 1e12)
      }))

    it.live("a body of one-byte chunks stops at the cap, and takes little more memory than its bytes (C7)", () =>
      Effect.gen(function*() {
        const { error } = yield* fails(endless(chunked, "1\r\nx\r\n".repeat(2000)), {
          maxResponseBytes: 50_000
        })
        assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse tooLarge 200")
      }))

    it.live("chunks of one byte with long extensions stop at the cap, or before it (C7)", () =>
      Effect.gen(function*() {
        const { error } = yield* fails(
          endless(chunked, `1;${"e".repeat(60_000)}\r\nx\r\n`),
          { maxResponseBytes: 200 }
        )
        const node = "TransportError answered HPE_CHUNK_EXTENSIONS_OVERFLOW 200"
        assert.strictEqual(Hostile.lineOf(error), name === "node" ? node : "UnexpectedResponse tooLarge 200")
      }))

    it.live("a body that arrives slowly does not extend the time limit", () =>
      Effect.gen(function*() {
        const began = performance.now()
        const { error } = yield* fails(
          (socket) => {
            socket.write(chunked)
            const timer = setInterval(() => socket.write("1\r\n \r\n"), 10)
            socket.on("close", () => clearInterval(timer))
          },
          { requestTimeout: "300 millis" },
          (effect) => effect
        )
        assert.strictEqual(Hostile.lineOf(error), "TransportError answered TIMEOUT 200")
        assert.isBelow(performance.now() - began, 5000)
      }))

    it.live("a head that arrives slowly does not extend the time limit", () =>
      Effect.gen(function*() {
        const { error } = yield* fails(
          (socket) => {
            socket.write("HTTP/1.1 200 OK\r\n")
            const timer = setInterval(() => socket.write("x: y\r\n"), 10)
            socket.on("close", () => clearInterval(timer))
          },
          { requestTimeout: "300 millis" },
          (effect) => effect
        )
        assert.strictEqual(Hostile.lineOf(error), "TransportError maybe TIMEOUT")
      }))
  })
}

describe("decompression bombs in process", () => {
  it.live("no byte of a body keeps its whole buffer in memory (C7)", () =>
    Effect.gen(function*() {
      const count = 200
      let [held, pulled] = [0, 0]
      const before = process.memoryUsage().arrayBuffers
      const body = () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>({
          pull: (controller) => {
            controller.enqueue(new Uint8Array(MB).subarray(0, 1))
            if (++pulled < count) return
            collect()
            held = process.memoryUsage().arrayBuffers - before
            controller.close()
          }
        })
      const client = HttpClient.make((request) =>
        Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(body())))
      )
      const oidc = yield* SsoOidc.make({ region: "eu-west-1" }).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      const error = yield* Effect.flip(Hostile.createToken(oidc))
      assert.strictEqual(Hostile.lineOf(error), "UnexpectedResponse malformed 200")
      assert.isBelow(held, (count / 4) * MB)
    }))
})
