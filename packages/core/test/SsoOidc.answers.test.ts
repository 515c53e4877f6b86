import { assert, describe, it } from "@effect/vitest"
import { calls, deviceRequest, tokenAnswer } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const poll = (response: () => Response) =>
  Effect.flip(Effect.flatMap(Wire.client(Wire.answering(response)), (oidc) => oidc.createToken(deviceRequest)))

describe("SsoOidc: what counts as success", () => {
  for (const call of calls) {
    it.effect.each([201, 202, 203, 204, 205, 206, 207, 226, 299])(
      `C4: ${call.name}: success is 200 only, %i with a good body is UnexpectedResponse`,
      (status) =>
        Effect.gen(function*() {
          const empty = status === 204 || status === 205
          const wire = Wire.answering(() =>
            new Response(empty ? null : JSON.stringify(call.answer), {
              status,
              headers: { "content-type": "application/json" }
            })
          )
          const error = yield* Effect.flip(Effect.flatMap(Wire.client(wire), call.run))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "status", status })
          assert.strictEqual(wire.sent.length, 1)
        })
    )
  }

  it.effect("C4: a 2xx that names an exception is not that exception", () =>
    Effect.gen(function*() {
      const error = yield* poll(() =>
        Wire.exception("AuthorizationPendingException", { error: "authorization_pending" }, { status: 202 })
      )
      assert.deepInclude(error, {
        _tag: "UnexpectedResponse",
        problem: "status",
        code: "AuthorizationPendingException"
      })
    }))

  it.effect.each(["", "null", "[]", "\"token\"", "7", "<html>", "{\"accessToken\":", "\ufeff\ufeff{}", "{} x"])(
    "C4: a 200 whose body is %j is UnexpectedResponse, malformed",
    (body) =>
      Effect.gen(function*() {
        const error = yield* poll(() => new Response(body, { headers: { "content-type": "application/json" } }))
        assert.deepInclude(error, {
          _tag: "UnexpectedResponse",
          problem: "malformed",
          status: 200,
          detail: "the body is no JSON object"
        })
      })
  )

  it.effect("C4: a 200 whose body is no UTF-8 is malformed, not mended", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...tokenAnswer, tokenType: "B#arer" }))
      bytes[bytes.indexOf("#".charCodeAt(0))] = 0xff
      const error = yield* poll(() => new Response(bytes))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
    }))

  it.effect("C4: success does not depend on the content type", () =>
    Effect.gen(function*() {
      const oidc = yield* Wire.client(
        Wire.answering(() => new Response(JSON.stringify(tokenAnswer), { headers: { "content-type": "text/plain" } }))
      )
      assert.strictEqual((yield* oidc.createToken(deviceRequest)).tokenType, "Bearer")
    }))

  it.effect("C4: a member named __proto__ in an answer changes nothing", () =>
    Effect.gen(function*() {
      const text = JSON.stringify(tokenAnswer).replace("{", "{\"__proto__\":{\"accessToken\":\"x\",\"polluted\":1},")
      const oidc = yield* Wire.client(Wire.answering(() => new Response(text)))
      const answer = yield* oidc.createToken(deviceRequest)
      assert.notProperty(answer, "polluted")
      assert.notProperty({}, "polluted")
      assert.strictEqual(Redacted.value(answer.accessToken), tokenAnswer.accessToken)
    }))
})

