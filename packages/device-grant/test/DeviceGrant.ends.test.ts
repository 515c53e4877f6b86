import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Clocks from "./support/clocks.ts"
import * as Service from "./support/service.ts"

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })

/** The error that a login with these polls ends with, and how many polls there were. */
const endOf = (polls: ReadonlyArray<Service.Answer>, options: Parameters<typeof Service.make>[0] = {}) =>
  Effect.gen(function*() {
    const service = Service.make({ ...options, polls })
    const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(700))
    if (exit === "still running" || Exit.isSuccess(exit)) return assert.fail("the grant should have failed")
    const reason = exit.cause.reasons[0]
    if (reason?._tag !== "Fail") return assert.fail(String(exit.cause))
    return { error: reason.error, polls: service.polls().length }
  })

describe("every other response ends the grant (D5)", () => {
  it.effect.each(
    [
      ["AccessDeniedException", "access_denied", 400],
      ["InvalidClientException", "invalid_client", 401],
      ["InvalidGrantException", "invalid_grant", 400],
      ["InvalidRequestException", "invalid_request", 400],
      ["InvalidScopeException", "invalid_scope", 400],
      ["UnauthorizedClientException", "unauthorized_client", 400],
      ["UnsupportedGrantTypeException", "unsupported_grant_type", 400],
      ["InternalServerException", "server_error", 400]
    ] as const
  )("%s ends it under its own tag (D5)", ([type, error, status]) =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.pending, Service.exception(type, error, { status })])
      assert.strictEqual(end.error._tag, type)
      assert.strictEqual(end.polls, 2)
    }))

  it.effect.each(
    [
      ["201", 201, "{}"],
      ["202", 202, "{}"],
      ["302", 302, ""],
      ["307", 307, ""],
      ["400 without an OAuth error", 400, "{}"],
      ["403 of a firewall", 403, "<html>"],
      ["404", 404, "not here"],
      ["410", 410, "gone"]
    ] as const
  )("%s ends it as UnexpectedResponse (D5)", ([, status, body]) =>
    Effect.gen(function*() {
      const end = yield* endOf([{ status, body }])
      assert.strictEqual(end.error._tag, "UnexpectedResponse")
      assert.strictEqual(end.polls, 1)
    }))

  it.effect.each([200, 400, 408, 429, 500, 503])(
    "a %i from another URL ends it at the first poll, with nothing sent again (D5, C8)",
    (status) =>
      Effect.gen(function*() {
        const end = yield* endOf([{ ...Service.gateway(status), url: "https://evil.example/token" }])
        assert.deepInclude(end.error, { _tag: "UnexpectedResponse", problem: "redirect", status })
        assert.strictEqual(end.polls, 1)
      })
  )

  it.effect("a permanent transport failure ends it (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("no", false)])
      assert.strictEqual(end.error._tag, "TransportError")
      assert.strictEqual(end.polls, 1)
    }))

  it.effect.each(
    [
      ["no JSON", { body: "<html>" }],
      ["no access token", { body: { tokenType: "Bearer" } }],
      ["an empty access token", { body: { accessToken: "", tokenType: "Bearer" } }],
      ["over the cap", { body: { accessToken: "a".repeat(300 * 1024), tokenType: "Bearer" } }],
      ["in an encoding that nobody undid", { headers: { "content-encoding": "gzip" }, body: "\u001f\u008b" }]
    ] as const
  )("a success that cannot be used (%s) is TokenPossiblyLost (D5)", ([, answer]) =>
    Effect.gen(function*() {
      const end = yield* endOf([answer])
      if (end.error._tag !== "TokenPossiblyLost") return assert.fail(end.error._tag)
      assert.strictEqual(end.error.cause._tag, "UnexpectedResponse")
      assert.strictEqual(end.polls, 1)
    }))
})

describe("responses that are lost (D5)", () => {
  it.effect.each(
    [
      ["a reset after the request", Service.cut("maybe")],
      ["a 500", Service.gateway(500)],
      ["a 503 of a gateway", Service.gateway(503)],
      ["a time limit", { silent: true }]
    ] as const
  )("invalid_grant after %s is TokenPossiblyLost (D5)", ([, lost]) =>
    Effect.gen(function*() {
      const end = yield* endOf([lost, Service.invalidGrant])
      if (end.error._tag !== "TokenPossiblyLost") return assert.fail(end.error._tag)
      assert.strictEqual(end.error.cause._tag, "InvalidGrantException")
    }))

  it.effect.each(
    [
      ["a refused connection", Service.cut("no")],
      ["a 429", Service.gateway(429)],
      ["a 408", Service.gateway(408)]
    ] as const
  )("invalid_grant after %s is itself: nothing was lost (D5)", ([, notLost]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* endOf([notLost, Service.invalidGrant])).error._tag, "InvalidGrantException")
    }))

  it.effect("a later authorization_pending clears it: the code was not used (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("maybe"), Service.pending, Service.invalidGrant])
      assert.strictEqual(end.error._tag, "InvalidGrantException")
    }))

  it.effect("a later slow_down does not clear it (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("maybe"), Service.slowDown(), Service.invalidGrant])
      assert.strictEqual(end.error._tag, "TokenPossiblyLost")
    }))

  it.effect("a code that expires while a response is lost says so (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("maybe"), Service.cut("no"), Service.expired])
      if (end.error._tag !== "DeviceCodeExpired") return assert.fail(end.error._tag)
      assert.isTrue(end.error.responseLost)
      assert.strictEqual(end.error.detectedBy, "service")
    }))
})

