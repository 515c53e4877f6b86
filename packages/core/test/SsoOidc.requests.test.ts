import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import {
  calls,
  codeRequest,
  deviceRequest,
  refreshRequest,
  registerRequest,
  registerResponse,
  secret,
  startRequest
} from "@sso-oidc/test-kit/fixtures"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A transport that must receive nothing. It responds anyway, so that the test fails at once. */
const nothingSent = (): Wire.Wire => Wire.responding(() => Wire.json({}))

const leak = search(Object.values(secret))

const wiped = (): Redacted.Redacted => {
  const one = Redacted.make("wiped-secret")
  Redacted.wipeUnsafe(one)
  return one
}

const cyclic: Record<string, unknown> = { ...registerRequest, ...deviceRequest }
cyclic["self"] = cyclic
cyclic["scopes"] = [cyclic]
cyclic["scope"] = cyclic

/** Values that a caller in JavaScript may pass by mistake. */
const nonsense: ReadonlyArray<readonly [string, unknown]> = [
  ["undefined", undefined],
  ["null", null],
  ["a text", "request"],
  ["a number", 7],
  ["an array", []],
  ["a function", () => registerRequest],
  ["an empty object", {}],
  ["a cyclic object", cyclic],
  ["an object without prototype", Object.create(null)],
  ["a Redacted", Redacted.make("x")],
  [
    "a getter that throws",
    Object.defineProperty({}, "clientId", {
      enumerable: true,
      get: () => {
        throw new Error("no")
      }
    })
  ],
  [
    "an inherited getter that throws",
    Object.create({
      get clientId() {
        throw new Error("no")
      },
      get clientName() {
        throw new Error("no")
      }
    })
  ]
]

const operations = [
  ["registerClient", (oidc: SsoOidc.Service, request: never) => oidc.registerClient(request)],
  ["startDeviceAuthorization", (oidc: SsoOidc.Service, request: never) => oidc.startDeviceAuthorization(request)],
  ["createToken", (oidc: SsoOidc.Service, request: never) => oidc.createToken(request)]
] as const

const refused = (run: (oidc: SsoOidc.Service) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    const wire = nothingSent()
    const error = yield* Effect.flip(Effect.flatMap(Wire.client(wire), run))
    assert.instanceOf(error, ClientError.RequestInvalid)
    assert.isAbove(error.detail.length, 0)
    assert.isAtMost(error.detail.length, 1024)
    assert.notMatch(error.detail, /\n/)
    for (const text of textsOf(error)) {
      assert.isUndefined(leak(text))
    }
    assert.strictEqual(wire.sent.length, 0)
    return error
  })

