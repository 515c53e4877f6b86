import { assert, describe, it } from "@effect/vitest"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Retry from "@sso-oidc/core/aws/Retry"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Credentials from "@sso-oidc/iam/Credentials"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { bearer, call, clientId, keys, over, requests, secret, success } from "./support/calls.ts"

const each = requests.map((request) => ({ grantType: request.grantType, request }))

const one = <A>(all: ReadonlyArray<A>): A => {
  const [first, ...more] = all
  return first === undefined || more.length > 0 ? assert.fail(`expected one, but got ${all.length}`) : first
}

const plain = (members: object): object =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      Redacted.isRedacted(value) ? Redacted.value(value) : value
    ])
  )

describe("CreateTokenWithIAM: the operation", () => {
  it("is POST /token?aws_iam=t of the OIDC service, with the exceptions of the model (C1, C3)", () => {
    const { exceptions, method, name, path, query, service }: Operation.Any = CreateTokenWithIAM.operation
    assert.deepStrictEqual({ method, name, path, query, service: service.name }, {
      method: "POST",
      name: "CreateTokenWithIAM",
      path: "/token",
      query: { aws_iam: "t" },
      service: SsoOidcService.service.name
    })
    assert.deepStrictEqual(exceptions.filter(({ error }) => error !== undefined).map(({ type }) => type), [
      "AccessDeniedException",
      "AuthorizationPendingException",
      "ExpiredTokenException",
      "InternalServerException",
      "InvalidClientException",
      "InvalidGrantException",
      "InvalidRequestException",
      "InvalidRequestRegionException",
      "InvalidScopeException",
      "SlowDownException",
      "UnauthorizedClientException",
      "UnsupportedGrantTypeException"
    ])
  })

  it.effect.each(each)(
    "$grantType: sends the plain members of its request (C1, C2)",
    ({ request }) =>
      Effect.gen(function*() {
        const { result, sent } = yield* call(() => Wire.json(success), request)
        assert.isTrue(Result.isSuccess(result))
        assert.deepStrictEqual(JSON.parse(one(sent).body), plain(request))
        assert.strictEqual(one(sent).url, "https://oidc.eu-west-1.amazonaws.com/token?aws_iam=t")
      })
  )

  it.effect.each(each)(
    "$grantType: sends nothing if a member of the grant is missing (C2, C3)",
    ({ request }) =>
      Effect.gen(function*() {
        const members = { clientId, grantType: request.grantType }
        const { result, sent } = yield* call(() => Wire.json(success), members as CreateTokenWithIAM.Request)
        assert.strictEqual(Result.isFailure(result) && result.failure._tag, "RequestInvalid")
        assert.strictEqual(sent.length, 0)
      })
  )

  it.effect("reads every member of the response, with its secrets as Redacted (C1, C2, C4)", () =>
    Effect.gen(function*() {
      const response = {
        accessToken: "aoa",
        tokenType: "Bearer",
        expiresIn: 3600,
        refreshToken: "aor",
        idToken: "id",
        issuedTokenType: CreateTokenWithIAM.accessTokenType,
        scope: ["openid", "sts:identity_context"],
        awsAdditionalDetails: { identityContext: "context", another: 1 },
        unknown: true
      }
      const { result } = yield* call(() => Wire.json(response))
      const { awsAdditionalDetails, ...rest } = Result.getOrThrow(result)
      assert.deepStrictEqual(plain(rest), {
        accessToken: "aoa",
        tokenType: "Bearer",
        expiresIn: 3600,
        refreshToken: "aor",
        idToken: "id",
        issuedTokenType: CreateTokenWithIAM.accessTokenType,
        scope: ["openid", "sts:identity_context"]
      })
      assert.deepStrictEqual(plain(awsAdditionalDetails ?? {}), { identityContext: "context" })
      assert.isTrue(Redacted.isRedacted(awsAdditionalDetails?.identityContext))
    }))

  it.effect.each([null, { identityContext: null }, { identityContext: "" }, {}])(
    "reads awsAdditionalDetails %j as absent (C4)",
    (awsAdditionalDetails) =>
      Effect.gen(function*() {
        const { result } = yield* call(() => Wire.json({ ...success, scope: null, awsAdditionalDetails }))
        const response = Result.getOrThrow(result)
        assert.isUndefined(response.awsAdditionalDetails?.identityContext)
        assert.isUndefined(response.scope)
      })
  )

  it.effect.each([
    { ...success, accessToken: null },
    { ...success, scope: "openid" },
    { ...success, awsAdditionalDetails: { identityContext: 7 } }
  ])("refuses the success %j without repeating a value of it (C4, C6)", (response) =>
    Effect.gen(function*() {
      const { result } = yield* call(() => Wire.json(response))
      const error = Result.getOrThrow(Result.flip(result))
      assert.strictEqual(error._tag === "UnexpectedResponse" && error.problem, "malformed")
      assert.notInclude(error.message, "issued-access-token")
    }))
})

