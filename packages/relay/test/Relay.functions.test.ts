import { assert, describe, it } from "@effect/vitest"
import * as RateLimit from "@sso-oidc/relay/RateLimit"
import * as Relay from "@sso-oidc/relay/Relay"
import { registerRequest, registerResponse } from "@sso-oidc/test-kit/fixtures"
import { asked, make, options as given, said } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Logger from "effect/Logger"

const id = "0123456789abcdef0123456789abcdef"

/** A value as an untyped program gives it: like JSON, the type checker does not see it. */
const untyped = <A>(value: unknown): A => Object({ value }).value

/** A `Promise` that rejects later, like a look-up that nothing awaits. */
const rejecting = (): Promise<never> => Promise.reject(new Error("secret-in-an-error"))

const through = (more: Partial<Relay.Options>) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => lines.push(`${logLevel} ${String(message)}`))
    const wire = Wire.responding(() => Wire.json(registerResponse))
    const relay = yield* make(wire, more)
    const response = yield* relay(asked({
      headers: { "x-sso-oidc-relay-id": id },
      body: { ...registerRequest, issuerUrl: "https://d-1.awsapps.com/start" }
    })).pipe(Effect.provide(Logger.layer([logger])))
    const { status, verdict } = yield* said(response)
    // a rejected `Promise` without a handler would end the process
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    return { lines, sent: wire.sent.length, status, verdict }
  })

const startUrls = () => true

const limited = (rateLimit: RateLimit.Options): Partial<Relay.Options> => ({ startUrls, rateLimit })

const storing = (store: Partial<RateLimit.Store>) => limited({ store: { ...RateLimit.makeMemoryStore(), ...store } })

/** Values that are not `true`. */
const others: ReadonlyArray<[string, () => unknown]> = [
  ["the text \"true\"", () => "true"],
  ["the text \"false\"", () => "false"],
  ["Redis' \"OK\"", () => "OK"],
  ["Redis' null", () => null],
  ["undefined", () => undefined],
  ["0", () => 0],
  ["1", () => 1],
  ["an object", () => ({})],
  ["an array", () => [true]],
  ["a Boolean object", () => Object(true)],
  ["a function", () => () => true],
  ["a Promise of true", () => Promise.resolve(true)],
  ["a Promise that rejects", rejecting]
]

const effects: ReadonlyArray<[string, () => unknown]> = [
  ...others,
  ["true, and no Effect", () => true],
  ["a throw", () => {
    throw new Error("secret-in-an-error")
  }],
  ["an Effect that fails", () => Effect.fail(new Error("secret-in-an-error"))],
  ["an Effect that dies", () => Effect.die(new Error("secret-in-an-error"))],
  ["an Effect that interrupts itself", () => Effect.interrupt],
  ["an Effect of an Effect", () => Effect.succeed(Effect.succeed(true))],
  ...others.map(([title, value]): [string, () => unknown] => [`an Effect of ${title}`, () => Effect.sync(value)])
]

const oneLine = (lines: ReadonlyArray<string>, name: string) => {
  assert.strictEqual(lines.length, 1, lines.join("\n"))
  assert.match(lines[0] ?? "", new RegExp(`^Error The relay refused a request, because ${name} (gave|threw|failed)`))
  assert.notInclude(lines[0], "secret-in-an-error")
}

