import { assert, describe, it } from "@effect/vitest"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as IamError from "@sso-oidc/iam/IamError"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { bearer, call, over, requests, secret, success } from "./support/calls.ts"

const failed = (response: () => Response, request?: CreateTokenWithIAM.Request) =>
  Effect.map(call(response, request), ({ result }) => Result.getOrThrow(Result.flip(result)))

/** A response of the front of AWS's services. */
const front = (type: string, message: string | undefined, status = 403, key = "message") => () =>
  Wire.json(message === undefined ? {} : { [key]: message }, {
    status,
    headers: { "x-amzn-errortype": type, "x-amzn-requestid": "7b5ee6f0-0000-4000-8000-000000000001" }
  })

describe("IamError: ClockSkewed", () => {
  it.effect.each<readonly [string, number | undefined]>([
    ["Signature expired: 20261124T000000Z is now earlier than 20261124T001000Z (20261124T001500Z - 5 min.)", -900_000],
    [
      "Signature not yet current: 20261124T002000Z is still later than 20261124T001000Z (20261124T000500Z + 5 min.)",
      900_000
    ],
    ["Signature expired: no times", undefined]
  ])("%s is a skew of %s milliseconds (I4)", ([message, skew]) =>
    Effect.gen(function*() {
      const error = yield* failed(front("InvalidSignatureException", message))
      if (error._tag !== "ClockSkewed") return assert.fail(error._tag)
      assert.strictEqual(error.skewMillis, skew)
      assert.deepInclude(error, { code: "InvalidSignatureException", status: 403, detail: message })
      assert.strictEqual(error.requestId, "7b5ee6f0-0000-4000-8000-000000000001")
    }))

  const dated = (message: string, date: string) => () =>
    Wire.json({ message }, {
      status: 403,
      headers: { "x-amzn-errortype": "RequestTimeTooSkewed", date }
    })

  it.effect.each<readonly [string, string, number | undefined]>([
    ["The difference is too large.", "Thu, 01 Jan 1970 00:20:00 GMT", -1_200_000],
    ["The difference is too large.", "soon", undefined],
    ["The difference is too large.", "Thu, 01 Jan 1970 00:00:30 GMT", undefined],
    ["The difference is too large.", "Sat, 01 Jan 2600 00:00:00 GMT", undefined],
    [
      "Signature expired: 00000101T000000Z 20261124T000000Z 99991231T235959Z",
      "Thu, 01 Jan 1970 00:20:00 GMT",
      -1_200_000
    ],
    ["Signature expired: 20261399T000000Z x 20261124T001000Z y 20261124T001500Z", "soon", undefined]
  ])("%s with the date %s is a skew of %s milliseconds (I4)", ([message, date, skew]) =>
    Effect.gen(function*() {
      const error = yield* failed(dated(message, date))
      assert.strictEqual(error._tag === "ClockSkewed" ? error.skewMillis : error._tag, skew)
    }))

  it.effect.each(["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"])(
    "%s means a skew (I4)",
    (type) => Effect.map(failed(front(type, undefined)), (error) => assert.strictEqual(error._tag, "ClockSkewed"))
  )

  it.each([
    [-900_000, "The clock of this machine is 15 minutes behind the service's."],
    [400_000, "The clock of this machine is 7 minutes ahead of the service's."],
    [undefined, "The clock of this machine differs from the service's."]
  ])("says how far the clock is off: %s (I4)", (skewMillis, sentence) => {
    const error = new IamError.ClockSkewed({
      code: "RequestExpired",
      status: 403,
      ...(skewMillis !== undefined && { skewMillis })
    })
    assert.strictEqual(
      error.message,
      `${sentence} AWS accepts 5 minutes: set the clock, and call again. (RequestExpired, HTTP 403)`
    )
  })
})