describe("CreateTokenWithIAM: the signature", () => {
  it.effect("has the time of Effect's clock at which its request leaves (I1)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(success))
      yield* TestClock.setTime(Date.parse("2026-11-24T12:30:00Z"))
      yield* Effect.provide(CreateTokenWithIAM.createToken(bearer), over(wire))
      yield* TestClock.adjust("1 minute")
      yield* Effect.provide(CreateTokenWithIAM.createToken(bearer), over(wire))
      assert.deepStrictEqual(wire.sent.map(({ headers }) => headers["x-amz-date"]), [
        "20261124T123000Z",
        "20261124T123100Z"
      ])
      assert.notStrictEqual(wire.sent[0]?.headers["authorization"], wire.sent[1]?.headers["authorization"])
    }))

  it.effect("has the hash of exactly the bytes that are sent (I1)", () =>
    Effect.gen(function*() {
      const { sent } = yield* call(() => Wire.json(success), { ...bearer, scope: ["Zoë 日本語 \u{1f511}"] })
      const bytes = new TextEncoder().encode(one(sent).body)
      const hash = Buffer.from(yield* Effect.promise(() => crypto.subtle.digest("SHA-256", bytes))).toString("hex")
      assert.strictEqual(one(sent).headers["x-amz-content-sha256"], hash)
      assert.strictEqual(Number(one(sent).headers["content-length"]), bytes.length)
    }))

  it.effect("is of the credentials that the service gives at that moment (I2)", () =>
    Effect.gen(function*() {
      let asked = 0
      const rotating = Layer.succeed(Credentials.Credentials, {
        get: Effect.sync(() => ({ accessKeyId: `AKID${++asked}`, secretAccessKey: Redacted.make("a-secret") }))
      })
      const wire = Wire.responding(() => Wire.json(success))
      yield* Effect.provide(
        Effect.andThen(CreateTokenWithIAM.createToken(bearer), CreateTokenWithIAM.createToken(bearer)),
        over(wire, rotating)
      )
      assert.deepStrictEqual(
        wire.sent.map(({ headers }) => /Credential=(\w+)/.exec(headers["authorization"] ?? "")?.[1]),
        ["AKID1", "AKID2"]
      )
      assert.isUndefined(wire.sent[0]?.headers["x-amz-security-token"])
    }))

  it.effect.each<readonly [string, string, number]>([
    ["UnrecognizedClientException", "unknown", 3],
    ["ExpiredTokenException", "expired", 3],
    ["InvalidSignatureException", "no match", 3],
    ["AccessDeniedException", "not authorized", 1],
    ["RequestExpired", "late", 1]
  ])("after %s (%s), 3 requests ask a provider %s times (I2)", ([type, message, times]) =>
    Effect.gen(function*() {
      let asked = 0
      const provider = Credentials.layerProvider(() =>
        Promise.resolve({
          accessKeyId: `AKID${++asked}`,
          secretAccessKey: "a-secret",
          expiration: new Date(3_600_000)
        })
      )
      const wire = Wire.responding(() => Wire.exception(type, { message }, { status: 403 }))
      const once = Effect.exit(CreateTokenWithIAM.createToken(bearer))
      yield* Effect.provide(Effect.andThen(Effect.andThen(once, once), once), over(wire, provider))
      assert.strictEqual(wire.sent.length, 3)
      assert.strictEqual(asked, times)
    }))

  it.effect("is not made where the platform has no WebCrypto, and nothing is sent (I4)", () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "crypto")
    return Effect.gen(function*() {
      Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true })
      const { result, sent } = yield* call(() => Wire.json(success))
      const error = Result.getOrThrow(Result.flip(result))
      assert.strictEqual(error._tag === "CredentialsError" && error.problem, "platform")
      assert.strictEqual(sent.length, 0)
    }).pipe(Effect.ensuring(Effect.sync(() => void (before && Object.defineProperty(globalThis, "crypto", before)))))
  })

  it.effect("is never left out: a request whose URL cannot be read is an error (I1)", () =>
    Effect.gen(function*() {
      const { authenticate } = CreateTokenWithIAM.operation
      if (authenticate === undefined) return assert.fail("no authenticate")
      const scope = { region: "eu-west-1", signingName: "sso-oauth", secrets: [] }
      const error = yield* Effect.flip(Effect.provide(authenticate(HttpClientRequest.post("/token"), scope), keys))
      assert.include(String(error), "The URL of the request cannot be read")
    }))

  it.effect("fails after 60 seconds if the credentials take too long, and nothing was sent (C8, I2)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(success))
      const hanging = Layer.succeed(Credentials.Credentials, { get: Effect.never })
      const fiber = yield* Effect.forkChild(
        Effect.flip(Effect.provide(CreateTokenWithIAM.createToken(bearer), over(wire, hanging))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      if (error._tag !== "CredentialsError") return assert.fail(error._tag)
      assert.deepInclude(error, { problem: "provider", detail: "It took longer than 60 seconds" })
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect.each([
    ["no Effect", { get: Promise.resolve() }],
    ["no service", {}]
  ])("dies with the name of the option if the service gives %s", (_, service) =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json(success))
      const layer = Layer.succeed(Credentials.Credentials, service as unknown as Credentials.Service)
      const exit = yield* Effect.exit(Effect.provide(CreateTokenWithIAM.createToken(bearer), over(wire, layer)))
      assert.include(String(exit), "Credentials.get must return an Effect")
      assert.strictEqual(wire.sent.length, 0)
    }))
})

