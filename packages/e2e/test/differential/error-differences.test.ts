import { SSOOIDCServiceException } from "@aws-sdk/client-sso-oidc"
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { gzipSync } from "node:zlib"
import {
  failed,
  official,
  officialException,
  ours,
  oursException,
  type ServiceResponse
} from "../support/differential-clients.ts"
import { errors as differences } from "../support/differential-differences.ts"
import { type Call, callOf, calls, secret } from "../support/differential-model.ts"

const options = { region: "eu-west-1" }

/** The error of each client. */
const both = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    const theirs = failed(yield* official(call.request.official, options, response))
    const mine = failed(yield* ours(call.request.ours, options, response))
    return { theirs, mine, official: officialException(theirs), ours: oursException(mine) }
  })

const token = callOf("CreateToken")

/** A response to CreateToken with status 400. */
const named = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  both(token, { status: 400, headers, body })

const header = (type: string) => ({ "x-amzn-errortype": type })

const slow = { error: "slow_down", error_description: "Slower" }

const exceptionNames = Object.entries(SsoOidcError).flatMap(([name, error]) =>
  Predicate.hasProperty(error, "type") ? [name] : []
)

describe("exceptions: differences on purpose", () => {
  it.effect(differences.rfc.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const { error, status, type } of call.exceptions) {
          for (const more of [{}, { details: { __type: "FooError", code: "FooError" } }]) {
            const body = { error, error_description: "As the service said", ...more }
            const { official, ours, theirs } = yield* both(call, { status, body })
            assert.strictEqual(Object.getPrototypeOf(theirs), SSOOIDCServiceException.prototype)
            assert.strictEqual(official["type"], "Unknown")
            assert.deepStrictEqual(ours, { ...official, type })
          }
        }
      }
    }))

  it.effect(differences.nullCode.test, () =>
    Effect.gen(function*() {
      const { official, ours } = yield* named({ ...slow, code: null, __type: "SlowDownException" })
      assert.strictEqual(official["type"], "TypeError")
      assert.deepStrictEqual(ours, {
        type: "SlowDownException",
        error: "slow_down",
        description: "Slower",
        status: 400
      })
    }))

  it.effect(differences.numberCode.test, () =>
    Effect.gen(function*() {
      for (const more of [{}, { __type: "SlowDownException" }]) {
        const { official, ours } = yield* named({ ...slow, code: 400, ...more })
        assert.strictEqual(official["type"], "400")
        assert.strictEqual(ours["type"], "SlowDownException")
      }
    }))

  it.effect(differences.emptyHeader.test, () =>
    Effect.gen(function*() {
      const { official, ours } = yield* named({ ...slow, __type: "SlowDownException" }, header(""))
      assert.strictEqual(official["type"], "")
      assert.strictEqual(ours["type"], "SlowDownException")
    }))

  it.effect(differences.padded.test, () =>
    Effect.gen(function*() {
      for (const padded of [" SlowDownException ", "SlowDownException , SlowDownException", "ns# SlowDownException"]) {
        const { official, ours, theirs } = yield* named({ ...slow, code: padded })
        assert.strictEqual(Object.getPrototypeOf(theirs), SSOOIDCServiceException.prototype)
        assert.strictEqual(String(official["type"]).trim(), "SlowDownException")
        assert.strictEqual(ours["type"], "SlowDownException")
      }
    }))

  it.effect(differences.capitalCode.test, () =>
    Effect.gen(function*() {
      for (const key of ["Code", "CODE"]) {
        const { official, ours } = yield* named({ [key]: "SlowDownException", error: "invalid_grant" })
        assert.strictEqual(official["type"], "SlowDownException")
        assert.strictEqual(ours["type"], "InvalidGrantException")
      }
    }))

  it.effect(differences.html.test, () =>
    Effect.gen(function*() {
      const html = "<html>Service Unavailable</html>"
      const headers = { "content-type": "text/html", "x-amzn-requestid": "r-1" }
      const proxy = yield* both(token, { status: 503, headers, body: html })
      assert.strictEqual(proxy.official["type"], "SyntaxError")
      assert.deepInclude(proxy.mine, {
        _tag: "UnexpectedResponse",
        problem: "status",
        status: 503,
        requestId: "r-1",
        contentType: "text/html",
        length: html.length
      })
      const service = yield* named(html, { ...headers, ...header("SlowDownException") })
      assert.strictEqual(service.official["type"], "SyntaxError")
      assert.deepStrictEqual(service.ours, {
        type: "SlowDownException",
        error: "slow_down",
        status: 400,
        requestId: "r-1"
      })
    }))

  it.effect(differences.unlisted.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        const listed = call.exceptions.map(({ type }) => type)
        const others = exceptionNames.filter((name) => !listed.includes(name))
        assert.strictEqual(others.length, exceptionNames.length - listed.length)
        for (const type of [...others, "ThrottlingException"]) {
          // the name decides, also if a listed exception has this OAuth code
          const { mine, official } = yield* both(call, { status: 400, headers: header(type), body: slow })
          assert.strictEqual(official["type"], type)
          assert.deepInclude(mine, { _tag: "UnexpectedResponse", problem: "status", code: type, status: 400 })
        }
      }
    }))

  it.effect(differences.encoded.test, () =>
    Effect.gen(function*() {
      const body = Uint8Array.from(gzipSync(JSON.stringify({ error: "authorization_pending" })))
      const encoded = (headers: Readonly<Record<string, string>>) =>
        both(token, { status: 400, headers: { ...headers, "content-encoding": "gzip" }, body })
      const { mine, official } = yield* encoded(header("AuthorizationPendingException"))
      assert.strictEqual(official["type"], "SyntaxError")
      assert.deepInclude(mine, { _tag: "AuthorizationPendingException", error: "authorization_pending" })
      assert.deepInclude((yield* encoded({})).mine, { _tag: "UnexpectedResponse", problem: "contentEncoding" })
    }))

  it.effect(differences.nullTexts.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const { error, status, type } of call.exceptions) {
          for (const body of [{ error: null, error_description: null }, {}, ""]) {
            const { official, ours } = yield* both(call, { status, headers: header(type), body })
            assert.deepStrictEqual(official, { type, status })
            assert.deepStrictEqual(ours, { type, status, error })
          }
        }
      }
    }))

  it.effect(differences.otherTypes.test, () =>
    Effect.gen(function*() {
      const body = { error: 7, error_description: ["x"], reason: {} }
      const { official, ours } = yield* named(body, header("AccessDeniedException"))
      assert.deepStrictEqual(official, {
        type: "AccessDeniedException",
        error: 7,
        description: ["x"],
        reason: {},
        status: 400
      })
      assert.deepStrictEqual(ours, { type: "AccessDeniedException", error: "access_denied", status: 400 })
    }))

  it.effect(differences.message.test, () =>
    Effect.gen(function*() {
      const messageOf = (error: unknown) => Predicate.isError(error) ? error.message : assert.fail("no error")
      for (const call of calls) {
        for (const { error, status, type } of call.exceptions) {
          const body = { error, error_description: "As the service said" }
          const headers = { ...header(type), "x-amzn-requestid": "r-1" }
          const plain = yield* both(call, { status, headers, body })
          assert.strictEqual(messageOf(plain.theirs), "UnknownError")
          assert.match(
            messageOf(plain.mine),
            new RegExp(`^As the service said\\. .+\\(${type}, HTTP ${status}, request r-1\\)$`)
          )
          const spoken = yield* both(call, { status, headers, body: { ...body, message: "Another text" } })
          assert.strictEqual(messageOf(spoken.theirs), "Another text")
          assert.strictEqual(messageOf(spoken.mine), messageOf(plain.mine))
        }
      }
    }))

  it.effect(differences.control.test, () =>
    Effect.gen(function*() {
      for (
        const [said, clean] of [
          ["a\u001b[2Jb", "a [2Jb"],
          ["one\r\ntwo", "one two"],
          ["\u202eabc", "abc"],
          ["x".repeat(2000), `${"x".repeat(1023)}…`]
        ] as const
      ) {
        const { official, ours } = yield* named({ ...slow, error_description: said }, header("SlowDownException"))
        assert.strictEqual(official["description"], said)
        assert.strictEqual(ours["description"], clean)
      }
    }))

  it.effect(differences.mask.test, () =>
    Effect.gen(function*() {
      for (const value of Object.values(secret)) {
        const said = `Bad value '${value}'`
        const { mine, official, ours } = yield* named(
          { error: "invalid_grant", error_description: said },
          header("InvalidGrantException")
        )
        assert.strictEqual(official["description"], said)
        assert.strictEqual(ours["description"], "Bad value '<redacted>'")
        assert.notInclude(`${JSON.stringify(mine)} ${mine}`, value)
      }
    }))

  it.effect(differences.retryAfter.test, () =>
    Effect.gen(function*() {
      const { mine, theirs } = yield* named(slow, { ...header("SlowDownException"), "retry-after": "7" })
      assert.deepInclude(mine, { _tag: "SlowDownException", retryAfter: 7 })
      assert.isFalse(Predicate.hasProperty(theirs, "retryAfter"))
      assert.notInclude(JSON.stringify(theirs), "7")
    }))
})
