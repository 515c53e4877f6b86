import { assert, describe, it } from "@effect/vitest"
import * as RateLimit from "@sso-oidc/relay/RateLimit"
import { registerResponse } from "@sso-oidc/test-kit/fixtures"
import { asked, make, origin, said } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as TestClock from "effect/testing/TestClock"

const responding = () => Wire.responding(() => Wire.json(registerResponse))

const id = "0123456789abcdef0123456789abcdef"

const store = (take: RateLimit.Store["take"]) => ({ rateLimit: { store: { take } } })

describe("Relay: the rate limit", () => {
  it.effect("is 1,200 a minute for all callers by default, and nothing is sent over it", () =>
    Effect.gen(function*() {
      const wire = responding()
      const relay = yield* make(wire)
      for (let at = 0; at < 1200; at++) yield* relay(asked())
      assert.strictEqual(wire.sent.length, 1200)
      const response = yield* relay(asked())
      assert.strictEqual(response.headers.get("retry-after"), "1")
      assert.strictEqual(response.headers.get("access-control-allow-origin"), origin)
      assert.deepStrictEqual(yield* said(response), {
        status: 429,
        type: "SlowDownException",
        verdict: null,
        body: {
          error: "slow_down",
          error_description:
            "The relay passes on no more requests for now. Wait for the seconds in retry-after, and send again."
        }
      })
      assert.strictEqual(wire.sent.length, 1200)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* relay(asked())).status, 200)
    }))

  it.effect("is the operator's for each key, and a request rejected for another reason costs nothing", () =>
    Effect.gen(function*() {
      const wire = responding()
      const relay = yield* make(wire, {
        rateLimit: { limit: 1, window: "1 minute", key: (request) => request.headers.get("cf-connecting-ip") ?? "" }
      })
      const from = (ip: string, more: Record<string, string> = {}) =>
        relay(asked({ headers: { "cf-connecting-ip": ip, ...more } }))
      assert.strictEqual((yield* from("192.0.2.1", { origin: "https://evil.example" })).status, 403)
      assert.strictEqual((yield* from("192.0.2.1", { "content-type": "text/plain" })).status, 415)
      assert.strictEqual((yield* from("192.0.2.1")).status, 200)
      const second = yield* from("192.0.2.1")
      assert.strictEqual(second.status, 429)
      assert.strictEqual(second.headers.get("retry-after"), "60")
      assert.strictEqual((yield* from("192.0.2.2")).status, 200)
    }))

  it.effect("is checked before a body is read", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding(), {
        ...store(() => Effect.succeed({ allowed: false, retryAfter: Duration.millis(1500) }))
      })
      let pulled = false
      const body = new ReadableStream({
        pull: () => {
          pulled = true
          return new Promise(() => {})
        }
      }, { highWaterMark: 0 })
      const response = yield* relay(asked({ body }))
      assert.strictEqual(response.status, 429)
      assert.strictEqual(response.headers.get("retry-after"), "2")
      assert.isFalse(pulled)
    }))

  it.effect("is off with Infinity, and no store is asked", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding(), {
        rateLimit: { limit: Infinity, store: { take: () => Effect.die("asked") } }
      })
      assert.strictEqual((yield* relay(asked())).status, 200)
    }))

  it.effect("gives the store its limit and its key, of 256 characters at most", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const relay = yield* make(responding(), {
        rateLimit: {
          limit: 7,
          window: "3 seconds",
          key: () => "k".repeat(1000),
          store: {
            take: (key, { limit, window }) => {
              seen.push([key, limit, Duration.toSeconds(window)])
              return Effect.succeed({ allowed: true })
            }
          }
        }
      })
      yield* relay(asked())
      assert.deepStrictEqual(seen, [["k".repeat(256), 7, 3]])
    }))

  it.effect("works with Effect's own limiter", () =>
    Effect.gen(function*() {
      const limiter = yield* RateLimiter.RateLimiter
      const relay = yield* make(responding(), {
        rateLimit: {
          limit: 1,
          window: "10 seconds",
          store: {
            take: (key, { limit, window }) =>
              limiter.consume({ algorithm: "token-bucket", key, limit, window }).pipe(
                Effect.map((): RateLimit.Taken => ({ allowed: true })),
                Effect.catchReason(
                  "RateLimiterError",
                  "RateLimitExceeded",
                  ({ retryAfter }) => Effect.succeed<RateLimit.Taken>({ allowed: false, retryAfter })
                )
              )
          }
        }
      })
      assert.strictEqual((yield* relay(asked())).status, 200)
      const second = yield* relay(asked())
      assert.strictEqual(second.status, 429)
      assert.strictEqual(second.headers.get("retry-after"), "10")
    }).pipe(Effect.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory)))))

  it.effect.each<[string, RateLimit.Store["take"]]>([
    ["fails", () => Effect.fail(new Error("no store"))],
    ["dies", () => Effect.die(new Error("no store"))],
    ["throws", () => {
      throw new Error("no store")
    }]
  ])(
    "rejects all requests if the store %s, and the page knows that nothing was sent",
    ([, take]) =>
      Effect.gen(function*() {
        const wire = responding()
        const relay = yield* make(wire, store(take))
        const { body: _body, ...rest } = yield* said(yield* relay(asked()))
        assert.deepStrictEqual(rest, {
          status: 503,
          type: "InternalServerException",
          verdict: "sent=no; transient=yes; code=RATE_LIMIT_STORE"
        })
        assert.strictEqual(wire.sent.length, 0)
      })
  )

  it.effect("rejects the request if the key function throws", () =>
    Effect.gen(function*() {
      const wire = responding()
      const relay = yield* make(wire, {
        rateLimit: {
          key: () => {
            throw new Error("no address")
          }
        }
      })
      assert.strictEqual((yield* relay(asked())).status, 503)
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("rejects the request at the time limit if the store does not respond", () =>
    Effect.gen(function*() {
      const wire = responding()
      const relay = yield* make(wire, store(() => Effect.never))
      const fiber = yield* Effect.forkChild(relay(asked()), { startImmediately: true })
      yield* TestClock.adjust("25 seconds")
      const { status, verdict } = yield* said(yield* Fiber.join(fiber))
      assert.deepStrictEqual({ status, verdict }, { status: 504, verdict: "sent=no; transient=yes; code=TIMEOUT" })
      assert.strictEqual(wire.sent.length, 0)
    }))

  it.effect("knows a repeated request across processes that share a store (C8)", () =>
    Effect.gen(function*() {
      const wire = responding()
      const seen = new Map<string, number>()
      const isFirst = (id: string, within: Duration.Duration) =>
        Effect.sync(() => {
          const first = !seen.has(id)
          seen.set(id, Duration.toSeconds(within))
          return first
        })
      const shared = { rateLimit: { store: { ...RateLimit.makeMemoryStore(), isFirst } } }
      const [one, other] = [yield* make(wire, shared), yield* make(wire, shared)]
      assert.strictEqual((yield* one(asked({ headers: { "x-sso-oidc-relay-id": id } }))).status, 200)
      const again = yield* said(yield* other(asked({ headers: { "x-sso-oidc-relay-id": id } })))
      assert.strictEqual(again.verdict, "sent=maybe; transient=yes; code=SENT_BEFORE")
      assert.strictEqual(wire.sent.length, 1)
      assert.deepStrictEqual([...seen], [[id, 300]])
    }))

  it.effect("says `sent: maybe` for a first request if the store cannot tell (C8)", () =>
    Effect.gen(function*() {
      const cannot = (isFirst: RateLimit.Store["isFirst"]) => ({
        rateLimit: { store: { ...RateLimit.makeMemoryStore(), isFirst } }
      })
      for (const isFirst of [() => Effect.fail("no store"), () => Effect.die("no store")]) {
        const wire = responding()
        const relay = yield* make(wire, cannot(isFirst))
        const { status, verdict } = yield* said(yield* relay(asked({ headers: { "x-sso-oidc-relay-id": id } })))
        const unknown = { status: 503, verdict: "sent=maybe; transient=yes; code=RATE_LIMIT_STORE" }
        assert.deepStrictEqual({ status, verdict }, unknown)
        assert.strictEqual(wire.sent.length, 0)
      }
      const relay = yield* make(responding(), cannot(() => Effect.never))
      const fiber = yield* Effect.forkChild(relay(asked({ headers: { "x-sso-oidc-relay-id": id } })), {
        startImmediately: true
      })
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual((yield* said(yield* Fiber.join(fiber))).verdict, "sent=maybe; transient=yes; code=TIMEOUT")
    }))
})
