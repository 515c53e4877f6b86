import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type { Call } from "@sso-oidc/test-kit/fixtures"
import { calls, deviceRequest } from "@sso-oidc/test-kit/fixtures"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as TestClock from "effect/testing/TestClock"
import type * as Tracer from "effect/Tracer"

const record = (call: Call, wire: Wire.Wire) =>
  Effect.gen(function*() {
    const recorder = Recorder.make()
    const exit = yield* Effect.flatMap(Wire.client(wire), call.run).pipe(Effect.exit, recorder.record)
    const [span, ...more] = recorder.spans
    if (span === undefined) return assert.fail("no span")
    assert.deepStrictEqual(more.map(({ name }) => name), [])
    return { exit, span, attributes: Object.fromEntries(span.attributes) }
  })

const ended = (span: Tracer.NativeSpan): Exit.Exit<unknown, unknown> =>
  span.status._tag === "Ended" ? span.status.exit : assert.fail("the span has not ended")

const common = (call: Call) => ({
  "rpc.system": "aws-api",
  "rpc.service": "SSO OIDC",
  "rpc.method": call.operation,
  "cloud.region": "eu-west-1"
})

describe("SsoOidc: spans", () => {
  for (const call of calls) {
    it.effect(`${call.name} is exactly one client span, with OpenTelemetry's RPC and AWS attributes (C9)`, () =>
      Effect.gen(function*() {
        const wire = Wire.responding(() => Wire.json(call.response, { headers: { "x-amzn-RequestId": "r-1" } }))
        const { attributes, exit, span } = yield* record(call, wire)
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(span.name, `SSO OIDC.${call.operation}`)
        assert.strictEqual(span.kind, "client")
        assert.isTrue(Exit.isSuccess(ended(span)))
        assert.deepStrictEqual(attributes, {
          ...common(call),
          "http.response.status_code": 200,
          "aws.request_id": "r-1"
        })
        assert.deepStrictEqual(span.events, [])
      }))

    it.effect(`${call.name}: an exception ends the span as a failure, with error.type (C9)`, () =>
      Effect.gen(function*() {
        const { attributes, exit, span } = yield* record(
          call,
          Wire.responding(() =>
            Wire.exception(call.exception.type, { error: call.exception.error }, { status: call.exception.status })
          )
        )
        assert.isTrue(Exit.isFailure(exit))
        assert.isTrue(Exit.isFailure(ended(span)))
        assert.deepStrictEqual(attributes, {
          ...common(call),
          "http.response.status_code": call.exception.status,
          "aws.request_id": "7b5ee6f0-0000-4000-8000-000000000001",
          "error.type": call.exception.type
        })
      }))

    it.effect(`${call.name}: the client's own errors end the span as a failure, with error.type (C9)`, () =>
      Effect.gen(function*() {
        const refused = new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true })
        const unsent = yield* record(call, Wire.broken(refused))
        assert.isTrue(Exit.isFailure(ended(unsent.span)))
        assert.deepStrictEqual(unsent.attributes, { ...common(call), "error.type": "TransportError" })
        const strange = yield* record(call, Wire.responding(() => new Response("", { status: 502 })))
        assert.isTrue(Exit.isFailure(ended(strange.span)))
        assert.deepStrictEqual(strange.attributes, {
          ...common(call),
          "http.response.status_code": 502,
          "error.type": "UnexpectedResponse"
        })
      }))

    it.effect(`${call.name}: slow_down ends the span without error status (C9)`, () =>
      Effect.gen(function*() {
        const { attributes, exit, span } = yield* record(
          call,
          Wire.responding(() => Wire.exception("SlowDownException", { error: "slow_down" }))
        )
        assert.isTrue(Exit.isFailure(exit))
        assert.isTrue(Exit.isSuccess(ended(span)))
        assert.notProperty(attributes, "error.type")
        assert.strictEqual(attributes["http.response.status_code"], 400)
      }))

    it.effect(`${call.name}: no trace header is sent, although the caller traces and asks for it (C9)`, () =>
      Effect.gen(function*() {
        const asked: Array<boolean> = []
        const wire = Wire.make(() =>
          // A transport that is not one of Effect's reads the option itself.
          Effect.map(HttpClient.TracerPropagationEnabled, (enabled) => {
            asked.push(enabled)
            return Wire.json(call.response)
          })
        )
        yield* record({
          ...call,
          run: (oidc) =>
            call.run(oidc).pipe(
              Effect.provideService(HttpClient.TracerPropagationEnabled, true),
              Effect.provideService(HttpClient.TracerDisabledWhen, () => false)
            )
        }, wire)
        assert.deepStrictEqual(asked, [false])
        assert.strictEqual(wire.sent.length, 1)
        for (const name of ["traceparent", "tracestate", "b3", "baggage", "x-amzn-trace-id"]) {
          assert.notProperty(wire.sent[0]?.headers, name)
        }
      }))
  }

  const poll = calls.find(({ name }) => name === "CreateToken (device code)") ?? assert.fail()

  it.effect("authorization_pending ends the span without error status (C9)", () =>
    Effect.gen(function*() {
      const { attributes, exit, span } = yield* record(
        poll,
        Wire.responding(() => Wire.exception("AuthorizationPendingException", { error: "authorization_pending" }))
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.isTrue(Exit.isSuccess(ended(span)))
      assert.notProperty(attributes, "error.type")
    }))

  it.effect("a 5xx ends the span as a failure, whatever its body says (C9)", () =>
    Effect.gen(function*() {
      const { attributes, span } = yield* record(
        poll,
        Wire.responding(() =>
          Response.json({ error: "slow_down" }, { status: 500, headers: { "x-amzn-errortype": "SlowDownException" } })
        )
      )
      assert.isTrue(Exit.isFailure(ended(span)))
      assert.strictEqual(attributes["error.type"], "SlowDownException")
    }))

  it.effect("a request that was not sent ends the span as a failure (C9)", () =>
    Effect.gen(function*() {
      const { attributes, span } = yield* record({
        ...poll,
        // A caller in JavaScript can do this.
        run: (oidc) => oidc.createToken({} as never)
      }, Wire.silent())
      assert.isTrue(Exit.isFailure(ended(span)))
      assert.deepStrictEqual(attributes, { ...common(poll), "error.type": "RequestInvalid" })
    }))

  it.effect.each([
    ["boom", "_OTHER"],
    [null, "_OTHER"],
    [{ _tag: 7 }, "_OTHER"],
    [{ _tag: "KeyExpired" }, "KeyExpired"]
  ])(
    "an error of a signature is named by its tag, if it has one: %j (C9)",
    ([failure, type]) =>
      Effect.gen(function*() {
        const { attributes, span } = yield* record({
          ...poll,
          run: (oidc) =>
            // A type that core does not know, on purpose.
            oidc.execute({ ...CreateToken.operation, authenticate: () => Effect.fail(failure as never) }, deviceRequest)
        }, Wire.silent())
        assert.isTrue(Exit.isFailure(ended(span)))
        assert.deepStrictEqual(attributes, { ...common(poll), "error.type": type })
      })
  )

  it.effect("an interrupted call ends its span (C9)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const oidc = yield* Wire.client(Wire.silent())
      const fiber = yield* Effect.forkChild(recorder.record(poll.run(oidc)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.isTrue(recorder.spans[0] !== undefined && Exit.hasInterrupts(ended(recorder.spans[0])))
    }))

  it.effect("the parent of the span is the caller's, and a transport's own span is its child (C9)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const wire = Wire.make(() => Effect.withSpan(Effect.succeed(Wire.json(poll.response)), "transport"))
      const oidc = yield* Wire.client(wire)
      yield* poll.run(oidc).pipe(Effect.withSpan("caller"), recorder.record)
      const parentOf = (name: string): string | undefined => {
        const parent = recorder.spans.find((span) => span.name === name)?.parent
        return parent?._tag === "Some" && parent.value._tag === "Span" ? parent.value.name : undefined
      }
      assert.strictEqual(parentOf("SSO OIDC.CreateToken"), "caller")
      assert.strictEqual(parentOf("transport"), "SSO OIDC.CreateToken")
      assert.strictEqual(recorder.spans.length, 3)
    }))

  it.effect("a request id with control characters does not reach the span (C7, C9)", () =>
    Effect.gen(function*() {
      const { attributes } = yield* record(
        poll,
        Wire.responding(() => Wire.json(poll.response, { headers: { "x-amzn-requestid": "r\u009b2J1" } }))
      )
      assert.strictEqual(attributes["aws.request_id"], "r 2J1")
    }))
})
