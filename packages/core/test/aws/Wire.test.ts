import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

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
  it("C7: no control character passes, alone or in the middle", () => {
    for (const one of unsafe) {
      assert.isFalse(Wire.isPrintable(one), JSON.stringify(one))
      assert.isFalse(Wire.isPrintable(`a${one}b`), JSON.stringify(one))
      assert.strictEqual(Wire.printable(`a${one}${one}b`), "a b", JSON.stringify(one))
    }
  })

  it("C7: ordinary text of any language passes unchanged", () => {
    for (const text of ["", "Invalid grant provided", "Ungültig", "認証が必要です", "مرحبا", "🔐 a-b_c.d~"]) {
      assert.isTrue(Wire.isPrintable(text))
      assert.strictEqual(Wire.printable(text), text)
    }
  })

  it("C7: a terminal's sequences lose what makes them work", () => {
    assert.strictEqual(Wire.printable("\u001b[31mred\u001b[0m"), "[31mred [0m")
    assert.strictEqual(Wire.printable("\u009b2Jx"), "2Jx")
    assert.strictEqual(Wire.printable("one\r\ntwo\nthree"), "one two three")
  })

  it("C3: a text is cut at 1,024 characters", () => {
    assert.strictEqual(Wire.printable("x".repeat(1024)), "x".repeat(1024))
    assert.strictEqual(Wire.printable("x".repeat(1025)), `${"x".repeat(1023)}…`)
  })

  it.prop("C7: whatever goes in, what comes out is printable and short", [Schema.String], ([text]) => {
    const out = Wire.printable(`${text}\u001b${text}`)
    assert.isTrue(Wire.isPrintable(out))
    assert.isAtMost(out.length, 1024)
    assert.strictEqual(Wire.printable(out), out)
  })
})

describe("aws/Wire: isPrintable", () => {
  // what Unicode calls them, held against the ranges that are written out
  const named = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u

  it("agrees with Unicode's properties on every code point (C7)", () => {
    const differ: Array<string> = []
    for (let point = 0; point <= 0x10ffff; point++) {
      const text = String.fromCodePoint(point)
      if (Wire.isPrintable(text) === named.test(text)) differ.push(point.toString(16))
    }
    // ranges that Unicode reserves for what shows nothing, and leaves unassigned
    assert.deepStrictEqual(differ, [])
  })

  it("refuses an unpaired surrogate and lets a pair pass (C7)", () => {
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
    // no other class of status
    for (const status of [200, 202, 204]) assert.isFalse(Wire.isBusy(unexpected(status, code)))
  })

  it("lists the error types that AWS's clients class as throttling or transient (C11)", () => {
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

  it("a transport failure has its own say, and what is no error is not busy (C11)", () => {
    const cut = { operation: "CreateToken", sent: "answered", code: "ABORTED", transient: true, status: 503 } as const
    assert.isFalse(Wire.isBusy(new ClientError.TransportError(cut)))
    for (const one of [undefined, null, 503, "503", {}, { status: "503" }, { code: "Throttling" }]) {
      assert.isFalse(Wire.isBusy(one))
    }
  })
})
