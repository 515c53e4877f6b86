import { assert, describe, it } from "@effect/vitest"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Retry from "@sso-oidc/core/aws/Retry"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type { Call } from "@sso-oidc/test-kit/fixtures"
import { calls, registerRequest, registerResponse } from "@sso-oidc/test-kit/fixtures"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"

type Respond = Parameters<typeof Wire.make>[0]

/** A fixed random number: 0 makes a wait a fifth shorter, 0.5 does not change it, 1 makes it a fifth longer. */
const chance = (random: number) =>
  Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => random })

/** Runs a call to its end, and gives the time of each of its requests. */
const timed = (
  call: Call,
  respond: Respond,
  options?: Retry.Options & { readonly random?: number }
) =>
  Effect.gen(function*() {
    const { random = 0.5, ...rest } = options ?? {}
    const times: Array<number> = []
    const wire = Wire.make((sent, request) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return respond(sent, request)
      })
    )
    const oidc = Retry.make(yield* Wire.client(wire), rest)
    const fiber = yield* Effect.forkChild(call.run(oidc).pipe(Effect.exit, chance(random)))
    // Four time limits of 30 seconds each, and the waits between them.
    for (let second = 0; second < 130; second++) yield* TestClock.adjust("1 second")
    return { exit: yield* Fiber.join(fiber), times, sent: wire.sent.length }
  })

const waits = (times: ReadonlyArray<number>): ReadonlyArray<number> =>
  times.slice(1).map((time, at) => time - (times[at] ?? 0))

const responding = (respond: () => Response): Respond => () => Effect.sync(respond)

const broken = (cause: unknown): Respond => (_, request) =>
  Effect.fail(
    new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
  )

const status = (status: number, headers: HeadersInit = {}): Respond =>
  responding(() => new Response("<html>", { status, headers }))

const exception = (type: string, status: number, headers: Record<string, string> = {}): Respond =>
  responding(() => Wire.exception(type, {}, { status, headers }))

/** Gives the responses in turn, and then the last one again. */
const inTurn = (...responds: ReadonlyArray<Respond>): Respond => {
  let at = 0
  return (sent, request) => {
    const respond = responds[Math.min(at++, responds.length - 1)]
    return respond === undefined ? Effect.never : respond(sent, request)
  }
}

const cutOff = responding(() =>
  new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))
)

/** The response of `fetch` after it followed a redirect to another origin. */
const elsewhere = (status: number): Response =>
  Object.defineProperty(new Response("", { status, headers: { "retry-after": "1" } }), "url", {
    value: "https://evil.example/token"
  })

// After each fault: the kinds of requests that are sent again.
const none: ReadonlyArray<Operation.Resend> = []
const anytime: ReadonlyArray<Operation.Resend> = ["anytime"]

const faults: ReadonlyArray<readonly [name: string, respond: Respond, again: ReadonlyArray<Operation.Resend>]> = [
  [
    "not sent, transient",
    broken(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true })),
    ["anytime", "unsent"]
  ],
  [
    "not sent, is permanent",
    broken(new TransportCause({ sent: "no", code: "CERT_UNTRUSTED", transient: false })),
    none
  ],
  [
    "maybe sent, transient",
    broken(new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })),
    anytime
  ],
  ["maybe sent, is permanent", broken(new TransportCause({ sent: "maybe", code: "EPROTO", transient: false })), none],
  ["a failure without a code", broken(new TypeError("fetch failed")), anytime],
  ["a response that is cut off", cutOff, anytime],
  ["a time limit", () => Effect.never, anytime],
  ["408", status(408), anytime],
  ["429", status(429), anytime],
  ["500", status(500), anytime],
  ["503", status(503), anytime],
  ["504", status(504), anytime],
  ["InternalServerException", exception("InternalServerException", 500), anytime],
  ["an exception of the client's, with status 503", exception("InvalidRequestException", 503), anytime],
  ["an exception of the client's, with status 429", exception("InvalidRequestException", 429), anytime],
  ["SlowDownException", exception("SlowDownException", 400), anytime],
  ["InvalidRequestException", exception("InvalidRequestException", 400), none],
  ["an exception that is not in the model", exception("ForbiddenException", 400), none],
  ["ThrottlingException in the header", exception("ThrottlingException", 400), anytime],
  ["a namespace around it", exception("com.amazon.coral.availability#ThrottlingException", 400), anytime],
  ["Throttling as the body's code", responding(() => Wire.json({ code: "Throttling" }, { status: 400 })), anytime],
  [
    "RequestTimeout as the body's __type",
    responding(() => Wire.json({ __type: "a#RequestTimeout" }, { status: 403 })),
    anytime
  ],
  ["SlowDown as the body's error", responding(() => Wire.json({ error: "SlowDown" }, { status: 400 })), anytime],
  [
    "ThrottlingException under a 200",
    responding(() => Wire.json({ code: "ThrottlingException" }, { status: 200 })),
    none
  ],
  [
    "ThrottlingException under a 202",
    responding(() => Wire.json({ code: "ThrottlingException" }, { status: 202 })),
    none
  ],
  ["a 503 from another URL", responding(() => elsewhere(503)), none],
  ["a 429 from another URL", responding(() => elsewhere(429)), none],
  ["a 408 from another URL", responding(() => elsewhere(408)), none],
  ["403", status(403), none],
  ["404", status(404), none],
  ["a redirect", status(307, { location: "/elsewhere", "retry-after": "1" }), none],
  ["a success that cannot be used", status(200), none]
]

