import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"

const made = Effect.gen(function*() {
  const service = Service.make({ polls: [Service.cut("maybe")] })
  return yield* Effect.gen(function*() {
    const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
    yield* TestClock.adjust("5 seconds")
    const step = yield* DeviceGrant.step(pending)
    return step._tag === "Waiting" ? step.pending : assert.fail(step._tag)
  }).pipe(Effect.provide(service.layer))
})

describe("the encoding of a pending authorization (D8)", () => {
  it.effect("a pending authorization is the same after encoding and decoding, with its last failure (D8)", () =>
    Effect.gen(function*() {
      const pending = yield* made
      const back = yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(pending))
      assert.strictEqual(Redacted.value(back.deviceCode), "device-code-1")
      assert.strictEqual(Redacted.value(back.registration.clientSecret), "client-secret-1")
      const bare = (p: PendingAuthorization.PendingAuthorization) =>
        JSON.parse(JSON.stringify({
          ...p,
          deviceCode: 0,
          registration: { ...p.registration, clientSecret: 0 }
        }))
      assert.deepStrictEqual(bare(back), bare(pending))
      assert.strictEqual(back.lastTrouble?.code, "ECONNRESET")
    }))

  it.effect("a pending authorization whose times were beyond the last possible date can be decoded (D8)", () =>
    Effect.gen(function*() {
      const service = Service.make({ start: [Service.code({ interval: 1e308, expiresIn: 1e308 })] })
      const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl }).pipe(
        Effect.provide(service.layer)
      )
      yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(pending))
    }))

  it.effect("the encoding is a secret by its type, and does not print (D8)", () =>
    Effect.gen(function*() {
      const pending = yield* made
      const text: Redacted.Redacted<string> = yield* PendingAuthorization.encode(pending)
      for (
        const shown of [String(text), JSON.stringify(text), inspect(text), JSON.stringify(pending), inspect(pending)]
      ) {
        assert.notInclude(shown, "device-code-1")
        assert.notInclude(shown, "client-secret-1")
      }
      assert.include(Redacted.value(text), "device-code-1")
    }))

  it.effect.each(
    [
      ["no JSON in it", () => "device-code-1"],
      ["no characters", () => ""],
      ["another version", (text: string) => text.replace("\"version\":1", "\"version\":2")],
      ["an interval of 0", (text: string) => text.replace("\"interval\":5000", "\"interval\":0")],
      ["a negative interval", (text: string) => text.replace("\"interval\":5000", "\"interval\":-5000")],
      ["no device code", (text: string) => text.replace("deviceCode", "deviceKode")],
      ["a negative wait", (text: string) => text.replace(/"wait":[\d.]+/, "\"wait\":-1")],
      ["a URL of another scheme", (text: string) => text.replace("https://device.sso", "javascript://device.sso")],
      ["a user code with a terminal control", (text: string) => text.replace("\"BRCJ-PDVT\"", "\"\\u001b[2J\"")],
      ["negative failures", (text: string) => text.replace("\"failures\":1", "\"failures\":-1")],
      ["an interval below a second", (text: string) => text.replace("\"interval\":5000", "\"interval\":999.9")],
      [
        "an interval of 0.0001 milliseconds",
        (text: string) => text.replace("\"interval\":5000", "\"interval\":0.0001")
      ],
      ["an infinite interval", (text: string) => text.replace("\"interval\":5000", "\"interval\":1e999")],
      ["an infinite wait", (text: string) => text.replace(/"wait":[\d.]+/, "\"wait\":1e999")],
      ["infinite failures", (text: string) => text.replace("\"failures\":1", "\"failures\":1e999")],
      ["an infinite deadline", (text: string) => text.replace(/"expiresAt":\d+/g, "\"expiresAt\":1e999")],
      [
        "a deadline beyond the last possible date",
        (text: string) => text.replace(/"expiresAt":\d+/g, "\"expiresAt\":9000000000000000")
      ],
      [
        "an infinite time of the next poll",
        (text: string) => text.replace(/"nextPollAt":[\d.]+/, "\"nextPollAt\":1e999")
      ],
      [
        "a status that is not an integer",
        (text: string) => text.replace(/"lastTrouble":\{/, "\"lastTrouble\":{\"status\":1e999,")
      ],
      [
        "an escape character in the failure's sentence",
        (text: string) => text.replace(/"message":"/, "\"message\":\"client-secret-1\\u001b[2J")
      ],
      [
        "an escape character in the failure's code",
        (text: string) => text.replace("\"code\":\"", "\"code\":\"device-code-1\\u001b[2J")
      ],
      [
        "an escape character in the failure's tag",
        (text: string) => text.replace("\"error\":\"", "\"error\":\"device-code-1\\u001b[2J")
      ],
      [
        "an escape character in the region",
        (text: string) => text.replace("\"region\":\"", "\"region\":\"device-code-1\\u001b[2J")
      ],
      [
        "an escape character in the endpoint",
        (text: string) => text.replace("\"endpoint\":\"", "\"endpoint\":\"device-code-1\\u001b[2J")
      ],
      [
        "an escape character in the client id",
        (text: string) => text.replace("\"clientId\":\"", "\"clientId\":\"device-code-1\\u001b[2J")
      ],
      [
        "an invisible character in the user code",
        (text: string) => text.replace("\"BRCJ-PDVT\"", "\"BRCJ\u3164PDVT\"")
      ],
      [
        "more failures than the largest count",
        (text: string) => text.replace("\"failures\":1", "\"failures\":9007199254740991")
      ],
      [
        "more slow_downs than the largest count",
        (text: string) => text.replace("{", "{\"slowDowns\":9007199254740991,")
      ],
      [
        "an escape character in the failure's request id",
        (text: string) => text.replace("\"lastTrouble\":{", "\"lastTrouble\":{\"requestId\":\"\\u001b[2J\",")
      ],
      [
        "another scheme in the complete URL",
        (text: string) => text.replace("https://device.sso.eu-west-1.amazonaws.com/?", "javascript:alert(1)//?")
      ],
      [
        "an escape character in a scope",
        (text: string) => text.replace("sso:account:access", "device-code-1\\u001b[2J")
      ],
      ["user info in a URL", (text: string) => text.replace("https://device.sso", "https://@device.sso")]
    ] as const
  )(
    "decode refuses a text with %s, and its error does not repeat the text (D8)",
    ([, change]) =>
      Effect.gen(function*() {
        const text = Redacted.value(yield* PendingAuthorization.encode(yield* made))
        const changed = change(text)
        assert.notStrictEqual(changed, text)
        const error = yield* Effect.flip(PendingAuthorization.decode(Redacted.make(changed)))
        assert.strictEqual(error._tag, "SchemaError")
        for (const shown of [error.message, JSON.stringify(error), inspect(error, { depth: null })]) {
          assert.notInclude(shown, "device-code-1")
          assert.notInclude(shown, "client-secret-1")
        }
      })
  )
})

