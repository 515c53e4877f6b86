import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { stored } from "./support/service.ts"
import { make, plain, settings } from "./support/sessions.ts"

describe("Session.token: when a token is refreshed (S7)", () => {
  it.effect("a token with 15 minutes left is given, and nothing is sent (S7)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("15 minutes") })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-0")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))

  it.effect("a token with less than 15 minutes left is refreshed before the caller has it, with `wait` (S7)", () =>
    Effect.gen(function*() {
      const { read, service, session } = yield* make({ token: stored("899 seconds") })
      const token = yield* (yield* session).session.token()
      assert.strictEqual(plain(token), "access-1")
      assert.strictEqual(DateTime.formatIso(token.expiresAt), "1970-01-01T01:00:00.000Z")
      assert.deepStrictEqual(service.sent, ["refresh-0"])
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "access-1")
      assert.deepStrictEqual(kept && Redacted.value(kept.others), { tool: "other" })
    }).pipe(Effect.scoped))

  it.effect("with `background` and 5 minutes or more left, the caller has the present token at once (S7)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({
        token: stored("5 minutes"),
        refresh: "background",
        takes: "10 seconds"
      })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-0")
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(service.sent.length, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("with less than 5 minutes left, all callers wait for one refresh (S7, S8)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({
        token: stored("299 seconds"),
        refresh: "background",
        takes: "10 seconds"
      })
      const { session: one } = yield* session
      const callers = yield* Effect.forkChild(Effect.all(Array.from({ length: 20 }, () => one.token()), {
        concurrency: "unbounded"
      }))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(callers.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(plain))], ["access-1"])
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a caller waits if the token has less left than its own `minLeft` (S7)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("40 minutes"), refresh: "background" })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token({ minLeft: "40 minutes" })), "access-0")
      assert.strictEqual(plain(yield* one.token({ minLeft: "41 minutes" })), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a `minLeft` that no token of the service has gives the newest token, without a refresh for each call (S7)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("40 minutes") })
      const { session: one } = yield* session
      for (let call = 0; call < 5; call++) {
        assert.strictEqual(plain(yield* one.token({ minLeft: "2 hours" })), "access-1")
        yield* TestClock.adjust("1 minute")
      }
      assert.strictEqual(service.sent.length, 1)
      yield* TestClock.adjust("30 minutes")
      assert.strictEqual(plain(yield* one.token({ minLeft: "2 hours" })), "access-2")
    }).pipe(Effect.scoped))

  it.effect("a token whose whole life is 10 minutes is refreshed at half its life, also by another process (S7)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ life: "10 minutes" })
      const [one, two] = [(yield* session).session, (yield* session).session]
      assert.strictEqual(plain(yield* one.token()), "access-1")
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      assert.strictEqual(plain(yield* two.token()), "access-1")
      assert.strictEqual(service.sent.length, 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(plain(yield* two.token()), "access-2")
      assert.strictEqual(plain(yield* one.token()), "access-2")
      assert.strictEqual(service.sent.length, 2)
    }).pipe(Effect.scoped))

  it.effect("after a failed refresh the valid token is given, and the next try comes 60 s later (S7, S23)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("10 minutes"), responses: ["unsent", "slow_down"] })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-0")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(plain(yield* one.token({ minLeft: "9 minutes" })), "access-0")
      assert.strictEqual(service.sent.length, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* one.token()), "access-0")
      assert.strictEqual(service.sent.length, 2)
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(plain(yield* one.token()), "access-1")
    }).pipe(Effect.scoped))

  it.effect("after `invalid_grant` the valid token is given to its end, and its refresh token is not sent again (S7)", () =>
    Effect.gen(function*() {
      const { service, session, store } = yield* make({ token: stored("10 minutes"), responses: ["rejected"] })
      const { session: one } = yield* session
      const first = yield* Effect.forkChild(one.token())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(plain(yield* Fiber.join(first)), "access-0")
      assert.strictEqual((yield* store.marks(settings.key))[0]?.state, "ended")
      for (let minute = 1; minute < 10; minute++) {
        yield* TestClock.adjust("58 seconds")
        assert.strictEqual(plain(yield* one.token()), "access-0")
      }
      yield* TestClock.adjust("2 minutes")
      const error = yield* Effect.flip(one.token())
      assert.strictEqual(error._tag, "SessionEnded")
      const other = yield* Effect.flip((yield* session).session.token())
      assert.strictEqual(other._tag, "SessionEnded")
      assert.include(other.message, "aws sso login --sso-session corp")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("with `wait`, no refresh is in flight after any call (S7, S22)", () =>
    Effect.gen(function*() {
      let running = 0
      const { session } = yield* make({
        token: stored("14 minutes"),
        takes: "3 seconds",
        life: "16 minutes",
        onRequest: () => Effect.sync(() => void running++)
      })
      const { session: one } = yield* session
      for (let call = 1; call <= 5; call++) {
        const token = yield* Effect.forkChild(one.token())
        yield* TestClock.adjust("2 seconds")
        assert.isUndefined(token.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.strictEqual(plain(yield* Fiber.join(token)), `access-${call}`)
        assert.strictEqual(running, call)
        yield* TestClock.adjust("2 minutes")
      }
    }).pipe(Effect.scoped))

  for (const minLeft of [Number.NaN, -1, Duration.infinity, "-1 minute"] as const) {
    it.effect(`minLeft ${String(minLeft)} is a mistake in the program (S7)`, () =>
      Effect.gen(function*() {
        const { session } = yield* make({ token: stored("1 hour") })
        const exit = yield* Effect.exit((yield* session).session.token({ minLeft }))
        assert.isTrue(Exit.hasDies(exit))
        assert.include(String(exit), "minLeft must be a finite duration")
      }).pipe(Effect.scoped))
  }
})

describe("Session.token: without a token (S11)", () => {
  it.effect("nothing stored is `absent`, and names the command of the caller (S11)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: undefined, loginCommand: "my-tool login" })
      const error = yield* Effect.flip((yield* session).session.token())
      assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "absent")
      assert.strictEqual(error.message, "This session is not logged in: no token is stored. Run: my-tool login")
    }).pipe(Effect.scoped))

  it.effect("a profile with a blank in its name is quoted in the command (S11)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: undefined, settings: { ...settings, profile: "it's mine" } })
      const error = yield* Effect.flip((yield* session).session.token())
      assert.include(error.message, "aws sso login --profile 'it'\\''s mine'")
    }).pipe(Effect.scoped))

  it.effect("the token of another start URL or region is `absent`, and nothing is sent (S11)", () =>
    Effect.gen(function*() {
      for (const change of [{ startUrl: "https://other.awsapps.com/start" }, { region: "us-east-1" }]) {
        const { service, session } = yield* make({ token: stored("-1 second", change) })
        const error = yield* Effect.flip((yield* session).session.token())
        assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "absent")
        assert.deepStrictEqual(service.sent, [])
      }
    }).pipe(Effect.scoped))

  it.effect("a text that is no token is `unreadable`, and stays (S11, S6)", () =>
    Effect.gen(function*() {
      const { session, store } = yield* make({ token: undefined })
      yield* store.exclusively(settings.key, (hold) => hold.commit(Redacted.make("{\"accessToken\":7}")), {
        wait: Duration.zero
      })
      const error = yield* Effect.flip((yield* session).session.token())
      assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "unreadable")
      const text = yield* store.read(settings.key)
      assert.strictEqual(text && Redacted.value(text), "{\"accessToken\":7}")
    }).pipe(Effect.scoped))

  const expired: ReadonlyArray<readonly [string, Parameters<typeof stored>[1]]> = [
    ["no refresh token", { refreshToken: undefined }],
    ["no client id", { clientId: undefined }],
    ["no client secret", { clientSecret: undefined }],
    ["no end of its registration", { registrationExpiresAt: undefined }],
    ["a registration that has expired", { registrationExpiresAt: DateTime.makeUnsafe(0) }]
  ]
  for (const [what, change] of expired) {
    it.effect(`a token with ${what} is given while it is valid, then the session is \`expired\`, and nothing is sent (S11)`, () =>
      Effect.gen(function*() {
        const { service, session } = yield* make({ token: stored("1 minute", change) })
        const { session: one } = yield* session
        assert.strictEqual(plain(yield* one.token({ minLeft: "30 minutes" })), "access-0")
        yield* TestClock.adjust("1 minute")
        const error = yield* Effect.flip(one.token())
        assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "expired")
        assert.deepStrictEqual(service.sent, [])
      }).pipe(Effect.scoped))
  }

  it.effect("a legacy token is never refreshed, also with a refresh token in its file (S3, S11)", () =>
    Effect.gen(function*() {
      const legacy = { ...settings, name: undefined, scopes: undefined }
      const { service, session } = yield* make({ token: stored("1 minute"), settings: legacy })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-0")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "NotLoggedIn")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))

  it.effect("a response without a refresh token keeps the old one, with its registration (S11)", () =>
    Effect.gen(function*() {
      const { read, service, session } = yield* make({ isSilentOnRefreshToken: true })
      const { session: one } = yield* session
      yield* one.token()
      const kept = yield* read
      assert.strictEqual(kept?.refreshToken && Redacted.value(kept.refreshToken), "refresh-0")
      assert.strictEqual(kept?.clientId, "client")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(plain(yield* one.token()), "access-2")
      assert.deepStrictEqual(service.sent, ["refresh-0", "refresh-0"])
    }).pipe(Effect.scoped))
})

describe("Session.token: the clock (S13)", () => {
  it.effect("a clock that is set back does not make a token last longer (S13)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({})
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-1")
      yield* TestClock.adjust("44 minutes")
      yield* TestClock.setTime(0)
      assert.strictEqual(plain(yield* one.token()), "access-1")
      // 46 of its 60 minutes are over on the monotonic clock
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(plain(yield* one.token()), "access-2")
      assert.strictEqual(service.sent.length, 2)
    }).pipe(Effect.scoped))
})
