import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import { registerAnswer } from "@sso-oidc/test-kit/fixtures"
import { asked, make, said } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClientError from "effect/http/HttpClientError"
import * as TestClock from "effect/testing/TestClock"

const told = (wire: Wire.Wire, more: Parameters<typeof make>[1] = {}) =>
  Effect.gen(function*() {
    const relay = yield* make(wire, more)
    const response = yield* relay(asked())
    const { body, ...answer } = yield* said(response)
    assert.strictEqual(Reflect.get(Object(body), "error"), "server_error")
    assert.isNotNull(response.headers.get("access-control-allow-origin"))
    assert.include(response.headers.get("access-control-expose-headers"), "x-sso-oidc-relay")
    return { response, ...answer }
  })

const type = "InternalServerException"

describe("Relay: what it says when the service gave no answer", () => {
  it.effect.each(
    [
      ["no", true],
      ["no", false],
      ["maybe", true],
      ["maybe", false]
    ] as const
  )("what the transport says: sent %s, transient %s", ([sent, transient]) =>
    Effect.gen(function*() {
      const { response: _response, ...answer } = yield* told(
        Wire.broken(new TransportCause({ sent, code: "ECONNREFUSED", transient, syscall: "connect" }))
      )
      const verdict = `sent=${sent}; transient=${transient ? "yes" : "no"}; code=ECONNREFUSED`
      assert.deepStrictEqual(answer, { status: 502, type, verdict })
    }))

  it.effect.each([
    [new TypeError("fetch failed", { cause: { code: "ECONNRESET" } }), "ECONNRESET"],
    [Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [undefined, "UNKNOWN"],
    [{ code: "a code; transient=no\r\nset-cookie: a=1" }, "UNKNOWN"]
  ])("maybe, of a transport that does not say", ([cause, code]) =>
    Effect.gen(function*() {
      const { verdict } = yield* told(Wire.broken(cause))
      assert.strictEqual(verdict, `sent=maybe; transient=yes; code=${code}`)
    }))

  it.effect("no, of what no transport was given", () =>
    Effect.gen(function*() {
      const invalid = yield* told(Wire.failing((request) => new HttpClientError.InvalidUrlError({ request })))
      assert.strictEqual(invalid.verdict, "sent=no; transient=no; code=INVALID_URL")
      const encoding = yield* told(Wire.failing((request) => new HttpClientError.EncodeError({ request })))
      assert.strictEqual(encoding.verdict, "sent=no; transient=no; code=ENCODE")
    }))

  it.effect("maybe, past the time limit, and the request is interrupted", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const fiber = yield* Effect.forkChild(told(wire), { startImmediately: true })
      while (wire.sent.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("24 seconds")
      assert.isFalse(wire.sent[0]?.signal.aborted)
      yield* TestClock.adjust("1 second")
      const { status, verdict } = yield* Fiber.join(fiber)
      assert.deepStrictEqual({ status, verdict }, { status: 504, verdict: "sent=maybe; transient=yes; code=TIMEOUT" })
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("no, of a defect before it was sent; maybe, of one after", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const before = yield* told(wire, {
        startUrls: () => {
          throw new Error("a mistake")
        }
      })
      assert.strictEqual(before.status, 500)
      assert.strictEqual(before.verdict, "sent=no; transient=no; code=RELAY_DEFECT")
      assert.strictEqual(wire.sent.length, 0)
      const after = yield* told(Wire.make(() => Effect.die(new Error("a mistake"))))
      assert.strictEqual(after.verdict, "sent=maybe; transient=yes; code=RELAY_DEFECT")
    }))
})

describe("Relay: a transport that ends itself", () => {
  it.effect("is answered as one with a defect", () =>
    Effect.gen(function*() {
      const { verdict } = yield* told(Wire.make(() => Effect.interrupt))
      assert.strictEqual(verdict, "sent=maybe; transient=yes; code=RELAY_DEFECT")
    }))
})

const heads = { "x-amzn-requestid": "r-1", date: "Wed, 25 Nov 2026 12:00:00 GMT", "retry-after": "3" }

describe("Relay: what it says of an answer that it does not pass on", () => {
  it.effect("a body that breaks off is a lost answer, with what its head told", () =>
    Effect.gen(function*() {
      const { response, verdict } = yield* told(Wire.answering(() =>
        new Response(new ReadableStream({ pull: (body) => body.error({ code: "ECONNRESET" }) }), { headers: heads })
      ))
      assert.strictEqual(response.status, 502)
      assert.strictEqual(verdict, "sent=answered; transient=yes; code=ECONNRESET; status=200")
      for (const [name, value] of Object.entries(heads)) {
        assert.strictEqual(response.headers.get(name), value)
      }
    }))

  it.effect("as is one that does not end within the time limit", () =>
    Effect.gen(function*() {
      let cancelled = false
      const trickle = new ReadableStream({
        start: (body) => body.enqueue(new Uint8Array(1)),
        pull: () => new Promise(() => {}),
        cancel: () => {
          cancelled = true
        }
      })
      const fiber = yield* Effect.forkChild(told(Wire.answering(() => new Response(trickle, { status: 400 }))), {
        startImmediately: true
      })
      for (let at = 0; at < 5; at++) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("25 seconds")
      const { status, verdict } = yield* Fiber.join(fiber)
      const lost = { status: 504, verdict: "sent=answered; transient=yes; code=TIMEOUT; status=400" }
      assert.deepStrictEqual({ status, verdict }, lost)
      assert.isTrue(cancelled)
    }))

  it.effect("an answer over the limit is not read on", () =>
    Effect.gen(function*() {
      let pulled = 0
      let cancelled = false
      const huge = new ReadableStream({
        pull: (body) => {
          pulled++
          body.enqueue(new Uint8Array(1024))
        },
        cancel: () => {
          cancelled = true
        }
      })
      const wire = Wire.answering(() => new Response(huge, { headers: { "x-amzn-errortype": "X" } }))
      const { response, verdict } = yield* told(wire)
      assert.strictEqual(verdict, "sent=answered; transient=no; code=TOO_LARGE; status=200")
      assert.strictEqual(response.headers.get("x-amzn-errortype"), type)
      assert.isBelow(pulled, 256 + 8)
      assert.isTrue(cancelled)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("… which is the operator's, to the byte", () =>
    Effect.gen(function*() {
      const ten = Wire.answering(() => new Response("0123456789"))
      const { verdict } = yield* told(ten, { maxResponseBytes: 9 })
      assert.strictEqual(verdict, "sent=answered; transient=no; code=TOO_LARGE; status=200")
      const relay = yield* make(ten, { maxResponseBytes: 10 })
      assert.strictEqual((yield* relay(asked())).status, 200)
    }))

  it.effect.each([300, 301, 302, 304, 307, 308, 399])(
    "a redirect (%i), and where to is told to nobody",
    (status) =>
      Effect.gen(function*() {
        const { response, verdict } = yield* told(Wire.answering(() =>
          new Response(status === 304 ? null : "over there", {
            status,
            headers: { location: "https://evil.example/", ...heads }
          })
        ))
        assert.strictEqual(response.status, 502)
        assert.strictEqual(verdict, `sent=answered; transient=no; code=REDIRECT; status=${status}`)
        assert.isNull(response.headers.get("location"))
        assert.strictEqual(response.headers.get("x-amzn-requestid"), "r-1")
      })
  )

  it.effect("… also one that fetch hides, and one that a client has followed", () =>
    Effect.gen(function*() {
      const hidden = yield* told(Wire.answering(() => Response.error()))
      assert.strictEqual(hidden.verdict, "sent=answered; transient=no; code=REDIRECT; status=0")
      const followed = yield* told(Wire.answering(() =>
        Object.defineProperty(Wire.json(registerAnswer), "url", { value: "https://evil.example/client/register" })
      ))
      assert.strictEqual(followed.verdict, "sent=answered; transient=no; code=REDIRECT; status=0")
    }))

  it.effect("a client that filters by status has an answer all the same", () =>
    Effect.gen(function*() {
      const wire = Wire.make((_, request) =>
        Effect.fail(
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.StatusCodeError({
              request,
              response: Object.assign(Object.create(null), { status: 400, headers: heads, request })
            })
          })
        )
      )
      const { verdict } = yield* told(wire)
      assert.strictEqual(verdict, "sent=answered; transient=yes; code=UNKNOWN; status=400")
    }))
})

describe("Relay: a request that the page's browser sends again by itself", () => {
  const id = "0123456789abcdef0123456789abcdef"
  const again = { headers: { "x-sso-oidc-relay-id": id } }

  it.effect("C8: is passed on once; the second may have been answered already", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      const relay = yield* make(wire)
      assert.strictEqual((yield* relay(asked(again))).status, 200)
      const second = yield* said(yield* relay(asked(again)))
      assert.strictEqual(second.status, 502)
      assert.strictEqual(second.verdict, "sent=maybe; transient=yes; code=SENT_BEFORE")
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect("C8: … also while the first is under way, and when the page that sent it has gone", () =>
    Effect.gen(function*() {
      const wire = Wire.silent()
      const relay = yield* make(wire)
      const gone = new AbortController()
      const first = yield* Effect.forkChild(relay(asked({ ...again, signal: gone.signal })), { startImmediately: true })
      while (wire.sent.length === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      assert.strictEqual(
        (yield* said(yield* relay(asked(again)))).verdict,
        "sent=maybe; transient=yes; code=SENT_BEFORE"
      )
      gone.abort()
      yield* Fiber.join(first)
      assert.strictEqual(
        (yield* said(yield* relay(asked(again)))).verdict,
        "sent=maybe; transient=yes; code=SENT_BEFORE"
      )
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect("C8: nothing that the relay says of the second is said with a \"no\"", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      let open = true
      const relay = yield* make(wire, {
        rateLimit: {
          key: () => {
            if (open) return ""
            throw new Error("no address")
          }
        }
      })
      yield* relay(asked(again))
      open = false
      assert.strictEqual((yield* said(yield* relay(asked()))).verdict, "sent=no; transient=yes; code=RATE_LIMIT_STORE")
      assert.strictEqual(
        (yield* said(yield* relay(asked(again)))).verdict,
        "sent=maybe; transient=yes; code=SENT_BEFORE"
      )
    }))

  it.effect("passes on requests of other ids, and requests without an id", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      const relay = yield* make(wire)
      for (const other of [id, id.replace("0", "1"), undefined, undefined]) {
        assert.strictEqual((yield* relay(asked({ headers: { "x-sso-oidc-relay-id": other } }))).status, 200)
      }
      assert.strictEqual(wire.sent.length, 4)
    }))
})
