import { assert, describe, it } from "@effect/vitest"
import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Fault from "@sso-oidc/emulator/Fault"
import { Duration, Effect, Fiber, Layer, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ask, post, registration, tagOf } from "./support.ts"

const provide = Effect.provide(
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer()))
)

const register = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient(registration))

const secret = Redacted.make("secret")

/** Any call of the operation. A fault is the response before the emulator reads the request. */
const calls = {
  RegisterClient: register,
  StartDeviceAuthorization: SsoOidc.SsoOidc.use((oidc) =>
    oidc.startDeviceAuthorization({ clientId: "c", clientSecret: secret, startUrl: "https://x.test" })
  ),
  CreateToken: SsoOidc.SsoOidc.use((oidc) =>
    oidc.createToken({ clientId: "c", clientSecret: secret, grantType: "refresh_token", refreshToken: secret })
  )
}

const operations = [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation] as const

describe("Fault", () => {
  for (const operation of operations) {
    for (const { type } of operation.exceptions) {
      it.effect(`gives ${type} once for ${operation.name} when it is armed, with reason and Retry-After (E3)`, () =>
        Effect.gen(function*() {
          const emulator = yield* Emulator.Emulator
          const name = operation.name
          assert(name === "RegisterClient" || name === "StartDeviceAuthorization" || name === "CreateToken")
          yield* emulator.faults.arm({
            _tag: "Exception",
            operation: name,
            exception: type,
            errorDescription: "Told to",
            reason: "KMS_DisabledException",
            retryAfter: 7
          })
          const error = yield* Effect.flip<
            unknown,
            ClientError.ClientError | SsoOidcError.ExceptionDetail,
            SsoOidc.SsoOidc
          >(
            calls[name]
          )
          assert.propertyVal(error, "_tag", type)
          assert.propertyVal(error, "errorDescription", "Told to")
          assert.propertyVal(error, "retryAfter", 7)
          if (type === "AccessDeniedException" || type === "InvalidRequestException") {
            assert.propertyVal(error, "reason", "KMS_DisabledException")
          }
          assert.deepStrictEqual(yield* emulator.faults.list, [])
        }).pipe(provide))
    }
  }

  it.effect("waits for its operation, and requests take faults in order, as often as the faults say (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.faults.arm({ _tag: "Exception", operation: "CreateToken", exception: "SlowDownException" })
      yield* emulator.faults.arm({ _tag: "Exception", exception: "InternalServerException", times: 2 })
      yield* emulator.faults.arm({ _tag: "Exception", exception: "SlowDownException" })
      const tags = [
        yield* tagOf(register),
        yield* tagOf(register),
        yield* tagOf(register),
        yield* tagOf(calls.CreateToken)
      ]
      assert.deepStrictEqual(tags, [
        "InternalServerException",
        "InternalServerException",
        "SlowDownException",
        "SlowDownException"
      ])
      assert.isDefined((yield* register).clientId)
    }).pipe(provide))

  it.effect("is refused if no such operation has the exception, and nothing is armed (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      for (
        const fault of [
          { _tag: "Exception", exception: "NoSuchException" },
          { _tag: "Exception", exception: "InvalidRequestRegionException", operation: "CreateToken" },
          { _tag: "Exception", exception: "ExpiredTokenException", operation: "RegisterClient" }
        ] as const
      ) {
        const error = yield* Effect.flip(emulator.faults.arm(fault))
        assert.strictEqual(error.problem, "fault")
        assert.include(error.message, fault.exception)
      }
      assert.deepStrictEqual(yield* emulator.faults.list, [])
    }).pipe(provide))

  it.effect("for any operation, skips operations that do not have its exception (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.faults.arm({ _tag: "Exception", exception: "ExpiredTokenException" })
      assert.isDefined((yield* register).clientId)
      assert.strictEqual(yield* tagOf(calls.CreateToken), "ExpiredTokenException")
    }).pipe(provide))

  it.effect("sends a raw response as it was armed (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.faults.arm({
        _tag: "RawResponse",
        status: 503,
        contentType: "text/html",
        body: "<h1>Busy</h1>",
        retryAfter: "Thu, 01 Jan 1970 00:00:09 GMT",
        location: "/elsewhere"
      })
      const response = yield* post("/client/register", registration)
      assert.strictEqual(response.status, 503)
      assert.strictEqual(response.text, "<h1>Busy</h1>")
      assert.deepInclude(response.headers, {
        "content-type": "text/html",
        "retry-after": "Thu, 01 Jan 1970 00:00:09 GMT",
        location: "/elsewhere"
      })
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("closes a socket without a byte (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.faults.arm({ _tag: "ConnectionReset", carriedOut: true })
      const error = yield* Effect.flip(post("/client/register", registration))
      assert.strictEqual(error.message, "socket hang up")
      assert.lengthOf((yield* emulator.state.snapshot).registrations, 1)
      yield* emulator.faults.arm({ _tag: "ConnectionReset", carriedOut: false })
      yield* Effect.flip(post("/client/register", registration))
      assert.lengthOf((yield* emulator.state.snapshot).registrations, 1)
      assert.strictEqual((yield* ask({ path: "/device" })).status, 200)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("delays the true response (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      yield* emulator.faults.arm({ _tag: "Delay", duration: "2.5 seconds" })
      const fiber = yield* Effect.forkChild(register)
      yield* TestClock.adjust(2499)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined((yield* Fiber.join(fiber)).clientId)
    }).pipe(provide))

  it.effect("can be cleared, and the next request gets the true response (E3)", () =>
    Effect.gen(function*() {
      const { faults, state } = yield* Emulator.Emulator
      yield* faults.arm({ _tag: "Exception", exception: "InternalServerException", times: 3 })
      yield* faults.arm({ _tag: "ConnectionReset", carriedOut: false })
      assert.lengthOf(yield* faults.list, 2)
      yield* faults.clear
      assert.deepStrictEqual(yield* faults.list, [])
      assert.isDefined((yield* register).clientId)
      // The state has not changed
      assert.lengthOf((yield* state.snapshot).registrations, 1)
    }).pipe(provide))

  it.effect("is refused with a sentence if its delay is too long for a timer (E3)", () =>
    Effect.gen(function*() {
      const { faults } = yield* Emulator.Emulator
      for (
        const [duration, shown] of [
          ["-1 seconds", "-1s"],
          ["25 days", "25d"],
          [Infinity, "Infinity"],
          [NaN, "NaN"]
        ] as const
      ) {
        const error = yield* Effect.flip(faults.arm({ _tag: "Delay", duration }))
        assert.strictEqual(error.problem, "fault")
        assert.strictEqual(
          error.message,
          `The fault cannot be armed: duration must be from 0 to 24 days, not ${shown}.`
        )
      }
      for (const duration of [0, "24 days"] as const) yield* faults.arm({ _tag: "Delay", duration })
      assert.lengthOf(yield* faults.list, 2)
    }).pipe(provide))

  it("keeps its names in JSON, where a delay is a number of milliseconds (E4)", () => {
    const encode = Schema.encodeSync(Fault.Fault)
    const decode = Schema.decodeUnknownSync(Fault.Fault)
    for (
      const [fault, json] of [
        [{ _tag: "Delay", duration: "2.5 seconds" }, { _tag: "Delay", durationMillis: 2500 }],
        [{ _tag: "Delay", duration: Duration.minutes(1), times: 2 }, {
          _tag: "Delay",
          durationMillis: 60_000,
          times: 2
        }],
        [{ _tag: "ConnectionReset", carriedOut: true }, { _tag: "ConnectionReset", carriedOut: true }],
        [{ _tag: "RawResponse", status: 502 }, { _tag: "RawResponse", status: 502 }],
        [{ _tag: "Exception", exception: "SlowDownException" }, { _tag: "Exception", exception: "SlowDownException" }]
      ] as const
    ) {
      assert.deepStrictEqual<object>(encode(fault), json)
      assert.deepStrictEqual<object>(encode(decode(json)), json)
    }
    for (const wrong of [{ duration: 2500 }, { durationMillis: "2500" }, { durationMillis: -1 }, { seconds: 2 }]) {
      assert.throws(() => decode({ _tag: "Delay", ...wrong }), "durationMillis")
    }
  })

  it.effect("can be armed at most 1,000 times at once (E6)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const arm = emulator.faults.arm({ _tag: "Delay", duration: "1 second" })
      yield* Effect.replicateEffect(arm, 1000, { discard: true })
      assert.include((yield* Effect.flip(arm)).message, "1000")
    }).pipe(provide))
})
