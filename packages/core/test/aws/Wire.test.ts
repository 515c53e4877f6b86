import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"

const codes = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at))

const unsafe = [
  ...codes(0x00, 0x1f), // C0: ESC, CR, LF, BEL, …
  ...codes(0x7f, 0x9f), // DEL and C1: CSI, OSC, …
  ...codes(0x200b, 0x200f), // zero width, marks of direction
  ...codes(0x2028, 0x2029), // line and paragraph separator
  ...codes(0x202a, 0x202e), // bidirectional embeddings and overrides
  ...codes(0x2066, 0x2069), // bidirectional isolates
  "\u061c",
  "\u2060",
  "\ufeff"
]

describe("aws/Wire: printable", () => {
  it("lets no control character pass, alone or inside a text (C7)", () => {
    for (const one of unsafe) {
      assert.isFalse(Wire.isPrintable(one), JSON.stringify(one))
      assert.isFalse(Wire.isPrintable(`a${one}b`), JSON.stringify(one))
      assert.strictEqual(Wire.printable(`a${one}${one}b`), "a b", JSON.stringify(one))
    }
  })

  it("leaves ordinary text of any language unchanged (C7)", () => {
    for (const text of ["", "Invalid grant provided", "Ungültig", "認証が必要です", "مرحبا", "🔐 a-b_c.d~"]) {
      assert.isTrue(Wire.isPrintable(text))
      assert.strictEqual(Wire.printable(text), text)
    }
  })

  it("removes the character that makes a terminal sequence work (C7)", () => {
    assert.strictEqual(Wire.printable("\u001b[31mred\u001b[0m"), "[31mred [0m")
    assert.strictEqual(Wire.printable("\u009b2Jx"), "2Jx")
    assert.strictEqual(Wire.printable("one\r\ntwo\nthree"), "one two three")
  })

  it("cuts a text at 1,024 characters (C3)", () => {
    assert.strictEqual(Wire.printable("x".repeat(1024)), "x".repeat(1024))
    assert.strictEqual(Wire.printable("x".repeat(1025)), `${"x".repeat(1023)}…`)
  })

  it.prop("gives a printable and short text for any text (C7)", [Schema.String], ([text]) => {
    const out = Wire.printable(`${text}\u001b${text}`)
    assert.isTrue(Wire.isPrintable(out))
    assert.isAtMost(out.length, 1024)
    assert.strictEqual(Wire.printable(out), out)
  })
})

describe("aws/Wire: isPrintable", () => {
  // Unicode's properties, to compare with the ranges that are written out.
  const named = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u

  it("agrees with Unicode's properties on every code point (C7)", () => {
    const differ: Array<string> = []
    for (let point = 0; point <= 0x10ffff; point++) {
      const text = String.fromCodePoint(point)
      if (Wire.isPrintable(text) === named.test(text)) differ.push(point.toString(16))
    }
    // Ranges that Unicode reserves for invisible characters, and has not assigned.
    assert.deepStrictEqual(differ, [])
  })

  it("refuses an unpaired surrogate, and accepts a pair (C7)", () => {
    assert.isTrue(Wire.isPrintable("\ud83d\udd11"))
    for (const text of ["\ud83d", "\udd11", "a\ud83db", "\udd11\ud83d"]) assert.isFalse(Wire.isPrintable(text))
  })
})

describe("aws/Wire: printable", () => {
  it("never cuts a character of two units in half (C7)", () => {
    for (let before = 1015; before <= 1030; before++) {
      const cut = Wire.printable("x".repeat(before) + "\u{1f511}".repeat(8))
      assert.isTrue(cut.isWellFormed(), String(before))
      assert.isTrue(Wire.isPrintable(cut))
      assert.isAtMost(cut.length, 1024)
      assert.isAtLeast(cut.length, 1023)
    }
  })
})