const resendOf = (call: Call): Operation.Resend =>
  call.operation !== "CreateToken" ? "anytime" : call.name.includes("device") ? "paced" : "unsent"

describe("Retry: which requests are sent again", () => {
  for (const call of calls) {
    it.effect.each(faults)(`${call.name}: %s (C8)`, ([, respond, again]) =>
      Effect.gen(function*() {
        const { exit, sent } = yield* timed(call, respond)
        assert.isTrue(Exit.isFailure(exit))
        assert.strictEqual(sent, again.includes(resendOf(call)) ? 4 : 1)
      }))

    it.effect(`${call.name}: its own exception is final (C8)`, () =>
      Effect.gen(function*() {
        const { error, status, type } = call.exception
        const { exit, sent } = yield* timed(call, responding(() => Wire.exception(type, { error }, { status })))
        assert.strictEqual(sent, 1)
        if (Exit.isSuccess(exit)) return assert.fail("succeeded")
        assert.deepInclude(Cause.squash(exit.cause), { _tag: type })
      }))

    it.effect(`${call.name}: a success ends it, and is given unchanged (C8)`, () =>
      Effect.gen(function*() {
        const { exit, sent } = yield* timed(call, responding(() => Wire.json(call.response)))
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(sent, 1)
      }))
  }

  it.effect("judges each attempt by itself: a refresh token that may have been sent is never sent again (C8)", () =>
    Effect.gen(function*() {
      const refused = broken(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true }))
      const lost = broken(new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true }))
      const refresh = callOf("refresh")
      const { exit, sent } = yield* timed(refresh, inTurn(refused, refused, lost, refused))
      assert.strictEqual(sent, 3)
      if (Exit.isSuccess(exit)) return assert.fail("succeeded")
      assert.deepInclude(Cause.squash(exit.cause), { _tag: "TransportError", sent: "maybe", code: "ECONNRESET" })
    }))

  it.effect("gives a success after failures as the result (C8)", () =>
    Effect.gen(function*() {
      const register = callOf("Register")
      const { exit, sent } = yield* timed(
        register,
        inTurn(status(503), exception("SlowDownException", 400), responding(() => Wire.json(registerResponse)))
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(sent, 3)
    }))

  it.effect("gives the error of the last attempt, unchanged (C8)", () =>
    Effect.gen(function*() {
      let attempt = 0
      const respond = responding(() =>
        Wire.exception("InternalServerException", { error_description: `failure ${++attempt}` }, {
          status: 500,
          headers: { "x-amzn-requestid": `request-${attempt}` }
        })
      )
      const { exit } = yield* timed(callOf("Start"), respond)
      if (Exit.isSuccess(exit)) return assert.fail("succeeded")
      assert.strictEqual(exit.cause.reasons.length, 1)
      assert.deepInclude(Cause.squash(exit.cause), {
        _tag: "InternalServerException",
        errorDescription: "failure 4",
        requestId: "request-4"
      })
    }))
})

const callOf = (name: string): Call => calls.find((call) => call.name.includes(name)) ?? assert.fail(name)

const unavailable = status(503)

