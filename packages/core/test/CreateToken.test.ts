import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import { codeRequest, deviceRequest, refreshRequest, secret, tokenAnswer } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { exceptionsOf } from "./support/model.ts"

const create = (wire: Wire.Wire, request: CreateToken.Request = deviceRequest) =>
  Effect.flatMap(Wire.client(wire), (oidc) => oidc.createToken(request))

const createWith = (members: Readonly<Record<string, unknown>>) =>
  create(Wire.answering(() => Wire.json({ ...tokenAnswer, ...members })))

const sentFor = (request: CreateToken.Request) =>
  Effect.gen(function*() {
    const wire = Wire.answering(() => Wire.json(tokenAnswer))
    yield* create(wire, request)
    assert.strictEqual(wire.sent[0]?.method, "POST")
    assert.strictEqual(wire.sent[0]?.url, "https://oidc.eu-west-1.amazonaws.com/token")
    const body: unknown = JSON.parse(wire.sent[0]?.body ?? "")
    return body
  })

describe("CreateToken", () => {
  it.effect("C1, C2: the device grant, every member under the wire's name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sentFor(deviceRequest), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "urn:ietf:params:oauth:grant-type:device_code",
        deviceCode: secret.deviceCode,
        scope: ["sso:account:access"]
      })
    }))

  it.effect("C1, C2: the authorization code grant, every member under the wire's name", () =>
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

  it.effect("C1, C2: the refresh token grant, every member under the wire's name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sentFor(refreshRequest), {
        clientId: "client-id",
        clientSecret: secret.clientSecret,
        grantType: "refresh_token",
        refreshToken: secret.refreshToken,
        scope: ["sso:account:access"]
      })
    }))

  it.effect("C2: a grant's request takes no member of another grant along", () =>
    Effect.gen(function*() {
      const both = { ...refreshRequest, ...deviceRequest }
      const sent = yield* sentFor(both)
      assert.property(sent, "deviceCode")
      assert.notProperty(sent, "refreshToken")
    }))

  it.effect("C1, C2: the answer has the wire's names; its tokens are Redacted under their names", () =>
    Effect.gen(function*() {
      const answer = yield* createWith({})
      assert.deepStrictEqual(Object.keys(answer).sort(), [
        "accessToken",
        "expiresIn",
        "idToken",
        "refreshToken",
        "tokenType"
      ])
      for (const name of ["accessToken", "refreshToken", "idToken"] as const) {
        const token = answer[name]
        if (token === undefined) return assert.fail(`${name} is missing`)
        assert.strictEqual(Redacted.value(token), secret[name])
        assert.strictEqual(JSON.stringify(token), `"<redacted:${name}>"`)
      }
      assert.deepInclude(answer, { tokenType: "Bearer", expiresIn: 3600 })
    }))

  it.effect("C4: null members are dropped: a token without refresh token or id token", () =>
    Effect.gen(function*() {
      const answer = yield* createWith({ refreshToken: null, idToken: null, expiresIn: null })
      assert.deepStrictEqual(Object.keys(answer).sort(), ["accessToken", "tokenType"])
    }))

  it.effect("an expiresIn of \"3600\" is a number written as a text (C4)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* createWith({ expiresIn: "3600" })).expiresIn, 3600)
    }))

  it.effect.each([0, -3600, "soon", null])(
    "an expiresIn of %j means absent (C4)",
    (expiresIn) =>
      Effect.gen(function*() {
        assert.isFalse("expiresIn" in (yield* createWith({ expiresIn })))
      })
  )

  it.effect("C4: enumerations are open: any token type is given as it is", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* createWith({ tokenType: "DPoP" })).tokenType, "DPoP")
    }))

  it.effect.each(["accessToken", "tokenType"])(
    "C4: an answer without %s is UnexpectedResponse, malformed",
    (member) =>
      Effect.gen(function*() {
        for (const value of [undefined, null, "", 7]) {
          const error = yield* Effect.flip(createWith({ [member]: value }))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
          assert.include(error.message, member)
        }
      })
  )

  it("C3: the exceptions are exactly the model's", () => {
    assert.deepStrictEqual(
      CreateToken.operation.exceptions.map(({ type }) => type).sort(),
      exceptionsOf("CreateToken").map(({ type }) => type)
    )
  })

  it("C8: a poll may be sent again at the grant's pace, a code or a refresh token only when it did not leave", () => {
    assert.strictEqual(CreateToken.operation.resend(deviceRequest), "paced")
    assert.strictEqual(CreateToken.operation.resend(codeRequest), "unsent")
    assert.strictEqual(CreateToken.operation.resend(refreshRequest), "unsent")
  })

  it("the operation is the model's: name, method, path, no query, no signature", () => {
    assert.deepInclude(CreateToken.operation, { name: "CreateToken", method: "POST", path: "/token", query: {} })
    assert.isUndefined(CreateToken.operation.authenticate)
  })

  it.effect.prop(
    "C1, C2: any request survives encoding and decoding",
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
