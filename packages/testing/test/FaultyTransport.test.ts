import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Faulty from "@sso-oidc/testing/FaultyTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Ask from "./support/requests.ts"

const pending = Scripted.exception(CreateToken.operation, "AuthorizationPendingException")
const token = Scripted.success(CreateToken.operation, Ask.token)

/**
 * The client over the plan's faults, over a script of responses. The script fails if a response is unused, so it counts the
 * requests that arrived.
 */
const over = (plan: Faulty.Plan, ...responses: ReadonlyArray<Scripted.Step>) =>
  Effect.provide(Ask.over(Layer.provideMerge(Faulty.layer(plan), Scripted.layer(responses))))

const poll = Effect.flatMap(Ask.oidc, (oidc: SsoOidc.Service) => oidc.createToken(Ask.poll))

/** The result of a poll that meets the fault, and the time that it took by the clock. */
const meets = (fault: Faulty.Fault, ...arrive: ReadonlyArray<Scripted.Step>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.result(poll))
    let seconds = 0
    for (; fiber.pollUnsafe() === undefined && seconds < 60; seconds++) yield* TestClock.adjust("1 second")
    const result = yield* Fiber.join(fiber)
    const end: object = result._tag === "Success" ? result.success : { ...result.failure, message: undefined }
    return { end, seconds }
  }).pipe(over(Faulty.inOrder([fault]), ...arrive))