describe("SsoOidc: UnexpectedResponse", () => {
  it.effect("C3: it has operation, status, code, request id, retryAfter, content type, length and body", () =>
    Effect.gen(function*() {
      const body = "<html>Service Unavailable</html>"
      const error = yield* poll(() =>
        new Response(body, {
          status: 503,
          headers: {
            "content-type": "text/html",
            "x-amzn-requestid": "r-1",
            "x-amzn-errortype": "ServiceUnavailableException:http://x/",
            "retry-after": "7"
          }
        })
      )
      if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
      assert.deepInclude(error, {
        operation: "CreateToken",
        problem: "status",
        status: 503,
        code: "ServiceUnavailableException",
        requestId: "r-1",
        retryAfter: 7,
        contentType: "text/html",
        length: body.length
      })
      assert.strictEqual(Redacted.value(error.body), body)
      assert.strictEqual(JSON.stringify(error.body), "\"<redacted:body>\"")
    }))

  it.effect("C3: what the answer does not say is absent", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => new Response(null, { status: 404 }))
      for (const member of ["code", "requestId", "retryAfter", "contentType", "detail"]) {
        assert.notProperty(error, member)
      }
      assert.deepInclude(error, { _tag: "UnexpectedResponse", status: 404, length: 0 })
    }))

  it.effect("C3: of the body the first KiB is kept, of its length all", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => new Response("x".repeat(5000), { status: 502 }))
      if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
      assert.strictEqual(Redacted.value(error.body), "x".repeat(1024))
      assert.strictEqual(error.length, 5000)
    }))

  it.effect("C3: every name of the request id is known, in AWS's order, and an empty one means absent", () =>
    Effect.gen(function*() {
      const names = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"]
      for (let at = 0; at < names.length; at++) {
        const headers = Object.fromEntries(names.map((name, i) => [name, i < at ? "" : `r-${i}`]))
        assert.deepInclude(yield* poll(() => new Response("", { status: 502, headers })), { requestId: `r-${at}` })
      }
      const empty = yield* poll(() => new Response("", { status: 502, headers: { "x-amzn-requestid": "" } }))
      assert.notProperty(empty, "requestId")
      const pending = yield* poll(() =>
        Wire.exception("AuthorizationPendingException", {}, { headers: { "x-amzn-requestid": "" } })
      )
      assert.notProperty(pending, "requestId")
    }))
})

describe("SsoOidc: retryAfter", () => {
  const retryAfter = (headers: Record<string, string>) =>
    Effect.map(
      poll(() => Wire.exception("SlowDownException", { error: "slow_down" }, { headers })),
      (error) => error._tag === "SlowDownException" ? error.retryAfter : assert.fail(error._tag)
    )

  it.effect("C3: seconds are seconds", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* retryAfter({ "retry-after": "7" }), 7)
      assert.strictEqual(yield* retryAfter({ "retry-after": " 120 " }), 120)
      assert.isUndefined(yield* retryAfter({}))
    }))

  it.effect("C3: a date counts from the answer's own Date", () =>
    Effect.gen(function*() {
      // this machine's clock is wrong by decades; it does not matter
      yield* TestClock.setTime(0)
      assert.strictEqual(
        yield* retryAfter({ "date": "Fri, 06 Nov 2026 08:49:37 GMT", "retry-after": "Fri, 06 Nov 2026 08:50:07 GMT" }),
        30
      )
      assert.strictEqual(
        yield* retryAfter({ "date": "Sun Nov  6 08:49:37 1994", "retry-after": "Sunday, 06-Nov-94 08:49:47 GMT" }),
        10
      )
    }))

  it.effect("C3: a date counts from the Clock where the answer has no Date, or none that can be read", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 6, 8, 49, 37))
      assert.strictEqual(yield* retryAfter({ "retry-after": "Fri, 06 Nov 2026 08:50:07 GMT" }), 30)
      assert.strictEqual(
        yield* retryAfter({ "date": "yesterday", "retry-after": "Fri, 06 Nov 2026 08:49:38 GMT" }),
        1
      )
    }))

  it.effect.each([
    "",
    "0",
    "-1",
    "1.5",
    "1e3",
    "soon",
    "NaN",
    "Infinity",
    "Fri, 31 Feb 2026 08:49:37 GMT",
    "2026-11-06T08:50:07Z",
    "9".repeat(400)
  ])("C3: malformed or nothing to wait for means absent: %j", (value) =>
    Effect.gen(function*() {
      assert.isUndefined(yield* retryAfter({ "retry-after": value }))
    }))

  it.effect.prop(
    "a date in each of the RFC's formats is read as Effect's own parser reads it (C3)",
    { at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_524_607_999 })) },
    ({ at }) =>
      Effect.gen(function*() {
        const date = new Date(at * 1000)
        const [name = "", day = "", month = "", year = "", time = ""] = date.toUTCString().replace(",", "").split(" ")
        const long = new Intl.DateTimeFormat("en", { weekday: "long", timeZone: "UTC" }).format(date)
        const formats = [
          date.toUTCString(),
          `${name} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`,
          `${long}, ${day}-${month}-${year.slice(2)} ${time} GMT`
        ]
        yield* TestClock.setTime(0)
        for (const text of formats) {
          const parsed = Headers.parseHttpDate(text)
          if (Result.isFailure(parsed)) return assert.fail(text)
          // a year of two digits is read around a pivot, which is 2050 here and 2070 there
          const expected = DateTime.toEpochMillis(parsed.success) / 1000
          assert.strictEqual(yield* retryAfter({ "retry-after": text }), expected > 0 ? expected : undefined, text)
        }
      })
  )

  it.effect("C3: a date that is past, or now, means absent", () =>
    Effect.gen(function*() {
      const date = "Fri, 06 Nov 2026 08:49:37 GMT"
      assert.isUndefined(yield* retryAfter({ date, "retry-after": date }))
      assert.isUndefined(yield* retryAfter({ date, "retry-after": "Fri, 06 Nov 2026 08:49:36 GMT" }))
    }))
})

