import { assert, describe, it } from "@effect/vitest"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import { registerRequest, registerResponse, secret } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { exceptionsOf } from "./support/model.ts"

const register = (wire: Wire.Wire, request: RegisterClient.Request = registerRequest) =>
  Effect.flatMap(Wire.client(wire), (oidc) => oidc.registerClient(request))

describe("RegisterClient", () => {
  it.effect("sends every member of the newest model under its name on the wire, and nothing else (C1)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
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

  it.effect("requires only clientName and clientType, and does not send a member that is left out (C1)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      yield* register(wire, { clientName: "n", clientType: "public" })
      assert.strictEqual(wire.sent[0]?.body, "{\"clientName\":\"n\",\"clientType\":\"public\"}")
    }))

  it.effect("gives a plain object with the names on the wire, and the secret as a Redacted (C1, C2)", () =>
    Effect.gen(function*() {
      const response = yield* register(Wire.responding(() =>
        Wire.json({
          ...registerResponse,
          authorizationEndpoint: "https://oidc.eu-west-1.amazonaws.com/authorize",
          tokenEndpoint: "https://oidc.eu-west-1.amazonaws.com/token"
        })
      ))
      assert.strictEqual(Object.getPrototypeOf(response), Object.prototype)
      const { clientSecret, ...rest } = response
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
    "reads a clientSecretExpiresAt of %j as a time in seconds, as a number or a string (C4)",
    ([clientSecretExpiresAt, seconds]) =>
      Effect.gen(function*() {
        const times = { clientSecretExpiresAt, clientIdIssuedAt: clientSecretExpiresAt }
        const response = yield* register(Wire.responding(() => Wire.json({ ...registerResponse, ...times })))
        assert.deepInclude(response, { clientSecretExpiresAt: seconds, clientIdIssuedAt: seconds })
      })
  )

  it.effect.each(["2024-01-01T00:00:00Z", "soon", true, [1], {}])(
    "reads a clientIdIssuedAt of %j as absent, and keeps the registration (C4)",
    (clientIdIssuedAt) =>
      Effect.gen(function*() {
        const response = yield* register(Wire.responding(() => Wire.json({ ...registerResponse, clientIdIssuedAt })))
        assert.isFalse("clientIdIssuedAt" in response)
      })
  )

  it.effect.each(["soon", true, [1], {}, "1e3", "9".repeat(400)])(
    "refuses a clientSecretExpiresAt of %j, which is not a time (C4)",
    (clientSecretExpiresAt) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          register(Wire.responding(() => Wire.json({ ...registerResponse, clientSecretExpiresAt })))
        )
        assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
      })
  )

  it.effect("leaves out members that are null, and ignores unknown members (C4)", () =>
    Effect.gen(function*() {
      const response = yield* register(
        Wire.responding(() => Wire.json({ ...registerResponse, clientIdIssuedAt: null, x: 1 }))
      )
      assert.deepStrictEqual(Object.keys(response).sort(), ["clientId", "clientSecret", "clientSecretExpiresAt"])
    }))

  it.effect("sends a client type and grant types that the model does not know, because enumerations are open (C4)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      yield* register(wire, { clientName: "n", clientType: "confidential", grantTypes: ["urn:example:new"] })
      assert.deepInclude(JSON.parse(wire.sent[0]?.body ?? ""), {
        clientType: "confidential",
        grantTypes: ["urn:example:new"]
      })
    }))

  it.effect.each(["clientId", "clientSecret", "clientSecretExpiresAt"])(
    "refuses a response without %s as malformed (C4)",
    (member) =>
      Effect.gen(function*() {
        for (const body of [{ ...registerResponse, [member]: undefined }, { ...registerResponse, [member]: null }]) {
          const error = yield* Effect.flip(register(Wire.responding(() => Wire.json(body))))
          assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed", status: 200 })
          assert.include(error.message, member)
        }
      })
  )

  it.effect("refuses a client id with control characters (C7)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        register(Wire.responding(() => Wire.json({ ...registerResponse, clientId: "id\u001b[31m" })))
      )
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
    }))

  it("lists exactly the exceptions of the model (C3)", () => {
    assert.deepStrictEqual(
      RegisterClient.operation.exceptions.map(({ type }) => type).sort(),
      exceptionsOf("RegisterClient").map(({ type }) => type)
    )
  })

  it("may be sent again at any time (C8)", () => {
    assert.strictEqual(RegisterClient.operation.resend(registerRequest), "anytime")
  })

  it("has the name, method and path of the model, no query and no signature", () => {
    assert.deepInclude(RegisterClient.operation, {
      name: "RegisterClient",
      method: "POST",
      path: "/client/register",
      query: {}
    })
    assert.isUndefined(RegisterClient.operation.authenticate)
  })

  it.effect.prop(
    "encodes and decodes any request without a change (C1, C2)",
    [RegisterClient.Request],
    ([request]) =>
      Effect.gen(function*() {
        const encoded = yield* Schema.encodeEffect(RegisterClient.Request)(request)
        const back = yield* Schema.decodeUnknownEffect(RegisterClient.Request)(JSON.parse(JSON.stringify(encoded)))
        // An optional member that is undefined is absent on the wire.
        const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
        assert.deepStrictEqual({ ...back }, given)
      })
  )
})