describe("register and start (D5)", () => {
  it.effect.each(
    [
      ["register", { register: [Service.gateway(503), Service.registered()] }, ["/client/register"]],
      ["start", { start: [Service.cut("no"), Service.code()] }, ["/client/register", "/device_authorization"]]
    ] as const
  )("%s is not retried by the grant (D5)", ([, script, paths]) =>
    Effect.gen(function*() {
      const service = Service.make(script)
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(60))
      assert.isTrue(exit !== "still running" && Exit.isFailure(exit))
      assert.deepStrictEqual(service.paths(), [...paths])
    }))
})

describe("the token", () => {
  it.effect("has its expiry counted from the receipt, and the registration it belongs to", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [{ ...Service.token(), delay: "2 seconds" }] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(20))
      if (exit === "still running" || Exit.isFailure(exit)) return assert.fail("no token")
      const token = exit.value
      assert.strictEqual(Redacted.value(token.accessToken), "access-token-1")
      assert.strictEqual(token.refreshToken && Redacted.value(token.refreshToken), "refresh-token-1")
      assert.isUndefined(token.idToken)
      assert.strictEqual(token.expiresAt && DateTime.toEpochMillis(token.expiresAt), (7 + 3600) * 1000)
      assert.strictEqual(token.registration.clientId, "client-1")
    }))

  it.effect("without expiresIn has no expiry", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.token({ expiresIn: 0, refreshToken: null })] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(20))
      if (exit === "still running" || Exit.isFailure(exit)) return assert.fail("no token")
      assert.notProperty(exit.value, "expiresAt")
      assert.notProperty(exit.value, "refreshToken")
    }))
})

describe("interruption (D6)", () => {
  it.effect("interrupting a wait ends it, and nothing is sent afterwards (D6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(7))
      assert.strictEqual(exit, "still running")
      yield* Clocks.within(60)(Effect.void)
      assert.deepStrictEqual(service.polls(), [5])
    }))

  it.effect("interrupting a request ends it and aborts its connection (D6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [{ silent: true }] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(7))
      assert.strictEqual(exit, "still running")
      assert.strictEqual(service.count.inFlight, 0)
      // the two answers before it were read to their ends, which aborts them too; the third abort is the poll's
      assert.strictEqual(service.count.aborted, 3)
    }))

  it.effect("there is never more than one request in flight (D6)", () =>
    Effect.gen(function*() {
      const slow = { ...Service.pending, delay: "20 seconds" } as const
      const service = Service.make({ polls: [slow, { silent: true }, slow, Service.token()] })
      yield* login.pipe(Effect.provide(service.layer), Clocks.within(300))
      assert.strictEqual(service.count.mostInFlight, 1)
      assert.strictEqual(service.polls().length, 4)
    }))
})

describe("a service that is busy (D3)", () => {
  const busy = (body: object, headers: Readonly<Record<string, string>> = {}, status = 400): Service.Answer => ({
    status,
    body,
    headers
  })

  it.effect.each(
    [
      ["ThrottlingException in the header", busy({}, { "x-amzn-errortype": "ThrottlingException:http://internal/" })],
      ["TooManyRequestsException as the body's code", busy({ code: "TooManyRequestsException" })],
      ["a namespaced Throttling as the body's __type", busy({ __type: "com.amazon#Throttling" }, {}, 403)],
      ["RequestTimeout as the body's error", busy({ error: "RequestTimeout" }, {}, 408)]
    ] as const
  )("%s backs off, and the login goes on (D3, C11)", ([, answer]) =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [answer, answer, Service.token()] })
      const seen: Array<DeviceGrantEvent> = []
      const exit = yield* DeviceGrant.login({
        clientName: "test",
        startUrl: Service.startUrl,
        onEvent: (event) => Effect.sync(() => seen.push(event))
      }).pipe(
        Effect.provideService(BackoffPolicy, { cap: Duration.seconds(60), jitter: 0 }),
        Effect.provide(service.layer),
        Clocks.within(60)
      )
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.deepStrictEqual(service.polls(), [5, 15, 35])
      const waits = seen.filter((event) => event._tag === "Waiting")
      assert.deepStrictEqual(waits.map(({ reason }) => reason), ["trouble", "trouble"])
      assert.isTrue(waits.every(({ trouble }) => trouble?.code !== undefined && trouble.error === "UnexpectedResponse"))
    }))

  it.effect("a Retry-After of a throttled poll is a further minimum (D3)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        polls: [busy({ code: "Throttling" }, { "retry-after": "40" }), Service.token()]
      })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(60))
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.deepStrictEqual(service.polls(), [5, 45])
    }))

  it.effect("a poll that was throttled with a 4xx lost no token: invalid_grant stays what it is (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([busy({ code: "Throttling" }), Service.invalidGrant])
      assert.strictEqual(end.error._tag, "InvalidGrantException")
    }))
})