describe("FaultyTransport: what a fault does", () => {
  const failures: ReadonlyArray<readonly [Faulty.Fault, object]> = [
    [Faulty.connectionRefused, { sent: "no", code: "ECONNREFUSED", transient: true }],
    [Faulty.dnsFailure, { sent: "no", code: "ENOTFOUND", transient: true }],
    [Faulty.untrustedCertificate, { sent: "no", code: "DEPTH_ZERO_SELF_SIGNED_CERT", transient: false }],
    [Faulty.resetBeforeRequest, { sent: "no", code: "ECONNRESET", transient: true }]
  ]
  for (const [fault, failure] of failures) {
    it.effect(`${fault._tag}: no request arrives, and the failure says that none left`, () =>
      Effect.gen(function*() {
        assert.deepInclude((yield* meets(fault)).end, { _tag: "TransportError", ...failure })
      }))
  }

  it.effect("ResetAfterRequest: the request is carried out, and the failure says that it may have left", () =>
    Effect.gen(function*() {
      assert.deepInclude((yield* meets(Faulty.resetAfterRequest, token)).end, {
        _tag: "TransportError",
        sent: "maybe",
        code: "ECONNRESET",
        transient: true
      })
    }))

  it.effect("LostResponse: the request is carried out, and the time limit ends the wait", () =>
    Effect.gen(function*() {
      const { end, seconds } = yield* meets(Faulty.lostResponse, token)
      assert.deepInclude(end, { _tag: "TransportError", sent: "maybe", code: "TIMEOUT" })
      assert.strictEqual(seconds, 30)
    }))

  it.effect("DeliveredTwice: the request arrives twice, and the caller gets the second or the first response", () =>
    Effect.gen(function*() {
      assert.deepInclude((yield* meets(Faulty.deliveredTwice(), pending, token)).end, { tokenType: "Bearer" })
      assert.deepInclude((yield* meets(Faulty.deliveredTwice("first"), pending, token)).end, {
        _tag: "AuthorizationPendingException"
      })
      assert.deepInclude((yield* meets(Faulty.deliveredTwice("first"), token, pending)).end, { tokenType: "Bearer" })
    }))

  it.effect("DeliveredTwice: if the first delivery fails, the first response is this failure", () =>
    Effect.gen(function*() {
      const broken = Scripted.transportFailure(CreateToken.operation, { sent: "maybe", code: "EPIPE", transient: true })
      assert.deepInclude((yield* meets(Faulty.deliveredTwice(), broken, token)).end, { tokenType: "Bearer" })
      assert.deepInclude((yield* meets(Faulty.deliveredTwice("first"), broken, token)).end, { code: "EPIPE" })
    }))

  it.effect("TruncatedResponse: the response has arrived and its body has not, for every length", () =>
    Effect.gen(function*() {
      for (const bytes of [0, 1, 20, 10_000]) {
        assert.deepInclude((yield* meets(Faulty.truncatedResponse(bytes), token)).end, {
          _tag: "TransportError",
          sent: "answered",
          status: 200,
          code: "ECONNRESET",
          transient: true,
          requestId: "00000000-0000-4000-8000-000000000001"
        })
      }
    }))

  it.effect("TruncatedResponse: the given number of bytes arrives, and never the last byte", () =>
    Effect.gen(function*() {
      for (const [bytes, left] of [[0, 0], [3, 3], [4, 4], [5, 4], [1000, 4]] as const) {
        let arrived = 0
        const cut = Effect.gen(function*() {
          const response = yield* (yield* HttpClient.HttpClient).get("https://x.test/")
          const read = Stream.runForEach(response.stream, (chunk) => Effect.sync(() => arrived += chunk.length))
          assert.strictEqual((yield* Effect.flip(read)).reason._tag, "DecodeError")
        })
        yield* cut.pipe(Effect.provide(
          Layer.provide(
            Faulty.layer(Faulty.inOrder([Faulty.truncatedResponse(bytes)])),
            Layer.succeed(
              HttpClient.HttpClient,
              HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("12345"))))
            )
          )
        ))
        assert.strictEqual(arrived, left)
      }
    }))

  it.effect("SlowResponse: each piece arrives after its pause, and the body arrives whole", () =>
    Effect.gen(function*() {
      const length = JSON.stringify({ accessToken: "Gm4kY8sPd1hXe6Vb", tokenType: "Bearer", expiresIn: 3600 }).length
      const { end, seconds } = yield* meets(Faulty.slowResponse(10, "1 second"), token)
      assert.deepInclude(end, { tokenType: "Bearer" })
      assert.strictEqual(seconds, Math.ceil(length / 10))
      assert.deepInclude((yield* meets(Faulty.slowResponse(1, "1 second"), token)).end, {
        sent: "answered",
        code: "TIMEOUT"
      })
    }))

  it.effect("Delay: the request arrives at once, and the response later", () =>
    Effect.gen(function*() {
      const { end, seconds } = yield* meets(Faulty.delay("12 seconds"), token)
      assert.deepInclude(end, { tokenType: "Bearer" })
      assert.strictEqual(seconds, 12)
      assert.deepInclude((yield* meets(Faulty.delay("31 seconds"), token)).end, { sent: "maybe", code: "TIMEOUT" })
    }))

  it.effect("BadGateway and ServiceUnavailable: another server responds, and no request arrives", () =>
    Effect.gen(function*() {
      assert.deepInclude((yield* meets(Faulty.badGateway)).end, {
        _tag: "UnexpectedResponse",
        problem: "status",
        status: 502,
        contentType: "text/html"
      })
      assert.deepInclude((yield* meets(Faulty.serviceUnavailable(7))).end, {
        _tag: "UnexpectedResponse",
        status: 503,
        retryAfter: 7
      })
      assert.notProperty((yield* meets(Faulty.serviceUnavailable())).end, "retryAfter")
    }))

  it.effect("passes a failure of the transport below unchanged", () =>
    Effect.gen(function*() {
      const broken = Scripted.transportFailure(CreateToken.operation, {
        sent: "no",
        code: "EHOSTUNREACH",
        transient: true
      })
      for (const fault of [Faulty.resetAfterRequest, Faulty.truncatedResponse(1), Faulty.delay(1)]) {
        assert.deepInclude((yield* meets(fault, broken)).end, { sent: "no", code: "EHOSTUNREACH" })
      }
    }))

  it("refuses a fault that is not valid", () => {
    assert.throws(() => Faulty.truncatedResponse(-1), /{"_tag":"TruncatedResponse","bytes":-1} is not valid/)
    assert.throws(() => Faulty.slowResponse(0, 1), RangeError)
    assert.throws(() => Faulty.delay("-1 seconds"), RangeError)
    assert.throws(() => Faulty.serviceUnavailable(1.5), RangeError)
    assert.throws(() => Faulty.inOrder([{ _tag: "TruncatedResponse", bytes: Number.NaN }]), RangeError)
    assert.throws(() => Faulty.bySeed({ seed: 1, probability: 1.5 }), RangeError)
    assert.throws(() => Faulty.bySeed({ seed: 1.5 }), RangeError)
    assert.throws(() => Faulty.bySeed({ seed: 1, faults: [] }), RangeError)
  })
})

