import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { deviceRequest, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { gzipSync } from "node:zlib"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const createToken = (wire: Wire.Wire, options?: Parameters<typeof Wire.client>[1]) =>
  Effect.flatMap(Wire.client(wire, options), (oidc) => oidc.createToken(deviceRequest))

/** A body that the test feeds, and that records when it is cancelled. */
const fed = (first = "") => {
  const state = { cancelled: false, push: (_text: string): void => {}, close: (): void => {}, error: (): void => {} }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      const push = (text: string): void => controller.enqueue(Uint8Array.from(bytes(text)))
      state.push = push
      state.close = () => controller.close()
      state.error = () => controller.error(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }))
      if (first !== "") push(first)
    },
    cancel: () => {
      state.cancelled = true
    }
  })
  return { body, state }
}

const head = { status: 200, headers: { "x-amzn-requestid": "r-1", "content-type": "application/json" } }

describe("SsoOidc: the headers count, whatever happens to the body", () => {
  const headers = { "x-amzn-errortype": "InvalidGrantException:http://internal/", "x-amzn-requestid": "r-1" }

  it.effect.each(
    [
      [
        "tooLarge",
        new Response("x".repeat(300 * 1024), {
          status: 400,
          headers: { ...headers, "x-amzn-errortype": "ForbiddenException" }
        })
      ],
      [
        "contentEncoding",
        new Response(Uint8Array.from([0x1f, 0x8b, 0xff]), {
          status: 400,
          headers: { ...headers, "x-amzn-errortype": "ForbiddenException", "content-encoding": "gzip" }
        })
      ],
      ["redirect", new Response(null, { status: 302, headers })]
    ] as const
  )(
    "the type in the header is the code of an UnexpectedResponse with the problem %s (C3, C4)",
    ([problem, response]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(createToken(Wire.responding(() => response)))
        assert.deepInclude(error, {
          _tag: "UnexpectedResponse",
          problem,
          code: problem === "redirect" ? "InvalidGrantException" : "ForbiddenException",
          requestId: "r-1"
        })
      })
  )

  it.effect.each(
    [
      ["compressed", Uint8Array.from(gzipSync("{\"error\":\"invalid_grant\"}")), { "content-encoding": "gzip" }],
      ["larger than the cap", "x".repeat(300 * 1024), {}],
      ["not JSON", "<html>", { "content-type": "text/html" }],
      ["empty", "", {}]
    ] as const
  )(
    "an exception in the header counts, although the body is %s (C4)",
    ([, body, more]) =>
      Effect.gen(function*() {
        const wire = Wire.responding(() => new Response(body, { status: 400, headers: { ...headers, ...more } }))
        assert.deepInclude(yield* Effect.flip(createToken(wire)), {
          _tag: "InvalidGrantException",
          error: "invalid_grant",
          status: 400,
          requestId: "r-1"
        })
      })
  )

  it.effect("a header cannot turn a success into an exception (C4)", () =>
    Effect.gen(function*() {
      const bytes = Uint8Array.from(gzipSync(JSON.stringify(tokenResponse)))
      const encoded = Wire.responding(() =>
        new Response(bytes, { status: 200, headers: { ...headers, "content-encoding": "gzip" } })
      )
      assert.deepInclude(yield* Effect.flip(createToken(encoded)), { problem: "contentEncoding", status: 200 })
      const plain = Wire.responding(() => Wire.json(tokenResponse, { headers }))
      assert.strictEqual((yield* createToken(plain)).tokenType, "Bearer")
    }))

  it.effect("an incomplete response keeps its Retry-After, if it is cut off or takes too long (C3)", () =>
    Effect.gen(function*() {
      const cut = fed("{")
      const wire = Wire.responding(() => new Response(cut.body, { status: 503, headers: { "retry-after": "120" } }))
      const fiber = yield* Effect.forkChild(Effect.flip(createToken(wire)))
      yield* TestClock.adjust("1 second")
      cut.state.error()
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "TransportError", sent: "answered", retryAfter: 120 })

      const slow = fed("{")
      const silent = Wire.responding(() => new Response(slow.body, { status: 503, headers: { "retry-after": "7" } }))
      const late = yield* Effect.forkChild(Effect.flip(createToken(silent)))
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* Fiber.join(late), { code: "TIMEOUT", sent: "answered", retryAfter: 7 })
    }))
})