describe("aws/Wire: isBusy", () => {
  const unexpected = (status: number, code?: string, problem: ClientError.Problem = "status") =>
    new ClientError.UnexpectedResponse({
      operation: "CreateToken",
      problem,
      status,
      body: Redacted.make(""),
      ...(code === undefined ? {} : { code })
    })

  it.each([...Wire.busyTypes])("a 4xx with the error type %s is busy (C11)", (code) => {
    for (const status of [400, 401, 403, 409, 499]) assert.isTrue(Wire.isBusy(unexpected(status, code)))
    // Not under a status of another class.
    for (const status of [200, 202, 204]) assert.isFalse(Wire.isBusy(unexpected(status, code)))
  })

  it("lists the error types that AWS's clients treat as throttling or transient (C11)", () => {
    assert.deepStrictEqual([...Wire.busyTypes].sort(), [
      "BandwidthLimitExceeded",
      "LimitExceededException",
      "PriorRequestNotComplete",
      "ProvisionedThroughputExceededException",
      "RequestLimitExceeded",
      "RequestThrottled",
      "RequestThrottledException",
      "RequestTimeout",
      "RequestTimeoutException",
      "SlowDown",
      "ThrottledException",
      "Throttling",
      "ThrottlingException",
      "TooManyRequestsException",
      "TransactionInProgressException"
    ])
  })

  it.each([408, 429, 500, 502, 503, 504, 599])("the status %i is busy, whatever the type (C11)", (status) => {
    assert.isTrue(Wire.isBusyStatus(status))
    assert.isTrue(Wire.isBusy(unexpected(status)))
    assert.isTrue(Wire.isBusy(new SsoOidcError.InvalidRequestException({ error: "invalid_request", status })))
  })

  it.each([400, 401, 403, 404, 407, 409, 428, 430, 499])("the status %i alone is not busy (C11)", (status) => {
    assert.isFalse(Wire.isBusyStatus(status))
    assert.isFalse(Wire.isBusy(unexpected(status)))
    assert.isFalse(Wire.isBusy(unexpected(status, "throttlingexception")))
  })

  it("a response from another URL is never busy, whatever its status and type (C8)", () => {
    for (const status of [408, 429, 503]) assert.isFalse(Wire.isBusy(unexpected(status, undefined, "redirect")))
    assert.isFalse(Wire.isBusy(unexpected(400, "ThrottlingException", "redirect")))
  })

  it("a TransportError and a value that is no error are never busy (C11)", () => {
    const cut = { operation: "CreateToken", sent: "answered", code: "ABORTED", transient: true, status: 503 } as const
    assert.isFalse(Wire.isBusy(new ClientError.TransportError(cut)))
    for (const one of [undefined, null, 503, "503", {}, { status: "503" }, { code: "Throttling" }]) {
      assert.isFalse(Wire.isBusy(one))
    }
  })
})

// -----------------------------------------------------------------------------
// redirects
// -----------------------------------------------------------------------------

describe("aws/Wire: isRedirect", () => {
  const asked = "https://oidc.eu-west-1.amazonaws.com/token?a=b"
  const response = (status: number, url: string, at: string = asked) => {
    const web = new Response(null, { status: status === 0 ? 200 : status })
    Object.defineProperty(web, "url", { value: url })
    if (status === 0) Object.defineProperty(web, "status", { value: 0 })
    return HttpClientResponse.fromWeb(HttpClientRequest.post(at), web)
  }

  it("a 3xx and a status of 0 are redirects, and their neighbours are not (C7)", () => {
    for (const status of [0, 300, 301, 307, 399]) {
      assert.isTrue(Wire.isRedirectStatus(status), String(status))
      if (status !== 399) assert.isTrue(Wire.isRedirect(response(status, asked)), String(status))
    }
    for (const status of [200, 204, 299, 400, 500]) {
      assert.isFalse(Wire.isRedirectStatus(status), String(status))
      assert.isFalse(Wire.isRedirect(response(status, asked)), String(status))
    }
  })

  it("a response from another URL is a redirect, but not from the same URL in another spelling (C7)", () => {
    for (const url of [asked, "", `${asked}#x`.slice(0, -2), "HTTPS://OIDC.eu-west-1.amazonaws.com:443/token?a=b"]) {
      assert.isFalse(Wire.isRedirect(response(200, url)), url)
    }
    for (const url of ["https://evil.example/token?a=b", "https://oidc.eu-west-1.amazonaws.com/token", "no url"]) {
      assert.isTrue(Wire.isRedirect(response(200, url)), url)
    }
  })

  it("the fragment of the request's URL does not count (C7)", () => {
    assert.isFalse(Wire.isRedirect(response(200, asked, `${asked}#fragment`)))
  })
})

// -----------------------------------------------------------------------------
// bodies
// -----------------------------------------------------------------------------

