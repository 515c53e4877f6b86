import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import { secret, tokenResponse } from "@sso-oidc/test-kit/fixtures"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"

const token: Token.Refreshable = {
  accessToken: Redacted.make(secret.accessToken, { label: "accessToken" }),
  tokenType: "Bearer",
  expiresAt: DateTime.makeUnsafe(3_600_000),
  refreshToken: Redacted.make(secret.refreshToken, { label: "refreshToken" }),
  idToken: Redacted.make(secret.idToken, { label: "idToken" }),
  registration: {
    clientId: "client-id",
    clientSecret: Redacted.make(secret.clientSecret, { label: "clientSecret" }),
    expiresAt: DateTime.makeUnsafe(7_776_000_000),
    scopes: ["sso:account:access"],
    region: "eu-west-1",
    endpoint: "https://oidc.eu-west-1.amazonaws.com"
  }
}

const secrets = [secret.accessToken, secret.refreshToken, secret.idToken, secret.clientSecret]

/** The token with its secrets in plain text, to compare. */
const clear = ({ accessToken, idToken, refreshToken, registration, ...rest }: Token.Token) => ({
  ...rest,
  accessToken: Redacted.value(accessToken),
  refreshToken: refreshToken && Redacted.value(refreshToken),
  idToken: idToken && Redacted.value(idToken),
  registration: { ...registration, clientSecret: Redacted.value(registration.clientSecret) }
})

describe("Token: the schema", () => {
  it.effect("encodes and decodes a token without a change", () =>
    Effect.gen(function*() {
      const back = yield* Token.decode(yield* Token.encode(token))
      assert.deepStrictEqual(back, token)
      assert.deepStrictEqual(clear(back), clear(token))
    }))

  it.effect("encodes and decodes only the required members, without a change", () =>
    Effect.gen(function*() {
      const { accessToken, registration, tokenType } = token
      const { expiresAt: _expiresAt, ...endless } = registration
      const back = yield* Token.decode(yield* Token.encode({ accessToken, tokenType, registration: endless }))
      assert.deepStrictEqual(Object.keys(back).sort(), ["accessToken", "registration", "tokenType"])
      assert.isFalse("expiresAt" in back.registration)
      assert.isFalse(Token.isRefreshable(back))
    }))

  it.effect("encodes to a secret, and shows no secret of the token (C6)", () =>
    Effect.gen(function*() {
      const find = search(secrets)
      const text: Redacted.Redacted<string> = yield* Token.encode(token)
      for (const shown of [text, token, { text }].flatMap(textsOf)) assert.isUndefined(find(shown))
      for (const one of secrets) assert.include(Redacted.value(text), JSON.stringify(one))
    }))

  it.effect.each(["", "{", "null", "[]", JSON.stringify({ accessToken: secret.accessToken }), secret.accessToken])(
    "refuses a text that is no token, and does not repeat it: %s (C6)",
    (text) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Token.decode(Redacted.make(text)))
        assert.strictEqual(error._tag, "SchemaError")
        assert.isUndefined(textsOf(error).find((shown) => shown.includes(secret.accessToken)))
      })
  )

  it.effect.each(
    [
      ["an empty access token", "\"accessToken\":\"", "\"accessToken\":\"\",\"x\":\""],
      ["an access token that is not a string", "\"accessToken\":\"", "\"accessToken\":7,\"x\":\""],
      ["an empty refresh token", "\"refreshToken\":\"", "\"refreshToken\":\"\",\"x\":\""],
      ["an empty ID token", "\"idToken\":\"", "\"idToken\":\"\",\"x\":\""],
      ["an empty client secret", "\"clientSecret\":\"", "\"clientSecret\":\"\",\"x\":\""],
      ["an empty type", "\"tokenType\":\"", "\"tokenType\":\"\",\"x\":\""],
      ["an ESC in its type", "\"tokenType\":\"", "\"tokenType\":\"\\u001b[2J"],
      ["an ESC in its region", "\"region\":\"", "\"region\":\"\\u001b[2J"],
      ["an ESC in a scope", "\"scopes\":[\"", "\"scopes\":[\"\\u001b[2J"],
      ["an expiry beyond all dates", "\"expiresAt\":3600000", "\"expiresAt\":1e999"],
      ["an expiry beyond the last date", "\"expiresAt\":3600000", "\"expiresAt\":9000000000000000"],
      ["no registration", "\"registration\"", "\"registrazion\""]
    ] as const
  )(
    "refuses a stored token with %s, and does not repeat the text (D8)",
    ([, member, changed]) =>
      Effect.gen(function*() {
        const text = Redacted.value(yield* Token.encode(token))
        const stored = text.replace(member, changed)
        assert.notStrictEqual(stored, text)
        const error = yield* Effect.flip(Token.decode(Redacted.make(stored)))
        const find = search(secrets)
        for (const shown of [...textsOf(error), inspect(error, { depth: null, showHidden: true })]) {
          assert.isUndefined(find(shown))
          assert.notInclude(shown, "[2J")
        }
      })
  )

  it.effect("fails in a codec for JSON, and does not show a secret (C6)", () =>
    Effect.gen(function*() {
      const Stored = Schema.toCodecJson(Schema.Struct({ token: Token.Token }))
      const error = yield* Effect.flip(Schema.encodeEffect(Stored)({ token }))
      assert.include(error.message, "Cannot serialize Redacted with label: \"token\"")
      const find = search(secrets)
      for (const shown of textsOf(error)) assert.isUndefined(find(shown))
    }))
})

describe("Token: refresh", () => {
  const refresh = (response: object) =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(response))
      const oidc = yield* Wire.client(wire)
      return { next: yield* Effect.provideService(Token.refresh(token), SsoOidc.SsoOidc, oidc), wire }
    })

  it.effect("gives a token of the same registration, and counts its expiry from the receipt", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(5000)
      const { next, wire } = yield* refresh({ ...tokenResponse, refreshToken: "a-new-one" })
      assert.strictEqual(next.registration, token.registration)
      assert.strictEqual(next.expiresAt && DateTime.toEpochMillis(next.expiresAt), 3_605_000)
      assert.strictEqual(Redacted.value(next.refreshToken), "a-new-one")
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect.each(
    [
      ["region", { region: "us-east-1" }],
      ["endpoint", { endpoint: "https://evil.example" }]
    ] as const
  )("sends nothing for a token of another %s, and says what to do (D10)", ([, other]) =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(tokenResponse))
      const oidc = yield* Wire.client(wire)
      const stranger = { ...token, registration: { ...token.registration, ...other } }
      const error = yield* Effect.flip(Effect.provideService(Token.refresh(stranger), SsoOidc.SsoOidc, oidc))
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.include(error.message, "CreateToken was not sent")
      assert.include(error.message, "or log in again.")
      assert.deepStrictEqual(wire.sent, [])
      const find = search(secrets)
      for (const shown of textsOf(error)) assert.isUndefined(find(shown))
    }))

  it.effect("keeps the old refresh token if the service issues no new one", () =>
    Effect.gen(function*() {
      const { next } = yield* refresh({ ...tokenResponse, refreshToken: null })
      assert.isTrue(Token.isRefreshable(next))
      assert.strictEqual(Redacted.value(next.refreshToken), secret.refreshToken)
    }))

  it("can be stored even if its expiry is beyond the range of dates", () => {
    const { accessToken, registration, tokenType } = token
    const made = Token.fromResponse({ accessToken, tokenType, expiresIn: 1e300 }, registration, 8.64e15)
    assert.strictEqual(made.expiresAt && DateTime.toEpochMillis(made.expiresAt), 8.64e15)
  })
})
