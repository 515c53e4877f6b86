import { assert, describe, it } from "@effect/vitest"
import * as AwsWire from "@sso-oidc/core/aws/Wire"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { answered, calls, exception, secret } from "./support/calls.ts"

/** The portal's exceptions, repeated as a fixture: status, and the operations that list them. The last is not in the model. */
const exceptions = [
  { Exception: PortalError.InvalidRequestException, type: "InvalidRequestException", status: 400, logout: true },
  { Exception: PortalError.UnauthorizedException, type: "UnauthorizedException", status: 401, logout: true },
  { Exception: PortalError.ResourceNotFoundException, type: "ResourceNotFoundException", status: 404, logout: false },
  { Exception: PortalError.TooManyRequestsException, type: "TooManyRequestsException", status: 429, logout: true },
  { Exception: PortalError.ForbiddenException, type: "ForbiddenException", status: 403, logout: true }
] as const

describe("PortalError", () => {
  it("has a class for each exception, and no other (P1, P2)", () => {
    const exported = Object.keys(PortalError).filter((name) => name.endsWith("Exception"))
    assert.deepStrictEqual(exported.sort(), exceptions.map(({ type }) => type).sort())
  })

  it.each(exceptions)("$type has its name as type and tag, and its status (P1, P2)", ({ Exception, status, type }) => {
    assert.deepInclude({ type: Exception.type, status: Exception.status }, { type, status })
    const error = new Exception({ status })
    assert.instanceOf(error, Error)
    assert.strictEqual(error._tag, type)
  })

  it.each(exceptions)(
    "each operation that lists $type makes it, and no other operation does (P1, P2)",
    ({ logout, type }) => {
      for (const { operation } of calls) {
        const lists = operation.exceptions.some((one) => one.type === type)
        assert.strictEqual(lists, logout || operation.name !== "Logout", operation.name)
      }
    }
  )

  it.effect.each(exceptions)(
    "$type keeps what the portal said, whatever the status is (P1)",
    ({ status, type }) =>
      Effect.gen(function*() {
        for (const { operation, run } of calls) {
          if (operation.exceptions.every((one) => one.type !== type)) continue
          for (const given of [status, 400, 500]) {
            const response = () => exception(type, given, "As the portal said", { "retry-after": "3" })
            assert.deepInclude(yield* Effect.flip(answered(run, response)), {
              _tag: type,
              errorDescription: "As the portal said",
              status: given,
              requestId: "r-1",
              retryAfter: 3
            })
          }
        }
      })
  )

  it.each(exceptions)(
    "the message of $type is a sentence, with or without a description (P1)",
    ({ Exception, status, type }) => {
      for (const errorDescription of [undefined, "", "  ", "As the portal said", "As the portal said.", "Really?"]) {
        const { message } = new Exception({
          status,
          requestId: "r-1",
          ...(errorDescription === undefined ? {} : { errorDescription })
        })
        assert.match(message, /^[A-Z].+[.?] ?.*\([A-Za-z]+Exception, HTTP \d+, request r-1\)$/)
        assert.notMatch(message, / {2}|\.\.|undefined|UnknownError/)
        assert.isTrue(message.endsWith(`(${type}, HTTP ${status}, request r-1)`))
        if (errorDescription !== undefined) assert.include(message, errorDescription.trim())
      }
      assert.isTrue(new Exception({ status }).message.endsWith(`(${type}, HTTP ${status})`))
    }
  )

  it("ForbiddenException says what to do if no list works either, since any operation may get it (P2)", () => {
    const { message } = new PortalError.ForbiddenException({ status: 403 })
    assert.include(message, "list the roles")
    assert.include(message, "If that fails too, use the scope sso:account:access")
  })

  it("only TooManyRequestsException asks for fewer requests, and it says that a login does not help (P4)", () => {
    const throttling = exceptions.filter(({ Exception }) => "throttling" in Exception && Exception.throttling)
    assert.deepStrictEqual(throttling.map(({ type }) => type), ["TooManyRequestsException"])
    const error = new PortalError.TooManyRequestsException({ status: 429 })
    assert.isTrue(AwsWire.isBusy(error))
    assert.include(error.message, "A login does not help")
    for (const { Exception, status, type } of exceptions) {
      assert.strictEqual(AwsWire.isBusy(new Exception({ status })), type === "TooManyRequestsException", type)
    }
  })

  it.effect.each(exceptions)(
    "$type is encoded and decoded as a value of its class (P1)",
    ({ Exception, status }) =>
      Effect.gen(function*() {
        const error = new Exception({ status, errorDescription: "As the portal said", requestId: "r-1", retryAfter: 2 })
        const schema: Schema.Codec<PortalError.ExceptionFields, unknown> = Exception
        const encoded = JSON.stringify(yield* Schema.encodeEffect(schema)(error))
        const back = yield* Schema.decodeUnknownEffect(schema)(JSON.parse(encoded))
        assert.isTrue(back instanceof Exception)
        assert.deepInclude(back, { status, errorDescription: "As the portal said", requestId: "r-1", retryAfter: 2 })
      })
  )

  it.effect.each(exceptions)(
    "$type masks a token that the portal repeats, and shows no control character (P1)",
    ({ type }) =>
      Effect.gen(function*() {
        const [call] = calls
        if (call === undefined) return assert.fail("no call")
        const said = `no ${secret.accessToken}\u001b[2J\r\nnor ${Buffer.from(secret.accessToken).toString("base64")}`
        const error = yield* Effect.flip(answered(call.run, () => exception(type, 400, said)))
        assert.strictEqual(error._tag, type)
        const text = `${error.message} ${inspect(error)} ${JSON.stringify(error)}`
        assert.include(error.message, "no <redacted> [2J nor <redacted>")
        assert.notInclude(text, secret.accessToken.slice(0, 12))
        // oxlint-disable-next-line no-control-regex -- the test looks for them
        assert.notMatch(error.message, /[\u0000-\u001f]/)
      })
  )
})
