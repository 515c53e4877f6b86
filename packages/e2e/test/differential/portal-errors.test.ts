import * as Sdk from "@aws-sdk/client-sso"
import { assert, describe, it } from "@effect/vitest"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { failed, type ServiceResponse } from "../support/differential-clients.ts"
import { type Dialect, dialects, errorTypeHeader, shapesOf, smithy } from "../support/differential-dialects.ts"
import { oneOf } from "../support/differential-model.ts"
import { portalErrors as differences } from "../support/differential-portal-differences.ts"
import {
  accessToken,
  type Call,
  callOf,
  calls,
  official,
  officialException,
  ours,
  oursException
} from "../support/differential-portal.ts"

const options = { region: "eu-west-1" }

/** The error of each client. */
const both = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    const theirs = failed(yield* official(call.request.official, options, response))
    const mine = failed(yield* ours(call.request.ours, options, response))
    return { theirs, mine, official: officialException(theirs), ours: oursException(mine) }
  })

/** Both clients fail with the same exception: type, description, status and request id. */
const same = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    const { official, ours, theirs } = yield* both(call, response)
    assert.instanceOf(theirs, Sdk.SSOServiceException)
    assert.deepStrictEqual(ours, official)
    return ours
  })

// `ForbiddenException` is not in the model, and so a difference
const exceptions = calls.flatMap((call) =>
  call.exceptions.filter(({ type }) => type !== "ForbiddenException").map((exception) => ({ call, exception }))
)

const said = "Session token not found or invalid"

const responseOf = (
  { status, type }: Call["exceptions"][number],
  [, headers, members]: Dialect,
  more: Readonly<Record<string, unknown>> = {}
): ServiceResponse => ({
  status,
  headers: { "content-type": "application/json", "x-amzn-requestid": "r-1", ...headers(type) },
  body: { message: said, ...members(type), ...more }
})

const expected = ({ status, type }: Call["exceptions"][number]) => ({
  type,
  description: said,
  status,
  requestId: "r-1"
})

const portal: Dialect = ["the portal's own", () => ({}), (type) => ({ __type: PortalService.errorType(type) })]

describe("exceptions of the portal: the same for both clients", () => {
  it.effect.each([portal, ...dialects].map((dialect) => ({ dialect, name: dialect[0] })))(
    "$name: every exception of every operation is the same for both (P1)",
    ({ dialect }) =>
      Effect.gen(function*() {
        for (const { call, exception } of exceptions) {
          assert.deepStrictEqual(yield* same(call, responseOf(exception, dialect)), expected(exception))
        }
      })
  )

  const description = Arbitrary.map(
    Arbitrary.array(oneOf(["a", "Z9", "é", "日本", "\u{1f511}", "\"", "\\", "<b>", "...", "{}", "%0a", "__proto__"]), {
      minLength: 1,
      maxLength: 20
    }),
    (words) => words.join(" ")
  )
  it.effect.prop(
    "any exception in any dialect, with any status and any message, is the same for both (P1)",
    {
      at: oneOf([...exceptions.keys()]),
      dialect: oneOf([portal, ...dialects].map(([name]) => name)),
      status: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 }))),
      message: description
    },
    ({ at, dialect, message, status }) =>
      Effect.gen(function*() {
        const one = exceptions[at]
        const spoken = [portal, ...dialects].find(([name]) => name === dialect)
        if (one === undefined || spoken === undefined) return assert.fail("no such exception")
        const response = responseOf(one.exception, spoken, { message })
        assert.deepStrictEqual(yield* same(one.call, { ...response, status }), {
          ...expected(one.exception),
          description: message,
          status
        })
      }),
    { arbitrary: { runs: 120 } }
  )

  it.effect.each(["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id", "x-other-id"])(
    "both or neither find the request id in %s (P1)",
    (name) =>
      Effect.gen(function*() {
        for (const { call, exception } of exceptions) {
          const read = yield* same(call, { ...responseOf(exception, portal), headers: { [name]: "r-2" } })
          const { requestId, ...rest } = expected(exception)
          assert.deepStrictEqual(read, name === "x-other-id" ? rest : { ...rest, requestId: "r-2" })
        }
      })
  )

  it.effect("a misspelt name is an exception for neither, and both show it (P1)", () =>
    Effect.gen(function*() {
      for (const { call, exception } of exceptions) {
        for (const other of [exception.type.toLowerCase(), `${exception.type}s`, "MethodNotAllowedException"]) {
          const { mine, official, theirs } = yield* both(call, responseOf({ ...exception, type: other }, portal))
          assert.strictEqual(Object.getPrototypeOf(theirs), Sdk.SSOServiceException.prototype)
          assert.deepInclude(official, { type: other })
          assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", code: other, requestId: "r-1" })
        }
      }
    }))
})