describe("SsoOidc: the cap on bodies", () => {
  const good = JSON.stringify(tokenResponse)

  it.effect("reads a body of exactly maxResponseBytes, and refuses one byte more as tooLarge (C7)", () =>
    Effect.gen(function*() {
      const length = bytes(good).length
      const wire = Wire.responding(() => Wire.json(tokenResponse))
      assert.strictEqual((yield* createToken(wire, { maxResponseBytes: length })).tokenType, "Bearer")
      const error = yield* Effect.flip(createToken(wire, { maxResponseBytes: length - 1 }))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "tooLarge", status: 200 })
    }))

  it.effect("reads and keeps the same of a body in pieces as of a whole body (C7)", () =>
    Effect.gen(function*() {
      const pieces = (text: string) =>
        new ReadableStream({
          start: (controller) => {
            for (const one of bytes(text)) controller.enqueue(Uint8Array.of(one))
            controller.close()
          }
        })
      const response = yield* createToken(Wire.responding(() => new Response(pieces(good))))
      assert.strictEqual(Redacted.value(response.accessToken), tokenResponse.accessToken)
      const error = yield* Effect.flip(createToken(Wire.responding(() => new Response(pieces("<p>no</p>"), head))))
      if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
      assert.strictEqual(error.length, 9)
      assert.strictEqual(Redacted.value(error.body), "<p>no</p>")
    }))

  it.effect("gives the announced length for a body that was not read, if it is a number (C3)", () =>
    Effect.gen(function*() {
      const announced = (length: string | undefined) =>
        Effect.flip(createToken(Wire.responding(() =>
          new Response(null, {
            status: 302,
            headers: length === undefined ? {} : { "content-length": length }
          })
        )))
      for (const length of ["0", "7", "0123", "9".repeat(15)]) {
        assert.deepInclude(yield* announced(length), { problem: "redirect", length: Number(length) })
      }
      for (const length of [undefined, "", "a", "7a", "a7", "7, 7", "7 7", "-7", "+7", "7.5", "1e3", "9".repeat(16)]) {
        assert.notProperty(yield* announced(length), "length", length)
      }
    }))

  it.effect("is 256 KiB by default (C7)", () =>
    Effect.gen(function*() {
      const padded = (length: number) => Wire.responding(() => new Response(good + " ".repeat(length - good.length)))
      yield* createToken(padded(256 * 1024))
      assert.deepInclude(yield* Effect.flip(createToken(padded(256 * 1024 + 1))), { problem: "tooLarge" })
    }))

  it.effect("holds for errors too: no type is read from a larger body (C7)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({ error: "slow_down", x: "y".repeat(100) }, { status: 400 }))
      assert.deepInclude(yield* Effect.flip(createToken(wire, { maxResponseBytes: 50 })), {
        _tag: "UnexpectedResponse",
        problem: "tooLarge",
        status: 400
      })
    }))

  it.effect("cuts off an endless body: it cancels the stream, and aborts the signal (C7)", () =>
    Effect.gen(function*() {
      let pulled = 0
      let cancelled = false
      const wire = Wire.responding(() =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              pulled += 1
              controller.enqueue(bytes("x".repeat(1000)))
              // Much larger than the cap.
              if (pulled === 1000) controller.close()
            },
            cancel: () => {
              cancelled = true
            }
          }),
          { ...head, headers: { ...head.headers, "content-length": "123456789" } }
        )
      )
      const error = yield* Effect.flip(createToken(wire, { maxResponseBytes: 10_000 }))
      if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
      assert.deepInclude(error, { problem: "tooLarge", requestId: "r-1", length: 123456789 })
      assert.strictEqual(Redacted.value(error.body), "x".repeat(1024))
      assert.isAtMost(pulled, 20)
      assert.isTrue(cancelled)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))
})

