import { assert, describe, it } from "@effect/vitest"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { secret, startRequest, startResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { exceptionsOf } from "./support/model.ts"

const start = (wire: Wire.Wire) =>
  Effect.flatMap(Wire.client(wire), (oidc) => oidc.startDeviceAuthorization(startRequest))

const startWith = (members: Readonly<Record<string, unknown>>) =>
  start(Wire.responding(() => Wire.json({ ...startResponse, ...members })))

describe("StartDeviceAuthorization", () => {
  it.effect("sends every member of the model under its name on the wire, the secret in plain text (C1)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(startResponse))
      yield* start(wire)
      const [sent] = wire.sent
      assert.strictEqual(sent?.method, "POST")
      assert.strictEqual(sent?.url, "https://oidc.eu-west-1.amazonaws.com/device_authorization")
      assert.deepStrictEqual(JSON.parse(sent?.body ?? ""), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        startUrl: "https://d-0123456789.awsapps.com/start"
      })
    }))

  it.effect("gives members their names on the wire, the device code as a Redacted, and other texts unchanged (C1, C2)", () =>
    Effect.gen(function*() {
      const { deviceCode, ...rest } = yield* startWith({ unknown: { a: 1 } })
      assert.strictEqual(Redacted.value(deviceCode), secret.deviceCode)
      assert.strictEqual(JSON.stringify(deviceCode), "\"<redacted:deviceCode>\"")
      assert.deepStrictEqual(rest, {
        userCode: "BRCJ-PDVT",
        verificationUri: "https://d-0123456789.awsapps.com/start/#/device",
        verificationUriComplete: "https://d-0123456789.awsapps.com/start/#/device?user_code=BRCJ-PDVT",
        expiresIn: 600,
        interval: 1
      })
    }))

  it.effect.each(
    [
      ["600", 600],
      ["8.0", 8],
      ["7.5", 7.5],
      [" 8 ", 8],
      ["1", 1]
    ] as const
  )("reads an interval or expiresIn of %j as a number (C4)", ([value, seconds]) =>
    Effect.gen(function*() {
      const response = yield* startWith({ expiresIn: value, interval: value })
      assert.deepInclude(response, { expiresIn: seconds, interval: seconds })
    }))

  it.effect.each([
    ["Hangul filler", "BRCJ\u3164PDVT"],
    ["Hangul choseong filler", "BRCJ\u115fPDVT"],
    ["variation selector", "BRCJ\ufe0fPDVT"],
    ["variation selector supplement", "BRCJ\u{e0100}PDVT"],
    ["combining grapheme joiner", "BRCJ\u034fPDVT"],
    ["Khmer vowel", "BRCJ\u17b4PDVT"],
    ["Mongolian vowel separator", "BRCJ\u180ePDVT"],
    ["Arabic number sign", "BRCJ\u0600PDVT"],
    ["blank of Braille", "BRCJ\u2800PDVT"],
    ["lone high surrogate", "BRCJ\ud83dPDVT"],
    ["lone low surrogate", "BRCJ\udd11PDVT"],
    ["tag", "BRCJ\u{e0041}PDVT"]
  ])("refuses a %s in the user code or in a URL (C7)", ([, text]) =>
    Effect.gen(function*() {
      for (
        const members of [
          { userCode: text },
          { verificationUri: `https://device.example/${text}` },
          { verificationUriComplete: `https://device.example/#${text}` }
        ]
      ) {
        assert.deepInclude(yield* Effect.flip(startWith(members)), { _tag: "UnexpectedResponse", problem: "malformed" })
      }
    }))

  it.effect.each([
    "https://@evil.example/",
    "https://:@evil.example/",
    "https://device.example@evil.example/",
    "http://@127.0.0.1/"
  ])("refuses the URL %s, which has user info (C7)", (url) =>
    Effect.gen(function*() {
      for (const members of [{ verificationUri: url }, { verificationUriComplete: url }]) {
        assert.deepInclude(yield* Effect.flip(startWith(members)), { _tag: "UnexpectedResponse", problem: "malformed" })
      }
    }))

  it.effect("leaves out members that are null (C4)", () =>
    Effect.gen(function*() {
      const response = yield* startWith({ verificationUriComplete: null, expiresIn: null, interval: null })
      assert.deepStrictEqual(Object.keys(response).sort(), ["deviceCode", "userCode", "verificationUri"])
    }))

  it.effect.each([
    0,
    -0,
    -1,
    -0.5,
    "",
    " ",
    "PT8S",
    "8 s",
    "-8",
    "0x8",
    "0.5",
    "1e3",
    "9".repeat(400),
    true,
    [600],
    { seconds: 600 },
    // The JSON form of NaN and the infinities is null. The other is a number beyond the range of numbers.
    null
  ])("reads an interval or expiresIn of %j as absent (C4)", (value) =>
    Effect.gen(function*() {
      const response = yield* startWith({ expiresIn: value, interval: value })
      assert.isFalse("expiresIn" in response)
      assert.isFalse("interval" in response)
    }))

  it.effect("reads a number beyond the range of numbers as absent (C4)", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({ ...startResponse, expiresIn: 1, interval: 2 })
        .replace("\"expiresIn\":1", "\"expiresIn\":1e999")
        .replace("\"interval\":2", "\"interval\":-1e999")
      const response = yield* start(Wire.responding(() => new Response(text)))
      assert.isFalse("expiresIn" in response)
      assert.isFalse("interval" in response)
    }))

  it.effect("keeps seconds as numbers, also fractions (C4)", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* startWith({ expiresIn: 600, interval: 2.5 }), { expiresIn: 600, interval: 2.5 })
    }))

  it.effect.each(["deviceCode", "userCode", "verificationUri"])(
    "refuses a response without %s as malformed (C4)",
    (member) =>
      Effect.gen(function*() {
        for (const value of [undefined, null, "", 7]) {
          const error = yield* Effect.flip(startWith({ [member]: value }))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
          assert.include(error.message, member)
        }
      })
  )

  const refused = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "ftp://example.com/",
    "vscode://login",
    "http://example.com/device",
    "http://localhost.evil.example/device",
    "http://127.0.0.1.evil.example/device",
    "http://192.168.0.1/device",
    "http://0.0.0.0/device",
    "https://user@device.example/",
    "https://user:word@device.example/",
    "/device",
    "device.example",
    "https://",
    "https://device.example/\u001b]8;;https://evil.example\u0007",
    "https://device.example/\r\nx",
    "https://device.example/\u0085",
    "https://device.example/\u202eecived",
    "https://device.example/\u200b"
  ]

  it.effect.each(refused)("refuses the verification URI %j (C7)", (uri) =>
    Effect.gen(function*() {
      for (const members of [{ verificationUri: uri }, { verificationUriComplete: uri }]) {
        const error = yield* Effect.flip(startWith(members))
        assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
        assert.notInclude(error.message, uri)
      }
    }))

  it.effect.each([
    "https://device.sso.eu-west-1.amazonaws.com/",
    "https://ssoins-1.eu-west-1.portal.amazonaws.com/#/device",
    "https://eu-west-1.signin.aws/platform/authorize?request_uri=urn%3Aa",
    "http://localhost:8080/device",
    "http://127.0.0.1/device",
    "http://127.255.255.254:1/device",
    "http://[::1]:8080/device"
  ])("gives the verification URI %s unchanged (C7)", (uri) =>
    Effect.gen(function*() {
      const response = yield* startWith({ verificationUri: uri, verificationUriComplete: uri })
      assert.strictEqual(response.verificationUri, uri)
      assert.strictEqual(response.verificationUriComplete, uri)
    }))

  it.effect("refuses a user code with control characters (C7)", () =>
    Effect.gen(function*() {
      for (const userCode of ["BRCJ-\u001b[2J", "BRCJ\u202e-PDVT", "BRCJ\u200b-PDVT", "BRCJ\u009bPDVT"]) {
        const error = yield* Effect.flip(startWith({ userCode }))
        assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
      }
    }))

  it.effect("says what is wrong with a refused text, and does not repeat it (C3, C7)", () =>
    Effect.gen(function*() {
      const detail = (members: Readonly<Record<string, unknown>>) =>
        Effect.map(
          Effect.flip(startWith(members)),
          (error) => error._tag === "UnexpectedResponse" ? error.detail : assert.fail(error._tag)
        )
      assert.match(
        (yield* detail({ userCode: "BRCJ\u0007" })) ?? "",
        /invisible characters .* at \["userCode"\]$/
      )
      assert.match((yield* detail({ verificationUri: "http://a.example" })) ?? "", /https.* at \["verificationUri"\]$/)
    }))

  it("lists exactly the exceptions of the model (C3)", () => {
    assert.deepStrictEqual(
      StartDeviceAuthorization.operation.exceptions.map(({ type }) => type).sort(),
      exceptionsOf("StartDeviceAuthorization").map(({ type }) => type)
    )
  })

  it("may be sent again at any time (C8)", () => {
    assert.strictEqual(StartDeviceAuthorization.operation.resend(startRequest), "anytime")
  })

  it("has the name, method and path of the model, no query and no signature", () => {
    assert.deepInclude(StartDeviceAuthorization.operation, {
      name: "StartDeviceAuthorization",
      method: "POST",
      path: "/device_authorization",
      query: {}
    })
    assert.isUndefined(StartDeviceAuthorization.operation.authenticate)
  })

  it.effect.prop(
    "encodes and decodes any response without a change (C1, C2)",
    { deviceCode: Schema.NonEmptyString, interval: Schema.Int, userCode: Schema.NonEmptyString },
    ({ deviceCode, interval, userCode }) =>
      Effect.gen(function*() {
        const decode = Schema.decodeUnknownEffect(StartDeviceAuthorization.Response)
        const decoded = yield* Effect.option(
          decode({ deviceCode, userCode, interval, verificationUri: "https://device.example/" })
        )
        if (decoded._tag === "None") return // a user code with control characters
        const encoded = yield* Schema.encodeEffect(StartDeviceAuthorization.Response)(decoded.value)
        assert.deepStrictEqual(yield* decode(JSON.parse(JSON.stringify(encoded))), decoded.value)
        assert.strictEqual("interval" in decoded.value, interval > 0)
      })
  )
})