describe("IamError: CredentialsError", () => {
  it.effect.each(
    [
      ["InvalidSignatureException", "The request signature we calculated does not match", 403, "rejected"],
      ["SignatureDoesNotMatch", "no match", 403, "rejected"],
      ["IncompleteSignatureException", "incomplete", 400, "rejected"],
      ["MissingAuthenticationTokenException", "Missing Authentication Token", 403, "rejected"],
      ["UnrecognizedClientException", "The security token included in the request is invalid.", 403, "rejected"],
      ["ExpiredTokenException", "The security token included in the request is expired", 403, "expired"],
      ["ExpiredTokenException", undefined, 403, "expired"],
      ["AccessDeniedException", "User: arn is not authorized to perform: sso-oauth:CreateTokenWithIAM", 403, "denied"],
      ["AccessDeniedException", "not authorized", 400, "denied"]
    ] as const
  )("%s with %j and HTTP %s is %s (I4)", ([type, message, status, problem]) =>
    Effect.gen(function*() {
      const error = yield* failed(front(type, message, status, status === 400 ? "Message" : "message"))
      if (error._tag !== "CredentialsError") return assert.fail(error._tag)
      assert.deepInclude(error, { problem, code: type, status })
      if (message !== undefined) assert.include(error.message, message.replace(/\.$/, ""))
    }))

  it.effect.each(
    [
      ["ExpiredTokenException", { error: "expired_token", error_description: "too late" }, 400],
      ["AccessDeniedException", { error: "access_denied" }, 400],
      ["AccessDeniedException", {}, 400],
      // what a proxy makes of a status
      ["AccessDeniedException", { error: "access_denied", message: "no" }, 403]
    ] as const
  )("%s with %j and HTTP %s stays an exception of the model (C3, I4)", ([type, body, status]) =>
    Effect.map(
      failed(() => Wire.exception(type, body, { status })),
      (error) => assert.strictEqual(error._tag, type)
    ))

  it.each(IamError.Problem.literals)("has sentences that say what is wrong and what to do: %s (I4)", (problem) => {
    const { message } = new IamError.CredentialsError({ problem, detail: "a part of it" })
    assert.match(message, /^[A-Z][^.]+\. a part of it\. [A-Z][^.]+\.$/)
  })

  it("and ClockSkewed come back from their encoded form (C3)", () => {
    const errors = Schema.Union([IamError.CredentialsError, IamError.ClockSkewed])
    for (
      const error of [
        new IamError.CredentialsError({ problem: "expired", detail: "late" }),
        new IamError.ClockSkewed({ skewMillis: 5, code: "RequestExpired", status: 403 })
      ]
    ) {
      const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(errors)(error)))
      assert.deepStrictEqual(Schema.decodeUnknownSync(errors)(json), error)
    }
  })
})

describe("the exceptions of the model", () => {
  it.effect.each<readonly [string | undefined, string]>([
    [
      "https://oidc.us-east-1.amazonaws.com",
      "use the region us-east-1, with the endpoint https://oidc.us-east-1.amazonaws.com."
    ],
    ["https://oidc.us-east-1.api.aws/", "with the endpoint https://oidc.us-east-1.api.aws."],
    ["https://oidc-fips.us-east-1.amazonaws.com", "with the endpoint https://oidc-fips.us-east-1.amazonaws.com."],
    ["https://oidc-fips.us-east-1.api.aws", "with the endpoint https://oidc-fips.us-east-1.api.aws."],
    ["oidc.us-east-1.amazonaws.com", "with the endpoint https://oidc.us-east-1.amazonaws.com."],
    ["https://OIDC.us-east-1.amazonaws.com:443/", "with the endpoint https://oidc.us-east-1.amazonaws.com."],
    ["http://oidc.us-east-1.amazonaws.com", "names an endpoint that is not AWS's"],
    ["https://oidc.us-east-1.amazonaws.com/evil", "names an endpoint that is not AWS's"],
    ["https://oidc.us-east-1.amazonaws.com@evil.example", "names an endpoint that is not AWS's"],
    ["https://oidc.eu-west-1.amazonaws.com", "names an endpoint that is not AWS's"],
    ["https://evil.example", "names an endpoint that is not AWS's"],
    [undefined, "use the region us-east-1."]
  ])(
    "InvalidRequestRegionException with the endpoint %s names the region, and only AWS's endpoint (I4, C7)",
    ([endpoint, words]) =>
      Effect.gen(function*() {
        const body = { error: "invalid_request", region: "us-east-1", endpoint }
        for (
          const response of [
            () => Wire.exception("InvalidRequestRegionException", body),
            // a proxy removed the type
            () => Wire.json(body, { status: 400 })
          ]
        ) {
          const error = yield* failed(response)
          if (error._tag !== "InvalidRequestRegionException") return assert.fail(error._tag)
          assert.include(error.message, words)
          assert.notInclude(error.message, "evil")
          assert.deepStrictEqual([error.region, error.endpoint], ["us-east-1", endpoint])
        }
      })
  )

  it.effect("InvalidRequestRegionException does not name a text that is no region (I4, C7)", () =>
    Effect.gen(function*() {
      const region = "evil.example/. Log in at https://evil.example"
      const error = yield* failed(() =>
        Wire.exception("InvalidRequestRegionException", { error: "invalid_request", region })
      )
      assert.notInclude(error.message, "evil")
      assert.include(error.message, "The response names none that can be used")
    }))

  it.effect("advise about an application, not about a login (I4)", () =>
    Effect.gen(function*() {
      for (const { error, status, type } of CreateTokenWithIAM.operation.exceptions) {
        if (error === undefined) continue
        const { message } = yield* failed(() => Wire.exception(type, { error }, { status }))
        assert.notMatch(message, /\blogin\b|start URL|register/, type)
      }
      const denied = yield* failed(() => Wire.exception("AccessDeniedException", { error: "access_denied" }))
      assert.include(denied.message, "assign the user to the application")
    }))
})