describe("SsoOidc: time limits", () => {
  it.effect("no response within requestTimeout, 30 s by default, is TIMEOUT with sent \"maybe\", and aborts the signal (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const fiber = yield* Effect.forkChild(Effect.flip(createToken(wire)))
      yield* TestClock.adjust("29999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      assert.isFalse(wire.sent[0]?.signal.aborted)
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, {
        _tag: "TransportError",
        operation: "CreateToken",
        sent: "maybe",
        code: "TIMEOUT",
        transient: true
      })
      assert.match(error.message, / \(TIMEOUT\)\. Check the network and proxy, or raise requestTimeout\.$/)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("an endless body is TIMEOUT as a lost response, with status and request id, and is cancelled (C3)", () =>
    Effect.gen(function*() {
      const { body, state } = fed("{")
      const wire = Wire.responding(() => new Response(body, head))
      const fiber = yield* Effect.forkChild(Effect.flip(createToken(wire, { requestTimeout: "10 seconds" })))
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* Fiber.join(fiber), {
        _tag: "TransportError",
        sent: "answered",
        code: "TIMEOUT",
        transient: true,
        status: 200,
        requestId: "r-1"
      })
      assert.isTrue(state.cancelled)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("a slow body does not extend the limit, which counts from the start of the call", () =>
    Effect.gen(function*() {
      const { body, state } = fed()
      const wire = Wire.make(() => Effect.as(Effect.sleep("5 seconds"), new Response(body, head)))
      const fiber = yield* Effect.forkChild(Effect.flip(createToken(wire, { requestTimeout: "10 seconds" })))
      for (let second = 0; second < 9; second++) {
        yield* TestClock.adjust("1 second")
        state.push(" ")
      }
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(fiber), { sent: "answered", code: "TIMEOUT", status: 200 })
      assert.isTrue(state.cancelled)
    }))

  it.effect("a slow response that is complete in time is a success", () =>
    Effect.gen(function*() {
      const { body, state } = fed("{\"accessToken\":\"t\",")
      const wire = Wire.responding(() => new Response(body, head))
      const fiber = yield* Effect.forkChild(createToken(wire))
      yield* TestClock.adjust("29 seconds")
      state.push("\"tokenType\":\"Bearer\"}")
      state.close()
      assert.strictEqual((yield* Fiber.join(fiber)).tokenType, "Bearer")
    }))

  it.effect("a body that breaks off is a lost response, with status and request id (C3)", () =>
    Effect.gen(function*() {
      const { body, state } = fed("{\"accessToken\":")
      const wire = Wire.responding(() => new Response(body, head))
      const fiber = yield* Effect.forkChild(Effect.flip(createToken(wire)))
      yield* TestClock.adjust("1 second")
      state.error()
      assert.deepInclude(yield* Fiber.join(fiber), {
        _tag: "TransportError",
        sent: "answered",
        code: "ECONNRESET",
        transient: true,
        status: 200,
        requestId: "r-1"
      })
    }))

  it.effect("a body that breaks off without a code has the code BODY (C3)", () =>
    Effect.gen(function*() {
      const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError("terminated")) })
      const error = yield* Effect.flip(createToken(Wire.responding(() => new Response(body, head))))
      assert.deepInclude(error, { sent: "answered", code: "BODY", cause: { name: "TypeError" } })
    }))

  it.effect("an interruption before the headers aborts the signal", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const fiber = yield* Effect.forkChild(createToken(wire))
      yield* TestClock.adjust("1 second")
      assert.isFalse(wire.sent[0]?.signal.aborted)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("an interruption inside the body aborts the signal, and cancels the stream", () =>
    Effect.gen(function*() {
      const { body, state } = fed("{")
      const wire = Wire.responding(() => new Response(body, head))
      const fiber = yield* Effect.forkChild(createToken(wire))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.isTrue(wire.sent[0]?.signal.aborted)
      assert.isTrue(state.cancelled)
    }))

  it.effect("a redirect leaves nothing open: its body is not read, and its signal aborts", () =>
    Effect.gen(function*() {
      const { body } = fed("<html>")
      const wire = Wire.responding(() => new Response(body, { status: 307, headers: { location: "/x" } }))
      assert.deepInclude(yield* Effect.flip(createToken(wire)), { _tag: "UnexpectedResponse", problem: "redirect" })
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))
})

describe("SsoOidc: a response without a body stream", () => {
  const without = (response: Response, more: Readonly<Record<string, unknown>> = {}): Response =>
    new Proxy(response, {
      get: (target, key) => {
        if (key === "body") return more["body"]
        if (typeof key === "string" && key in more) return more[key]
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === "function" ? value.bind(target) : value
      }
    })

  it.effect.each(
    [
      ["as in React Native", {}],
      ["with a body of another type, as in node-fetch", { body: { pipe: () => {} } }],
      ["with only `arrayBuffer`", { text: undefined, json: undefined }],
      ["with only `text`", { arrayBuffer: () => Promise.reject(new Error("not implemented")) }]
    ] as const
  )("is read as a whole, %s", ([, more]) =>
    Effect.gen(function*() {
      const token = yield* createToken(Wire.responding(() => without(Wire.json(tokenResponse), more)))
      assert.strictEqual(Redacted.value(token.accessToken), tokenResponse.accessToken)
      const pending = Wire.responding(() =>
        without(Wire.json({ error: "authorization_pending" }, { status: 400 }), more)
      )
      assert.strictEqual((yield* Effect.flip(createToken(pending)))._tag, "AuthorizationPendingException")
    }))

  it.effect("may have exactly the size of the cap, announced or not (C7)", () =>
    Effect.gen(function*() {
      const text = JSON.stringify(tokenResponse)
      for (const headers of [{}, { "content-length": String(text.length) }]) {
        const wire = Wire.responding(() => without(new Response(text, { headers })))
        const token = yield* createToken(wire, { maxResponseBytes: text.length })
        assert.strictEqual(Redacted.value(token.accessToken), tokenResponse.accessToken)
        const over = yield* Effect.flip(createToken(wire, { maxResponseBytes: text.length - 1 }))
        assert.deepInclude(over, { _tag: "UnexpectedResponse", problem: "tooLarge" })
      }
    }))

  it.effect("is incomplete, not empty, if it was read before (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => without(Wire.json(tokenResponse), { bodyUsed: true }))
      const error = yield* Effect.flip(createToken(wire))
      assert.deepInclude(error, { _tag: "TransportError", sent: "answered" })
    }))

  it.effect("is refused if it is larger than the cap, before it is read if it announces its length (C7)", () =>
    Effect.gen(function*() {
      let read = 0
      const large = () => {
        read++
        return Promise.resolve("x".repeat(300 * 1024))
      }
      const over = yield* Effect.flip(createToken(Wire.responding(() => without(new Response(null), { text: large }))))
      assert.deepInclude(over, { _tag: "UnexpectedResponse", problem: "tooLarge" })
      assert.strictEqual(read, 1)
      const announced = new Response(null, { headers: { "content-length": "300000" } })
      const refused = yield* Effect.flip(createToken(Wire.responding(() => without(announced, { text: large }))))
      assert.deepInclude(refused, { _tag: "UnexpectedResponse", problem: "tooLarge", length: 300_000 })
      assert.strictEqual(read, 1)
    }))

  it.effect("is incomplete, not empty, if it cannot be read (C3)", () =>
    Effect.gen(function*() {
      for (const text of [() => Promise.reject(new Error("reset")), () => Promise.resolve(undefined)]) {
        const wire = Wire.responding(() => without(Wire.json(tokenResponse), { text }))
        assert.deepInclude(yield* Effect.flip(createToken(wire)), {
          _tag: "TransportError",
          sent: "answered",
          status: 200
        })
      }
    }))
})

