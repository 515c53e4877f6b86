import { assert, describe, it } from "@effect/vitest"
import type * as RateLimit from "@sso-oidc/relay/RateLimit"
import { registerRequest, registerResponse } from "@sso-oidc/test-kit/fixtures"
import { type Asked, asked, make, options, origin, said } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Handling from "../src/internal/handling.ts"
import * as Once from "../src/internal/once.ts"
import * as Settings from "../src/internal/settings.ts"

const responding = () => Wire.responding(() => Wire.json(registerResponse))

const idOf = (at: number): string => at.toString(16).padStart(32, "0")

const withId = (id: string, more: Asked = {}): Asked => ({
  ...more,
  headers: { ...more.headers, "x-sso-oidc-relay-id": id }
})

const sentBefore = { status: 502, verdict: "sent=maybe; transient=yes; code=SENT_BEFORE" }

const told = (response: Response) => Effect.map(said(response), ({ status, verdict }) => ({ status, verdict }))

/** A store that counts nothing and keeps the ids that it was asked for. */
const keeping = () => {
  const ids: Array<string> = []
  const store: RateLimit.Store = {
    take: () => Effect.succeed({ allowed: true }),
    isFirst: (id) => Effect.sync(() => !ids.includes(id) && ids.push(id) > 0)
  }
  return { ids, store }
}

const rejected: ReadonlyArray<[title: string, status: number, ask: Asked]> = [
  ["another path", 404, { path: "/eu-west-1/authorize" }],
  ["another method", 405, { method: "PUT" }],
  ["another content type", 415, { headers: { "content-type": "text/plain" } }],
  ["an encoded body", 415, { headers: { "content-encoding": "gzip" } }],
  ["a body that says that it is too large", 413, { headers: { "content-length": "65537" } }],
  ["a body that is too large", 413, { body: JSON.stringify({ ...registerRequest, clientName: "x".repeat(70_000) }) }],
  ["a body that is no JSON", 400, { body: "{" }],
  ["a body that is no registration", 400, { body: {} }],
  ["another start URL", 400, { body: { ...registerRequest, issuerUrl: "https://evil.example/start" } }]
]

describe("Relay: which requests record their id (C8)", () => {
  it.effect.each(rejected)("records no id of a rejected request: %s", ([, status, ask]) =>
    Effect.gen(function*() {
      const { ids, store } = keeping()
      const [relay, alone] = [yield* make(responding(), { rateLimit: { store } }), yield* make(responding())]
      assert.strictEqual((yield* relay(asked(withId(idOf(1), ask)))).status, status)
      assert.deepStrictEqual(ids, [])
      assert.strictEqual((yield* alone(asked(withId(idOf(1), ask)))).status, status)
      assert.strictEqual((yield* alone(asked(withId(idOf(1))))).status, 200)
    }))

  it.effect("records no id of a request over the rate limit", () =>
    Effect.gen(function*() {
      const { ids, store } = keeping()
      const over = () => Effect.succeed({ allowed: false, retryAfter: Duration.seconds(1) })
      const relay = yield* make(responding(), { rateLimit: { store: { ...store, take: over } } })
      assert.strictEqual((yield* relay(asked(withId(idOf(1))))).status, 429)
      assert.deepStrictEqual(ids, [])
    }))

  it.effect("keeps room for other callers' ids when one caller exceeds the rate limit", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding(), {
        rateLimit: { limit: 1, key: (request) => request.headers.get("x-caller") ?? "" }
      })
      const from = (caller: string, id: string) => relay(asked(withId(id, { headers: { "x-caller": caller } })))
      yield* from("one", idOf(0))
      for (let at = 1; at < 20; at++) assert.strictEqual((yield* from("one", idOf(at))).status, 429)
      // none of them was recorded
      for (let at = 1; at < 20; at++) assert.strictEqual((yield* from(`another ${at}`, idOf(at))).status, 200)
    }))

  it.effect("records the id after the body, right before the request is passed on", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const relay = yield* make(
        Wire.make(() => {
          order.push("sent")
          return Effect.succeed(Wire.json(registerResponse))
        }),
        {
          startUrls: () => order.push("startUrls") > 0,
          rateLimit: {
            store: {
              take: () => Effect.sync(() => ({ allowed: order.push("take") > 0 as true })),
              isFirst: () => Effect.sync(() => order.push("isFirst") > 0)
            }
          }
        }
      )
      const body = { ...registerRequest, issuerUrl: "https://d-1.awsapps.com/start" }
      assert.strictEqual((yield* relay(asked(withId(idOf(1), { body })))).status, 200)
      assert.deepStrictEqual(order, ["take", "startUrls", "isFirst", "sent"])
    }))

  it.effect("passes on one of two requests with the same id whose bodies arrive together", () =>
    Effect.gen(function*() {
      for (const shared of [false, true]) {
        const wire = responding()
        const relay = yield* make(wire, shared ? { rateLimit: { store: keeping().store } } : {})
        const responses = yield* Effect.all([relay(asked(withId(idOf(1)))), relay(asked(withId(idOf(1))))], {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(responses.map(({ status }) => status).toSorted((a, b) => a - b), [200, 502])
        assert.strictEqual(wire.sent.length, 1)
      }
    }))

  it.effect("never says `sent: no` to a second request that waits for its body while the first is passed on", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding())
      const slow = new ReadableStream({ pull: () => new Promise(() => {}) })
      const second = yield* Effect.forkChild(relay(asked(withId(idOf(1), { body: slow }))), { startImmediately: true })
      assert.strictEqual((yield* relay(asked(withId(idOf(1))))).status, 200)
      yield* TestClock.adjust("25 seconds")
      assert.deepStrictEqual(yield* told(yield* Fiber.join(second)), sentBefore)
    }))

  it.effect("never says `sent: no` before a shared store has judged the id", () =>
    Effect.gen(function*() {
      const { store } = keeping()
      const failing = { ...store, take: () => Effect.fail("no store") }
      const relay = yield* make(responding(), { rateLimit: { store: failing } })
      const unknown = { status: 503, verdict: "sent=maybe; transient=yes; code=RATE_LIMIT_STORE" }
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(1))))), unknown)
    }))
})