describe("Retry: when requests are sent again", () => {
  const register = callOf("Register")

  it.effect("after 200 ms, doubled each time, and at most 3 times", () =>
    Effect.gen(function*() {
      const { times } = yield* timed(register, unavailable)
      assert.deepStrictEqual(waits(times), [200, 400, 800])
    }))

  it.effect("never after more than 5 seconds, by default", () =>
    Effect.gen(function*() {
      const { times } = yield* timed(register, unavailable, { times: 7 })
      assert.deepStrictEqual(waits(times), [200, 400, 800, 1600, 3200, 5000, 5000])
    }))

  it.effect("up to a fifth earlier or later, at random", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(waits((yield* timed(register, unavailable, { random: 0 })).times), [160, 320, 640])
      assert.deepStrictEqual(waits((yield* timed(register, unavailable, { random: 1 })).times), [240, 480, 960])
    }))

  it.effect("as the options say", () =>
    Effect.gen(function*() {
      const { times } = yield* timed(register, unavailable, { times: 5, base: "1 second", cap: "3 seconds" })
      assert.deepStrictEqual(waits(times), [1000, 2000, 3000, 3000, 3000])
      const flat = yield* timed(register, unavailable, { base: "1 second", cap: 10 })
      assert.deepStrictEqual(waits(flat.times), [10, 10, 10])
      const free = yield* timed(register, unavailable, { times: 6, base: "1 second", cap: Duration.infinity })
      assert.deepStrictEqual(waits(free.times), [1000, 2000, 4000, 8000, 16_000, 32_000])
      assert.strictEqual((yield* timed(register, unavailable, { times: 0 })).sent, 1)
    }))

  it.effect("with attempts and waits of each call's own", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response("", { status: 503 }))
      const oidc = Retry.make(yield* Wire.client(wire))
      for (let call = 1; call <= 3; call++) {
        const started = yield* Clock.currentTimeMillis
        const fiber = yield* Effect.forkChild(
          Effect.andThen(Effect.exit(oidc.registerClient(registerRequest)), Clock.currentTimeMillis).pipe(chance(0.5))
        )
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Fiber.join(fiber)) - started, 1400)
        assert.strictEqual(wire.sent.length, 4 * call)
      }
    }))

  it.effect.each(
    [
      ["a response that is not in the model", status(503, { "retry-after": "2" })],
      ["an exception", exception("InternalServerException", 500, { "retry-after": "2" })],
      ["a throttling", exception("SlowDownException", 400, { "retry-after": "2" })]
    ] as const
  )("never before Retry-After, whatever the random part: %s", ([, respond]) =>
    Effect.gen(function*() {
      for (const random of [0, 0.5, 1]) {
        const { times } = yield* timed(register, respond, { random })
        assert.deepStrictEqual(waits(times), [2000, 2000, 2000])
      }
    }))

  it.effect("never before the back-off, even if Retry-After is shorter", () =>
    Effect.gen(function*() {
      const respond = status(429, { "retry-after": "1" })
      assert.deepStrictEqual(waits((yield* timed(register, respond, { base: "3 seconds" })).times), [3000, 5000, 5000])
    }))

  it.effect("never if Retry-After is longer than maxRetryAfter: the call fails at once", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => new Response("", { status: 503, headers: { "retry-after": "21" } }))
      const oidc = Retry.make(yield* Wire.client(wire))
      // The clock does not move.
      assert.deepInclude(yield* Effect.flip(oidc.registerClient(registerRequest)), {
        _tag: "UnexpectedResponse",
        status: 503,
        retryAfter: 21
      })
      assert.strictEqual(wire.sent.length, 1)
    }))

  it.effect("after a Retry-After of exactly maxRetryAfter, which is an option", () =>
    Effect.gen(function*() {
      const at = (seconds: number) => status(503, { "retry-after": String(seconds) })
      assert.deepStrictEqual(waits((yield* timed(register, at(20), { times: 1 })).times), [20_000])
      const bounded = { times: 1, maxRetryAfter: "2 seconds" } as const
      assert.deepStrictEqual(waits((yield* timed(register, at(2), bounded)).times), [2000])
      assert.strictEqual((yield* timed(register, at(3), bounded)).sent, 1)
      const free = yield* timed(register, at(60), { times: 1, maxRetryAfter: Duration.infinity })
      assert.deepStrictEqual(waits(free.times), [60_000])
      assert.strictEqual((yield* timed(register, at(1), { maxRetryAfter: 0 })).sent, 1)
      assert.strictEqual((yield* timed(register, unavailable, { maxRetryAfter: 0 })).sent, 4)
    }))

  it.effect("never after an interruption, which ends an attempt with its connection, or a wait", () =>
    Effect.gen(function*() {
      const silent = Wire.silent()
      const attempt = yield* Effect.forkChild(Retry.make(yield* Wire.client(silent)).registerClient(registerRequest))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(attempt)
      assert.isTrue(silent.sent[0]?.signal.aborted)
      assert.strictEqual(silent.sent.length, 1)

      const wire = Wire.responding(() => new Response("", { status: 503, headers: { "retry-after": "5" } }))
      const waiting = yield* Effect.forkChild(Retry.make(yield* Wire.client(wire)).registerClient(registerRequest))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(wire.sent.length, 1)
    }))
})
