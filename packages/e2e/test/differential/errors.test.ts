import * as Sdk from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import {
  failed,
  official,
  officialException,
  ours,
  oursException,
  type ServiceResponse
} from "../support/differential-clients.ts"
import { type Dialect, dialects, shapesOf, smithy } from "../support/differential-dialects.ts"
import { type Call, calls, oneOf } from "../support/differential-model.ts"

/** Both clients fail with the same exception: type, OAuth code, description, reason, status and request id. */
const same = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    const options = { region: "eu-west-1" }
    const a = failed(yield* official(call.request.official, options, response))
    const b = failed(yield* ours(call.request.ours, options, response))
    assert.instanceOf(a, Sdk.SSOOIDCServiceException)
    assert.deepStrictEqual(oursException(b), officialException(a))
    return oursException(b)
  })

const exceptions = calls.flatMap((call) => call.exceptions.map((exception) => ({ call, exception })))

const responseOf = (
  exception: Call["exceptions"][number],
  [, headers, members]: Dialect,
  more: Readonly<Record<string, unknown>> = {}
): ServiceResponse => ({
  status: exception.status,
  headers: { "content-type": "application/json", "x-amzn-requestid": "r-1", ...headers(exception.type) },
  body: {
    error: exception.error,
    error_description: "As the service said",
    ...members(exception.type),
    ...more
  }
})

const expected = ({ error, status, type }: Call["exceptions"][number]) => ({
  type,
  error,
  description: "As the service said",
  status,
  requestId: "r-1"
})

describe("exceptions: the same for both clients", () => {
  for (const dialect of smithy) {
    it.effect.each(
      exceptions.map(({ call, exception }) => ({ call, exception, name: call.name, type: exception.type }))
    )(
      `${dialect[0]}: $name, $type (C4)`,
      ({ call, exception }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* same(call, responseOf(exception, dialect)), expected(exception))
        })
    )
  }

  it.effect.each(dialects.slice(smithy.length).map((dialect) => ({ dialect, name: dialect[0] })))(
    "$name: every exception of every operation is the same for both (C4)",
    ({ dialect }) =>
      Effect.gen(function*() {
        for (const { call, exception } of exceptions) {
          assert.deepStrictEqual(yield* same(call, responseOf(exception, dialect)), expected(exception))
        }
      })
  )

  it.effect("null members of an exception are absent for both, except error (C4)", () =>
    Effect.gen(function*() {
      for (const { call, exception } of exceptions) {
        const nulls = { error_description: null, reason: null, message: null, future: null }
        for (const dialect of dialects.slice(-8)) {
          const { description, ...rest } = expected(exception)
          assert.deepStrictEqual(yield* same(call, responseOf(exception, dialect, nulls)), rest)
        }
      }
    }))

  it.effect("only two exceptions have a reason (C3)", () =>
    Effect.gen(function*() {
      for (const { call, exception } of exceptions) {
        // on other exceptions the official client keeps unknown members, and reason is one there
        if (!/^(AccessDenied|InvalidRequest)Exception$/.test(exception.type)) continue
        for (const dialect of smithy.slice(0, 9)) {
          assert.strictEqual(
            (yield* same(call, responseOf(exception, dialect, { reason: "KMS_NotFoundException" })))["reason"],
            "KMS_NotFoundException"
          )
        }
      }
    }))

  it.effect("the content type does not matter, nor a body that is not an object, if the header names the type (C4)", () =>
    Effect.gen(function*() {
      for (const { call, exception } of exceptions) {
        const headers = { "x-amzn-errortype": exception.type }
        for (const type of ["text/html", "text/plain; charset=utf-8", "application/x-amz-json-1.1", ""]) {
          const response = responseOf(exception, ["", () => ({ ...headers, "content-type": type }), () => ({})])
          assert.deepStrictEqual(yield* same(call, response), expected(exception))
        }
      }
    }))

  it.effect.each(["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id", "x-other-id"])(
    "both or neither find the request id in %s (C3)",
    (name) =>
      Effect.gen(function*() {
        for (const { call, exception } of exceptions) {
          const headers = { "x-amzn-errortype": exception.type, [name]: "r-2" }
          const { requestId } = yield* same(call, {
            status: exception.status,
            headers,
            body: { error: exception.error }
          })
          assert.strictEqual(requestId, name === "x-other-id" ? undefined : "r-2")
        }
      })
  )

  it.effect("a misspelt name is an exception for neither, and both show it (C4)", () =>
    Effect.gen(function*() {
      for (const { call, exception } of exceptions) {
        const { type } = exception
        for (const other of [type.toLowerCase(), type.toUpperCase(), `${type}s`, type.replace("Exception", "")]) {
          const response = responseOf(exception, ["", (header) => ({ "x-amzn-errortype": header }), () => ({})])
          const named = { ...response, headers: { ...response.headers, "x-amzn-errortype": other } }
          const theirs = failed(yield* official(call.request.official, { region: "eu-west-1" }, named))
          assert.strictEqual(Object.getPrototypeOf(theirs), Sdk.SSOOIDCServiceException.prototype)
          assert.strictEqual(officialException(theirs)["type"], other)
          const mine = failed(yield* ours(call.request.ours, { region: "eu-west-1" }, named))
          assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", code: other, requestId: "r-1" })
        }
      }
    }))

  const description = Arbitrary.map(
    Arbitrary.array(oneOf(["a", "Z9", "é", "日本", "\u{1f511}", "\"", "\\", "<b>", "...", "{}", "%0a", "__proto__"]), {
      minLength: 1,
      maxLength: 20
    }),
    (words) => words.join(" ")
  )
  it.effect.prop(
    "any exception in any dialect, with any status and any description, is the same for both (C3, C4)",
    {
      at: oneOf([...exceptions.keys()]),
      dialect: oneOf(dialects.map(([name]) => name)),
      status: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 }))),
      error_description: description,
      error: oneOf(["slow_down", "invalid_request", "server_error", "something_else", "Zoë"])
    },
    ({ at, dialect, error, error_description, status }) =>
      Effect.gen(function*() {
        const one = exceptions[at]
        const spoken = dialects.find(([name]) => name === dialect)
        if (one === undefined || spoken === undefined) return assert.fail("no such exception")
        const { call, exception } = one
        const response = responseOf(exception, spoken, { error, error_description })
        assert.deepStrictEqual(yield* same(call, { ...response, status }), {
          ...expected(exception),
          description: error_description,
          error,
          status
        })
      }),
    { arbitrary: { runs: 120 } }
  )
})

describe("exceptions: the model", () => {
  const shapes = shapesOf(Sdk, "SSOOIDCServiceException")

  it("each exception of the official client is one of ours, with its status and its members (C3)", () => {
    const members = { error_description: "errorDescription" } as Readonly<Record<string, string>>
    assert.deepStrictEqual(
      shapes.map(([, , name, { httpError }, names]) => ({
        name,
        status: httpError,
        members: names.map((member) => members[member] ?? member).sort()
      })).sort((a, b) => a.name.localeCompare(b.name)),
      Object.entries(SsoOidcError).flatMap(([name, error]) =>
        Predicate.hasProperty(error, "type") && "status" in error
          ? [{
            name,
            status: error.status,
            members: Object.keys(error.fields).filter((key) =>
              !["_tag", "advice", "status", "requestId", "retryAfter"].includes(key)
            ).sort()
          }]
          : []
      ).sort((a, b) => a.name.localeCompare(b.name))
    )
    assert.strictEqual(shapes.length, 14)
  })
})
