import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { createHash } from "node:crypto"
import * as Portal from "./support/portal.ts"
import { stored } from "./support/service.ts"
import { make, type Options, settings } from "./support/sessions.ts"
import { assertNoLeak } from "./support/stores.ts"

/** The status over a store, and how many requests it sent. */
const statusOf = (
  options: Options = {},
  before: (store: TokenStore.Service) => Effect.Effect<unknown, unknown> = () => Effect.void
) =>
  Effect.gen(function*() {
    const { service, session, store } = yield* make(options)
    yield* Effect.orDie(before(store))
    const portal = Portal.make()
    const { session: one } = yield* portal.provide(session)
    const status = yield* one.status
    assert.deepStrictEqual([...service.sent, ...portal.told, ...portal.forgotten], [])
    return status
  }).pipe(Effect.scoped)

const write = (text: string) => (store: TokenStore.Service) =>
  store.exclusively(settings.key, (hold) => hold.commit(Redacted.make(text)), { wait: Duration.zero })

const readable = { store: "memory", lock: "lock in memory" }

/** What a refresh token is known by. */
const hashOf = (refreshToken: string): string =>
  createHash("sha256").update(`refresh token ${refreshToken}`).digest("hex").slice(0, 32)

describe("Session.status", () => {
  it.effect("says until when a token and its registration are valid, and sends nothing (S19)", () =>
    Effect.gen(function*() {
      const status = yield* statusOf({ token: stored("1 hour") })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(status)), {
        state: "valid",
        isValid: true,
        expiresAt: "1970-01-01T01:00:00.000Z",
        refreshable: true,
        registrationExpiresAt: "1970-03-22T00:00:00.000Z",
        ...readable,
        warnings: []
      })
      assertNoLeak(status, "refresh-0")
      assertNoLeak(status, "access-0")
      assertNoLeak(status, "client-secret")
    }))

  it.effect("says that a token has expired, and that it can be refreshed all the same (S19)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: stored("1 hour") })
      const { session: one } = yield* session
      yield* TestClock.adjust("59 minutes")
      assert.deepInclude(yield* one.status, { state: "valid", isValid: true })
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* one.status, { state: "expired", isValid: false, refreshable: true })
      // the clock is set back, and the token is not valid again (S13)
      yield* TestClock.setTime(0)
      assert.deepInclude(yield* one.status, { state: "expired", isValid: false })
    }).pipe(Effect.scoped))

  it.effect("says that no token is stored (S19)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statusOf({ token: undefined }), {
        state: "absent",
        isValid: false,
        refreshable: false,
        ...readable,
        warnings: []
      })
    }))

  it.effect("says why what is stored is no token (S19, S6)", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [text: string, why: string]> = [
        ["", "it is not a JSON object"],
        ["{\"accessToken\":\"aoa-secret\"", "it is not a JSON object"],
        ["[]", "it is not a JSON object"],
        ["{\"accessToken\":\"aoa-secret\",\"expiresAt\":\"soon\"}", "expiresAt is missing, or is not a time"]
      ]
      for (const [text, why] of cases) {
        const status = yield* statusOf({ token: undefined }, write(text))
        assert.deepInclude(status, { state: "unreadable", isValid: false, refreshable: false })
        assert.strictEqual(status.warnings.length, 1)
        assert.include(status.warnings[0], `The stored token cannot be read: ${why}`)
        assertNoLeak(status, "aoa-secret")
      }
    }))

  it.effect("says that the token of another session is under the key, and does not use it (S19)", () =>
    Effect.gen(function*() {
      const status = yield* statusOf({ token: stored("1 hour", { region: "us-east-1" }) })
      assert.deepInclude(status, { state: "absent", isValid: false })
      assert.deepStrictEqual(status.warnings, [
        "The store has the token of another start URL or region under the key of this session. It is not used."
      ])
    }))

  it.effect("says why a token cannot be refreshed (S19, S3)", () =>
    Effect.gen(function*() {
      const { scopes: _, ...legacy } = settings
      const cases: ReadonlyArray<readonly [Options, string]> = [
        [{ settings: legacy, token: stored("1 hour") }, "A profile without sso_session has no refresh."],
        [{ token: stored("1 hour", { refreshToken: undefined }) }, "There is no refresh token."],
        [
          { token: stored("1 hour", { registrationExpiresAt: DateTime.makeUnsafe(0) }) },
          "The registration of the client has expired, or is not stored with the token."
        ],
        [
          { token: stored("1 hour", { clientSecret: undefined }) },
          "The registration of the client has expired, or is not stored with the token."
        ]
      ]
      for (const [options, obstacle] of cases) {
        assert.deepInclude(yield* statusOf(options), { state: "valid", isValid: true, refreshable: false, obstacle })
      }
    }))

  it.effect("says that the session has ended or is possibly lost, also while the access token is valid (S19, S10)", () =>
    Effect.gen(function*() {
      const ends = [
        ["ended", ["rejected"], "The service no longer accepts the refresh token."],
        [
          "lost",
          ["issuedButLost", "rejected"],
          "The response to an earlier refresh was lost, and the service no longer accepts the refresh token."
        ]
      ] as const
      for (const [state, responses, obstacle] of ends) {
        const { session } = yield* make({ token: stored("10 minutes"), responses })
        const { session: one } = yield* session
        for (let tries = 0; tries < 2; tries++) {
          const call = yield* Effect.forkChild(one.token())
          yield* TestClock.adjust("70 seconds")
          assert.isDefined(call.pollUnsafe())
        }
        const status = yield* one.status
        assert.deepInclude(status, { state, isValid: true, refreshable: false, obstacle })
        // another process says the same
        assert.deepInclude(yield* (yield* session).session.status, { state, isValid: true })
        yield* TestClock.adjust("10 minutes")
        assert.deepInclude(yield* one.status, { state, isValid: false })
      }
    }).pipe(Effect.scoped))

  it.effect("warns that a refresh is in flight or was lost, and of a token that a dead process left (S19, S10)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: stored("1 hour"), takes: "5 seconds" })
      const { session: one } = yield* session
      yield* TestClock.adjust("50 minutes")
      const call = yield* Effect.forkChild(one.token())
      yield* TestClock.adjust("1 second")
      const during = yield* one.status
      assert.deepInclude(during, { state: "valid", refreshable: true })
      assert.deepStrictEqual(during.warnings, [
        "A refresh is in flight, or its response was lost. If it was lost, the session may end with the next refresh."
      ])
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(call.pollUnsafe())
      assert.deepStrictEqual((yield* one.status).warnings, [])

      const left = yield* statusOf({
        token: stored("1 hour"),
        store: (store) => ({
          ...store,
          marks: () =>
            Effect.succeed([{ of: hashOf("refresh-0"), state: "sent" as const, response: Redacted.make("{}") }])
        })
      })
      assert.deepStrictEqual(left.warnings, [
        "A process that has ended left a new token behind. The next refresh takes it."
      ])
    }).pipe(Effect.scoped))

  it.effect("tells of a token that could not be stored, which this process keeps (S19)", () =>
    Effect.gen(function*() {
      let isBroken = true
      const failed = Effect.fail(
        new AccessToken.StoreError({
          store: "memory",
          operation: "commit",
          reason: "unavailable",
          detail: "it is full"
        })
      )
      const { session } = yield* make({
        token: stored("-1 second"),
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) =>
            store.exclusively(key, (hold) => use({ ...hold, ...(isBroken ? { commit: () => failed } : {}) }), waiting)
        })
      })
      const { session: one } = yield* session
      yield* one.token()
      const status = yield* one.status
      assert.deepInclude(status, { state: "valid", isValid: true })
      assert.deepStrictEqual(status.warnings, [
        "A new token could not be stored. This process keeps it, and tries again."
      ])
      isBroken = false
      yield* TestClock.adjust("1 minute")
      yield* one.token()
      assert.deepStrictEqual((yield* one.status).warnings, [])
    }).pipe(Effect.scoped))

  it.effect("has the problems of the config files, with their lines, and what the store warns of (S19, S2)", () =>
    Effect.gen(function*() {
      const status = yield* statusOf({
        token: stored("1 hour"),
        settings: {
          ...settings,
          warnings: [
            { file: "config", line: 4, section: "profile a", message: "the setting stands twice" },
            { file: "credentials", line: 0, message: "It has a byte order mark." }
          ]
        },
        store: (store) => ({ ...store, warnings: () => Effect.succeed(["Others may read it."]), lock: undefined })
      })
      assert.deepStrictEqual(status.warnings, [
        "Line 4 of the config file: the setting stands twice.",
        "The credentials file: It has a byte order mark.",
        "Others may read it."
      ])
      assert.isUndefined(status.lock)
    }))

  it.effect("fails if the store cannot be read, and not if only a mark or a warning cannot (S19)", () =>
    Effect.gen(function*() {
      const error = (reason: AccessToken.StoreError["reason"]) =>
        Effect.fail(new AccessToken.StoreError({ store: "memory", operation: "read", reason, detail: "it is a test" }))
      for (const broken of [{ read: () => error("unavailable") }, { marks: () => error("unavailable") }]) {
        const failed = yield* Effect.flip(
          statusOf({ token: stored("1 hour"), store: (store) => ({ ...store, ...broken }) })
        )
        assert.deepInclude(failed, { _tag: "StoreError", operation: "read" })
      }
      const status = yield* statusOf({
        token: stored("1 hour"),
        store: (store) => ({ ...store, marks: () => error("unreadable"), warnings: () => error("unavailable") })
      })
      assert.deepInclude(status, { state: "valid", refreshable: true })
      assert.deepStrictEqual(status.warnings, [
        "It is not known how the token is kept. The memory store cannot be read: it is a test. Mend the store, and try again.",
        "What is remembered of the refresh token cannot be read."
      ])
      const sealed = yield* statusOf({
        token: stored("1 hour"),
        store: (store) => ({ ...store, read: () => error("unreadable") })
      })
      assert.strictEqual(sealed.state, "unreadable")
    }))

  it.effect("is read anew each time it runs (S19)", () =>
    Effect.gen(function*() {
      const { put, session } = yield* make({ token: undefined })
      const { status } = (yield* session).session
      assert.strictEqual((yield* status).state, "absent")
      yield* put(yield* stored("1 hour"))
      assert.strictEqual((yield* status).state, "valid")
    }).pipe(Effect.scoped))
})