describe("secrets", () => {
  const leak = search(Object.values(secret))

  /** The secrets of a request and of its signature. */
  const secretsOf = (request: CreateTokenWithIAM.Request): string =>
    [
      ...Object.values(request).flatMap((value) => Redacted.isRedacted(value) ? [Redacted.value(value)] : []),
      secret.secretAccessKey,
      secret.sessionToken
    ].join(" ")

  const responses: ReadonlyArray<readonly [string, (request: CreateTokenWithIAM.Request) => Response]> = [
    ["a success", () => Wire.json(success)],
    ["an exception that repeats them", (request) =>
      Wire.exception("InvalidGrantException", {
        error: "invalid_grant",
        error_description: secretsOf(request)
      })],
    ["a wrong signature that repeats the signed request", () =>
      front(
        "InvalidSignatureException",
        `does not match ${secret.sessionToken}. The Canonical String for this request should have been x-amz-security-token:${secret.sessionToken}`
      )()],
    [
      "a status outside the model",
      () => Wire.json({ code: secret.sessionToken, message: secret.secretAccessKey }, { status: 418 })
    ]
  ]

  it.effect.each(responses)(
    "%s: no error, span or log has a piece of one (C6, I3)",
    ([, response]) =>
      Effect.gen(function*() {
        for (const request of requests) {
          const recorder = Recorder.make()
          const result = yield* CreateTokenWithIAM.createToken(request).pipe(
            Effect.tapCause((cause) => Effect.logTrace("failed", cause)),
            Effect.tapError((error) => Effect.logError(error.message, error)),
            Effect.result,
            recorder.record,
            Effect.provide(over(Wire.responding(() => response(request))))
          )
          assert.strictEqual(recorder.spans.filter(({ name }) => name === "SSO OIDC.CreateTokenWithIAM").length, 1)
          const seen = [...recorder.spans, ...(Result.isFailure(result) ? [result.failure] : [])]
          for (const text of [...seen.flatMap(textsOf), ...recorder.lines]) {
            assert.isUndefined(leak(text), text.slice(0, 200))
          }
        }
      })
  )

  it.effect("no error repeats the signature that the service repeats (C6, I3)", () =>
    Effect.gen(function*() {
      for (const type of ["IncompleteSignatureException", "InvalidGrantException"]) {
        const wire = Wire.make((sent) => {
          const words = `'${sent.headers["authorization"]}' is not valid`
          return Effect.succeed(
            Wire.exception(
              type,
              type.startsWith("Inc") ? { message: words } : { error: "invalid_grant", error_description: words }
            )
          )
        })
        const error = yield* Effect.flip(Effect.provide(CreateTokenWithIAM.createToken(bearer), over(wire)))
        const signature = /Signature=(\w+)/.exec(wire.sent[0]?.headers["authorization"] ?? "")?.[1] ?? assert.fail()
        assert.include(JSON.stringify(error), "is not valid")
        for (const text of textsOf(error)) assert.isUndefined(search([signature])(text), text)
      }
    }))

  it.effect("the encoded form of an error has none of them (C6, I3)", () =>
    Effect.gen(function*() {
      const error = yield* failed(
        front("InvalidSignatureException", `wrong ${secret.sessionToken} ${secret.assertion}`),
        bearer
      )
      if (error._tag !== "CredentialsError") return assert.fail(error._tag)
      assert.isUndefined(leak(JSON.stringify(Schema.encodeSync(IamError.CredentialsError)(error))))
    }))
})
