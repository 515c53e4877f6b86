import { assert, describe, it } from "@effect/vitest"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Retry from "@sso-oidc/core/aws/Retry"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { refreshRequest, registerRequest, registerResponse, startRequest } from "@sso-oidc/test-kit/fixtures"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

describe("Retry: a signed operation", () => {
  class Key extends Context.Service<Key, string>()("test/Key") {}

  it.effect("keeps its requirement, and is signed again for each attempt (C8)", () =>
    Effect.gen(function*() {
      const signedBy: Array<string> = []
      const operation: Operation.Operation<CreateToken.Request, CreateToken.Response, CreateToken.Exception, Key> = {
        ...CreateToken.operation,
        authenticate: (request) =>
          Effect.map(Key, (key) => {
            signedBy.push(key)
            return request
          })
      }
      const wire = Wire.broken(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true }))
      const oidc = Retry.make(yield* Wire.client(wire))
      const call: Effect.Effect<CreateToken.Response, CreateToken.Error, Key> = oidc.execute(operation, refreshRequest)
      // @ts-expect-error -- the key is missing
      const unmet: Effect.Effect<unknown, unknown> = call
      assert.isTrue(Effect.isEffect(unmet))
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provideService(call, Key, "k")))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "TransportError")
      assert.strictEqual(wire.sent.length, 4)
      assert.deepStrictEqual(signedBy, ["k", "k", "k", "k"])
    }))
})

describe("Retry: the layer", () => {
  const below = Layer.effect(
    SsoOidc.SsoOidc,
    SsoOidc.make({ region: "eu-west-1", endpoint: "https://oidc.example/base" })
  ).pipe(Layer.orDie)

  const unlucky = () => Wire.responding(() => new Response("", { status: 503 }))

  const register = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient(registerRequest))

  it.effect("wraps the client below it, and shows the same region and endpoint", () =>
    Effect.gen(function*() {
      const wire = unlucky()
      const retrying = Retry.layer(SsoOidc.SsoOidc, { times: 1 }).pipe(
        Layer.provide(below),
        Layer.provide(Layer.succeed(HttpClient.HttpClient, wire.client))
      )
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(register, retrying)))
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "UnexpectedResponse", status: 503 })
      assert.strictEqual(wire.sent.length, 2)
      const { endpoint, region } = yield* Effect.provide(SsoOidc.SsoOidc, retrying)
      assert.deepStrictEqual({ endpoint, region }, { endpoint: "https://oidc.example/base", region: "eu-west-1" })
    }))

  it.effect("works only for the program that it is provided to (C8)", () =>
    Effect.gen(function*() {
      const wire = unlucky()
      const fiber = yield* Effect.gen(function*() {
        yield* Effect.exit(register)
        assert.strictEqual(wire.sent.length, 1)
        yield* Effect.exit(Effect.provide(register, Retry.layer(SsoOidc.SsoOidc)))
        assert.strictEqual(wire.sent.length, 5)
        yield* Effect.exit(register)
        assert.strictEqual(wire.sent.length, 6)
      }).pipe(
        Effect.provide(below),
        Effect.provideService(HttpClient.HttpClient, wire.client),
        Effect.forkChild
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
    }))

  it.effect.each(
    [
      ["times", { times: -1 }],
      ["times", { times: 1.5 }],
      ["times", { times: NaN }],
      ["times", { times: Infinity }],
      ["base", { base: 0 }],
      ["base", { base: -1 }],
      ["base", { base: NaN }],
      ["base", { base: Duration.infinity }],
      ["cap", { cap: 0 }],
      ["cap", { cap: "-1 seconds" }],
      ["cap", { cap: NaN }],
      ["maxRetryAfter", { maxRetryAfter: -1 }],
      ["maxRetryAfter", { maxRetryAfter: NaN }]
    ] as const
  )("dies with a defect that names an invalid %s: %j", ([name, options]) =>
    Effect.gen(function*() {
      const exit = yield* Layer.build(Retry.layer(SsoOidc.SsoOidc, options)).pipe(
        Effect.provide(below),
        Effect.provideService(HttpClient.HttpClient, unlucky().client),
        Effect.exit
      )
      if (Exit.isSuccess(exit)) return assert.fail("made a client")
      const defect = Cause.squash(exit.cause)
      assert.instanceOf(defect, RangeError)
      assert.include(String(defect), `Retry: ${name} `)
    }))
})

