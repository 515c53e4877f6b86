import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type { Call } from "@sso-oidc/test-kit/fixtures"
import { calls, secret } from "@sso-oidc/test-kit/fixtures"
import { search } from "@sso-oidc/test-kit/leaks"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"

/** The lines that a call logs at this level and above. */
const logged = (call: Call, wire: Wire.Wire, level: LogLevel.LogLevel) =>
  Effect.gen(function*() {
    const lines: Array<readonly [level: string, text: string]> = []
    const logger = Logger.make(({ logLevel, message }) =>
      void lines.push([logLevel, String(Array.isArray(message) ? message.join(" ") : message)])
    )
    const fiber = yield* Effect.flatMap(Wire.client(wire), call.run).pipe(
      Effect.exit,
      Effect.provide(Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, level))),
      Effect.forkChild
    )
    yield* TestClock.adjust("30 seconds")
    yield* Fiber.join(fiber)
    return lines
  })

const headers = { "x-amzn-requestid": "r-1" }
describe("SsoOidc: logs", () => {
  for (const call of calls) {
    it.effect(`${call.name} logs one line for the request and one for the response, at Debug (C9)`, () =>
      Effect.gen(function*() {
        const url = `https://oidc.eu-west-1.amazonaws.com${call.path}`
        const sent = ["Debug", `${call.operation} is sent to ${url}`] as const
        const good = Wire.responding(() => Wire.json(call.response, { headers }))
        assert.deepStrictEqual(yield* logged(call, good, "Debug"), [
          sent,
          ["Debug", `${call.operation} got HTTP 200 (request r-1)`]
        ])
        const anonymous = Wire.responding(() => Wire.json(call.response))
        assert.deepStrictEqual(yield* logged(call, anonymous, "Debug"), [
          sent,
          ["Debug", `${call.operation} got HTTP 200`]
        ])
        const refused = Wire.responding(() => Wire.exception(call.exception.type, {}, { headers }))
        assert.deepStrictEqual(yield* logged(call, refused, "Debug"), [
          sent,
          ["Debug", `${call.operation} got HTTP 400 ${call.exception.type} (request r-1)`]
        ])
        const broken = Wire.broken(new TransportCause({ sent: "no", code: "ENOTFOUND", transient: true }))
        const [first, second, ...rest] = yield* logged(call, broken, "Debug")
        assert.deepStrictEqual(first, sent)
        assert.include(second?.[1], "could not be sent to oidc.eu-west-1.amazonaws.com (ENOTFOUND)")
        assert.deepStrictEqual(rest, [])
        assert.strictEqual((yield* logged(call, Wire.silent(), "Debug")).length, 2)
      }))

    it.effect(`${call.name} logs nothing at Info (C9)`, () =>
      Effect.gen(function*() {
        for (const wire of [Wire.responding(() => Wire.json(call.response)), Wire.broken(undefined), Wire.silent()]) {
          assert.deepStrictEqual(yield* logged(call, wire, "Info"), [])
        }
      }))

    it.effect(`${call.name} logs no secret, no user code and no verification URI, and each log is one line (C6, C9)`, () =>
      Effect.gen(function*() {
        const asked = call.asked.map((name) => secret[name])
        const leak = search(asked)
        const echo = { ...call.response, error: asked.join(), error_description: asked.join() }
        const [first = "", last = first] = [asked[0], asked.at(-1)]
        const wires = [
          Wire.responding(() => Wire.json(echo)),
          Wire.responding(() =>
            Wire.json(echo, { status: 400, headers: { "x-amzn-requestid": first, "x-amzn-errortype": last } })
          ),
          Wire.broken(Object.assign(new Error(asked.join()), { code: `E\u001b[2J\n${first}` }))
        ]
        for (const wire of wires) {
          const lines = yield* logged(call, wire, "All")
          assert.strictEqual(lines.length, 2)
          for (const [, text] of lines) {
            for (const plain of ["BRCJ-PDVT", "awsapps.com", "\n", "\u001b"]) assert.notInclude(text, plain)
            assert.isUndefined(leak(text), text)
          }
        }
      }))
  }
})