describe("exceptions of the portal: the model", () => {
  const shapes = shapesOf(Sdk, "SSOServiceException")
  const own = Object.entries(PortalError).flatMap(([name, error]) =>
    Predicate.hasProperty(error, "type") && "status" in error ? [{ name, status: error.status }] : []
  )

  it("each exception of the official client is one of ours with its status, and ours has one more (P1, P2)", () => {
    const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name.localeCompare(b.name)
    assert.deepStrictEqual(
      [...shapes.map(([, , name, { httpError }]) => ({ name, status: httpError })), {
        name: "ForbiddenException",
        status: 403
      }].sort(byName),
      own.sort(byName)
    )
    assert.strictEqual(own.length, 5)
    for (const [, , , , members] of shapes) assert.deepStrictEqual(members, ["message"])
  })
})

const credentials = callOf("GetRoleCredentials")
const logout = callOf("Logout")

/** A response to GetRoleCredentials. */
const named = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  both(credentials, { status, headers, body })

const unauthorized = { __type: PortalService.errorType("UnauthorizedException"), message: said }

describe("exceptions of the portal: differences on purpose", () => {
  it.effect(differences.forbidden.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        const forbidden = { type: "ForbiddenException", status: 403 }
        const { mine, official, ours, theirs } = yield* both(
          call,
          responseOf(forbidden, portal, { message: "No access" })
        )
        assert.strictEqual(Object.getPrototypeOf(theirs), Sdk.SSOServiceException.prototype)
        assert.deepStrictEqual(ours, official)
        assert.instanceOf(mine, PortalError.ForbiddenException)
      }
    }))

  it.effect(differences.requestId.test, () =>
    Effect.gen(function*() {
      for (const name of ["requestid", "RequestId"]) {
        const { official, ours } = yield* named(401, unauthorized, { [name]: "r-3" })
        const found = { type: "UnauthorizedException", description: said, status: 401 }
        assert.deepStrictEqual(official, found)
        assert.deepStrictEqual(ours, { ...found, requestId: "r-3" })
      }
    }))

  it.effect(differences.untyped.test, () =>
    Effect.gen(function*() {
      for (const status of [400, 401, 403, 404, 429, 500]) {
        for (const call of calls) {
          const { mine, official } = yield* both(call, { status, body: { message: "HTTP 429 Unknown Code" } })
          assert.deepStrictEqual(official, { type: "Unknown", description: "HTTP 429 Unknown Code", status })
          assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", status })
          assert.notInclude(mine.message, "Unknown Code")
        }
      }
    }))

  it.effect(differences.oauth.test, () =>
    Effect.gen(function*() {
      const { mine, official } = yield* named(400, { error: "invalid_request", error_description: "no" })
      assert.deepInclude(official, { type: "Unknown" })
      assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", code: "invalid_request" })
    }))

  it.effect(differences.message.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const exception of call.exceptions) {
          const { mine, official } = yield* both(call, responseOf(exception, portal))
          assert.deepInclude(official, { description: said })
          assert.match(
            mine.message,
            new RegExp(`^${said}\\. [A-Z].+\\. \\(${exception.type}, HTTP ${exception.status}, request r-1\\)$`)
          )
          const silent = yield* both(call, { status: exception.status, body: portal[2](exception.type) })
          assert.deepInclude(silent.official, { description: "UnknownError" })
          assert.match(
            silent.mine.message,
            new RegExp(`^[A-Z].+\\. \\(${exception.type}, HTTP ${exception.status}\\)$`)
          )
          assert.notProperty(silent.mine, "errorDescription")
        }
      }
    }))

  it.effect(differences.capitalMessage.test, () =>
    Effect.gen(function*() {
      const { message: _, ...rest } = unauthorized
      const { mine, official } = yield* named(401, { ...rest, Message: said })
      assert.deepInclude(official, { type: "UnauthorizedException", description: said })
      assert.instanceOf(mine, PortalError.UnauthorizedException)
      assert.notProperty(mine, "errorDescription")
    }))

  it.effect(differences.otherMessage.test, () =>
    Effect.gen(function*() {
      for (const message of [7, true, ["x"]]) {
        const { mine, official } = yield* named(401, { ...unauthorized, message })
        assert.deepInclude(official, { description: message })
        assert.instanceOf(mine, PortalError.UnauthorizedException)
        assert.notProperty(mine, "errorDescription")
      }
      const { official, ours } = yield* named(401, { ...unauthorized, message: null })
      assert.deepInclude(official, { description: "UnknownError" })
      assert.deepStrictEqual(ours, { type: "UnauthorizedException", status: 401 })
    }))

  it.effect(differences.mask.test, () =>
    Effect.gen(function*() {
      const repeated = yield* named(401, { ...unauthorized, message: `no session for ${accessToken}` })
      assert.deepInclude(repeated.official, { description: `no session for ${accessToken}` })
      assert.deepInclude(repeated.ours, { description: "no session for <redacted>" })
      assert.notInclude(`${JSON.stringify(repeated.mine)} ${repeated.mine}`, accessToken)
      const control = yield* named(401, { ...unauthorized, message: "a\u001b[2Jb\r\nc" })
      assert.deepInclude(control.official, { description: "a\u001b[2Jb\r\nc" })
      assert.deepInclude(control.ours, { description: "a [2Jb c" })
    }))

  it.effect(differences.html.test, () =>
    Effect.gen(function*() {
      const headers = { "content-type": "text/html", requestid: "r-4" }
      const proxy = yield* named(503, "<html>Service Unavailable</html>", headers)
      assert.deepInclude(proxy.official, { type: "SyntaxError" })
      assert.deepInclude(proxy.mine, {
        _tag: "UnexpectedResponse",
        problem: "status",
        status: 503,
        requestId: "r-4",
        contentType: "text/html"
      })
      const portal = yield* named(401, "<html>", { ...headers, ...errorTypeHeader("UnauthorizedException") })
      assert.deepInclude(portal.official, { type: "SyntaxError" })
      assert.deepStrictEqual(portal.ours, { type: "UnauthorizedException", status: 401, requestId: "r-4" })
    }))

  it.effect(differences.unlisted.test, () =>
    Effect.gen(function*() {
      const { mine, official, theirs } = yield* both(
        logout,
        responseOf({ type: "ResourceNotFoundException", status: 404 }, portal)
      )
      assert.instanceOf(theirs, Sdk.ResourceNotFoundException)
      assert.deepInclude(official, { type: "ResourceNotFoundException" })
      assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", code: "ResourceNotFoundException" })
    }))

  it.effect("the differences of OIDC's errors hold for the portal too (P1)", () =>
    Effect.gen(function*() {
      const { __type: type, ...rest } = unauthorized
      const name = "UnauthorizedException"
      const responses = [
        named(401, { ...unauthorized, code: null }),
        named(401, { ...unauthorized, code: 401 }),
        named(401, unauthorized, errorTypeHeader("")),
        named(401, { ...rest, code: ` ${name} ` }),
        named(401, { ...rest, __type: `${type} , ${type}` })
      ]
      for (const response of responses) assert.deepInclude((yield* response).ours, { type: name, description: said })
      const waits = yield* named(429, { __type: "TooManyRequestsException" }, { "retry-after": "7" })
      assert.deepInclude(waits.mine, { _tag: "TooManyRequestsException", retryAfter: 7 })
      assert.isFalse(Predicate.hasProperty(waits.theirs, "retryAfter"))
      assert.isAbove(smithy.length, 9)
    }))
})