describe("the error of PendingAuthorization.decode (D8)", () => {
  it.effect.each(
    [
      ["a text that is no JSON", "device-code-1", "Expected a valid JSON string"],
      ["another version", JSON.stringify({ version: 2, deviceCode: "device-code-1" }), "Expected 1 at [\"version\"]"],
      ["an absent member", JSON.stringify({ deviceCode: "device-code-1" }), "Missing key at [\"version\"]"]
    ] as const
  )(
    "the message says what cannot be decoded, why, and what to do: %s (D8)",
    ([, text, why]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(PendingAuthorization.decode(Redacted.make(text)))
        assert.strictEqual(
          error.message,
          `The stored pending authorization cannot be used: ${why}. Delete it, and log in again.`
        )
      })
  )
})

describe("a decoded pending authorization", () => {
  const seconds = (most: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: most }))

  it.effect.prop(
    "is the same after encoding and decoding it again, for any numbers (D8)",
    {
      interval: Schema.Number,
      wait: Schema.Number,
      expiresAt: Schema.Number,
      nextPollAt: Schema.Number,
      failures: Schema.Number,
      good: seconds(1e6)
    },
    ({ expiresAt, failures, good, interval, nextPollAt, wait }) =>
      Effect.gen(function*() {
        const whole = JSON.parse(Redacted.value(yield* PendingAuthorization.encode(yield* made)))
        const changes = [
          { interval, wait, expiresAt, nextPollAt, failures },
          { interval: good * 1000 },
          { wait: good },
          { expiresAt: good, nextPollAt: good, failures: good }
        ]
        for (const change of changes) {
          const text = Redacted.make(JSON.stringify({ ...whole, ...change }))
          const decoded = yield* Effect.result(PendingAuthorization.decode(text))
          if (Result.isFailure(decoded)) continue
          const { failures, interval, wait } = decoded.success
          assert.isAtLeast(Duration.toMillis(interval), 1000)
          for (const n of [Duration.toMillis(interval), Duration.toMillis(wait), failures]) {
            assert.isTrue(Number.isFinite(n))
          }
          const again = yield* PendingAuthorization.encode(decoded.success)
          assert.deepStrictEqual(yield* PendingAuthorization.decode(again), decoded.success)
        }
      })
  )

  it.effect("is polled at most once a second, for any stored interval (D1, D8)", () =>
    Effect.gen(function*() {
      const text = Redacted.value(yield* PendingAuthorization.encode(yield* made))
      for (const interval of ["1000", "1000.5"]) {
        const service = Service.make({ polls: [Service.pending] })
        const stored = text.replace("\"interval\":5000", `"interval":${interval}`)
        const pending = yield* PendingAuthorization.decode(Redacted.make(stored))
        yield* DeviceGrant.resume(pending).pipe(Effect.provide(service.layer), Clocks.within(20))
        const polls = service.polls()
        assert.isAbove(polls.length, 5)
        polls.slice(1).forEach((at, index) => assert.isAtLeast(at - (polls[index] ?? 0), 0.9999))
      }
    }))

  it.effect("fails at another region or endpoint, and the error does not repeat the stored text (D8, D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const text = Redacted.value(yield* PendingAuthorization.encode(yield* made))
      for (const member of ["region", "endpoint"]) {
        const stored = text.replace(new RegExp(`"${member}":"[^"]*"`), `"${member}":"device-code-1"`)
        assert.notStrictEqual(stored, text)
        const pending = yield* PendingAuthorization.decode(Redacted.make(stored))
        for (const run of [DeviceGrant.step(pending), DeviceGrant.resume(pending)]) {
          const error = yield* Effect.flip<unknown, unknown, SsoOidc.SsoOidc>(run).pipe(Effect.provide(service.layer))
          assert.propertyVal(error, "_tag", "RequestInvalid")
          for (
            const shown of [String(error), JSON.stringify(error), inspect(error, { depth: null, showHidden: true })]
          ) {
            assert.notInclude(shown, "device-code-1")
          }
        }
      }
      assert.deepStrictEqual(service.sent, [])
    }))

  it.effect("works in its region if the region is stored in capitals (C7, D10)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const text = Redacted.value(yield* PendingAuthorization.encode(yield* made))
      const stored = text.replace("\"region\":\"eu-west-1\"", "\"region\":\"EU-WEST-1\"")
      const pending = yield* PendingAuthorization.decode(Redacted.make(stored))
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual((yield* DeviceGrant.step(pending).pipe(Effect.provide(service.layer)))._tag, "Approved")
    }))
})

