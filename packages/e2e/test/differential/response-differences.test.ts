import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { gzipSync } from "node:zlib"
import {
  failed,
  official,
  officialException,
  officialValue,
  ours,
  oursValue,
  type ServiceResponse,
  succeeded
} from "../support/differential-clients.ts"
import { responses as differences } from "../support/differential-differences.ts"
import { type Call, callOf, calls } from "../support/differential-model.ts"

const options = { region: "eu-west-1" }

const theirs = (call: Call, response: ServiceResponse) => official(call.request.official, options, response)
const mine = (call: Call, response: ServiceResponse) => ours(call.request.ours, options, response)

/** The official client accepts the response as a success with these members. */
const takes = (call: Call, response: ServiceResponse, members: Readonly<Record<string, unknown>>) =>
  Effect.map(theirs(call, response), (outcome) => assert.deepStrictEqual(officialValue(succeeded(outcome)), members))

/** Ours refuses the response, for this reason. */
const refuses = (call: Call, response: ServiceResponse, problem: string, detail = "") =>
  Effect.map(mine(call, response), (outcome) => {
    const error = failed(outcome)
    if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
    assert.strictEqual(error.problem, problem)
    assert.strictEqual(error.status, response.status ?? 200)
    assert.include(error.detail ?? "", detail)
    return error
  })

const register = callOf("RegisterClient")
const start = callOf("StartDeviceAuthorization")
const token = callOf("CreateToken")

const without = (members: Readonly<Record<string, unknown>>, name: string) =>
  Object.fromEntries(Object.entries(members).filter(([key]) => key !== name))