describe("SsoOidc: texts of the service", () => {
  // ESC, BEL, a new line, C1's CSI and NEL, a bidirectional override, a zero-width space
  const bad = "one\u001b[31m\u0007\r\ntwo\u009b2J\u0085\u202ethree\u200b"
  // oxlint-disable-next-line no-control-regex -- to find them is what it is for
  const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/
  // what a header may hold of it
  const head = "a\u009b2J\u0085b"

  const texts = (error: object): ReadonlyArray<string> =>
    [...Object.values(error), "message" in error ? error.message : ""].filter((one) => typeof one === "string")

  it.effect("C7: control characters of an exception reach neither its members nor its message", () =>
    Effect.gen(function*() {
      const members = { error: bad, error_description: bad, reason: bad }
      const error = yield* poll(() =>
        Wire.exception("AccessDeniedException", members, { headers: { "x-amzn-requestid": head } })
      )
      assert.deepInclude(error, {
        _tag: "AccessDeniedException",
        errorDescription: "one [31m two 2J three",
        requestId: "a 2J b"
      })
      for (const text of texts(error)) assert.notMatch(text, unsafe)
    }))

  it.effect("C7: control characters of an answer outside the model reach neither its members nor its message", () =>
    Effect.gen(function*() {
      const headers = { "x-amzn-requestid": head, "content-type": `text/html; ${head}` }
      for (
        const answer of [
          () => Wire.json({ code: bad, error: bad }, { status: 400, headers }),
          () => Wire.json({ error: bad }, { status: 400, headers }),
          () => new Response("", { status: 502, headers: { ...headers, "x-amzn-errortype": `X${head}` } }),
          () => Wire.json({ [bad]: bad, tokenType: bad }, { headers })
        ]
      ) {
        const error = yield* poll(answer)
        assert.strictEqual(error._tag, "UnexpectedResponse")
        for (const text of texts(error)) assert.notMatch(text, unsafe)
      }
    }))

  it.effect("C3: a text of any length is cut before it reaches a message", () =>
    Effect.gen(function*() {
      const long = "x".repeat(100_000)
      const error = yield* poll(() => Wire.exception("InvalidGrantException", { error: long, error_description: long }))
      assert.strictEqual(error._tag, "InvalidGrantException")
      assert.isBelow(error.message.length, 2000)
    }))
})