describe("aws/Wire: readBody", () => {
  const bytes = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

  it.effect("reads a body of exactly the cap, whatever its chunks are (C7)", () =>
    Effect.gen(function*() {
      for (const chunks of [[bytes(1, 2, 3, 4)], [bytes(1), bytes(2, 3), bytes(), bytes(4)]]) {
        assert.deepStrictEqual(yield* Wire.readBody(Stream.fromIterable(chunks), 4), {
          bytes: bytes(1, 2, 3, 4),
          tooLarge: false
        })
      }
    }))

  it.effect("stops at the chunk that crosses the cap, and keeps no more than the cap (C7)", () =>
    Effect.gen(function*() {
      const pulled: Array<number> = []
      const body = Stream.fromIterable([1, 2, 3, 4, 5]).pipe(
        Stream.rechunk(1),
        Stream.tap((value) => Effect.sync(() => pulled.push(value))),
        Stream.map((value) => bytes(value, value))
      )
      assert.deepStrictEqual(yield* Wire.readBody(body, 5), { bytes: bytes(1, 1, 2, 2, 3), tooLarge: true })
      assert.deepStrictEqual(pulled, [1, 2, 3])
    }))

  it.effect("closes what its stream has opened, however the reading ends (C7)", () =>
    Effect.gen(function*() {
      let closed = 0
      const opened = Stream.make(bytes(1), bytes(2)).pipe(
        Stream.rechunk(1),
        Stream.ensuring(Effect.sync(() => closed++))
      )
      yield* Wire.readBody(opened, 10)
      assert.strictEqual(closed, 1)
      yield* Wire.readBody(opened, 1)
      assert.strictEqual(closed, 2)
      yield* Effect.flip(Wire.readBody(Stream.tap(opened, () => Effect.fail("cut off")), 10))
      assert.strictEqual(closed, 3)
    }))

  it.effect("gives no bytes for an empty body, which is not too large (C7)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Wire.readBody(Stream.empty, 1), { bytes: bytes(), tooLarge: false })
    }))

  it.effect("copies each chunk, so that a small chunk keeps no large buffer in memory (C7)", () =>
    Effect.gen(function*() {
      const large = new Uint8Array(1024 * 1024)
      const read = yield* Wire.readBody(Stream.make(large.subarray(0, 2)), 10)
      assert.isBelow(read.bytes.buffer.byteLength, 1024)
    }))

  it.effect("fails with the error of its stream (C7)", () =>
    Effect.gen(function*() {
      const cut = Stream.concat(Stream.make(bytes(1)), Stream.fail("cut off"))
      assert.strictEqual(yield* Effect.flip(Wire.readBody(cut, 10)), "cut off")
    }))

  it.effect.prop("gives the body up to the cap, for any body (C7)", [
    Schema.Array(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })))),
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
  ], ([chunks, cap]) =>
    Effect.gen(function*() {
      const whole = Uint8Array.from(chunks.flat())
      const read = yield* Wire.readBody(Stream.fromIterable(chunks.map((chunk) => Uint8Array.from(chunk))), cap)
      assert.deepStrictEqual(read, { bytes: whole.slice(0, cap), tooLarge: whole.length > cap })
    }))
})

describe("aws/Wire: jsonObject", () => {
  const encode = (text: string) => new TextEncoder().encode(text)

  it("reads an object from bytes and from a string (C4)", () => {
    for (const text of [`{"a":1,"b":null}`, ` \n{"a":1,"b":null} `]) {
      assert.deepStrictEqual(Wire.jsonObject(text), { a: 1, b: null })
      assert.deepStrictEqual(Wire.jsonObject(encode(text)), { a: 1, b: null })
    }
  })

  it("is undefined for any other body (C4)", () => {
    for (const text of ["", "null", "1", "\"a\"", "[]", "[{}]", "{", "<html>", "{}x"]) {
      assert.isUndefined(Wire.jsonObject(text), text)
    }
    assert.isUndefined(Wire.jsonObject(Uint8Array.of(0x7b, 0xff, 0x7d)))
  })

  it("reads a member named __proto__ like any other (C4)", () => {
    const object = Wire.jsonObject(`{"__proto__":{"polluted":true}}`) ?? assert.fail("no object")
    assert.deepStrictEqual(Object.keys(object), ["__proto__"])
    assert.notProperty({}, "polluted")
  })

  it("present drops members whose value means absent: null, or the caller's values (C4)", () => {
    assert.deepStrictEqual(Wire.present({ a: null, b: "", c: 0, d: undefined, e: false }), {
      b: "",
      c: 0,
      d: undefined,
      e: false
    })
    assert.deepStrictEqual(Wire.present({ a: null, b: "", c: 0 }, [null, ""]), { c: 0 })
  })

  it("isText accepts UTF-8 and no bytes, and refuses compressed bytes (C7)", () => {
    assert.isTrue(Wire.isText(new Uint8Array()))
    assert.isTrue(Wire.isText(encode("Ünïcode 🔐")))
    assert.isFalse(Wire.isText(Uint8Array.of(0x1f, 0x8b, 0x08)))
  })
})

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