describe("Retry: the operation decides", () => {
  /** How often an operation is tried that always fails with this error. A signature may fail with any error. */
  const tried = (resend: Operation.Resend, error: object) =>
    Effect.gen(function*() {
      let count = 0
      const operation: Operation.Operation<RegisterClient.Request, RegisterClient.Response, object> = {
        ...RegisterClient.operation,
        exceptions: [],
        resend: () => resend,
        authenticate: () =>
          Effect.suspend(() => {
            count++
            return Effect.fail(error)
          })
      }
      const oidc = Retry.make(yield* Wire.client(Wire.silent()))
      const fiber = yield* Effect.forkChild(Effect.flip(oidc.execute(operation, registerRequest)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(fiber), error)
      return count
    })

  it.effect("by its value, whatever its name (C8)", () =>
    Effect.gen(function*() {
      const lost = { _tag: "TransportError", sent: "maybe", transient: true }
      assert.strictEqual(yield* tried("anytime", lost), 4)
      assert.strictEqual(yield* tried("unsent", lost), 1)
      assert.strictEqual(yield* tried("paced", lost), 1)
    }))

  it.effect("a TransportError is judged by its own members, whatever its status (C11)", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* tried("anytime", { _tag: "TransportError", sent: "answered", transient: false, status: 503 }),
        1
      )
      assert.strictEqual(
        yield* tried("anytime", { _tag: "TransportError", sent: "answered", transient: true, status: 200 }),
        4
      )
    }))

  it.effect("no other error can say that the request was not sent (C8)", () =>
    Effect.gen(function*() {
      const own = { _tag: "OwnException", status: 503, sent: "no", transient: true }
      assert.strictEqual(yield* tried("anytime", own), 4)
      assert.strictEqual(yield* tried("unsent", own), 1)
    }))

  it.effect("it is not asked about a request that cannot be read (C8)", () =>
    Effect.gen(function*() {
      const operation = { ...StartDeviceAuthorization.operation, resend: () => assert.fail("asked") }
      const oidc = Retry.make(yield* Wire.client(Wire.silent()))
      const request = { ...startRequest, clientSecret: Redacted.make("") }
      const error = yield* Effect.flip(oidc.execute(operation, request))
      assert.strictEqual(error._tag, "RequestInvalid")
    }))
})

describe("Retry: spans", () => {
  it.effect("each attempt is one client span of the caller's, and there is no other span (C9)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const responses = [
        new Response("", { status: 503 }),
        new Response("", { status: 429 }),
        Wire.json(registerResponse)
      ]
      const wire = Wire.responding(() => responses.shift() ?? assert.fail("asked again"))
      const oidc = Retry.make(yield* Wire.client(wire))
      const fiber = yield* Effect.forkChild(
        oidc.registerClient(registerRequest).pipe(Effect.withSpan("caller"), recorder.record)
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const [caller, ...attempts] = recorder.spans
      assert.strictEqual(caller?.name, "caller")
      assert.deepStrictEqual(
        attempts.map(({ attributes, kind, name }) => [name, kind, attributes.get("http.response.status_code")]),
        [503, 429, 200].map((status) => ["SSO OIDC.RegisterClient", "client", status])
      )
      for (const { parent } of attempts) {
        assert.strictEqual(parent._tag === "Some" && parent.value._tag === "Span" && parent.value.name, "caller")
      }
      // Each attempt logs two lines at Debug.
      for (const line of recorder.lines) assert.match(line, /RegisterClient/)
    }))
})