describe("FaultyTransport: which request meets a fault", () => {
  const first = { operation: "CreateToken", nth: 1, nthOfOperation: 1 }

  it("inOrder: in the order of the list, and none after its end", () => {
    const plan = Faulty.inOrder([null, Faulty.connectionRefused])
    assert.deepStrictEqual([1, 2, 3].map((nth) => plan({ ...first, nth }) ?? null), [
      null,
      Faulty.connectionRefused,
      null
    ])
  })

  it("perOperation: in the order of each operation's list, and none for other operations", () => {
    const plan = Faulty.perOperation({ CreateToken: [null, Faulty.connectionRefused] })
    assert.deepStrictEqual(plan({ operation: "CreateToken", nth: 7, nthOfOperation: 2 }), Faulty.connectionRefused)
    assert.isNull(plan({ operation: "CreateToken", nth: 2, nthOfOperation: 1 }))
    assert.isUndefined(plan({ operation: "RegisterClient", nth: 2, nthOfOperation: 2 }))
    assert.isNull(plan({ operation: undefined, nth: 2, nthOfOperation: 2 }))
  })

  it("bySeed: the same seed gives the same faults, with about its probability and all its faults", () => {
    const draw = (seed: number, probability?: number) => {
      const plan = Faulty.bySeed({ seed, probability })
      return Array.from({ length: 2000 }, (_, at) => plan({ ...first, nth: at + 1 }) ?? null)
    }
    assert.deepStrictEqual(draw(42), draw(42))
    assert.notDeepEqual(draw(42), draw(43))
    for (const probability of [0, 0.1, 0.5, 1]) {
      const share = draw(7, probability).filter((fault) => fault !== null).length / 2000
      assert.approximately(share, probability, 0.05)
    }
    assert.strictEqual(new Set(draw(1).map((fault) => JSON.stringify(fault))).size, Faulty.oneOfEach.length + 1)
    // exact values, because a seed from last year must give the same faults again
    assert.deepStrictEqual(draw(42).slice(0, 6), pinned)
  })

  it.effect("lists the decisions", () =>
    Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      const client = yield* HttpClient.HttpClient
      yield* Effect.flip(oidc.registerClient(Ask.register))
      yield* Effect.flip(oidc.createToken(Ask.poll))
      yield* oidc.createToken(Ask.poll)
      yield* Effect.flip(client.get("https://elsewhere.test/"))
      assert.deepStrictEqual(yield* Faulty.Decisions.use(({ all }) => all), [
        { operation: "RegisterClient", nth: 1, nthOfOperation: 1, fault: Faulty.connectionRefused },
        { operation: "CreateToken", nth: 2, nthOfOperation: 1, fault: Faulty.resetBeforeRequest },
        { operation: "CreateToken", nth: 3, nthOfOperation: 2, fault: null },
        { operation: undefined, nth: 4, nthOfOperation: 1, fault: Faulty.dnsFailure }
      ])
    }).pipe(
      over(Faulty.inOrder([Faulty.connectionRefused, Faulty.resetBeforeRequest, null, Faulty.dnsFailure]), token)
    ))

  it.effect("shows the plan that repeats a failure which a seed found", () =>
    Effect.gen(function*() {
      const failing = poll.pipe(Effect.andThen(poll), Effect.andThen(poll), Faulty.reportFaults)
      const text = yield* Ask.said(
        failing.pipe(over(({ nth }) => nth === 2 ? Faulty.truncatedResponse(3) : null, token, token))
      )
      assert.include(
        text,
        "FailedUnderFaults: TransportError: CreateToken was sent to oidc.eu-west-1.amazonaws.com, but the response is incomplete"
      )
      const [, list = ""] = /FaultyTransport\.inOrder\((.*)\)/.exec(text) ?? []
      const again = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Schema.NullOr(Faulty.Fault))))(list)
      assert.deepStrictEqual(again, [null, Faulty.truncatedResponse(3)])
      assert.include(yield* Ask.said(failing.pipe(over(Faulty.inOrder(again), token, token))), list)
    }))

  it.effect("checks the fault that a function gives, and keeps it as plain data", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(poll)
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* Faulty.Decisions.use(({ all }) => all), [
        { ...first, fault: { _tag: "Delay", duration: "1 millis" } }
      ])
      const wrong = yield* Ask.said(poll.pipe(over(() => ({ _tag: "TruncatedResponse", bytes: -1 }))))
      assert.include(wrong, "RangeError: Fault: {\"_tag\":\"TruncatedResponse\",\"bytes\":-1} is not valid")
    }).pipe(over(({ nth }) => nth === 1 ? { _tag: "Delay", duration: 1_000_000n } : null, token)))

  it.effect("reportFaults does not change success and interruption", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Faulty.reportFaults(Effect.succeed(1)), 1)
      const itself = yield* Effect.exit(Faulty.reportFaults(Effect.interrupt))
      assert.isTrue(itself._tag === "Failure" && itself.cause.reasons.every((reason) => reason._tag === "Interrupt"))
      const fiber = yield* Effect.forkChild(Faulty.reportFaults(Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(exit._tag === "Failure" && exit.cause.reasons.every((reason) => reason._tag === "Interrupt"))
    }).pipe(over(Faulty.inOrder([]))))

  it.effect("interrupts the request below when a request that meets a fault is interrupted", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(poll, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* Fiber.await(fiber))._tag, "Failure")
    }).pipe(over(Faulty.inOrder([Faulty.deliveredTwice()]), Scripted.noResponse(CreateToken.operation))))
})

