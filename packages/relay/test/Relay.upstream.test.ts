import { assert, describe, it } from "@effect/vitest"
import * as Relay from "@sso-oidc/relay/Relay"
import { registerResponse } from "@sso-oidc/test-kit/fixtures"
import { asked, make, options } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"

const through = (respond: () => Response) =>
  Effect.gen(function*() {
    const relay = yield* make(Wire.responding(respond))
    const response = yield* relay(asked())
    const bytes = yield* Effect.promise(async () => new Uint8Array(await response.arrayBuffer()))
    return { response, bytes }
  })

const html = "<!doctype html><script>alert(1)</script>"

describe("Relay: no browser shows a response of the service as a document", () => {
  it.effect.each<[type: string | undefined, status: number]>([
    ["text/html", 200],
    ["text/html; charset=utf-8", 502],
    ["TEXT/HTML", 403],
    [" text/html ", 503],
    ["application/xhtml+xml", 200],
    ["image/svg+xml", 200],
    ["application/xml", 200],
    ["text/xml", 404],
    ["application/rss+xml", 200],
    ["multipart/x-mixed-replace; boundary=x", 200],
    ["application/pdf", 200],
    ["text/javascript", 200],
    ["text/css", 200],
    ["application/json, text/html", 200],
    ["text/plain, text/html", 200],
    ["application/json; a=\"b, text/html\"", 200],
    ["application/json;, text/html", 200],
    ["application/jsonx", 200],
    ["application/+json", 200],
    ["json", 200],
    ["", 200],
    [undefined, 200]
  ])(
    "gives a body of another type than JSON and plain text as plain text: %s",
    ([type, status]) =>
      Effect.gen(function*() {
        const { bytes, response } = yield* through(() => {
          const response = new Response(html, { status })
          if (type === undefined) response.headers.delete("content-type")
          else response.headers.set("content-type", type)
          return response
        })
        assert.strictEqual(response.status, status)
        assert.strictEqual(response.headers.get("content-type"), "text/plain; charset=utf-8")
        assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
        assert.strictEqual(new TextDecoder().decode(bytes), html)
      })
  )

  it.effect.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=\"utf-8\"",
    "Application/JSON",
    "application/problem+json",
    "application/x-amz-json-1.1",
    "text/plain",
    "text/plain;charset=UTF-8"
  ])("keeps a type that no browser shows as a document: %s", (type) =>
    Effect.gen(function*() {
      const { response } = yield* through(() => new Response("{}", { headers: { "content-type": type } }))
      assert.strictEqual(response.headers.get("content-type"), type)
      assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
    }))

  it.effect("gives no type for a response without bytes and without a type", () =>
    Effect.gen(function*() {
      const { response } = yield* through(() => new Response(null, { status: 500 }))
      assert.isNull(response.headers.get("content-type"))
    }))
})

const json = JSON.stringify(registerResponse)

const encoders: ReadonlyArray<[string, (text: string) => Uint8Array]> = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZIP", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["identity, gzip", gzipSync],
  ["deflate, gzip", (text) => gzipSync(deflateSync(text))],
  ["aws-future", (text) => new Uint8Array(gzipSync(text).map((byte) => byte ^ 0x55))]
]

describe("Relay: the encoding of a body", () => {
  it.effect.each(encoders)(
    "keeps its header while the body is encoded: %s",
    ([encoding, encode]) =>
      Effect.gen(function*() {
        const encoded = new Uint8Array(encode(json))
        const { bytes, response } = yield* through(() =>
          new Response(encoded, { headers: { "content-encoding": encoding, "content-type": "application/json" } })
        )
        assert.strictEqual(response.headers.get("content-encoding"), encoding)
        assert.deepStrictEqual(bytes, encoded)
      })
  )

  it.effect.each(encoders)(
    "loses its header when the transport decoded the body, as fetch does: %s",
    ([encoding]) =>
      Effect.gen(function*() {
        const { bytes, response } = yield* through(() =>
          Wire.json(registerResponse, { headers: { "content-encoding": encoding } })
        )
        assert.isNull(response.headers.get("content-encoding"))
        assert.strictEqual(new TextDecoder().decode(bytes), json)
      })
  )

  it.effect("loses its header when a decoded body is no UTF-8, if the encoding has magic bytes", () =>
    Effect.gen(function*() {
      const latin1 = new Uint8Array([0x63, 0x61, 0x66, 0xe9])
      const { response } = yield* through(() => new Response(latin1, { headers: { "content-encoding": "gzip" } }))
      assert.isNull(response.headers.get("content-encoding"))
    }))

  it.effect.each(["identity", "", "gzip; q=1", "<gzip>", "gzip,", "constructor"])(
    "has no header if there is none, or no valid name: %j",
    (encoding) =>
      Effect.gen(function*() {
        const { response } = yield* through(() => {
          const response = Wire.json(registerResponse)
          if (encoding !== "") response.headers.set("content-encoding", encoding)
          return response
        })
        assert.isNull(response.headers.get("content-encoding"))
      })
  )
})

describe("Relay: a response without a stream", () => {
  const streamless = (text: string) =>
    HttpClient.make((request) =>
      Effect.succeed(HttpClientResponse.fromWeb(
        request,
        Object.defineProperty(new Response(text, { headers: { "content-type": "application/json" } }), "body", {
          value: null
        })
      ))
    )

  it.effect("is passed on whole, under the limit", () =>
    Effect.gen(function*() {
      const through = (maxResponseBytes: number) =>
        Relay.make({ ...options, maxResponseBytes }).pipe(
          Effect.provideService(HttpClient.HttpClient, streamless(json)),
          Effect.flatMap((relay) => relay(asked()))
        )
      const response = yield* through(json.length)
      assert.strictEqual(yield* Effect.promise(() => response.text()), json)
      assert.strictEqual((yield* through(json.length - 1)).status, 502)
    }))
})
