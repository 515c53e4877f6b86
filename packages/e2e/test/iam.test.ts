import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { type Answer, clientId, clients, jwt, keys, type Send } from "./support/iamExceptions.ts"
import { layerKeys } from "./support/iamRequests.ts"

const body = (answer: Answer): Readonly<Record<string, unknown>> =>
  answer._tag === "Success" ? answer.body : assert.fail(`${answer.type}: ${answer.description ?? ""}`)

const text = (answer: Answer, member: string): string => String(body(answer)[member])

/** Runs a way at an emulator of its own, for each client. */
const forEach = (use: (send: Send) => Effect.Effect<void>, options?: Emulator.Options) =>
  Effect.forEach(clients, ([, make]) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.now())
      const { url } = yield* EmulatorServer.EmulatorServer
      yield* use(make(url))
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmulatorServer.layer(options)))))

const bearer = (members: Readonly<Record<string, string | ReadonlyArray<string>>> = {}) => ({
  clientId,
  grantType: CreateTokenWithIAM.jwtBearerGrantType,
  assertion: jwt(),
  ...members
})

describe("CreateTokenWithIAM at the emulator", () => {
  it.effect("exchanges a JWT for both clients, with all members of the model (C1, E1, I5)", () =>
    forEach((send) =>
      Effect.gen(function*() {
        const answer = yield* send(bearer())
        assert.deepStrictEqual(Object.keys(body(answer)).sort(), [
          "accessToken",
          "awsAdditionalDetails",
          "expiresIn",
          "idToken",
          "issuedTokenType",
          "refreshToken",
          "scope",
          "tokenType"
        ])
        assert.deepStrictEqual(body(answer)["scope"], ["openid", "aws", "sts:identity_context"])
        assert.strictEqual(body(answer)["expiresIn"], 3600)
        assert.match(JSON.stringify(body(answer)["awsAdditionalDetails"]), /^\{"identityContext":"IQoJ/)
      })
    ))

  it.effect("gives no identity context without its scope, and no ID token without openid (I5)", () =>
    forEach((send) =>
      Effect.gen(function*() {
        const answer = yield* send(bearer({ scope: ["aws"] }))
        assert.isUndefined(body(answer)["awsAdditionalDetails"])
        assert.isUndefined(body(answer)["idToken"])
      })
    ))

  it.effect("refreshes once with each refresh token (E3, I5)", () =>
    forEach((send) =>
      Effect.gen(function*() {
        const first = text(yield* send(bearer()), "refreshToken")
        const second = yield* send({ clientId, grantType: "refresh_token", refreshToken: first })
        assert.notStrictEqual(text(second, "refreshToken"), first)
        const again = yield* send({ clientId, grantType: "refresh_token", refreshToken: first })
        assert.strictEqual(again._tag === "Failure" && again.type, "InvalidGrantException")
      })
    ))

  it.effect("exchanges an access token, for the type that the request asks for (I5)", () =>
    forEach((send) =>
      Effect.gen(function*() {
        const subjectToken = text(yield* send(bearer()), "accessToken")
        for (const requestedTokenType of [CreateTokenWithIAM.accessTokenType, CreateTokenWithIAM.refreshTokenType]) {
          const answer = yield* send({
            clientId,
            grantType: CreateTokenWithIAM.tokenExchangeGrantType,
            subjectToken,
            subjectTokenType: CreateTokenWithIAM.accessTokenType,
            requestedTokenType
          })
          assert.strictEqual(text(answer, "issuedTokenType"), requestedTokenType)
        }
      })
    ))

  it.effect("redeems a code with its verifier, once (E3, I5)", () => {
    // RFC 7636, appendix B
    const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    const request = {
      clientId,
      grantType: "authorization_code",
      code: "the-code",
      redirectUri: "https://app.example/back",
      codeVerifier: verifier
    }
    return forEach(
      (send) =>
        Effect.gen(function*() {
          text(yield* send(request), "accessToken")
          const again = yield* send(request)
          assert.strictEqual(again._tag === "Failure" && again.type, "InvalidGrantException")
        }),
      {
        applications: [{
          applicationArn: clientId,
          codes: [{
            code: Redacted.make("the-code"),
            redirectUri: "https://app.example/back",
            codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
          }]
        }]
      }
    )
  })

  it.effect("accepts temporary credentials with their session token (I5)", () =>
    forEach(
      (send) => Effect.map(send(bearer(), { ...keys, sessionToken: "the+session/token=" }), body),
      {
        accessKeys: [{
          accessKeyId: keys.accessKeyId,
          secretAccessKey: Redacted.make(keys.secretAccessKey),
          sessionToken: Redacted.make("the+session/token=")
        }]
      }
    ))

  /** A JWT of a user, whose signature is the same fixed text for all. */
  const fixed = (sub: string) =>
    `${jwt(60, { sub, exp: 60, jti: "fixed" }).split(".").slice(0, 2).join(".")}.c2lnbmF0dXJl`

  it.effect("accepts a JWT once for each application, also beside another of the same fixed signature (E3, I5)", () => {
    const second = clientId.replace(/apl-\d+$/, "apl-2222222222222222")
    const program = Effect.gen(function*() {
      const { createTokenWithIAM } = yield* Emulator.Emulator
      const send = (assertion: string, application = clientId) =>
        createTokenWithIAM({
          clientId: application,
          grantType: CreateTokenWithIAM.jwtBearerGrantType,
          assertion: Redacted.make(assertion)
        })
      yield* send(fixed("ada"))
      yield* send(fixed("bob"))
      yield* send(fixed("ada"), second)
      for (const application of [clientId, second]) {
        assert.strictEqual((yield* Effect.flip(send(fixed("ada"), application)))._tag, "InvalidGrantException")
      }
    })
    const applications = [{ applicationArn: clientId }, { applicationArn: second }]
    return Effect.provide(program, EmulatorTransport.layer({ applications }))
  })

  it.effect("remembers a code that was used, however many assertions follow (E3, I5)", () => {
    const program = Effect.gen(function*() {
      const { createTokenWithIAM } = yield* Emulator.Emulator
      const redirectUri = "https://app.example/back"
      const redeem = createTokenWithIAM({
        clientId,
        grantType: "authorization_code",
        code: Redacted.make("the-code"),
        redirectUri
      })
      yield* redeem
      for (const sub of ["ada", "bob"]) {
        yield* createTokenWithIAM({
          clientId,
          grantType: CreateTokenWithIAM.jwtBearerGrantType,
          assertion: Redacted.make(fixed(sub))
        })
      }
      assert.strictEqual((yield* Effect.flip(redeem))._tag, "InvalidGrantException")
    })
    const codes = [{ code: Redacted.make("the-code"), redirectUri: "https://app.example/back" }]
    return Effect.provide(
      program,
      EmulatorTransport.layer({ capacity: 1, applications: [{ applicationArn: clientId, codes }] })
    )
  })

  it.effect.each<readonly [string, unknown]>([
    ["applications", { applications: "arn" }],
    ["applications", { applications: [{ applicationArn: "arn:aws:sso:x" }] }],
    ["applications", { applications: [{ applicationArn: clientId, issuers: "https://idp" }] }],
    ["applications", { applications: [{ applicationArn: clientId, scopes: 7 }] }],
    ["applications", { applications: [{ applicationArn: clientId, grantTypes: null }] }],
    ["applications", { applications: [{ applicationArn: clientId, issuer: ["https://idp"] }] }],
    ["applications", {
      applications: [{ applicationArn: clientId, codes: [{ code: "plain-secret", redirectUri: "x" }] }]
    }],
    ["applications", { applications: [{ applicationArn: clientId }, { applicationArn: clientId }] }],
    ["accessKeys", { accessKeys: [null] }],
    ["accessKeys", { accessKeys: [{ accessKeyId: "AKID", secretAccessKey: "plain-secret" }] }],
    [
      "accessKeys",
      { accessKeys: [{ accessKeyId: "AKID", secretAccessKey: Redacted.make("x"), sessionToken: "plain-secret" }] }
    ]
  ])(
    "refuses the option %s if its form is wrong, without a secret of it: %j (E3)",
    ([name, options]) =>
      Effect.gen(function*() {
        const layer = EmulatorTransport.layer(options as Emulator.Options)
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(Layer.fresh(layer))))
        assert.isTrue(Exit.isFailure(exit))
        assert.include(String(exit), name)
        assert.notInclude(String(exit), "plain-secret")
      })
  )

  it.effect("forgets the assertions that were used after a reset (E3)", () =>
    Effect.gen(function*() {
      const assertion = Redacted.make(jwt(60, { exp: 60 }))
      const request = { clientId, grantType: CreateTokenWithIAM.jwtBearerGrantType, assertion } as const
      const program = Effect.gen(function*() {
        const emulator = yield* Emulator.Emulator
        yield* emulator.createTokenWithIAM(request)
        assert.strictEqual((yield* Effect.flip(emulator.createTokenWithIAM(request)))._tag, "InvalidGrantException")
        yield* emulator.state.reset
        yield* emulator.createTokenWithIAM(request)
      })
      yield* Effect.provide(program, EmulatorTransport.layer())
    }))
})

