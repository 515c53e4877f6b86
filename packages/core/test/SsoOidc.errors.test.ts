import { assert, describe, it } from "@effect/vitest"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import { calls, deviceRequest } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { exceptions, exceptionsOf } from "./support/model.ts"

const poll = (response: () => Response) =>
  Effect.flip(Effect.flatMap(Wire.client(Wire.responding(response)), (oidc) => oidc.createToken(deviceRequest)))

const has = (error: object, members: Readonly<Record<string, unknown>>): void => assert.deepInclude(error, members)

/** A response with status 400 that names its type in these places. */
const named = (header: string | undefined, body: unknown): Response =>
  Wire.json(body, { status: 400, headers: header === undefined ? {} : { "x-amzn-errortype": header } })

describe("SsoOidc: which exception a response is", () => {
  for (const call of calls) {
    it.effect.each([...exceptionsOf(call.operation)])(
      `${call.name} fails with its $type, whichever dialect names it (C3)`,
      (model) =>
        Effect.gen(function*() {
          const body = { error: model.error, error_description: "As the service said" }
          const uri = "http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"
          const dialects: ReadonlyArray<readonly [string | undefined, unknown]> = [
            [model.type, body],
            [`${model.type}:${uri}`, body],
            [`com.amazonaws.sso.oidc#${model.type}`, body],
            [`com.amazonaws.sso.oidc#${model.type}:${uri}`, body],
            [undefined, { ...body, code: model.type }],
            [undefined, { ...body, code: `com.amazonaws.sso.oidc#${model.type}:${uri}` }],
            [undefined, { ...body, __type: model.type }],
            [undefined, { ...body, __type: `com.amazonaws.sso.oidc#${model.type}` }],
            [undefined, body]
          ]
          for (const [header, members] of dialects) {
            const wire = Wire.responding(() =>
              Wire.json(members, {
                status: model.status,
                headers: { "x-amzn-requestid": "r-1", ...(header === undefined ? {} : { "x-amzn-errortype": header }) }
              })
            )
            const error = yield* Effect.flip(Effect.flatMap(Wire.client(wire), call.run))
            has(error, {
              _tag: model.type,
              error: model.error,
              errorDescription: "As the service said",
              status: model.status,
              requestId: "r-1"
            })
            assert.include(error.message, "As the service said.")
          }
        })
    )
  }

  it.effect("finds the error type in the header, then in code, in __type and in error (C4)", () =>
    Effect.gen(function*() {
      const all = { code: "SlowDownException", __type: "ExpiredTokenException", error: "access_denied" }
      const { code, ...noCode } = all
      const { __type, ...noType } = noCode
      assert.strictEqual((yield* poll(() => named("InvalidGrantException", all)))._tag, "InvalidGrantException")
      assert.strictEqual((yield* poll(() => named(undefined, all)))._tag, code)
      assert.strictEqual((yield* poll(() => named(undefined, noCode)))._tag, __type)
      assert.strictEqual((yield* poll(() => named(undefined, noType)))._tag, "AccessDeniedException")
    }))

  it.effect("skips a place that is empty, null or not a string (C4)", () =>
    Effect.gen(function*() {
      for (const nothing of ["", " ", null, 400, { a: 1 }, ":http://x/", "ns#"]) {
        const header = typeof nothing === "string" ? nothing : undefined
        const error = yield* poll(() => named(header, { code: nothing, __type: nothing, error: "slow_down" }))
        assert.strictEqual(error._tag, "SlowDownException", JSON.stringify(nothing))
      }
    }))

  it.effect("finds the type whatever the body is: empty, HTML, an array, or of a wrong content type (C4)", () =>
    Effect.gen(function*() {
      for (const body of [null, "", "<html></html>", "[1]", "\"text\"", "null"]) {
        const error = yield* poll(() =>
          new Response(body, {
            status: 400,
            headers: { "content-type": "text/html", "x-amzn-errortype": "AuthorizationPendingException" }
          })
        )
        assert.deepInclude(error, { _tag: "AuthorizationPendingException", error: "authorization_pending" })
        assert.notProperty(error, "errorDescription")
      }
    }))

  it.effect("reads a JSON body of any content type, or of none (C4)", () =>
    Effect.gen(function*() {
      for (const type of ["text/plain", "application/x-amz-json-1.1", "text/html; charset=utf-8"]) {
        const error = yield* poll(() =>
          new Response("{\"error\":\"authorization_pending\"}", { status: 400, headers: { "content-type": type } })
        )
        assert.strictEqual(error._tag, "AuthorizationPendingException")
      }
    }))

  it.effect("reads null members of an exception as absent (C4)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() =>
        Wire.exception("AccessDeniedException", { error: null, error_description: null, reason: null })
      )
      assert.deepInclude(error, { _tag: "AccessDeniedException", error: "access_denied" })
      assert.notProperty(error, "errorDescription")
      assert.notProperty(error, "reason")
    }))

  it.effect("gives an exception the error of the response, even if the model has another (C3)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => Wire.exception("InvalidGrantException", { error: "bad_verifier" }))
      assert.deepInclude(error, { _tag: "InvalidGrantException", error: "bad_verifier" })
    }))

  it.effect("reads members of an exception that are not strings as absent (C4)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() =>
        Wire.exception("AccessDeniedException", { error: 7, error_description: ["x"], reason: {} })
      )
      assert.deepInclude(error, { _tag: "AccessDeniedException", error: "access_denied" })
      assert.notProperty(error, "errorDescription")
      assert.notProperty(error, "reason")
    }))

  it.effect("reads a text of control characters only as absent (C4)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() =>
        Wire.exception("AccessDeniedException", {
          error: "\u0007",
          error_description: "\u001b\u202e",
          reason: "\u0000"
        })
      )
      assert.deepInclude(error, { _tag: "AccessDeniedException", error: "access_denied" })
      assert.notProperty(error, "errorDescription")
      assert.notProperty(error, "reason")
    }))

  it.effect("accepts any reason, and keeps it if the model has it (C3)", () =>
    Effect.gen(function*() {
      for (const type of ["AccessDeniedException", "InvalidRequestException"]) {
        const error = yield* poll(() => Wire.exception(type, { error: "x", reason: "KMS_SomethingNewException" }))
        has(error, { _tag: type, reason: "KMS_SomethingNewException" })
      }
      assert.notProperty(
        yield* poll(() => Wire.exception("InvalidGrantException", { error: "x", reason: "KMS_NotFoundException" })),
        "reason"
      )
    }))

  for (const call of calls) {
    const listed = exceptionsOf(call.operation).map(({ type }) => type)
    const others = exceptions.filter(({ type }) => !listed.includes(type)).map(({ type }) => type)
    it.effect.each([...others, "ThrottlingException", "constructor", "__proto__"])(
      `%s, which ${call.name} does not list, is UnexpectedResponse with its code (C4)`,
      (type) =>
        Effect.gen(function*() {
          // The name decides: the OAuth code of a listed exception does not change that.
          const wire = Wire.responding(() => Wire.exception(type, { error: call.exception.error }))
          const error = yield* Effect.flip(Effect.flatMap(Wire.client(wire), call.run))
          assert.deepInclude(error, {
            _tag: "UnexpectedResponse",
            problem: "status",
            code: type,
            status: 400,
            operation: call.operation
          })
        })
    )
  }

  it.effect("an OAuth code of no listed exception is UnexpectedResponse with that code (C4)", () =>
    Effect.gen(function*() {
      const error = yield* poll(() => Wire.json({ error: "invalid_target" }, { status: 400 }))
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "status", code: "invalid_target" })
    }))

  // An operation that lists both classes of invalid_request, like CreateTokenWithIAM.
  const both: Operation.Operation<
    RegisterClient.Request,
    RegisterClient.Response,
    SsoOidcError.InvalidRequestException | SsoOidcError.InvalidRequestRegionException
  > = Operation.make({
    ...RegisterClient.operation,
    service: SsoOidcService.service,
    authenticate: undefined,
    exceptions: [SsoOidcError.InvalidRequestException, SsoOidcError.InvalidRequestRegionException]
  })
  const askBoth = (response: () => Response) =>
    Effect.flip(
      Effect.flatMap(
        Wire.client(Wire.responding(response)),
        (oidc) => oidc.execute(both, { clientName: "n", clientType: "public" })
      )
    )

  it.effect("the name decides between the two classes of invalid_request, and the code alone means the general one (C4)", () =>
    Effect.gen(function*() {
      const body = { error: "invalid_request", endpoint: "https://oidc.eu-west-2.amazonaws.com", region: "eu-west-2" }
      const byName = yield* askBoth(() => Wire.exception("InvalidRequestRegionException", body))
      assert.strictEqual(byName._tag, "InvalidRequestRegionException")
      assert.deepInclude(byName, { endpoint: body.endpoint, region: body.region, error: "invalid_request" })
      const general = yield* askBoth(() => Wire.exception("InvalidRequestException", body))
      assert.strictEqual(general._tag, "InvalidRequestException")
      assert.notProperty(general, "region")
      const byCode = yield* askBoth(() => Wire.json(body, { status: 400 }))
      assert.strictEqual(byCode._tag, "InvalidRequestException")
    }))

  it.effect.prop(
    "reads the type between # and :, for any namespace and any URI (C4)",
    {
      namespace: Schema.String.check(Schema.isPattern(/^[A-Za-z.]{0,20}$/)),
      uri: Schema.String.check(Schema.isPattern(/^[A-Za-z:/#.]{0,20}$/))
    },
    ({ namespace, uri }) =>
      Effect.gen(function*() {
        const error = yield* poll(() => named(`${namespace}#SlowDownException:${uri}`, { error: "access_denied" }))
        assert.strictEqual(error._tag, "SlowDownException")
      })
  )
})
