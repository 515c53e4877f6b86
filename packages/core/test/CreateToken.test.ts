import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import { codeRequest, deviceRequest, refreshRequest, secret, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { exceptionsOf } from "./support/model.ts"

const create = (wire: Wire.Wire, request: CreateToken.Request = deviceRequest) =>
  Effect.flatMap(Wire.client(wire), (oidc) => oidc.createToken(request))

const createWith = (members: Readonly<Record<string, unknown>>) =>
  create(Wire.responding(() => Wire.json({ ...tokenResponse, ...members })))

const sentFor = (request: CreateToken.Request) =>
  Effect.gen(function*() {
    const wire = Wire.responding(() => Wire.json(tokenResponse))
    yield* create(wire, request)
    assert.strictEqual(wire.sent[0]?.method, "POST")
    assert.strictEqual(wire.sent[0]?.url, "https://oidc.eu-west-1.amazonaws.com/token")
    const body: unknown = JSON.parse(wire.sent[0]?.body ?? "")
    return body
  })

describe("CreateToken", () => {
  it.effect("sends every member of the device grant under its name on the wire (C1, C2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sentFor(deviceRequest), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "urn:ietf:params:oauth:grant-type:device_code",
        deviceCode: secret.deviceCode,
        scope: ["sso:account:access"]
      })
    }))

  it.effect("sends every member of the authorization code grant under its name on the wire (C1, C2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sentFor(codeRequest), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "authorization_code",
        code: secret.code,
        redirectUri: "http://127.0.0.1:54321/oauth/callback",
        codeVerifier: secret.codeVerifier,
        scope: ["sso:account:access"]
      })
    }))

  it.effect("sends every member of the refresh token grant under its name on the wire (C1, C2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sentFor(refreshRequest), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "refresh_token",
        refreshToken: secret.refreshToken,
        scope: ["sso:account:access"]
      })
    }))

  it.effect("does not send a member of another grant (C2)", () =>
    Effect.gen(function*() {
      const both = { ...refreshRequest, ...deviceRequest }
      const sent = yield* sentFor(both)
      assert.property(sent, "deviceCode")
      assert.notProperty(sent, "refreshToken")
    }))

  it.effect("gives members their names on the wire, and each token as a Redacted labelled with its name (C1, C2)", () =>
    Effect.gen(function*() {
      const response = yield* createWith({})
      assert.deepStrictEqual(Object.keys(response).sort(), [
        "accessToken",
        "expiresIn",
        "idToken",
        "refreshToken",
        "tokenType"
      ])
      for (const name of ["accessToken", "refreshToken", "idToken"] as const) {
        const token = response[name]
        if (token === undefined) return assert.fail(`${name} is missing`)
        assert.strictEqual(Redacted.value(token), secret[name])
        assert.strictEqual(JSON.stringify(token), `"<redacted:${name}>"`)
      }
      assert.deepInclude(response, { tokenType: "Bearer", expiresIn: 3600 })
    }))

  it.effect("leaves out members that are null: a token without a refresh token or an ID token (C4)", () =>
    Effect.gen(function*() {
      const response = yield* createWith({ refreshToken: null, idToken: null, expiresIn: null })
      assert.deepStrictEqual(Object.keys(response).sort(), ["accessToken", "tokenType"])
    }))

  it.effect("reads an expiresIn of \"3600\" as a number (C4)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* createWith({ expiresIn: "3600" })).expiresIn, 3600)
    }))

  it.effect.each([0, -3600, "soon", null])(
    "reads an expiresIn of %j as absent (C4)",
    (expiresIn) =>
      Effect.gen(function*() {
        assert.isFalse("expiresIn" in (yield* createWith({ expiresIn })))
      })
  )

  it.effect("accepts any token type, because enumerations are open (C4)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* createWith({ tokenType: "DPoP" })).tokenType, "DPoP")
    }))

  it.effect.each(["accessToken", "tokenType"])(
    "refuses a response without %s as malformed (C4)",
    (member) =>
      Effect.gen(function*() {
        for (const value of [undefined, null, "", 7]) {
          const error = yield* Effect.flip(createWith({ [member]: value }))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
          assert.include(error.message, member)
        }
      })
  )

  it("lists exactly the exceptions of the model (C3)", () => {
    assert.deepStrictEqual(
      CreateToken.operation.exceptions.map(({ type }) => type).sort(),
      exceptionsOf("CreateToken").map(({ type }) => type)
    )
  })

  it("lets the device grant repeat a poll, and a code or refresh token be sent again only if it did not leave (C8)", () => {
    assert.strictEqual(CreateToken.operation.resend(deviceRequest), "paced")
    assert.strictEqual(CreateToken.operation.resend(codeRequest), "unsent")
    assert.strictEqual(CreateToken.operation.resend(refreshRequest), "unsent")
  })

  it("has the name, method and path of the model, no query and no signature", () => {
    assert.deepInclude(CreateToken.operation, { name: "CreateToken", method: "POST", path: "/token", query: {} })
    assert.isUndefined(CreateToken.operation.authenticate)
  })

  it.effect.prop(
    "encodes and decodes any request without a change (C1, C2)",
    [CreateToken.Request],
    ([request]) =>
      Effect.gen(function*() {
        const encoded = yield* Schema.encodeEffect(CreateToken.Request)(request)
        const text = JSON.stringify(encoded)
        const back = yield* Schema.decodeUnknownEffect(CreateToken.Request)(JSON.parse(text))
        assert.strictEqual(JSON.stringify(yield* Schema.encodeEffect(CreateToken.Request)(back)), text)
        assert.strictEqual(Redacted.value(back.clientSecret), Redacted.value(request.clientSecret))
        assert.strictEqual(back.grantType, request.grantType)
      })
  )
})
