import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Ask from "./support/requests.ts"

const { exception, noResponse, rawResponse, success, transportFailure } = Scripted

const using = (...steps: ReadonlyArray<Scripted.Step>) => Effect.provide(Ask.over(Scripted.layer(steps)))

const poll = Effect.flatMap(Ask.oidc, (oidc) => oidc.createToken(Ask.poll))

const assertNoSecret = (text: string) => {
  for (const secret of Ask.secrets) assert.notInclude(text, secret)
}

const tokenNames: ReadonlyArray<CreateToken.Exception["_tag"]> = [
  "AccessDeniedException",
  "AuthorizationPendingException",
  "ExpiredTokenException",
  "InternalServerException",
  "InvalidClientException",
  "InvalidGrantException",
  "InvalidRequestException",
  "InvalidScopeException",
  "SlowDownException",
  "UnauthorizedClientException",
  "UnsupportedGrantTypeException"
]

const registerNames: ReadonlyArray<RegisterClient.Exception["_tag"]> = [
  "InternalServerException",
  "InvalidClientMetadataException",
  "InvalidRedirectUriException",
  "InvalidRequestException",
  "InvalidScopeException",
  "SlowDownException",
  "UnsupportedGrantTypeException"
]

describe("ScriptedTransport: each call gets its step", () => {
  it.effect("gives the operation's own responses, with their secrets", () =>
    Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      assert.deepStrictEqual(yield* oidc.registerClient(Ask.register), Ask.registered)
      assert.deepStrictEqual(yield* oidc.startDeviceAuthorization(Ask.start), Ask.started)
      assert.deepStrictEqual(yield* poll, Ask.token)
    }).pipe(using(
      success(CreateToken.operation, Ask.token),
      success(RegisterClient.operation, Ask.registered),
      success(StartDeviceAuthorization.operation, Ask.started)
    )))

  it.effect("gives a raw response exactly as it was set: no header is added, not even a content type", () =>
    Effect.gen(function*() {
      const { client } = yield* Scripted.make([
        rawResponse(CreateToken.operation, { status: 503, body: "busy" }),
        rawResponse(CreateToken.operation, { status: 503, headers: { "Content-Type": "text/plain", "X-One": "1" } })
      ])
      const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post("https://example.com/token"), {
        clientId: "a client",
        clientSecret: "a secret",
        grantType: CreateToken.deviceCodeGrantType,
        deviceCode: "a code"
      })
      assert.deepStrictEqual({ ...(yield* client.execute(request)).headers }, {})
      assert.deepStrictEqual(
        { ...(yield* client.execute(request)).headers },
        { "content-type": "text/plain", "x-one": "1" }
      )
    }))

  it.effect("speaks the service's dialect: every exception of every operation is decoded as itself", () =>
    Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      assert.deepStrictEqual(CreateToken.operation.exceptions.map(({ type }) => type), [...tokenNames])
      for (const [at, { error, status, type }] of CreateToken.operation.exceptions.entries()) {
        const got: object = yield* Effect.flip(poll)
        assert.deepInclude(got, {
          _tag: type,
          error,
          status,
          errorDescription: "as scripted",
          retryAfter: 7,
          requestId: `00000000-0000-4000-8000-${String(at + 1).padStart(12, "0")}`
        })
      }
      for (const name of registerNames) {
        assert.strictEqual((yield* Effect.flip(oidc.registerClient(Ask.register)))._tag, name)
      }
    }).pipe(using(
      ...tokenNames.map((name) =>
        exception(CreateToken.operation, name, { errorDescription: "as scripted", retryAfter: 7 })
      ),
      ...registerNames.map((name) => exception(RegisterClient.operation, name))
    )))

  it.effect("sends a status, a code and a reason that the test gives", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* Effect.flip(poll), {
        _tag: "AccessDeniedException",
        status: 403,
        error: "nope",
        reason: "KMS_DisabledException"
      })
    }).pipe(using(exception(CreateToken.operation, "AccessDeniedException", {
      status: 403,
      error: "nope",
      reason: "KMS_DisabledException"
    }))))

  it.effect("can script any response and any failure of a transport", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* Effect.flip(poll), {
        _tag: "UnexpectedResponse",
        status: 502,
        contentType: "text/html"
      })
      assert.deepInclude(yield* Effect.flip(poll), {
        _tag: "TransportError",
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
      const silent = yield* Effect.forkChild(Effect.flip(poll))
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* Fiber.join(silent), { _tag: "TransportError", sent: "maybe", code: "TIMEOUT" })
    }).pipe(using(
      rawResponse(CreateToken.operation, {
        status: 502,
        headers: { "content-type": "text/html" },
        body: "<p>Bad Gateway"
      }),
      transportFailure(CreateToken.operation, { sent: "maybe", code: "ECONNRESET", transient: true }),
      noResponse(CreateToken.operation)
    )))

  it.effect("takes a delay from Effect's Clock", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(poll)
      yield* TestClock.adjust(6999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Ask.token)
    }).pipe(using(success(CreateToken.operation, Ask.token, { delay: "7 seconds" }))))

  it.effect("lets a call through if it matches the expectation, compared by value", () =>
    Effect.gen(function*() {
      yield* poll
      yield* poll
    }).pipe(using(
      success(CreateToken.operation, Ask.token, {
        expect: { grantType: CreateToken.deviceCodeGrantType, deviceCode: Redacted.make(Ask.secrets[1] ?? "") }
      }),
      success(CreateToken.operation, Ask.token, {
        expect: (request) => assert.strictEqual(request.clientId, "a client")
      })
    )))

  it.effect("lists the calls with the operation's type and with their times", () =>
    Effect.gen(function*() {
      const calls = yield* Scripted.Calls
      yield* poll
      yield* TestClock.adjust("5 seconds")
      yield* (yield* Ask.oidc).registerClient(Ask.register)
      assert.deepStrictEqual(yield* calls.of(CreateToken.operation), [Ask.poll])
      assert.deepStrictEqual(yield* calls.all, [
        { operation: "CreateToken", request: Ask.poll, at: 0 },
        { operation: "RegisterClient", request: Ask.register, at: 5000 }
      ])
      assertNoSecret(JSON.stringify(yield* calls.all))
    }).pipe(using(success(CreateToken.operation, Ask.token), success(RegisterClient.operation, Ask.registered))))
})

