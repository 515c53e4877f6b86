import { assert, describe, it } from "@effect/vitest"
import { BackoffPolicy } from "@sso-oidc/device-grant/BackoffPolicy"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"

const login = DeviceGrant.login({ clientName: "test", startUrl: Service.startUrl })

/** Runs a login whose polls get these responses. Gives its error, and the number of polls. */
const endOf = (polls: ReadonlyArray<Service.ScriptedResponse>, options: Parameters<typeof Service.make>[0] = {}) =>
  Effect.gen(function*() {
    const service = Service.make({ ...options, polls })
    const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(700))
    if (exit === "still running" || Exit.isSuccess(exit)) return assert.fail("the grant should have failed")
    const reason = exit.cause.reasons[0]
    if (reason?._tag !== "Fail") return assert.fail(String(exit.cause))
    return { error: reason.error, polls: service.polls().length }
  })

describe("responses that end the grant (D5)", () => {
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
  )("%s ends the grant under its own tag (D5)", ([type, error, status]) =>
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
  )("the response %s ends the grant as UnexpectedResponse (D5)", ([, status, body]) =>
    Effect.gen(function*() {
      const end = yield* endOf([{ status, body }])
      assert.strictEqual(end.error._tag, "UnexpectedResponse")
      assert.strictEqual(end.polls, 1)
    }))

  it.effect.each([200, 400, 408, 429, 500, 503])(
    "a response with status %i from another URL ends the grant, and nothing is sent again (D5, C8)",
    (status) =>
      Effect.gen(function*() {
        const end = yield* endOf([{ ...Service.gateway(status), url: "https://evil.example/token" }])
        assert.deepInclude(end.error, { _tag: "UnexpectedResponse", problem: "redirect", status })
        assert.strictEqual(end.polls, 1)
      })
  )

  it.effect("a permanent transport failure ends the grant (D5)", () =>
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
      ["in a content-encoding that the transport did not decode", {
        headers: { "content-encoding": "gzip" },
        body: "\u001f\u008b"
      }]
    ] as const
  )(
    "a success that cannot be used (%s) ends the grant as TokenPossiblyLost (D5)",
    ([, response]) =>
      Effect.gen(function*() {
        const end = yield* endOf([response])
        if (end.error._tag !== "TokenPossiblyLost") return assert.fail(end.error._tag)
        assert.strictEqual(end.error.cause._tag, "UnexpectedResponse")
        assert.strictEqual(end.polls, 1)
      })
  )
})

describe("lost responses (D5)", () => {
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
  )(
    "invalid_grant after %s is InvalidGrantException, since no response was lost (D5)",
    ([, notLost]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* endOf([notLost, Service.invalidGrant])).error._tag, "InvalidGrantException")
      })
  )

  it.effect("authorization_pending after a lost response proves that no token was lost (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("maybe"), Service.pending, Service.invalidGrant])
      assert.strictEqual(end.error._tag, "InvalidGrantException")
    }))

  it.effect("slow_down after a lost response does not prove that no token was lost (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([Service.cut("maybe"), Service.slowDown(), Service.invalidGrant])
      assert.strictEqual(end.error._tag, "TokenPossiblyLost")
    }))

  it.effect("DeviceCodeExpired says that a response was lost (D5)", () =>
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
  )("the grant does not retry %s (D5)", ([, script, paths]) =>
    Effect.gen(function*() {
      const service = Service.make(script)
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(60))
      assert.isTrue(exit !== "still running" && Exit.isFailure(exit))
      assert.deepStrictEqual(service.paths(), [...paths])
    }))
})

describe("the token of a login", () => {
  it.effect("has an expiry counted from its receipt, and the registration that it was issued to", () =>
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

  it.effect("has no expiry if the response has no expiresIn", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.token({ expiresIn: 0, refreshToken: null })] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(20))
      if (exit === "still running" || Exit.isFailure(exit)) return assert.fail("no token")
      assert.notProperty(exit.value, "expiresAt")
      assert.notProperty(exit.value, "refreshToken")
    }))
})

describe("interruption (D6)", () => {
  it.effect("an interruption ends a wait, and no request is sent after it (D6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [Service.pending] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(7))
      assert.strictEqual(exit, "still running")
      yield* Clocks.within(60)(Effect.void)
      assert.deepStrictEqual(service.polls(), [5])
    }))

  it.effect("an interruption ends a request and aborts its connection (D6)", () =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [{ silent: true }] })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(7))
      assert.strictEqual(exit, "still running")
      assert.strictEqual(service.count.inFlight, 0)
      // The two responses before the poll were read to their ends, which aborts them too. The third abort is the poll's.
      assert.strictEqual(service.count.aborted, 3)
    }))

  it.effect("at most one request is in flight at a time (D6)", () =>
    Effect.gen(function*() {
      const slow = { ...Service.pending, delay: "20 seconds" } as const
      const service = Service.make({ polls: [slow, { silent: true }, slow, Service.token()] })
      yield* login.pipe(Effect.provide(service.layer), Clocks.within(300))
      assert.strictEqual(service.count.mostInFlight, 1)
      assert.strictEqual(service.polls().length, 4)
    }))
})

describe("a busy service (D3)", () => {
  const busy = (
    body: object,
    headers: Readonly<Record<string, string>> = {},
    status = 400
  ): Service.ScriptedResponse => ({
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
  )("the grant backs off after %s, and the login continues (D3, C11)", ([, response]) =>
    Effect.gen(function*() {
      const service = Service.make({ polls: [response, response, Service.token()] })
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

  it.effect("after a throttled poll the wait is at least its Retry-After (D3)", () =>
    Effect.gen(function*() {
      const service = Service.make({
        polls: [busy({ code: "Throttling" }, { "retry-after": "40" }), Service.token()]
      })
      const exit = yield* login.pipe(Effect.provide(service.layer), Clocks.within(60))
      assert.isTrue(exit !== "still running" && Exit.isSuccess(exit))
      assert.deepStrictEqual(service.polls(), [5, 45])
    }))

  it.effect("invalid_grant after a poll throttled with a 4xx is InvalidGrantException (D5)", () =>
    Effect.gen(function*() {
      const end = yield* endOf([busy({ code: "Throttling" }), Service.invalidGrant])
      assert.strictEqual(end.error._tag, "InvalidGrantException")
    }))
})
