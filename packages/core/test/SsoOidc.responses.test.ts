import { assert, describe, it } from "@effect/vitest"
import { calls, deviceRequest, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"

const poll = (response: () => Response) =>
  Effect.flip(Effect.flatMap(Wire.client(Wire.responding(response)), (oidc) => oidc.createToken(deviceRequest)))

describe("SsoOidc: what counts as a success", () => {
  for (const call of calls) {
    it.effect.each([201, 202, 203, 204, 205, 206, 207, 226, 299])(
      `${call.name}: only 200 is a success, and %i with a good body is UnexpectedResponse (C4)`,
      (status) =>
        Effect.gen(function*() {
          const empty = status === 204 || status === 205
          const wire = Wire.responding(() =>
            new Response(empty ? null : JSON.stringify(call.response), {
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

  it.effect("a 2xx with the name of an exception is not that exception (C4)", () =>
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
    "a 200 with the body %j is malformed (C4)",
    (body) =>
      Effect.gen(function*() {
        const error = yield* poll(() => new Response(body, { headers: { "content-type": "application/json" } }))
        assert.deepInclude(error, {
          _tag: "UnexpectedResponse",
          problem: "malformed",
          status: 200,
          detail: "the body is not a JSON object"
        })
      })
  )

  it.effect("a 200 whose body is not UTF-8 is malformed (C4)", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...tokenResponse, tokenType: "B#arer" }))
      bytes[bytes.indexOf("#".charCodeAt(0))] = 0xff
      const error = yield* poll(() => new Response(bytes))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
    }))

  it.effect("any content type is accepted (C4)", () =>
    Effect.gen(function*() {
      const oidc = yield* Wire.client(
        Wire.responding(() =>
          new Response(JSON.stringify(tokenResponse), { headers: { "content-type": "text/plain" } })
        )
      )
      assert.strictEqual((yield* oidc.createToken(deviceRequest)).tokenType, "Bearer")
    }))

  it.effect("a member named __proto__ changes nothing (C4)", () =>
    Effect.gen(function*() {
      const text = JSON.stringify(tokenResponse).replace("{", "{\"__proto__\":{\"accessToken\":\"x\",\"polluted\":1},")
      const oidc = yield* Wire.client(Wire.responding(() => new Response(text)))
      const response = yield* oidc.createToken(deviceRequest)
      assert.notProperty(response, "polluted")
      assert.notProperty({}, "polluted")
      assert.strictEqual(Redacted.value(response.accessToken), tokenResponse.accessToken)
    }))
})

describe("SsoOidc: UnexpectedResponse", () => {
  it.effect("has operation, status, code, request id, retryAfter, content type, length and body (C3)", () =>
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

  it.effect("has no member for what the response does not have (C3)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => new Response(null, { status: 404 }))
      for (const member of ["code", "requestId", "retryAfter", "contentType", "detail"]) {
        assert.notProperty(error, member)
      }
      assert.deepInclude(error, { _tag: "UnexpectedResponse", status: 404, length: 0 })
    }))

  it.effect("keeps the first KiB of the body, and its whole length (C3)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => new Response("x".repeat(5000), { status: 502 }))
      if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
      assert.strictEqual(Redacted.value(error.body), "x".repeat(1024))
      assert.strictEqual(error.length, 5000)
    }))

  it.effect("knows every name of the request id, in AWS's order, and reads an empty one as absent (C3)", () =>
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

  it.effect("reads a number as seconds (C3)", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* retryAfter({ "retry-after": "7" }), 7)
      assert.strictEqual(yield* retryAfter({ "retry-after": " 120 " }), 120)
      assert.isUndefined(yield* retryAfter({}))
    }))

  it.effect("counts a date from the response's own Date (C3)", () =>
    Effect.gen(function*() {
      // The clock of this machine is wrong by decades. That does not matter.
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

  it.effect("counts a date from the Clock if the response has no Date, or no readable one (C3)", () =>
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
  ])("is absent for a malformed value, or nothing to wait for: %j (C3)", (value) =>
    Effect.gen(function*() {
      assert.isUndefined(yield* retryAfter({ "retry-after": value }))
    }))

  it.effect.prop(
    "reads a date in each format of the RFC like Effect's own parser (C3)",
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
          // A year of two digits is read around a pivot: 2050 in our parser, 2070 in Effect's.
          const expected = DateTime.toEpochMillis(parsed.success) / 1000
          assert.strictEqual(yield* retryAfter({ "retry-after": text }), expected > 0 ? expected : undefined, text)
        }
      })
  )

  it.effect("is absent for a date that is past, or now (C3)", () =>
    Effect.gen(function*() {
      const date = "Fri, 06 Nov 2026 08:49:37 GMT"
      assert.isUndefined(yield* retryAfter({ date, "retry-after": date }))
      assert.isUndefined(yield* retryAfter({ date, "retry-after": "Fri, 06 Nov 2026 08:49:36 GMT" }))
    }))
})

describe("SsoOidc: texts of the service", () => {
  // ESC, BEL, a new line, the C1 characters CSI and NEL, a bidirectional override, a zero-width space.
  const bad = "one\u001b[31m\u0007\r\ntwo\u009b2J\u0085\u202ethree\u200b"
  // oxlint-disable-next-line no-control-regex -- to find them is what it is for
  const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/
  // The characters of it that HTTP allows in a header.
  const head = "a\u009b2J\u0085b"

  const texts = (error: object): ReadonlyArray<string> =>
    [...Object.values(error), "message" in error ? error.message : ""].filter((one) => typeof one === "string")

  it.effect("control characters of an exception reach neither its members nor its message (C7)", () =>
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

  it.effect("control characters of an unexpected response reach neither its members nor its message (C7)", () =>
    Effect.gen(function*() {
      const headers = { "x-amzn-requestid": head, "content-type": `text/html; ${head}` }
      for (
        const response of [
          () => Wire.json({ code: bad, error: bad }, { status: 400, headers }),
          () => Wire.json({ error: bad }, { status: 400, headers }),
          () => new Response("", { status: 502, headers: { ...headers, "x-amzn-errortype": `X${head}` } }),
          () => Wire.json({ [bad]: bad, tokenType: bad }, { headers })
        ]
      ) {
        const error = yield* poll(response)
        assert.strictEqual(error._tag, "UnexpectedResponse")
        for (const text of texts(error)) assert.notMatch(text, unsafe)
      }
    }))

  it.effect("a text of any length is cut before it reaches a message (C3)", () =>
    Effect.gen(function*() {
      const long = "x".repeat(100_000)
      const error = yield* poll(() => Wire.exception("InvalidGrantException", { error: long, error_description: long }))
      assert.strictEqual(error._tag, "InvalidGrantException")
      assert.isBelow(error.message.length, 2000)
    }))
})