describe("ScriptedTransport: an unexpected call fails the test", () => {
  it.effect("dies on a call too many, and shows the call and the script", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(Effect.andThen(poll, poll).pipe(using(success(CreateToken.operation, Ask.token))))
      assert.strictEqual(
        text,
        `ScriptError: CreateToken was called twice, but the script has no step for the last call:
    clientId: "a client"
    clientSecret: <redacted:clientSecret>
    deviceCode: <redacted:deviceCode>
    grantType: "urn:ietf:params:oauth:grant-type:device_code"
the script:
    1. CreateToken succeeds (used)`
      )
    }))

  it.effect("raises the error of a caught call again at the end", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(
        Effect.exit(poll).pipe(using())
      )
      assert.include(text, "CreateToken was called once, but the script has no step for the last call")
    }))

  it.effect("raises the error of a fiber that is never joined at the end", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(
        Effect.forkChild(poll).pipe(Effect.andThen(Effect.yieldNow), using())
      )
      assert.include(text, "CreateToken was called once")
    }))

  it.effect("shows the difference of an unexpected request, and raises it only once", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(poll.pipe(using(success(CreateToken.operation, Ask.token, {
        expect: { clientId: "another", deviceCode: Redacted.make("another-device-code", { label: "deviceCode" }) }
      }))))
      assert.strictEqual(
        text,
        `ScriptError: CreateToken, call 1, differs from the expected call:
    - expected  clientId: "another"
    + received  clientId: "a client"
    deviceCode: <redacted:deviceCode>, but with another value than expected
the script:
    1. CreateToken succeeds (not matched)`
      )
      assertNoSecret(text)
    }))

  it.effect("does not report the steps that are unused because of a wrong call", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(poll.pipe(using(
        success(CreateToken.operation, Ask.token, { expect: { clientId: "another" } }),
        success(RegisterClient.operation, Ask.registered)
      )))
      assert.include(text, "1. CreateToken succeeds (not matched)\n    2. RegisterClient succeeds (unused)")
      assert.notInclude(text, "before it used every step")
    }))

  it.effect("accepts an expectation that returns a boolean or asserts", () =>
    Effect.gen(function*() {
      const judged = yield* Ask.said(poll.pipe(using(
        success(CreateToken.operation, Ask.token, { expect: (request) => request.clientId === "another" })
      )))
      assert.include(judged, "the script's expectation returned false for\n    clientId:")
      const asserted = yield* Ask.said(poll.pipe(using(
        success(CreateToken.operation, Ask.token, {
          expect: (request) => assert.strictEqual(request.clientId, "another", "the id")
        })
      )))
      assert.include(asserted, "the script's expectation failed: the id: expected 'a client'")
      assertNoSecret(judged + asserted)
    }))

  it.effect("fails a test that passes, and a test that fails, if a response is unused", () =>
    Effect.gen(function*() {
      const steps = [
        exception(CreateToken.operation, "SlowDownException"),
        success(RegisterClient.operation, Ask.registered)
      ]
      const left = `ScriptError: The test ended before it used every step of the script. No call came for
    2. RegisterClient succeeds (unused)`
      assert.strictEqual(yield* Ask.said(Effect.flip(poll).pipe(using(...steps))), left)
      // an expected failure of the whole test must not hide the unused step
      const failing = poll.pipe(using(...steps))
      assert.include(yield* Ask.said(failing), left)
      assert.include(yield* Ask.said(Effect.flip(failing)), left)
    }))

  it.effect("uses a step only for its own operation", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(poll.pipe(using(success(RegisterClient.operation, Ask.registered))))
      assert.include(text, "CreateToken was called once")
      assert.include(text, "1. RegisterClient succeeds (unused)")
    }))

  it.effect("treats a request that is no operation, or that its schema refuses, as an unexpected call", () =>
    Effect.gen(function*() {
      const send = (request: HttpClientRequest.HttpClientRequest) =>
        Ask.said(Effect.scoped(Effect.gen(function*() {
          const { client } = yield* Scripted.make([])
          yield* client.execute(request)
        })))
      const body = (members: object) => HttpClientRequest.bodyText(JSON.stringify(members), "application/json")
      const post = HttpClientRequest.post("https://oidc.test/token")
      const deviceCode = "never-shown-device-code"
      const texts = [
        yield* send(HttpClientRequest.get("https://oidc.test/token")),
        yield* send(HttpClientRequest.post("https://oidc.test/elsewhere?code=never-shown-device-code")),
        yield* send(HttpClientRequest.setUrlParam(post, "aws_iam", "t")),
        yield* send(HttpClientRequest.bodyText(post, "no JSON never-shown-device-code", "text/plain")),
        yield* send(
          body({ grantType: CreateToken.deviceCodeGrantType, clientId: 1, clientSecret: "x", deviceCode })(post)
        )
      ]
      assert.deepStrictEqual(texts.map((text) => text.split("\n")[0]?.replace(/(schema refuses): .+/, "$1: …")), [
        "ScriptError: The script received a request that is no known operation: GET /token",
        "ScriptError: The script received a request that is no known operation: POST /elsewhere",
        "ScriptError: The script received a request that is no known operation: POST /token",
        "ScriptError: CreateToken was called with a body that is not a JSON object",
        "ScriptError: CreateToken was called with a request that its schema refuses: …"
      ])
      assert.notInclude(texts.join(), "never-shown")
    }))

  it.effect("knows every operation of the service without a step for it", () =>
    Effect.gen(function*() {
      for (const { method, name, path } of SsoOidc.operations) {
        const request = HttpClientRequest.make(method)(`https://oidc.test${path}`)
        const text = yield* Ask.said(Effect.scoped(Effect.gen(function*() {
          const { client } = yield* Scripted.make([])
          yield* client.execute(HttpClientRequest.bodyText(request, "no JSON", "text/plain"))
        })))
        assert.include(text, `ScriptError: ${name} was called with a body that is not a JSON object`)
      }
    }))

  it("refuses an exception that the operation does not list, and names those that it lists", () => {
    assert.throws(
      // @ts-expect-error -- the script may be untyped JavaScript
      () => exception(StartDeviceAuthorization.operation, "AccessDeniedException"),
      "StartDeviceAuthorization has no exception AccessDeniedException in its model. Use one of InternalServerException, "
    )
  })

  it("refuses a response that the operation cannot have", () => {
    assert.throws(
      () => success(StartDeviceAuthorization.operation, { ...Ask.started, verificationUri: "http://not.loopback/" }),
      /StartDeviceAuthorization cannot have this response: the URL must be https[^]*Use rawResponse/
    )
  })

  it.effect("reports several errors together", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(
        Effect.andThen(Effect.exit(poll), Effect.exit(poll)).pipe(using())
      )
      assert.strictEqual(exit._tag, "Failure")
      if (exit._tag === "Failure") {
        const text = Cause.pretty(exit.cause)
        assert.include(text, "CreateToken was called once")
        assert.include(text, "CreateToken was called twice")
      }
    }))

  it.effect("starts the script from its beginning for each build of the layer", () => {
    const layer = Ask.over(Scripted.layer([success(CreateToken.operation, Ask.token)]))
    return Effect.andThen(Effect.provide(poll, layer), Effect.provide(poll, layer))
  })

  it.effect("gives a client that is an HttpClient like any other", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const response = yield* client.post("https://any.test/a/path/of/its/own/client/register", {
        body: (yield* HttpClientRequest.bodyJson(HttpClientRequest.get("/"), { ...Ask.register })).body
      })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers["content-type"], "application/json")
    }).pipe(using(success(RegisterClient.operation, Ask.registered))))
})
