import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Duration, Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { grantType, issued, registration, secret, started, startUrl, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))

describe("Emulator", () => {
  describe("the values that it hands out", () => {
    it.effect("gives registrations of 90 days in the forms of the service (E2)", () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1500 millis")
        const emulator = yield* Emulator.Emulator
        const response = yield* emulator.registerClient(registration)
        assert.strictEqual(response.clientIdIssuedAt, 1)
        assert.strictEqual(response.clientSecretExpiresAt, 1 + 7_776_000)
        const id = Buffer.from(response.clientId, "base64url")
        assert.strictEqual(id.subarray(16).toString(), "eu-west-1")
        const value = Redacted.value(response.clientSecret)
        assert.match(value, /^[\w-]+\.[\w-]+\.[\w-]+$/)
        assert.isTrue(value.length > 1700 && value.length < 1800, String(value.length))
      }).pipe(provide({ region: "eu-west-1" })))

    it.effect("gives device codes of 600 seconds with an interval of 1 second, and each code is unique (E2)", () =>
      Effect.gen(function*() {
        const { clientId, clientSecret, code, emulator } = yield* started()
        assert.deepStrictEqual([code.expiresIn, code.interval], [600, 1])
        assert.match(Redacted.value(code.deviceCode), /^[\w-]{86}$/)
        const codes = new Set<string>()
        for (let n = 0; n < 200; n++) {
          const { userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
          assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
          codes.add(userCode)
        }
        assert.strictEqual(codes.size, 200)
        assert.strictEqual(code.verificationUriComplete, `${code.verificationUri}?user_code=${code.userCode}`)
      }).pipe(provide()))

    it.effect("gives a token of one hour and a refresh token with scopes, and a token for the whole session without scopes (E2)", () =>
      Effect.gen(function*() {
        const { token } = yield* issued(["sso:account:access"])
        assert.match(Redacted.value(token.accessToken), /^aoa[\w-]+:[\w+/=]+$/)
        assert.match(Redacted.value(secret(token)), /^aor[\w-]+:[\w+/=]+$/)
        assert.deepStrictEqual([token.tokenType, token.expiresIn], ["Bearer", 3600])
        const bare = (yield* issued()).token
        assert.deepStrictEqual([bare.expiresIn, bare.refreshToken], [28_800, undefined])
      }).pipe(provide()))
  })

  describe("the client", () => {
    it.effect("refuses a secret that is wrong, expired, or of another client (E3)", () =>
      Effect.gen(function*() {
        const { clientId, clientSecret, code, emulator, poll } = yield* started()
        const other = yield* started()
        for (const wrong of [Redacted.make("no"), other.clientSecret]) {
          const request = { clientId, clientSecret: wrong }
          assert.strictEqual(
            yield* tagOf(emulator.startDeviceAuthorization({ ...request, startUrl })),
            "InvalidClientException"
          )
          assert.strictEqual(
            yield* tagOf(emulator.createToken({ ...request, grantType, deviceCode: code.deviceCode })),
            "InvalidClientException"
          )
        }
        yield* TestClock.adjust("2159 hours")
        yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* tagOf(poll), "InvalidClientException")
        assert.strictEqual(
          yield* tagOf(emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })),
          "InvalidClientException"
        )
      }).pipe(provide()))

    it.effect("accepts a device code only from its own client (E3)", () =>
      Effect.gen(function*() {
        const mine = yield* started()
        const other = yield* started()
        yield* mine.emulator.authorizations.approve(mine.code.userCode)
        const { clientId, clientSecret } = other
        assert.strictEqual(
          yield* tagOf(
            mine.emulator.createToken({ clientId, clientSecret, grantType, deviceCode: mine.code.deviceCode })
          ),
          "InvalidGrantException"
        )
        yield* mine.poll
      }).pipe(provide()))
  })

  describe("the device code", () => {
    it.effect("expires to the millisecond, approved or not (E3)", () =>
      Effect.gen(function*() {
        const { code, emulator, poll } = yield* started()
        yield* TestClock.adjust(59_999)
        assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
        yield* emulator.authorizations.approve(code.userCode)
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* tagOf(poll), "ExpiredTokenException")
        const error = yield* Effect.flip(emulator.authorizations.approve(code.userCode))
        assert.strictEqual(error.problem, "expired")
      }).pipe(provide({ expiresIn: "60 seconds" })))

    it.effect("gives one token (E3)", () =>
      Effect.gen(function*() {
        const { emulator, code, poll } = yield* issued(["sso:account:access"])
        assert.strictEqual(yield* tagOf(poll), "InvalidGrantException")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* tagOf(poll), "InvalidGrantException")
        assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "used")
      }).pipe(provide()))

    it.effect("gives the token to one of two simultaneous polls (E3)", () =>
      Effect.gen(function*() {
        const { code, emulator, poll } = yield* started()
        yield* emulator.authorizations.approve(code.userCode)
        const results = yield* Effect.all(Array.from({ length: 20 }, () => Effect.result(poll)), {
          concurrency: "unbounded"
        })
        assert.strictEqual(results.filter((result) => result._tag === "Success").length, 1)
      }).pipe(provide()))

    it.effect("stays denied after it was denied (E3)", () =>
      Effect.gen(function*() {
        const { code, emulator, poll } = yield* started()
        yield* emulator.authorizations.deny(code.userCode)
        assert.strictEqual(yield* tagOf(poll), "AccessDeniedException")
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.approve(code.userCode))).problem, "denied")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* tagOf(poll), "AccessDeniedException")
      }).pipe(provide()))

    it.effect("accepts the same decision twice, and refuses the opposite decision (E4)", () =>
      Effect.gen(function*() {
        const { code, emulator, poll } = yield* started()
        assert.strictEqual((yield* emulator.authorizations.approve(code.userCode)).status, "approved")
        assert.strictEqual((yield* emulator.authorizations.approve(code.userCode)).status, "approved")
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.deny(code.userCode))).problem, "approved")
        yield* poll
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.approve(code.userCode))).problem, "used")
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.lookup("BBBB-BBBB"))).problem, "unknown")
      }).pipe(provide()))

    it.effect("may be typed in lower case, with spaces, or without the dash (E4)", () =>
      Effect.gen(function*() {
        const { code, emulator } = yield* started()
        const bare = code.userCode.replace("-", "")
        for (const typed of [bare, bare.toLowerCase(), ` ${bare.slice(0, 4)} ${bare.slice(4)} `, [...bare].join("–")]) {
          assert.deepInclude(yield* emulator.authorizations.lookup(typed), { userCode: code.userCode })
        }
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.lookup(`${bare}B`))).problem, "unknown")
      }).pipe(provide()))

    it.effect("is approved by autoApprove at a time that counts from its issue (E3)", () =>
      Effect.gen(function*() {
        const { code, emulator, poll } = yield* started()
        const denied = yield* started()
        yield* denied.emulator.authorizations.deny(denied.code.userCode)
        yield* TestClock.adjust(2999)
        assert.strictEqual(yield* tagOf(poll), "AuthorizationPendingException")
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "approved")
        yield* TestClock.adjust(1000)
        yield* poll
        assert.strictEqual(yield* tagOf(denied.poll), "AccessDeniedException")
      }).pipe(provide({ autoApprove: "3 seconds" })))
  })

  describe("the refresh token", () => {
    it.effect("rotates: the old token becomes invalid, and the new token is valid (E3)", () =>
      Effect.gen(function*() {
        const { refresh, token } = yield* issued(["sso:account:access"])
        const next = yield* refresh(secret(token))
        assert.notStrictEqual(Redacted.value(secret(next)), Redacted.value(secret(token)))
        assert.notStrictEqual(Redacted.value(next.accessToken), Redacted.value(token.accessToken))
        const error = yield* Effect.flip(refresh(secret(token)))
        assert.strictEqual(error._tag, "InvalidGrantException")
        assert.strictEqual(error.errorDescription, "Invalid refresh token provided")
        yield* refresh(secret(next))
      }).pipe(provide()))

    it.effect("is taken by one of two simultaneous refreshes (E3)", () =>
      Effect.gen(function*() {
        const { refresh, token } = yield* issued(["sso:account:access"])
        const results = yield* Effect.all(
          Array.from({ length: 20 }, () => Effect.result(refresh(secret(token)))),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(results.filter((result) => result._tag === "Success").length, 1)
      }).pipe(provide()))

    it.effect("belongs to its client, and the attempt of another client does not use it up (E3)", () =>
      Effect.gen(function*() {
        const { refresh, token } = yield* issued(["sso:account:access"])
        const other = yield* started()
        assert.strictEqual(yield* tagOf(other.refresh(secret(token))), "InvalidGrantException")
        yield* refresh(secret(token))
      }).pipe(provide()))

    it.effect("ends with the session 8 hours after the login, and the last tokens do not outlive the session (E3)", () =>
      Effect.gen(function*() {
        const { refresh, token } = yield* issued(["sso:account:access"])
        yield* TestClock.adjust("7 hours")
        const later = yield* refresh(secret(token))
        assert.strictEqual(later.expiresIn, 3600)
        yield* TestClock.adjust("45 minutes")
        const last = yield* refresh(secret(later))
        assert.strictEqual(last.expiresIn, 900)
        yield* TestClock.adjust("15 minutes")
        assert.strictEqual(yield* tagOf(refresh(secret(last))), "InvalidGrantException")
      }).pipe(provide()))
  })

  describe("its options and bounds", () => {
    it.effect.each<{ readonly options: Emulator.Options; readonly detail: string }>([
      {
        options: { interval: 0 },
        detail: "interval must be a whole number of seconds, from 1 second to 24 days, not 0"
      },
      {
        options: { interval: 5 },
        detail:
          "interval must be a whole number of seconds, from 1 second to 24 days, not 5ms. A bare number counts milliseconds: write \"5 seconds\""
      },
      {
        options: { interval: "1.5 seconds" },
        detail: "interval must be a whole number of seconds, from 1 second to 24 days, not 1s 500ms"
      },
      {
        options: { interval: NaN },
        detail: "interval must be a whole number of seconds, from 1 second to 24 days, not NaN"
      },
      {
        options: { expiresIn: "-1 seconds" },
        detail: "expiresIn must be a whole number of seconds, from 1 second to 24 days, not -1s"
      },
      {
        options: { expiresIn: "2073601 seconds" },
        detail: "expiresIn must be a whole number of seconds, from 1 second to 24 days, not 24d 1s"
      },
      {
        options: { expiresIn: Infinity },
        detail: "expiresIn must be a whole number of seconds, from 1 second to 24 days, not Infinity"
      },
      {
        options: { expiresIn: 60 },
        detail: "expiresIn must be a whole number of seconds, from 1 second to 24 days, not 60ms. " +
          "A bare number counts milliseconds: write \"60 seconds\""
      },
      {
        options: { expiresIn: 1 },
        detail: "expiresIn must be a whole number of seconds, from 1 second to 24 days, not 1ms. " +
          "A bare number counts milliseconds: write \"1 second\""
      },
      { options: { autoApprove: NaN }, detail: "autoApprove must be zero, or 1 second or more, not NaN" },
      { options: { autoApprove: -1 }, detail: "autoApprove must be zero, or 1 second or more, not -1ms" },
      { options: { autoApprove: Infinity }, detail: "autoApprove must be zero, or 1 second or more, not Infinity" },
      {
        options: { autoApprove: 3 },
        detail: "autoApprove must be zero, or 1 second or more, not 3ms. " +
          "A bare number counts milliseconds: write \"3 seconds\""
      },
      {
        options: { autoApprove: "999 millis" },
        detail: "autoApprove must be zero, or 1 second or more, not 999ms"
      },
      {
        options: { sessionDuration: 0 },
        detail: "sessionDuration must be a whole number of seconds, from 1 second to 90 days, not 0"
      },
      {
        options: { sessionDuration: "2161 hours" },
        detail: "sessionDuration must be a whole number of seconds, from 1 second to 90 days, not 90d 1h"
      },
      {
        options: { sessionDuration: 28_800 },
        detail: "sessionDuration must be a whole number of seconds, from 1 second to 90 days, not 28s 800ms. " +
          "A bare number counts milliseconds: write \"28800 seconds\""
      },
      {
        options: { sessionDuration: Infinity },
        detail: "sessionDuration must be a whole number of seconds, from 1 second to 90 days, not Infinity"
      },
      {
        options: { accessTokenLifetime: "999 millis" },
        detail: "accessTokenLifetime must be a whole number of seconds, from 1 second to 90 days, not 999ms"
      },
      {
        options: { accessTokenLifetime: "-1 hours" },
        detail: "accessTokenLifetime must be a whole number of seconds, from 1 second to 90 days, not -1h"
      },
      {
        options: { accessTokenLifetime: NaN },
        detail: "accessTokenLifetime must be a whole number of seconds, from 1 second to 90 days, not NaN"
      },
      { options: { capacity: 0 }, detail: "capacity must be a whole number, 1 or more, not 0" },
      {
        options: { capacityBytes: 131_071 },
        detail: "capacityBytes must be a whole number, 131072 or more, not 131071"
      },
      { options: { region: "EU west" }, detail: "region must be a host label in lower case, such as eu-west-1" }
    ])("refuses an option that it cannot use: %j (E3)", ({ detail, options }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Emulator.make(options))
        assert.deepStrictEqual([error._tag, error.problem, error.detail], ["EmulatorError", "options", detail])
        assert.strictEqual(error.message, `The emulator cannot start: ${detail}.`)
      }))

    it.effect.each(
      [
        [{ interval: "5" }, "interval must be a whole number of seconds, from 1 second to 24 days, not \"5\""],
        [{ expiresIn: true }, "expiresIn must be a whole number of seconds, from 1 second to 24 days, not true"],
        [{ autoApprove: "3" }, "autoApprove must be zero, or 1 second or more, not \"3\""],
        [{ rotation: "loose" }, "rotation must be \"strict\" or \"lenient\", not \"loose\""],
        [{ rotation: true }, "rotation must be \"strict\" or \"lenient\", not true"],
        [{ rotation: null }, "rotation must be \"strict\" or \"lenient\", not this object"],
        [
          { sessionDuration: "8" },
          "sessionDuration must be a whole number of seconds, from 1 second to 90 days, not \"8\""
        ],
        [
          { accessTokenLifetime: {} },
          "accessTokenLifetime must be a whole number of seconds, from 1 second to 90 days, not 0"
        ],
        [{ capacity: "7" }, "capacity must be a whole number, 1 or more, not \"7\""],
        [{ capacityBytes: "7" }, "capacityBytes must be a whole number, 131072 or more, not \"7\""],
        [{ requestsPerSecond: "7" }, "requestsPerSecond must be a whole number, 1 or more, not \"7\""],
        [{ region: 7 }, "region must be a host label in lower case, such as eu-west-1"]
      ] as const
    )(
      "refuses an option of a wrong type, from a program without types: %j (E3)",
      ([given, detail]) =>
        Effect.gen(function*() {
          const options: object = given
          const error = yield* Effect.flip(Emulator.make(options))
          assert.deepStrictEqual([error._tag, error.problem, error.detail], ["EmulatorError", "options", detail])
        })
    )

    it.effect.each(["1 second", "1.5 seconds", 0, 1000] as const)(
      "accepts autoApprove %s (E3)",
      (autoApprove) =>
        Effect.map(Emulator.make({ autoApprove }), (emulator) => {
          assert.deepStrictEqual(emulator.autoApprove, Duration.fromInputUnsafe(autoApprove))
        })
    )

    it.effect.each([NaN, "5" as never])(
      "does not move the clock by %j, which is not a duration (E3)",
      (by) =>
        Effect.gen(function*() {
          const emulator = yield* Emulator.make()
          const error = yield* Effect.flip(emulator.clock.advance(by))
          assert.deepStrictEqual([error._tag, error.problem], ["EmulatorError", "clock"])
          assert.include(error.message, "duration must be a duration, not ")
          assert.strictEqual(yield* emulator.clock.now, 0)
        })
    )

    it.effect("drops the least recently used login when there is no room (E6)", () =>
      Effect.gen(function*() {
        const { clientId, clientSecret, code, emulator, poll } = yield* started()
        const start = emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
        const second = yield* start
        yield* start
        assert.strictEqual((yield* Effect.flip(emulator.authorizations.lookup(code.userCode))).problem, "unknown")
        assert.strictEqual(yield* tagOf(poll), "InvalidGrantException")
        assert.strictEqual((yield* emulator.authorizations.lookup(second.userCode)).status, "pending")
      }).pipe(provide({ capacity: 2 })))

    it.effect("refuses a login only if all other logins are in use (E6)", () =>
      Effect.gen(function*() {
        const { clientId, clientSecret, code, emulator, poll } = yield* started()
        const start = emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
        yield* tagOf(poll)
        const other = yield* started()
        yield* emulator.authorizations.approve(other.code.userCode)
        for (const refused of [start, emulator.registerClient(registration)]) {
          const error = yield* Effect.flip<object, { readonly _tag: string; readonly message: string }, never>(refused)
          assert.strictEqual(error._tag, "SlowDownException")
          assert.include(error.message, "The emulator is full: it keeps at most 2 ")
        }
        assert.strictEqual((yield* emulator.authorizations.lookup(code.userCode)).status, "pending")
        // Two minutes later, neither login is in use
        yield* TestClock.adjust("2 minutes")
        yield* start
        yield* emulator.registerClient(registration)
      }).pipe(provide({ capacity: 2 })))

    it.effect("drops a client's logins and sessions together with its registration (E6)", () =>
      Effect.gen(function*() {
        const { emulator, poll } = yield* started()
        yield* emulator.registerClient(registration)
        assert.strictEqual(yield* tagOf(poll), "InvalidClientException")
        assert.deepStrictEqual(yield* emulator.authorizations.list, [])
      }).pipe(provide({ capacity: 1 })))

    it.effect("responds to every poll of ten thousand simultaneous logins, and has room for as many when they end (E3)", () =>
      Effect.gen(function*() {
        const emulator = yield* Emulator.Emulator
        const { clientId, clientSecret } = yield* emulator.registerClient({
          clientName: "a tool",
          clientType: "public"
        })
        const many = <A, E>(one: Effect.Effect<A, E>) =>
          Effect.forEach(Array.from({ length: 10_000 }), () => one, { concurrency: "unbounded" })
        const start = emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
        const login = Effect.gen(function*() {
          const code = yield* start
          const poll = emulator.createToken({ clientId, clientSecret, grantType, deviceCode: code.deviceCode })
          const first = yield* tagOf(poll)
          yield* emulator.authorizations.approve(code.userCode)
          yield* Effect.sleep("1 second")
          return [first, (yield* poll).tokenType].join()
        })
        const all = yield* Effect.forkChild(many(login))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual([...new Set(yield* Fiber.join(all))], ["AuthorizationPendingException,Bearer"])
        const ended = yield* emulator.state.snapshot
        assert.lengthOf(ended.deviceAuthorizations, 10_000)
        assert.lengthOf(ended.sessions, 0)
        const codes = new Set((yield* many(start)).map(({ userCode }) => userCode))
        const { deviceAuthorizations } = yield* emulator.state.snapshot
        assert.deepStrictEqual(new Set(deviceAuthorizations.map(({ userCode }) => userCode)), codes)
      }).pipe(provide({ requestsPerSecond: 20_000 })))

    it.effect("ends the oldest session when there is no room for a new one (E3)", () =>
      Effect.gen(function*() {
        const first = yield* issued(["sso:account:access"])
        yield* TestClock.adjust("600 seconds")
        const second = yield* first.emulator.startDeviceAuthorization({
          clientId: first.clientId,
          clientSecret: first.clientSecret,
          startUrl
        })
        yield* first.emulator.authorizations.approve(second.userCode)
        yield* first.emulator.createToken({
          clientId: first.clientId,
          clientSecret: first.clientSecret,
          grantType,
          deviceCode: second.deviceCode
        })
        assert.strictEqual(yield* tagOf(first.refresh(secret(first.token))), "InvalidGrantException")
      }).pipe(provide({ capacity: 1 })))
  })
})
