import { assert, describe, it } from "@effect/vitest"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import { registerAnswer, registerRequest, secret } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { exceptionsOf } from "./support/model.ts"

const register = (wire: Wire.Wire, request: RegisterClient.Request = registerRequest) =>
  Effect.flatMap(Wire.client(wire), (oidc) => oidc.registerClient(request))

describe("RegisterClient", () => {
  it.effect("C1: every member of the newest model goes out under the wire's name, and nothing else", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      yield* register(wire)
      assert.strictEqual(wire.sent.length, 1)
      const [sent] = wire.sent
      assert.strictEqual(sent?.method, "POST")
      assert.strictEqual(sent?.url, "https://oidc.eu-west-1.amazonaws.com/client/register")
      assert.strictEqual(sent?.headers["content-type"], "application/json")
      assert.deepStrictEqual(JSON.parse(sent?.body ?? ""), {
        clientName: "a-tool",
        clientType: "public",
        scopes: ["sso:account:access", "codewhisperer:completions"],
        redirectUris: ["http://127.0.0.1/oauth/callback"],
        grantTypes: ["authorization_code", "refresh_token"],
        issuerUrl: "https://d-0123456789.awsapps.com/start",
        entitledApplicationArn: "arn:aws:sso::123456789012:application/ssoins-1/apl-2"
      })
    }))

  it.effect("C1: only clientName and clientType are required; what is left out is not sent", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      yield* register(wire, { clientName: "n", clientType: "public" })
      assert.strictEqual(wire.sent[0]?.body, "{\"clientName\":\"n\",\"clientType\":\"public\"}")
    }))

  it.effect("C1, C2: the answer is a plain object with the wire's names; the secret is Redacted", () =>
    Effect.gen(function*() {
      const answer = yield* register(Wire.answering(() =>
        Wire.json({
          ...registerAnswer,
          authorizationEndpoint: "https://oidc.eu-west-1.amazonaws.com/authorize",
          tokenEndpoint: "https://oidc.eu-west-1.amazonaws.com/token"
        })
      ))
      assert.strictEqual(Object.getPrototypeOf(answer), Object.prototype)
      const { clientSecret, ...rest } = answer
      assert.strictEqual(Redacted.value(clientSecret), secret.clientSecret)
      assert.strictEqual(JSON.stringify(clientSecret), "\"<redacted:clientSecret>\"")
      assert.deepStrictEqual(rest, {
        clientId: "registered-client",
        clientIdIssuedAt: 1767225600,
        clientSecretExpiresAt: 1775001600,
        authorizationEndpoint: "https://oidc.eu-west-1.amazonaws.com/authorize",
        tokenEndpoint: "https://oidc.eu-west-1.amazonaws.com/token"
      })
    }))

  it.effect.each([["1775001600", 1775001600], ["0", 0], [0, 0]] as const)(
    "a clientSecretExpiresAt of %j is a time in seconds, written as a text or not (C4)",
    ([clientSecretExpiresAt, seconds]) =>
      Effect.gen(function*() {
        const times = { clientSecretExpiresAt, clientIdIssuedAt: clientSecretExpiresAt }
        const response = yield* register(Wire.answering(() => Wire.json({ ...registerAnswer, ...times })))
        assert.deepInclude(response, { clientSecretExpiresAt: seconds, clientIdIssuedAt: seconds })
      })
  )

  it.effect.each(["2024-01-01T00:00:00Z", "soon", true, [1], {}])(
    "a clientIdIssuedAt of %j costs no registration: it is absent (C4)",
    (clientIdIssuedAt) =>
      Effect.gen(function*() {
        const response = yield* register(Wire.answering(() => Wire.json({ ...registerAnswer, clientIdIssuedAt })))
        assert.isFalse("clientIdIssuedAt" in response)
      })
  )

  it.effect.each(["soon", true, [1], {}, "1e3", "9".repeat(400)])(
    "a clientSecretExpiresAt of %j is no time: the response cannot be used (C4)",
    (clientSecretExpiresAt) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          register(Wire.answering(() => Wire.json({ ...registerAnswer, clientSecretExpiresAt })))
        )
        assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
      })
  )

  it.effect("C4: null members are dropped, unknown members are ignored", () =>
    Effect.gen(function*() {
      const answer = yield* register(
        Wire.answering(() => Wire.json({ ...registerAnswer, clientIdIssuedAt: null, x: 1 }))
      )
      assert.deepStrictEqual(Object.keys(answer).sort(), ["clientId", "clientSecret", "clientSecretExpiresAt"])
    }))

  it.effect("C4: enumerations are open: a client type and grant types that the model does not know are sent", () =>
    Effect.gen(function*() {
      const wire = Wire.answering(() => Wire.json(registerAnswer))
      yield* register(wire, { clientName: "n", clientType: "confidential", grantTypes: ["urn:example:new"] })
      assert.deepInclude(JSON.parse(wire.sent[0]?.body ?? ""), {
        clientType: "confidential",
        grantTypes: ["urn:example:new"]
      })
    }))

  it.effect.each(["clientId", "clientSecret", "clientSecretExpiresAt"])(
    "C4: an answer without %s is UnexpectedResponse, malformed",
    (member) =>
      Effect.gen(function*() {
        for (const body of [{ ...registerAnswer, [member]: undefined }, { ...registerAnswer, [member]: null }]) {
          const error = yield* Effect.flip(register(Wire.answering(() => Wire.json(body))))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
          assert.include(error.message, member)
        }
      })
  )

  it.effect("C7: a client id with control characters is refused, not mended", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        register(Wire.answering(() => Wire.json({ ...registerAnswer, clientId: "id\u001b[31m" })))
      )
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
    }))

  it("C3: the exceptions are exactly the model's", () => {
    assert.deepStrictEqual(
      RegisterClient.operation.exceptions.map(({ type }) => type).sort(),
      exceptionsOf("RegisterClient").map(({ type }) => type)
    )
  })

  it("C8: it may be sent again at any time", () => {
    assert.strictEqual(RegisterClient.operation.resend(registerRequest), "anytime")
  })

  it("the operation is the model's: name, method, path, no query, no signature", () => {
    assert.deepInclude(RegisterClient.operation, {
      name: "RegisterClient",
      method: "POST",
      path: "/client/register",
      query: {}
    })
    assert.isUndefined(RegisterClient.operation.authenticate)
  })

  it.effect.prop(
    "C1, C2: any request survives encoding and decoding",
    [RegisterClient.Request],
    ([request]) =>
      Effect.gen(function*() {
        const encoded = yield* Schema.encodeEffect(RegisterClient.Request)(request)
        const back = yield* Schema.decodeUnknownEffect(RegisterClient.Request)(JSON.parse(JSON.stringify(encoded)))
        // an optional member that is undefined is absent on the wire
        const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
        assert.deepStrictEqual({ ...back }, given)
      })
  )
})