describe("CreateTokenWithIAM: Retry", () => {
  const retried = (wire: Wire.Wire, request: CreateTokenWithIAM.Request) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.exit(
          CreateTokenWithIAM.createToken(request).pipe(
            Effect.provide(Retry.layer(SsoOidc.SsoOidc)),
            Effect.provide(over(wire))
          )
        )
      )
      // WebCrypto takes real time, so the test clock moves again and again
      while (fiber.pollUnsafe() === undefined) {
        yield* TestClock.adjust("30 seconds")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      return yield* Fiber.join(fiber)
    })

  const transport = (sent: "no" | "maybe") =>
    Wire.broken(new TransportCause({ sent, code: "ECONNRESET", transient: true }))

  it.effect.each(each)(
    "$grantType: never sends again what may have left (C8)",
    ({ request }) =>
      Effect.gen(function*() {
        assert.strictEqual(CreateTokenWithIAM.operation.resend(request), "unsent")
        const maybe = transport("maybe")
        yield* retried(maybe, request)
        assert.strictEqual(maybe.sent.length, 1)
        for (const [type, status] of [["InternalServerException", 500], ["SlowDownException", 400]] as const) {
          const busy = Wire.responding(() => Wire.exception(type, { error: "x" }, { status }))
          yield* retried(busy, request)
          assert.strictEqual(busy.sent.length, 1, type)
        }
        const skewed = Wire.responding(() => Wire.exception("RequestExpired", { message: "late" }, { status: 403 }))
        yield* retried(skewed, request)
        assert.strictEqual(skewed.sent.length, 1)
      })
  )

  it.effect.each(each)(
    "$grantType: sends again what certainly did not leave, signed anew with the time at which it leaves (C8, I1)",
    ({ request }) =>
      Effect.gen(function*() {
        const wire = transport("no")
        yield* retried(wire, request)
        assert.strictEqual(wire.sent.length, 4)
        const dates = wire.sent.map(({ headers }) => headers["x-amz-date"] ?? "")
        assert.isAbove(new Set(dates).size, 1)
        assert.deepStrictEqual(dates, dates.toSorted())
        for (const { headers } of wire.sent) {
          assert.include(headers["authorization"], `/${headers["x-amz-date"]?.slice(0, 8)}/`)
        }
      })
  )

  it.effect("a response that broke off is not sent again (C8)", () =>
    Effect.gen(function*() {
      const wire = Wire.failing((request) =>
        new HttpClientError.DecodeError({
          request,
          response: HttpClientResponse.fromWeb(request, Wire.json(success)),
          cause: new Error("cut off")
        })
      )
      yield* retried(wire, bearer)
      assert.strictEqual(wire.sent.length, 1)
    }))
})

describe("CreateTokenWithIAM: fixtures", () => {
  it("have secrets that differ", () => {
    assert.strictEqual(new Set(Object.values(secret)).size, Object.values(secret).length)
  })
})