describe("a pending authorization from the program's own SsoOidc", () => {
  it.effect("can be stored for any interval, expiry and error code (D8)", () =>
    Effect.gen(function*() {
      for (const seconds of [0, -1, 0.001, Number.NaN, Number.POSITIVE_INFINITY]) {
        const oidc = SsoOidc.fromExecute({
          region: Service.region,
          endpoint: Service.endpoint,
          execute: () => Effect.die("not asked")
        })
        const fake: SsoOidc.Service = {
          ...oidc,
          registerClient: () =>
            Effect.succeed({ clientId: "c", clientSecret: Redacted.make("s"), clientSecretExpiresAt: 0 }),
          startDeviceAuthorization: () =>
            Effect.succeed({
              deviceCode: Redacted.make("d"),
              userCode: "BRCJ-PDVT",
              verificationUri: "https://device.example/",
              interval: seconds,
              expiresIn: seconds
            }),
          createToken: () =>
            Effect.fail(
              new ClientError.TransportError({
                operation: "CreateToken",
                sent: "maybe",
                code: "E\u001b[31m",
                transient: true
              })
            )
        }
        yield* Effect.gen(function*() {
          const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
          assert.isAtLeast(Duration.toSeconds(pending.interval), 1)
          yield* TestClock.adjust(pending.wait)
          const step = yield* DeviceGrant.step(pending)
          if (step._tag !== "Waiting") return assert.fail(step._tag)
          yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(step.pending))
        }).pipe(Effect.provideService(SsoOidc.SsoOidc, fake))
      }
    }))

  it.effect.each(
    [
      ["an escape character in the user code", { userCode: "U\u001b" }],
      ["another scheme in its URL", { verificationUri: "javascript:alert(1)" }],
      ["no device code", { deviceCode: Redacted.make("") }]
    ] as const
  )("a code with %s fails as a malformed response does (C7, D8)", ([, change]) =>
    Effect.gen(function*() {
      const service = Service.make({})
      const fake = yield* Effect.map(SsoOidc.SsoOidc, (oidc): SsoOidc.Service => ({
        ...oidc,
        startDeviceAuthorization: (request) =>
          Effect.map(oidc.startDeviceAuthorization(request), (code) => ({ ...code, ...change }))
      })).pipe(Effect.provide(service.layer))
      const error = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl }).pipe(
        Effect.provideService(SsoOidc.SsoOidc, fake),
        Effect.flip
      )
      assert.deepInclude(error, { _tag: "UnexpectedResponse", problem: "malformed" })
    }))

  it.effect("an error from JSON, with members of other types, leads to a back-off and can be stored (D3, D8)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      // JSON makes it a plain object without a class, a getter or a message
      const crossed: ClientError.UnexpectedResponse = JSON.parse(
        JSON.stringify({
          _tag: "UnexpectedResponse",
          operation: "CreateToken",
          problem: "status",
          status: 503,
          code: 7,
          requestId: "r\u001b[2J"
        })
      )
      const fake = yield* Effect.map(SsoOidc.SsoOidc, (oidc): SsoOidc.Service => ({
        ...oidc,
        createToken: () => Effect.fail(crossed)
      })).pipe(Effect.provide(service.layer))
      yield* Effect.gen(function*() {
        const pending = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl })
        yield* TestClock.adjust(pending.wait)
        const step = yield* DeviceGrant.step(pending)
        if (step._tag !== "Waiting") return assert.fail(step._tag)
        assert.deepInclude(step.pending.lastTrouble, { error: "UnexpectedResponse", status: 503, requestId: "r [2J" })
        yield* PendingAuthorization.decode(yield* PendingAuthorization.encode(step.pending))
      }).pipe(Effect.provideService(SsoOidc.SsoOidc, fake))
    }))

  it.effect("a scope with characters that cannot be seen fails before anything is sent (D8)", () =>
    Effect.gen(function*() {
      const service = Service.make({})
      const error = yield* DeviceGrant.start({ clientName: "test", startUrl: Service.startUrl, scopes: ["a\u001b"] })
        .pipe(
          Effect.provide(service.layer),
          Effect.flip
        )
      assert.strictEqual(error._tag, "RequestInvalid")
      assert.deepStrictEqual(service.sent, [])
    }))

  it.effect("decode of a text that is not Redacted fails, and the message says how to wrap it (D8)", () =>
    Effect.gen(function*() {
      // deliberately wrong, as JavaScript allows it
      const error = yield* Effect.flip(PendingAuthorization.decode("text" as never))
      assert.include(error.message, "decode(Redacted.make(text))")
    }))
})