describe("Relay: a function of the operator lets a request pass only with a value of its type", () => {
  it.effect.each(others)("rejects the request if startUrls gives %s", ([, value]) =>
    Effect.gen(function*() {
      const { lines, sent, status } = yield* through({ startUrls: () => untyped(value()) })
      assert.deepStrictEqual({ sent, status }, { sent: 0, status: 400 })
      oneLine(lines, "startUrls")
    }))

  it.effect.each<[string, () => unknown]>([
    ["an Effect of true", () => Effect.succeed(true)],
    ["an Effect that fails", () => Effect.fail("no")]
  ])("rejects the request if startUrls gives %s", ([, value]) =>
    Effect.gen(function*() {
      const { lines, sent, status } = yield* through({ startUrls: () => untyped(value()) })
      assert.deepStrictEqual({ sent, status }, { sent: 0, status: 400 })
      oneLine(lines, "startUrls")
      assert.include(lines[0], "gave an Effect where it must give true or false")
    }))

  it.effect("rejects the request if startUrls throws, and logs it for the operator", () =>
    Effect.gen(function*() {
      const { lines, sent, status, verdict } = yield* through({
        startUrls: () => {
          throw new Error("secret-in-an-error")
        }
      })
      assert.deepStrictEqual({ sent, status, verdict }, {
        sent: 0,
        status: 500,
        verdict: "sent=no; transient=no; code=RELAY_DEFECT"
      })
      oneLine(lines, "startUrls")
    }))

  it.effect("logs nothing if startUrls gives false", () =>
    Effect.gen(function*() {
      const { lines, sent, status } = yield* through({ startUrls: () => false })
      assert.deepStrictEqual({ lines, sent, status }, { lines: [], sent: 0, status: 400 })
    }))

  it.effect.each<[string, () => unknown]>([
    ["undefined", () => undefined],
    ["null", () => null],
    ["a number", () => 7],
    ["an array of texts", () => ["192.0.2.1"]],
    ["a String object", () => Object("192.0.2.1")],
    ["a Promise", () => Promise.resolve("192.0.2.1")],
    ["a Promise that rejects", rejecting],
    ["an Effect", () => Effect.succeed("192.0.2.1")],
    ["a throw", () => {
      throw new Error("secret-in-an-error")
    }]
  ])("rejects the request if rateLimit.key gives %s", ([, value]) =>
    Effect.gen(function*() {
      const { lines, sent, status, verdict } = yield* through(limited({ key: () => untyped(value()) }))
      assert.deepStrictEqual({ sent, status, verdict }, {
        sent: 0,
        status: 503,
        verdict: "sent=no; transient=yes; code=RATE_LIMIT_STORE"
      })
      oneLine(lines, "rateLimit.key")
    }))

  it.effect.each<[string, () => unknown]>([
    ...effects,
    ["an Effect of true", () => Effect.succeed(true)],
    ["an Effect of allowed \"true\"", () => Effect.succeed({ allowed: "true" })],
    ["an Effect of allowed 1", () => Effect.succeed({ allowed: 1 })],
    ["an Effect of allowed null", () => Effect.succeed({ allowed: null })],
    ["an Effect of not allowed, without a time", () => Effect.succeed({ allowed: false })],
    ["an Effect of not allowed, with seconds", () => Effect.succeed({ allowed: false, retryAfter: 3 })]
  ])("rejects the request if rateLimit.store.take gives %s", ([, value]) =>
    Effect.gen(function*() {
      const { lines, sent, status, verdict } = yield* through(storing({ take: () => untyped(value()) }))
      assert.deepStrictEqual({ sent, status, verdict }, {
        sent: 0,
        status: 503,
        verdict: "sent=no; transient=yes; code=RATE_LIMIT_STORE"
      })
      oneLine(lines, "rateLimit.store.take")
    }))

  it.effect("says one day in retry-after if rateLimit.store.take gives an infinite time", () =>
    Effect.gen(function*() {
      const store = { take: () => Effect.succeed({ allowed: false as const, retryAfter: Duration.infinity }) }
      const relay = yield* make(Wire.silent(), { rateLimit: { store } })
      assert.strictEqual((yield* relay(asked())).headers.get("retry-after"), "86400")
    }))

  it.effect.each(effects)(
    "rejects the request if rateLimit.store.isFirst gives %s (C8)",
    ([, value]) =>
      Effect.gen(function*() {
        const { lines, sent, status, verdict } = yield* through(storing({ isFirst: () => untyped(value()) }))
        assert.deepStrictEqual({ sent, status, verdict }, {
          sent: 0,
          status: 503,
          verdict: "sent=maybe; transient=yes; code=RATE_LIMIT_STORE"
        })
        oneLine(lines, "rateLimit.store.isFirst")
        assert.include(lines[0], "result === \"OK\"")
      })
  )

  it.effect("lets a request pass if each function gives a value of its type, and logs nothing", () =>
    Effect.gen(function*() {
      const { lines, sent, status } = yield* through({
        startUrls,
        rateLimit: {
          key: () => "a",
          store: { take: () => Effect.succeed({ allowed: true }), isFirst: () => Effect.succeed(true) }
        }
      })
      assert.deepStrictEqual({ lines, sent, status }, { lines: [], sent: 1, status: 200 })
    }))
})

describe("Relay: an option that is no function, list or text", () => {
  it.effect.each<[name: string, more: unknown]>([
    ["origins", { origins: "https://app.example" }],
    ["origins", { origins: [new URL("https://app.example")] }],
    ["regions", { regions: "eu-west-1" }],
    ["regions", { regions: [1] }],
    ["startUrls", { startUrls: "https://d-1.awsapps.com/start" }],
    ["startUrls", { startUrls: /awsapps/ }],
    ["startUrls", { startUrls: Promise.resolve([]) }],
    ["base", { base: 7 }],
    ["maxRequestBytes", { maxRequestBytes: "64" }],
    ["maxResponseBytes", { maxResponseBytes: "64" }],
    ["rateLimit.key", { rateLimit: { key: "cf-connecting-ip" } }],
    ["rateLimit.key", { rateLimit: { key: null } }],
    ["rateLimit.store.take", { rateLimit: { store: {} } }],
    ["rateLimit.store.take", { rateLimit: { store: Promise.resolve(RateLimit.makeMemoryStore()) } }],
    ["rateLimit.store.isFirst", { rateLimit: { store: { ...RateLimit.makeMemoryStore(), isFirst: null } } }],
    ["rateLimit.store.isFirst", { rateLimit: { store: { ...RateLimit.makeMemoryStore(), isFirst: true } } }]
  ])("throws a RangeError that names %s: %j", ([name, more]) =>
    Effect.gen(function*() {
      const options: Relay.Options = Object.assign({}, given, more)
      const exit = yield* Relay.make(options).pipe(
        Effect.provideService(HttpClient.HttpClient, Wire.silent().client),
        Effect.exit
      )
      const error = exit._tag === "Failure" ? exit.cause.reasons.map((reason) => Object(reason).defect) : []
      assert.instanceOf(error[0], RangeError)
      assert.include(String(error[0]), `Relay: ${name} must`)
    }))
})