describe("SsoOidc: invalid requests", () => {
  for (const [method, run] of operations) {
    it.effect.each(nonsense.map(([what, value]) => ({ what, value })))(
      `${method} refuses $what with RequestInvalid, sends nothing and throws nothing (C3)`,
      ({ value }) =>
        // Wrong on purpose.
        refused((oidc) => run(oidc, value as never))
    )
  }

  const wrong: ReadonlyArray<readonly [string, Record<string, unknown>]> = [
    ["device grant: client secret a plain string", { ...deviceRequest, clientSecret: secret.clientSecret }],
    ["device grant: device code a plain string", { ...deviceRequest, deviceCode: secret.deviceCode }],
    ["device grant: client secret wiped", { ...deviceRequest, clientSecret: wiped() }],
    ["device grant: device code wiped", { ...deviceRequest, deviceCode: wiped() }],
    ["device grant: client secret a Redacted number", { ...deviceRequest, clientSecret: Redacted.make(7) }],
    ["device grant: client secret empty", { ...deviceRequest, clientSecret: Redacted.make("") }],
    ["device grant: client secret null", { ...deviceRequest, clientSecret: null }],
    ["device grant: client id undefined", { ...deviceRequest, clientId: undefined }],
    ["device grant: client id a Redacted", { ...deviceRequest, clientId: Redacted.make(secret.code) }],
    ["device grant: without device code", { ...deviceRequest, deviceCode: undefined }],
    ["device grant: scope a text", { ...deviceRequest, scope: "sso:account:access" }],
    ["code grant: without code", { ...codeRequest, code: undefined }],
    ["code grant: without redirect URI", { ...codeRequest, redirectUri: undefined }],
    ["code grant: code verifier a plain string", { ...codeRequest, codeVerifier: secret.codeVerifier }],
    ["refresh grant: without refresh token", { ...refreshRequest, refreshToken: undefined }],
    ["refresh grant: refresh token a plain string", { ...refreshRequest, refreshToken: secret.refreshToken }],
    ["an unknown grant", { ...deviceRequest, grantType: "urn:ietf:params:oauth:grant-type:device-code" }],
    ["no grant", { ...deviceRequest, grantType: undefined }],
    ["a grant that is a secret", { ...deviceRequest, grantType: secret.code }]
  ]

  it.effect.each(wrong.map(([what, value]) => ({ what, value })))(
    "refuses a request with $what with RequestInvalid, and shows no value of it (C2, C3)",
    ({ value }) =>
      // Wrong on purpose.
      refused((oidc) => oidc.createToken(value as never))
  )

  it.effect("names the member in the detail (C3)", () =>
    Effect.gen(function*() {
      const error = yield* refused((oidc) => oidc.startDeviceAuthorization({ ...startRequest, startUrl: 7 as never }))
      assert.include(error.message, "startUrl")
      // The lines of the schema's error are one line.
      assert.match(error.detail, /\S at \["startUrl"\]$/)
      assert.strictEqual(error.operation, "StartDeviceAuthorization")
    }))

  it.effect("accepts a secret with any label, because the caller made it (C2)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({}))
      const oidc = yield* Wire.client(wire)
      for (const clientSecret of [Redacted.make("s"), Redacted.make("s", { label: "mine" })]) {
        yield* Effect.ignore(oidc.startDeviceAuthorization({ ...startRequest, clientSecret }))
      }
      assert.strictEqual(wire.sent.length, 2)
    }))

  for (const userAgent of ["a\r\nx-injected: 1", "a\nb", "a\rb", "a\u0000b", "a\u007fb", "a\u0100b", "🔐"]) {
    for (const call of calls) {
      it.effect(`${call.name}: a user agent that HTTP does not allow is RequestInvalid: ${JSON.stringify(userAgent)} (C7)`, () =>
        Effect.gen(function*() {
          const wire = nothingSent()
          const error = yield* Effect.flip(Effect.flatMap(Wire.client(wire, { userAgent }), call.run))
          if (error._tag !== "RequestInvalid") return assert.fail(error._tag)
          assert.include(error.detail, "header")
          assert.notInclude(error.message, userAgent)
          assert.strictEqual(wire.sent.length, 0)
        }))
    }
  }

  it.effect("sends the caller's own user agent", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      const oidc = yield* Wire.client(wire, { userAgent: "my-tool/1.0 (\u00e9)" })
      yield* oidc.registerClient(registerRequest)
      assert.strictEqual(wire.sent[0]?.headers["user-agent"], "my-tool/1.0 (\u00e9)")
    }))
})