describe("aws/Wire: nameIn", () => {
  it("finds a name in the value, or else one level down, and no deeper (C3)", () => {
    assert.strictEqual(Wire.nameIn({ code: "A", cause: { code: "B" } }, "code"), "A")
    assert.strictEqual(Wire.nameIn({ cause: { code: "B" } }, "code"), "B")
    assert.strictEqual(Wire.nameIn({ code: "", cause: { code: "B" } }, "code"), "B")
    assert.isUndefined(Wire.nameIn({ cause: { cause: { code: "C" } } }, "code"))
  })

  it("takes only strings, and survives getters that throw (C3)", () => {
    const hostile = {
      get code(): string {
        throw new Error("no")
      },
      cause: { code: 23 }
    }
    for (const value of [undefined, null, "text", 1, { code: 7 }, hostile]) {
      assert.isUndefined(Wire.nameIn(value, "code"))
    }
    assert.isUndefined(Wire.memberOf(hostile, "code"))
    assert.deepStrictEqual(Wire.memberOf(hostile, "cause"), { code: 23 })
  })
})

// -----------------------------------------------------------------------------
// secrets
// -----------------------------------------------------------------------------

describe("aws/Wire: formsOf", () => {
  it("has the secret as it is, escaped for JSON, and escaped for a URL (C6)", () => {
    assert.deepStrictEqual(Wire.formsOf("a\"b c").written, ["a\"b c", "a\\\"b c", "a%22b%20c"])
    assert.deepStrictEqual(Wire.writtenFormsOf("\ud800"), ["\ud800", "\\ud800", "%EF%BF%BD"])
  })

  it.prop(
    "finds a secret in base64 at any offset, and in hex (C6)",
    [Schema.String, Schema.String],
    ([before, text]) => {
      const secret = `${text}-secret-of-some-length`
      const forms = Wire.formsOf(secret)
      // Compare bytes: in a string, two halves of a character would join.
      const whole = Buffer.concat([Buffer.from(before, "utf8"), Buffer.from(secret, "utf8")])
      const based = whole.toString("base64")
      // The last digit depends on the text after it.
      assert.isTrue(forms.base64.some((form) => based.includes(form.slice(0, -1))), based)
      assert.include(whole.toString("hex"), forms.hex)
    }
  )
})

// -----------------------------------------------------------------------------
// spans
// -----------------------------------------------------------------------------

describe("aws/Wire: spans", () => {
  it.effect("keep no result, and give it to the effect (C6)", () =>
    Effect.gen(function*() {
      const { record, spans } = Recorder.make()
      assert.strictEqual(yield* record(Wire.withSpan("test")(Effect.succeed("a-secret"))), "a-secret")
      const [span] = spans
      assert.strictEqual(span?.name, "test")
      assert.notInclude(inspect(span?.status, { depth: null }), "a-secret")
      assert.strictEqual(span?.status._tag === "Ended" ? span.status.exit._tag : "", "Success")
    }))

  it.effect("end as an error after a failure, unless it is expected, and the effect fails either way (C9)", () =>
    Effect.gen(function*() {
      const { record, spans } = Recorder.make()
      const fails = (isExpected?: (error: string) => boolean) =>
        record(Effect.flip(Wire.useSpan("test", {}, () => Effect.fail("no"), isExpected)))
      assert.strictEqual(yield* fails(), "no")
      assert.strictEqual(yield* fails((error) => error === "no"), "no")
      assert.deepStrictEqual(
        spans.map(({ status }) => status._tag === "Ended" ? status.exit._tag : status._tag),
        ["Failure", "Success"]
      )
    }))

  it.effect("are the parents of the spans inside (C9)", () =>
    Effect.gen(function*() {
      const { record, spans } = Recorder.make()
      yield* record(Wire.withSpan("outer")(Wire.withSpan("inner")(Effect.void)))
      const [outer, inner] = spans
      assert.strictEqual(inner?.parent._tag === "Some" ? inner.parent.value.spanId : "", outer?.spanId)
    }))
})

describe("aws/Wire: errorTypeIn", () => {
  it("cuts at the first colon or comma, also before a line break (C4)", () => {
    for (const text of ["Foo:http://x/", "Foo:a\nb", "Foo,\nBar", "a#Foo:\r\n", " Foo "]) {
      assert.strictEqual(Wire.errorTypeIn(text), "Foo", JSON.stringify(text))
    }
  })
})

describe("aws/Wire: facts", () => {
  it("are listed in parentheses, the request id last, without absent facts (C3)", () => {
    assert.strictEqual(Wire.facts({ requestId: "r-1" }, "Foo", undefined, "HTTP 400"), "(Foo, HTTP 400, request r-1)")
    assert.strictEqual(Wire.facts({}, "Foo", 0, ""), "(Foo)")
  })
})

describe("aws/Wire: sentence", () => {
  it("ends with its own mark, or else with a full stop (C3)", () => {
    for (const text of ["Done.", "Done!", "Done?", "Done…"]) assert.strictEqual(Wire.sentence(` ${text} `), text)
    assert.strictEqual(Wire.sentence("Done"), "Done.")
    assert.strictEqual(Wire.sentence("Use 1.5"), "Use 1.5.")
  })
})
