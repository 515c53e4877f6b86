/**
 * The relay on servers of Node, over loopback.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Relay from "@sso-oidc/relay/Relay"
import { registerRequest, registerResponse } from "@sso-oidc/test-kit/fixtures"
import { options, origin } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { createServer, request as ask, type Server } from "node:http"
import * as Http2 from "node:http2"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === "object" && address !== null ? address.port : 0

const listening = <S extends Server | Http2.Http2Server>(make: () => S) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: S; readonly port: number }>((resume) => {
      const server = make()
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, port: portOf(server.address()) })))
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        if ("closeAllConnections" in server) server.closeAllConnections()
      })
  )

const handlerOf = (wire: Wire.Wire, more: Partial<Relay.Options> = {}) =>
  Relay.toWebHandler({ ...options, ...more }, Layer.succeed(HttpClient.HttpClient, wire.client)).handler

const path = "/sso-oidc/eu-west-1/client/register"

interface Got {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

const post = (port: number, headers: Readonly<Record<string, string>> = {}) =>
  Effect.callback<Got>((resume) => {
    const outgoing = ask({
      host: "127.0.0.1",
      port,
      path,
      method: "POST",
      headers: { origin, "content-type": "application/json", ...headers }
    }, (incoming) => {
      const chunks: Array<Buffer> = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("end", () =>
        resume(Effect.succeed({
          status: incoming.statusCode,
          headers: incoming.headers,
          body: Buffer.concat(chunks)
        })))
    })
    outgoing.on("error", (error) => resume(Effect.die(error)))
    outgoing.end(JSON.stringify(registerRequest))
    return Effect.sync(() => outgoing.destroy())
  })

const responding = () => Wire.responding(() => Wire.json(registerResponse))

describe("Relay.toNodeListener", () => {
  it.live("passes a request on, and gives the relay its target and the address of its connection", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const wire = responding()
      const handler = handlerOf(wire)
      const { port } = yield* listening(() =>
        createServer(Relay.toNodeListener((request, connection) => {
          seen.push(request.url, connection)
          return handler(request, connection)
        }, { origin: "https://relay.example" }))
      )
      const { body, headers, status } = yield* post(port)
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(body.toString()), registerResponse)
      assert.strictEqual(headers["content-length"], String(body.length))
      assert.deepStrictEqual(JSON.parse(wire.sent[0]?.body ?? ""), registerRequest)
      assert.deepStrictEqual(seen, [
        `https://relay.example${path}`,
        { requestTarget: path, remoteAddress: "127.0.0.1" }
      ])
    }))

  it.live("responds when the handler fails", () =>
    Effect.gen(function*() {
      const { port } = yield* listening(() => createServer(Relay.toNodeListener(() => Promise.reject(new Error("no")))))
      const { body, status } = yield* post(port)
      assert.deepStrictEqual([status, body.length], [500, 0])
    }))

  it.live("makes the origin from the header Host, and responds with 400 if that is no host", () =>
    Effect.gen(function*() {
      const wire = responding()
      const { port } = yield* listening(() =>
        createServer(Relay.toNodeListener(handlerOf(wire, { origins: ["same-origin"] })))
      )
      const host = "app.example:8443"
      assert.strictEqual((yield* post(port, { host, origin: `http://${host}` })).status, 200)
      assert.strictEqual((yield* post(port, { host, origin: "http://app.example" })).status, 403)
      assert.strictEqual(wire.sent.length, 1)
      for (const host of ["a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "a:b", "["]) {
        const { body, status } = yield* post(port, { host, origin: `http://${host}` })
        assert.strictEqual(status, 400, host)
        assert.include(body.toString(), "no header Host that names a host")
      }
      assert.strictEqual(wire.sent.length, 1)
    }))

  it("throws a RangeError for a text that is no origin", () => {
    for (const origin of ["app.example", "https://app.example/", "https://a@app.example", "", "ftp://app.example"]) {
      assert.throws(() => Relay.toNodeListener(handlerOf(responding()), { origin }), RangeError, "origin must")
    }
  })

  it.live("passes on a body that is still encoded with its header, for the client to decode", () =>
    Effect.gen(function*() {
      const encoded = gzipSync(JSON.stringify(registerResponse))
      const wire = Wire.responding(() =>
        new Response(new Uint8Array(encoded), {
          headers: { "content-encoding": "gzip", "content-type": "application/json" }
        })
      )
      const { port } = yield* listening(() => createServer(Relay.toNodeListener(handlerOf(wire))))
      const { body, headers } = yield* post(port)
      assert.strictEqual(headers["content-encoding"], "gzip")
      assert.isTrue(body.equals(encoded))
      const json = yield* Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: "POST",
          headers: { origin, "content-type": "application/json" },
          body: JSON.stringify(registerRequest)
        })
        return response.json()
      })
      assert.deepStrictEqual(json, registerResponse)
    }))

  it.live("ends the request to the service when the page goes away (D6)", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const { port } = yield* listening(() => createServer(Relay.toNodeListener(handlerOf(wire))))
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Effect.raceFirst(
        post(port),
        Effect.gen(function*() {
          while (wire.sent.length === 0) yield* turn
        })
      )
      while (wire.sent[0]?.signal.aborted !== true) yield* turn
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.live("serves HTTP/2, which forbids the header that closes a connection", () =>
    Effect.gen(function*() {
      const { port } = yield* listening(() => Http2.createServer(Relay.toNodeListener(handlerOf(responding()))))
      const session = yield* Effect.acquireRelease(
        Effect.sync(() => Http2.connect(`http://127.0.0.1:${port}`)),
        (session) => Effect.sync(() => session.destroy())
      )
      const statusOf = (headers: Readonly<Record<string, string>>, body: string) =>
        Effect.callback<number>((resume) => {
          const stream = session.request({
            ":path": path,
            ":method": "POST",
            origin,
            "content-type": "application/json",
            ...headers
          })
          stream.on("response", (headers) => resume(Effect.succeed(Number(headers[":status"]))))
          stream.on("error", () => {})
          stream.end(body)
        })
      assert.strictEqual(yield* statusOf({}, JSON.stringify(registerRequest)), 200)
      assert.strictEqual(yield* statusOf({ "content-type": "text/plain" }, "x".repeat(300_000)), 415)
      assert.strictEqual(yield* statusOf({}, JSON.stringify(registerRequest)), 200)
    }))
})