describe("SsoOidc: execute", () => {
  class Key extends Context.Service<Key, string>()("test/Key") {}

  // An operation of another package, with a constant query, a signature and a requirement.
  const signed: Operation.Operation<
    RegisterClient.Request,
    RegisterClient.Response,
    SsoOidcError.InvalidClientException,
    Key
  > = Operation.make({
    service: SsoOidcService.service,
    name: "SignedOperation",
    method: "POST",
    path: "/token",
    query: { aws_iam: "t" },
    request: RegisterClient.Request,
    response: RegisterClient.Response,
    exceptions: [SsoOidcError.InvalidClientException],
    resend: () => "unsent",
    authenticate: (request, scope) =>
      Effect.map(
        Key,
        (key) => HttpClientRequest.setHeader(request, "authorization", `${key} ${scope.region} ${scope.signingName}`)
      )
  })

  it.effect("sends the constant query and the signature of an operation, and has its requirement (C5)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(registerResponse))
      const oidc = yield* Wire.client(wire)
      const response = yield* oidc.execute(signed, registerRequest).pipe(Effect.provideService(Key, "key-1"))
      assert.strictEqual(response.clientId, "registered-client")
      assert.strictEqual(wire.sent[0]?.url, "https://oidc.eu-west-1.amazonaws.com/token?aws_iam=t")
      assert.strictEqual(wire.sent[0]?.headers["authorization"], "key-1 eu-west-1 sso-oauth")
    }))

  it.effect("fails with an error of the signature, and sends nothing (C3)", () =>
    Effect.gen(function*() {
      const wire = nothingSent()
      const oidc = yield* Wire.client(wire)
      const refuses: typeof signed = {
        ...signed,
        authenticate: () =>
          Effect.fail(new SsoOidcError.InvalidClientException({ error: "invalid_client", status: 401 }))
      }
      const error = yield* Effect.flip(oidc.execute(refuses, registerRequest).pipe(Effect.provideService(Key, "k")))
      assert.strictEqual(error._tag, "InvalidClientException")
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("does not mask a Redacted that holds no string (C6)", () =>
    Effect.gen(function*() {
      const request = Schema.Struct({ pin: Schema.RedactedFromValue(Schema.Number) })
      const numbered: Operation.Operation<
        typeof request.Type,
        RegisterClient.Response,
        SsoOidcError.InvalidClientException
      > = { ...signed, request, authenticate: undefined, resend: () => "unsent" }
      const wire = Wire.responding(() => Wire.exception("InvalidClientException", { error_description: "As it is" }))
      const oidc = yield* Wire.client(wire)
      const error = yield* Effect.flip(oidc.execute(numbered, { pin: Redacted.make(7) }))
      assert.deepInclude(error, { _tag: "InvalidClientException", errorDescription: "As it is" })
    }))

  it.effect("checks a header of a signature like any other (C7)", () =>
    Effect.gen(function*() {
      const wire = nothingSent()
      const oidc = yield* Wire.client(wire)
      const error = yield* Effect.flip(
        oidc.execute(signed, registerRequest).pipe(Effect.provideService(Key, "k\r\nx: 1"))
      )
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("runs every named method, so that a wrapper of execute wraps them all", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const inner = yield* Wire.client(Wire.silent())
      const outer = SsoOidc.fromExecute({
        region: inner.region,
        endpoint: inner.endpoint,
        execute: (operation) => {
          seen.push(operation.name)
          return Effect.fail(new ClientError.RequestInvalid({ operation: operation.name, detail: "wrapped" }))
        }
      })
      for (const call of calls) yield* Effect.flip(call.run(outer))
      assert.deepStrictEqual(seen, calls.map(({ operation }) => operation))
    }))

  it.effect("uses the transport that the layer was given, whatever the caller's context holds", () =>
    Effect.gen(function*() {
      const given = Wire.responding(() => Wire.json(registerResponse))
      const other = Wire.silent()
      const oidc = yield* Wire.client(given)
      yield* oidc.registerClient(registerRequest).pipe(Effect.provideService(HttpClient.HttpClient, other.client))
      assert.deepStrictEqual([given.sent.length, other.sent.length], [1, 0])
    }))

  it.effect("belongs to a service that shows its endpoint and region", () =>
    Effect.gen(function*() {
      const oidc = yield* Wire.client(Wire.silent(), { region: "cn-north-1" })
      assert.deepInclude(oidc, { region: "cn-north-1", endpoint: "https://oidc.cn-north-1.amazonaws.com.cn" })
    }))
})
