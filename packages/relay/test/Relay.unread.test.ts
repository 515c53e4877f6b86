import { assert, describe, it } from "@effect/vitest"
import { registerResponse } from "@sso-oidc/test-kit/fixtures"
import { type Asked, asked, make } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

/** A body of this many chunks of 1 KiB, which counts what is read of it. */
const counted = (chunks: number) => {
  const seen = { pulled: 0, cancelled: false, ended: false }
  const body = new ReadableStream({
    pull: (stream) => {
      if (seen.pulled === chunks) {
        seen.ended = true
        return stream.close()
      }
      seen.pulled++
      stream.enqueue(new Uint8Array(1024))
    },
    cancel: () => {
      seen.cancelled = true
    }
  }, { highWaterMark: 0 })
  return { body, seen }
}

const refused = (ask: Asked) =>
  Effect.gen(function*() {
    const relay = yield* make(Wire.silent())
    const response = yield* relay(asked(ask))
    for (let at = 0; at < 500; at++) yield* Effect.promise(() => Promise.resolve())
    return { status: response.status, connection: response.headers.get("connection") }
  })

const text = { "content-type": "text/plain" }

describe("Relay: a body that was not read to its end", () => {
  it.effect("is read by the relay after its response, if its announced length is short", () =>
    Effect.gen(function*() {
      const { body, seen } = counted(100)
      const { connection, status } = yield* refused({ body, headers: { ...text, "content-length": "102400" } })
      assert.deepStrictEqual({ connection, status }, { connection: null, status: 415 })
      assert.isTrue(seen.ended)
    }))

  it.effect.each<[title: string, ask: Asked, status: number]>([
    ["another path", { path: "/x" }, 404],
    ["another origin", { headers: { origin: "https://evil.example" } }, 403],
    ["another content type", { headers: text }, 415],
    ["an id that no page writes", { headers: { "x-sso-oidc-relay-id": "" } }, 400]
  ])("closes the connection if its length is not known: %s", ([, ask, status]) =>
    Effect.gen(function*() {
      const { body, seen } = counted(1)
      assert.deepStrictEqual(yield* refused({ ...ask, body }), { connection: "close", status })
      assert.strictEqual(seen.pulled, 0)
    }))

  it.effect.each<[title: string, headers: Readonly<Record<string, string>>]>([
    ["a length over 256 KiB", { "content-length": "262145" }],
    ["no number as a length", { "content-length": "0x10" }],
    ["two lengths", { "content-length": "5, 5" }],
    ["chunks", { "content-length": "5", "transfer-encoding": "chunked" }]
  ])("closes the connection if it has %s", ([, headers]) =>
    Effect.gen(function*() {
      const { body, seen } = counted(1)
      const { connection } = yield* refused({ body, headers: { ...text, ...headers } })
      assert.strictEqual(connection, "close")
      assert.strictEqual(seen.pulled, 0)
    }))

  it.effect("is read to 256 KiB and no further when its length was wrong", () =>
    Effect.gen(function*() {
      const { body, seen } = counted(Infinity)
      yield* refused({ body, headers: { ...text, "content-length": "5" } })
      for (let at = 0; at < 50 && !seen.cancelled; at++) {
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      assert.isTrue(seen.cancelled)
      assert.isBelow(seen.pulled, 260)
    }))

  it.effect("closes the connection when it turned out too large", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* refused({ body: counted(100).body }), { connection: "close", status: 413 })
    }))

  it.effect("closes the connection when it came too slowly, whatever length it announces", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.silent())
      const body = new ReadableStream({ pull: () => new Promise(() => {}) })
      const fiber = yield* Effect.forkChild(relay(asked({ body, headers: { "content-length": "5" } })), {
        startImmediately: true
      })
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).headers.get("connection"), "close")
    }))

  it.effect.each(["PUT", "DELETE", "GET"])(
    "closes the connection of a %s whose body the server kept to itself",
    (method) =>
      Effect.gen(function*() {
        const long = { "content-length": "1000000" }
        const relay = yield* make(Wire.silent())
        const request = new Request(asked().url, { method, headers: { origin: "https://app.example", ...long } })
        const response = yield* relay(request)
        assert.strictEqual(response.status, 405)
        assert.strictEqual(response.headers.get("connection"), "close")
      })
  )

  it.effect("closes no connection if the body was read, or if there is none", () =>
    Effect.gen(function*() {
      const relay = yield* make(Wire.responding(() => Wire.json(registerResponse)))
      for (const ask of [{}, { body: "{" }, { body: {} }, { method: "GET" }, { method: "OPTIONS" }]) {
        assert.isNull((yield* relay(asked(ask))).headers.get("connection"))
      }
    }))
})