describe("a signed request that was changed", () => {
  type Change = (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest

  /** Sends a request whose signature is for another one, in the process of the emulator. */
  const changed = (change: Change) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.now())
      const emulator = yield* HttpClient.HttpClient
      const layer = Layer.merge(
        SsoOidc.layer({ region: "eu-west-1" }).pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, HttpClient.mapRequest(emulator, change)))
        ),
        layerKeys(keys)
      )
      return yield* CreateTokenWithIAM.createToken({
        clientId,
        grantType: CreateTokenWithIAM.jwtBearerGrantType,
        assertion: Redacted.make(jwt())
      }).pipe(Effect.provide(layer), Effect.result)
    }).pipe(Effect.provide(EmulatorTransport.layer()))

  const bytesOf = (request: HttpClientRequest.HttpClientRequest): Uint8Array =>
    request.body._tag === "Uint8Array" ? request.body.body : assert.fail("no bytes")

  const withBytes = (request: HttpClientRequest.HttpClientRequest, bytes: Uint8Array) =>
    HttpClientRequest.setBody(request, HttpBody.uint8Array(bytes, "application/json"))

  it.effect("is accepted if only headers without a signature were added (I1, I5)", () =>
    Effect.map(
      changed(HttpClientRequest.setHeader("x-trace", "1")),
      (result) => assert.strictEqual(result._tag, "Success")
    ))

  it.effect.each<readonly [string, string, Change]>([
    ["a byte of its body", "InvalidSignatureException", (request) => {
      const bytes = Uint8Array.from(bytesOf(request))
      const at = bytes.indexOf("a".charCodeAt(0))
      bytes[at] = "b".charCodeAt(0)
      return withBytes(request, bytes)
    }],
    [
      "a space at its end",
      "InvalidSignatureException",
      (request) => withBytes(request, Uint8Array.from([...bytesOf(request), 32]))
    ],
    [
      "another content type",
      "InvalidSignatureException",
      (request) => HttpClientRequest.setHeader(request, "content-type", "text/plain")
    ],
    ["another date", "InvalidSignatureException", (request) =>
      HttpClientRequest.setHeader(
        request,
        "x-amz-date",
        new Date(Date.now() - 60_000).toISOString().replace(/[-:]|\.\d+/g, "")
      )],
    [
      "another host",
      "InvalidSignatureException",
      (request) => HttpClientRequest.setUrl(request, "https://oidc.eu-west-2.amazonaws.com/token")
    ],
    [
      "a header of AWS that is not signed",
      "InvalidSignatureException",
      (request) => HttpClientRequest.setHeader(request, "x-amz-other", "1")
    ],
    [
      "a session token",
      "InvalidSignatureException",
      (request) => HttpClientRequest.setHeader(request, "x-amz-security-token", "t")
    ],
    [
      "no authorization",
      "MissingAuthenticationTokenException",
      (request) => HttpClientRequest.modify(request, { headers: {} })
    ],
    [
      "a malformed authorization",
      "IncompleteSignatureException",
      (request) => HttpClientRequest.setHeader(request, "authorization", "AWS4-HMAC-SHA256 Credential=a")
    ],
    ["no date", "IncompleteSignatureException", (request) => HttpClientRequest.setHeader(request, "x-amz-date", "now")],
    ["another service", "InvalidSignatureException", (request) =>
      HttpClientRequest.setHeader(
        request,
        "authorization",
        String(request.headers["authorization"]).replace("sso-oauth", "sts")
      )]
  ])("is refused with %s as %s (I5)", ([name, code, change]) =>
    Effect.gen(function*() {
      const result = yield* changed((request) =>
        name === "no authorization"
          ? HttpClientRequest.make("POST")(request.url, {
            urlParams: request.urlParams,
            body: request.body
          })
          : change(request)
      )
      if (result._tag === "Success") return assert.fail("it was accepted")
      const error = result.failure
      if (error._tag !== "CredentialsError") return assert.fail(error._tag)
      assert.deepInclude(error, { problem: "rejected", code, status: 403 })
    }))
})