describe("responses: differences on purpose", () => {
  it.effect(differences.otherSuccess.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const status of [201, 202, 204, 206, 299]) {
          const empty = status === 204
          const response = { status, body: empty ? "" : call.response }
          yield* takes(call, response, empty ? {} : call.response)
          yield* refuses(call, response, "status")
        }
      }
    }))

  it.effect(differences.redirect.test, () =>
    Effect.gen(function*() {
      for (const status of [301, 302, 303, 307, 308]) {
        const headers = { location: "https://elsewhere.example/", "x-amzn-errortype": "InvalidGrantException" }
        const response = { status, headers, body: { error: "invalid_grant" } }
        const outcome = yield* theirs(token, response)
        assert.deepInclude(officialException(failed(outcome)), { type: "InvalidGrantException", status })
        assert.strictEqual(outcome.sent.length, 1)
        yield* refuses(token, response, "redirect")
      }
    }))

  it.effect(differences.empty.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const body of ["", "{}", "[]", "[1]", "\"token\"", "7"]) {
          yield* takes(call, { body }, {})
          yield* refuses(call, { body }, "malformed")
        }
      }
    }))

  it.effect(differences.noJson.test, () =>
    Effect.gen(function*() {
      for (
        const [body, name] of [
          ["<html>Log in</html>", "SyntaxError"],
          ["{\"accessToken\":", "SyntaxError"],
          ["\ufeff{}", "SyntaxError"],
          ["null", "TypeError"]
        ] as const
      ) {
        const response = { body, headers: { "content-type": "text/html", "x-amzn-requestid": "r-1" } }
        assert.strictEqual(officialException(failed(yield* theirs(token, response))).type, name)
        const error = yield* refuses(token, response, "malformed")
        assert.deepInclude(error, { contentType: "text/html", requestId: "r-1" })
      }
    }))

  it.effect(differences.missing.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const member of call.required) {
          const rest = without(call.response, member)
          for (const body of [rest, { ...rest, [member]: null }]) {
            yield* takes(call, { body }, rest)
            yield* refuses(call, { body }, "malformed", member)
          }
        }
      }
    }))

  it.effect(differences.emptyText.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const [member, value] of Object.entries(call.response)) {
          if (!Predicate.isString(value)) continue
          const body = { ...call.response, [member]: "" }
          yield* takes(call, { body }, body)
          if (call.required.includes(member)) yield* refuses(call, { body }, "malformed", member)
          else {
            assert.deepStrictEqual(oursValue(succeeded(yield* mine(call, { body }))), without(call.response, member))
          }
        }
      }
    }))

  it.effect(differences.seconds.test, () =>
    Effect.gen(function*() {
      for (const [call, member] of [[start, "interval"], [start, "expiresIn"], [token, "expiresIn"]] as const) {
        for (const value of [0, -1, -0.5, 0.5, "0", "soon", "", true, [600], { seconds: 600 }]) {
          const body = { ...call.response, [member]: value }
          yield* takes(call, { body }, body)
          assert.deepStrictEqual(oursValue(succeeded(yield* mine(call, { body }))), without(call.response, member))
        }
        // Smithy's way to write numbers that JSON does not have
        for (const [value, read] of [["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]] as const) {
          const body = { ...call.response, [member]: value }
          yield* takes(call, { body }, { ...call.response, [member]: read })
          assert.deepStrictEqual(oursValue(succeeded(yield* mine(call, { body }))), without(call.response, member))
        }
      }
      for (const value of ["soon", true, [1], { seconds: 1 }]) {
        const body = { ...register.response, clientIdIssuedAt: value }
        yield* takes(register, { body }, body)
        assert.deepStrictEqual(
          oursValue(succeeded(yield* mine(register, { body }))),
          without(register.response, "clientIdIssuedAt")
        )
      }
    }))

  it.effect(differences.numberText.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const [member, value] of Object.entries(call.response)) {
          if (!Predicate.isNumber(value)) continue
          const body = { ...call.response, [member]: String(value) }
          yield* takes(call, { body }, body)
          assert.deepStrictEqual(oursValue(succeeded(yield* mine(call, { body }))), call.response)
        }
      }
    }))

  it.effect(differences.type.test, () =>
    Effect.gen(function*() {
      for (const call of calls) {
        for (const [member, value] of Object.entries(call.response)) {
          // members with a value that cannot be used are absent
          if (["expiresIn", "interval", "clientIdIssuedAt"].includes(member)) continue
          for (const other of [Predicate.isString(value) ? 7 : "soon", true, ["x"], { x: 1 }]) {
            const body = { ...call.response, [member]: other }
            yield* takes(call, { body }, body)
            yield* refuses(call, { body }, "malformed", member)
          }
        }
      }
    }))

  it.effect(differences.url.test, () =>
    Effect.gen(function*() {
      for (const member of ["verificationUri", "verificationUriComplete"]) {
        for (
          const url of [
            "http://my.awsapps.com/start",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "/start",
            "https://user:word@my.awsapps.com/start"
          ]
        ) {
          const body = { ...start.response, [member]: url }
          yield* takes(start, { body }, body)
          yield* refuses(start, { body }, "malformed", member)
        }
        for (const url of ["http://127.0.0.1:8080/device", "http://localhost/", "http://[::1]/"]) {
          const body = { ...start.response, [member]: url }
          yield* takes(start, { body }, body)
          assert.deepStrictEqual(oursValue(succeeded(yield* mine(start, { body }))), body)
        }
      }
    }))

  it.effect(differences.control.test, () =>
    Effect.gen(function*() {
      for (
        const [call, member] of [
          [start, "userCode"],
          [start, "verificationUri"],
          [token, "tokenType"],
          [callOf("RegisterClient"), "clientId"]
        ] as const
      ) {
        for (const character of ["\u0007", "\u001b", "\n", "\u009b", "\u202e", "\u200b"]) {
          const body = { ...call.response, [member]: `${call.response[member]}${character}x` }
          yield* takes(call, { body }, body)
          yield* refuses(call, { body }, "malformed", member)
        }
      }
    }))

  it.effect(differences.tooLarge.test, () =>
    Effect.gen(function*() {
      const filled = (size: number) => {
        const bare = JSON.stringify({ ...token.response, accessToken: "" }).length
        return { ...token.response, accessToken: "x".repeat(size - bare) }
      }
      const cap = 256 * 1024
      yield* takes(token, { body: filled(cap + 1) }, filled(cap + 1))
      yield* refuses(token, { body: filled(cap + 1) }, "tooLarge")
      assert.isTrue(Result.isSuccess((yield* mine(token, { body: filled(cap) })).result))
    }))

  it.effect(differences.utf8.test, () =>
    Effect.gen(function*() {
      const body = new TextEncoder().encode(JSON.stringify({ ...token.response, accessToken: "tok#en" }))
      body[body.indexOf("#".charCodeAt(0))] = 0xff
      yield* takes(token, { body }, { ...token.response, accessToken: "tok\ufffden" })
      yield* refuses(token, { body }, "malformed")
    }))

  it.effect(differences.encoding.test, () =>
    Effect.gen(function*() {
      const response = { body: gzipSync(JSON.stringify(token.response)), headers: { "content-encoding": "gzip" } }
      assert.strictEqual(officialException(failed(yield* theirs(token, response))).type, "SyntaxError")
      yield* refuses(token, response, "contentEncoding")
    }))
})