describe("FaultyTransport: a fault that no request met", () => {
  const run = (plan: Faulty.Plan) =>
    poll.pipe(Effect.provide(Ask.over(Layer.provide(Faulty.layer(plan), Scripted.layer([token])))), Ask.said)
  const { connectionRefused, truncatedResponse } = Faulty

  it.effect("fails the test with an error that names the fault and its position", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* run(Faulty.inOrder([null, truncatedResponse(3), null, connectionRefused])),
        `UnusedFaults: The faulty transport ended with faults of its plan unused:
    TruncatedResponse { bytes: 3 }, planned for request 2: the test sent 1
    ConnectionRefused, planned for request 4: the test sent 1
Send the missing requests, shorten the plan, or allow this with the option allowUnused: true.`
      )
    }))

  it.effect("is counted for each operation separately, also for an unknown operation", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* run(Faulty.perOperation<SsoOidc.OperationName | "CreateTokenWithIAM">({
          CreateToken: [null, connectionRefused],
          RegisterClient: [null, null],
          StartDeviceAuthorization: [connectionRefused],
          CreateTokenWithIAM: [connectionRefused]
        })),
        `UnusedFaults: The faulty transport ended with faults of its plan unused:
    ConnectionRefused, planned for CreateToken request 2: the test sent 1
    ConnectionRefused, planned for StartDeviceAuthorization request 1: the test sent none
    ConnectionRefused, planned for CreateTokenWithIAM request 1: the transport does not know this operation. Add it to the option operations
Send the missing requests, shorten the plan, or allow this with the option allowUnused: true.`
      )
    }))

  it.effect("fails a test that also fails for another reason", () =>
    Effect.gen(function*() {
      const text = yield* Effect.fail("the test's own").pipe(
        Effect.provide(Layer.provide(Faulty.layer(Faulty.inOrder([connectionRefused])), Scripted.layer([]))),
        Ask.said
      )
      assert.include(text, "ConnectionRefused, planned for request 1: the test sent none")
    }))

  it.effect("fails the scope of the constructor too", () =>
    Effect.gen(function*() {
      const text = yield* Faulty.make(Faulty.inOrder([connectionRefused])).pipe(
        Effect.provide(Scripted.layer([])),
        Effect.scoped,
        Ask.said
      )
      assert.include(text, "ConnectionRefused, planned for request 1: the test sent none")
    }))

  it.effect("does not fail the test if allowed, and is listed", () =>
    Effect.gen(function*() {
      const unused = yield* Effect.andThen(poll, Faulty.Decisions.use(({ unused }) => unused)).pipe(
        Effect.provide(Ask.over(Layer.provide(
          Faulty.layer(Faulty.inOrder([null, connectionRefused]), { allowUnused: true }),
          Scripted.layer([token])
        )))
      )
      assert.deepStrictEqual(unused, [{ operation: undefined, nth: 2, fault: connectionRefused }])
    }))

  it.effect("cannot exist for requests without a fault, or for a plan by a seed or a function", () =>
    Effect.gen(function*() {
      const plans: ReadonlyArray<Faulty.Plan> = [
        Faulty.inOrder([null, null, null]),
        Faulty.perOperation({ RegisterClient: [null], CreateToken: undefined }),
        Faulty.bySeed({ seed: 1, probability: 0 }),
        ({ nth }) => nth === 2 ? connectionRefused : null
      ]
      for (const plan of plans) assert.strictEqual(yield* run(plan), "(it passed)")
    }))
})

const pinned: ReadonlyArray<Faulty.Fault | null> = [
  null,
  Faulty.deliveredTwice("second"),
  Faulty.serviceUnavailable(7),
  Faulty.deliveredTwice("first"),
  Faulty.serviceUnavailable(7),
  Faulty.deliveredTwice("first")
]
