import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import { registerResponse } from "@sso-oidc/test-kit/fixtures"
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
    const { body, ...rest } = yield* said(response)
    assert.strictEqual(Reflect.get(Object(body), "error"), "server_error")
    assert.isNotNull(response.headers.get("access-control-allow-origin"))
    assert.include(response.headers.get("access-control-expose-headers"), "x-sso-oidc-relay")
    return { response, ...rest }
  })

const type = "InternalServerException"

describe("Relay: what its header says when the service gave no response", () => {
  it.effect.each(
    [
      ["no", true],
      ["no", false],
      ["maybe", true],
      ["maybe", false]
    ] as const
  )("says what the transport says: sent %s, transient %s", ([sent, transient]) =>
    Effect.gen(function*() {
      const { response: _response, ...rest } = yield* told(
        Wire.broken(new TransportCause({ sent, code: "ECONNREFUSED", transient, syscall: "connect" }))
      )
      const verdict = `sent=${sent}; transient=${transient ? "yes" : "no"}; code=ECONNREFUSED`
      assert.deepStrictEqual(rest, { status: 502, type, verdict })
    }))

  it.effect.each([
    [new TypeError("fetch failed", { cause: { code: "ECONNRESET" } }), "ECONNRESET"],
    [Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [undefined, "UNKNOWN"],
    [{ code: "a code; transient=no\r\nset-cookie: a=1" }, "UNKNOWN"]
  ])("says `sent: maybe` if the transport does not say", ([cause, code]) =>
    Effect.gen(function*() {
      const { verdict } = yield* told(Wire.broken(cause))
      assert.strictEqual(verdict, `sent=maybe; transient=yes; code=${code}`)
    }))

  it.effect("says `sent: no` for a request that no transport got", () =>
    Effect.gen(function*() {
      const invalid = yield* told(Wire.failing((request) => new HttpClientError.InvalidUrlError({ request })))
      assert.strictEqual(invalid.verdict, "sent=no; transient=no; code=INVALID_URL")
      const encoding = yield* told(Wire.failing((request) => new HttpClientError.EncodeError({ request })))
      assert.strictEqual(encoding.verdict, "sent=no; transient=no; code=ENCODE")
    }))

  it.effect("says `sent: maybe` after the time limit, and interrupts the request", () =>
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

  it.effect("says `sent: no` for a defect before it was sent, and `sent: maybe` for a defect after", () =>
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

describe("Relay: a transport that interrupts itself", () => {
  it.effect("counts as a transport with a defect", () =>
    Effect.gen(function*() {
      const { verdict } = yield* told(Wire.make(() => Effect.interrupt))
      assert.strictEqual(verdict, "sent=maybe; transient=yes; code=RELAY_DEFECT")
    }))
})

const heads = { "x-amzn-requestid": "r-1", date: "Wed, 25 Nov 2026 12:00:00 GMT", "retry-after": "3" }

describe("Relay: what its header says about a response that it does not pass on", () => {
  it.effect("reports a lost response, with the head's status and headers, for a body that is cut off", () =>
    Effect.gen(function*() {
      const { response, verdict } = yield* told(
        Wire.responding(() =>
          new Response(new ReadableStream({ pull: (body) => body.error({ code: "ECONNRESET" }) }), { headers: heads })
        )
      )
      assert.strictEqual(response.status, 502)
      assert.strictEqual(verdict, "sent=answered; transient=yes; code=ECONNRESET; status=200")
      for (const [name, value] of Object.entries(heads)) {
        assert.strictEqual(response.headers.get(name), value)
      }
    }))

  it.effect("reports a lost response for a body that does not end within the time limit", () =>
    Effect.gen(function*() {
      let cancelled = false
      const trickle = new ReadableStream({
        start: (body) => body.enqueue(new Uint8Array(1)),
        pull: () => new Promise(() => {}),
        cancel: () => {
          cancelled = true
        }
      })
      const fiber = yield* Effect.forkChild(told(Wire.responding(() => new Response(trickle, { status: 400 }))), {
        startImmediately: true
      })
      for (let at = 0; at < 5; at++) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("25 seconds")
      const { status, verdict } = yield* Fiber.join(fiber)
      const lost = { status: 504, verdict: "sent=answered; transient=yes; code=TIMEOUT; status=400" }
      assert.deepStrictEqual({ status, verdict }, lost)
      assert.isTrue(cancelled)
    }))

  it.effect("does not pass on a response over the limit, and reads no more of it", () =>
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
      const wire = Wire.responding(() => new Response(huge, { headers: { "x-amzn-errortype": "X" } }))
      const { response, verdict } = yield* told(wire)
      assert.strictEqual(verdict, "sent=answered; transient=no; code=TOO_LARGE; status=200")
      assert.strictEqual(response.headers.get("x-amzn-errortype"), type)
      assert.isBelow(pulled, 256 + 8)
      assert.isTrue(cancelled)
      assert.isTrue(wire.sent[0]?.signal.aborted)
    }))

  it.effect("applies the operator's limit to the byte", () =>
    Effect.gen(function*() {
      const ten = Wire.responding(() => new Response("0123456789"))
      const { verdict } = yield* told(ten, { maxResponseBytes: 9 })
      assert.strictEqual(verdict, "sent=answered; transient=no; code=TOO_LARGE; status=200")
      const relay = yield* make(ten, { maxResponseBytes: 10 })
      assert.strictEqual((yield* relay(asked())).status, 200)
    }))

  it.effect.each([300, 301, 302, 304, 307, 308, 399])(
    "passes on neither a redirect (%i) nor its location",
    (status) =>
      Effect.gen(function*() {
        const { response, verdict } = yield* told(Wire.responding(() =>
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

  it.effect("does not pass on a redirect that fetch hides, or a redirect that the client followed", () =>
    Effect.gen(function*() {
      const hidden = yield* told(Wire.responding(() => Response.error()))
      assert.strictEqual(hidden.verdict, "sent=answered; transient=no; code=REDIRECT; status=0")
      const followed = yield* told(
        Wire.responding(() =>
          Object.defineProperty(Wire.json(registerResponse), "url", { value: "https://evil.example/client/register" })
        )
      )
      assert.strictEqual(followed.verdict, "sent=answered; transient=no; code=REDIRECT; status=0")
    }))

  it.effect("reports a response that the client filtered by its status", () =>
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

  it.effect("is passed on once, and the second gets `sent: maybe` (C8)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      const relay = yield* make(wire)
      assert.strictEqual((yield* relay(asked(again))).status, 200)
      const second = yield* said(yield* relay(asked(again)))
      assert.strictEqual(second.status, 502)
      assert.strictEqual(second.verdict, "sent=maybe; transient=yes; code=SENT_BEFORE")
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect("is passed on once also while the first is in flight, and after its page has gone (C8)", () =>
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

  it.effect("never gets `sent: no` (C8)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
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

  it.effect("does not stop requests of other ids, or requests without an id", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      const relay = yield* make(wire)
      for (const other of [id, id.replace("0", "1"), undefined, undefined]) {
        assert.strictEqual((yield* relay(asked({ headers: { "x-sso-oidc-relay-id": other } }))).status, 200)
      }
      assert.strictEqual(wire.sent.length, 4)
    }))
})