describe("Relay: an id that no page's transport writes (C8)", () => {
  it.effect.each<[title: string, id: string]>([
    ["empty", ""],
    ["too short", idOf(1).slice(1)],
    ["too long", `${idOf(1)}0`],
    ["in upper case", "ABCDEF".padStart(32, "0")],
    ["with other characters", "g".padStart(32, "0")],
    ["sent twice", `${idOf(1)}, ${idOf(1)}`],
    ["with another id", `${idOf(1)}, ${idOf(2)}`],
    ["a UUID", "01234567-89ab-cdef-0123-456789abcdef"]
  ])("is rejected with a sentence, and nothing is sent: %s", ([, id]) =>
    Effect.gen(function*() {
      const wire = responding()
      const relay = yield* make(wire)
      const response = yield* relay(asked(withId(id)))
      assert.strictEqual(response.headers.get("access-control-allow-origin"), origin)
      const { body, ...rest } = yield* said(response)
      assert.deepStrictEqual(rest, { status: 400, type: "InvalidRequestException", verdict: null })
      assert.match(String(Reflect.get(Object(body), "error_description")), /x-sso-oidc-relay-id.*32 hexadecimal digits/)
      assert.strictEqual(wire.sent.length, 0)
    }))
})

describe("Relay: how long an id is held without a shared store (C8)", () => {
  it.effect("holds an id for 5 minutes", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding())
      assert.strictEqual((yield* relay(asked(withId(idOf(0))))).status, 200)
      yield* TestClock.adjust("299 seconds")
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(0))))), sentBefore)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* relay(asked(withId(idOf(0))))).status, 200)
    }))

  it.effect("holds an id for twice the relay's time limit, if that is longer", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding(), { requestTimeout: "4 minutes" })
      yield* relay(asked(withId(idOf(0))))
      yield* TestClock.adjust("479 seconds")
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(0))))), sentBefore)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* relay(asked(withId(idOf(0))))).status, 200)
    }))

  it.effect("holds an id no longer after a second send", () =>
    Effect.gen(function*() {
      const relay = yield* make(responding())
      yield* relay(asked(withId(idOf(0))))
      yield* TestClock.adjust("200 seconds")
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(0))))), sentBefore)
      yield* TestClock.adjust("100 seconds")
      assert.strictEqual((yield* relay(asked(withId(idOf(0))))).status, 200)
    }))

  it.effect("holds 100,000 ids, then rejects new ones and forgets none until the oldest expires", () =>
    Effect.gen(function*() {
      const once = Once.make(undefined, Duration.seconds(25))
      for (let at = 0; at < 100_000; at++) assert.strictEqual(yield* once.take(idOf(at)), "first")
      assert.strictEqual(yield* once.take(idOf(100_000)), "full")
      assert.strictEqual(yield* once.take(idOf(0)), "again")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* once.take(idOf(100_000)), "first")
    }))

  it.effect("says `sent: no` to a request for whose id there is no room, because it was not sent", () =>
    Effect.gen(function*() {
      const wire = responding()
      const settings = yield* Effect.fromResult(Settings.check(options))
      const once = Once.make(undefined, settings.requestTimeout, 2)
      const relay = Handling.handler({ ...settings, once }, wire.client)
      for (const at of [0, 1]) assert.strictEqual((yield* relay(asked(withId(idOf(at))))).status, 200)
      const full = { status: 503, verdict: "sent=no; transient=yes; code=RELAY_FULL" }
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(2))))), full)
      assert.deepStrictEqual(yield* told(yield* relay(asked(withId(idOf(0))))), sentBefore)
      assert.strictEqual((yield* relay(asked())).status, 200)
      assert.strictEqual(wire.sent.length, 3)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual((yield* relay(asked(withId(idOf(2))))).status, 200)
    }))

  it.effect("always has room with a shared store, because the store decides", () =>
    Effect.gen(function*() {
      const once = Once.make(() => Effect.succeed(true), Duration.seconds(25))
      for (let at = 0; at <= 100_000; at++) assert.strictEqual(yield* once.take(idOf(at)), "first")
    }))
})