describe("SsoOidc: unusual results of a caller's own fetch", () => {
  const used = Effect.promise(async () => {
    const response = Wire.json(tokenResponse)
    await response.text()
    return response
  })

  it.effect("a Response whose body was read before is incomplete, not empty (C3)", () =>
    Effect.gen(function*() {
      const read = yield* used
      const locked = Wire.json(tokenResponse)
      locked.body?.getReader()
      for (const response of [read, locked]) {
        const error = yield* Effect.flip(createToken(Wire.responding(() => response)))
        assert.deepInclude(error, { _tag: "TransportError", sent: "answered", code: "BODY", status: 200 })
      }
    }))

  it.effect("chunks may be strings, or views of another type", () =>
    Effect.gen(function*() {
      const chunks = [good(), new DataView(new TextEncoder().encode(good()).buffer)]
      for (const chunk of chunks) {
        const body = new ReadableStream({
          start: (controller) => {
            controller.enqueue(chunk)
            controller.close()
          }
        })
        const response = Object.defineProperty(new Response(null), "body", { value: body })
        assert.strictEqual((yield* createToken(Wire.responding(() => response))).tokenType, "Bearer")
      }
      const numbers = new ReadableStream({ start: (controller) => controller.enqueue(7) })
      const response = Object.defineProperty(new Response(null), "body", { value: numbers })
      assert.deepInclude(yield* Effect.flip(createToken(Wire.responding(() => response))), { sent: "answered" })
    }))

  it.effect.each(
    [
      ["without a status", { status: undefined }],
      ["with a string as its status", { status: "200" }],
      ["with NaN as its status", { status: Number.NaN }],
      ["with a status below zero", { status: -1 }],
      ["whose url cannot be read", {
        get url(): string {
          throw new Error("no url")
        }
      }]
    ] as const
  )("a response %s is a failure of the transport (C3)", ([, members]) =>
    Effect.gen(function*() {
      const response = Object.defineProperties(Wire.json(tokenResponse), Object.getOwnPropertyDescriptors(members))
      assert.deepInclude(yield* Effect.flip(createToken(Wire.responding(() => response))), {
        _tag: "TransportError",
        code: "BAD_RESPONSE",
        transient: false
      })
    }))

  it.effect("a mock with only `json` is read", () =>
    Effect.gen(function*() {
      const mock = (status: number, body: unknown): Response =>
        // Less than a Response on purpose: tests of applications write such mocks.
        ({ ok: status === 200, status, headers: {}, url: "", json: () => Promise.resolve(body) }) as unknown as Response
      const token = yield* createToken(Wire.responding(() => mock(200, tokenResponse)))
      assert.strictEqual(Redacted.value(token.accessToken), tokenResponse.accessToken)
      const pending = Wire.responding(() => mock(400, { error: "authorization_pending" }))
      assert.strictEqual((yield* Effect.flip(createToken(pending)))._tag, "AuthorizationPendingException")
    }))

  it.effect("an exception in the header of a 4xx counts, although its body fails (C4)", () =>
    Effect.gen(function*() {
      const cut = (status: number) =>
        Wire.responding(() =>
          new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }), {
            status,
            headers: { "x-amzn-errortype": "SlowDownException", "retry-after": "7" }
          })
        )
      assert.deepInclude(yield* Effect.flip(createToken(cut(400))), { _tag: "SlowDownException", retryAfter: 7 })
      assert.deepInclude(yield* Effect.flip(createToken(cut(500))), { _tag: "TransportError", sent: "answered" })
      assert.deepInclude(yield* Effect.flip(createToken(cut(200))), { _tag: "TransportError", sent: "answered" })
    }))

  it.effect("a header that came twice names its type once (C4)", () =>
    Effect.gen(function*() {
      const headers = { "x-amzn-errortype": "InvalidGrantException, InvalidGrantException" }
      const wire = Wire.responding(() => Wire.json({}, { status: 400, headers }))
      assert.strictEqual((yield* Effect.flip(createToken(wire)))._tag, "InvalidGrantException")
    }))
})

const good = (): string => JSON.stringify(tokenResponse)

describe("SsoOidc: a response that is not from fetch, such as from a transport on node:http", () => {
  const over = (response: HttpServerResponse.HttpServerResponse) =>
    SsoOidc.make({ region: "eu-west-1" }).pipe(
      Effect.provideService(
        HttpClient.HttpClient,
        HttpClient.make((request) => Effect.succeed(HttpServerResponse.toClientResponse(response, { request })))
      ),
      Effect.flatMap((oidc) => oidc.createToken(deviceRequest))
    )

  it.effect("is read as a stream", () =>
    Effect.gen(function*() {
      const token = yield* over(HttpServerResponse.jsonUnsafe(tokenResponse))
      assert.strictEqual(Redacted.value(token.accessToken), tokenResponse.accessToken)
    }))

  it.effect("without a body is empty, and its status counts (C3)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(over(HttpServerResponse.empty({ status: 503 })))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "status", status: 503, length: 0 })
    }))
})
