import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import { search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Portal from "./support/portal.ts"
import { type Outcome, stored } from "./support/service.ts"
import { make } from "./support/sessions.ts"

const secret = {
  accessToken: "aoaAAAAAGZkQ2x1V7pLw9",
  refreshToken: "aorAAAAAH3nB8sKq4Jm6t",
  clientSecret: "eyJraWQiOiJrZXktMTU2",
  tool: "7f1c-of-another-tool"
}

const token = stored("-1 second", {
  accessToken: Redacted.make(secret.accessToken),
  refreshToken: Redacted.make(secret.refreshToken),
  clientSecret: Redacted.make(secret.clientSecret),
  others: Redacted.make({ tool: secret.tool })
})

// the tokens that the played service issues
const leak = search([...Object.values(secret), "access-1", "refresh-1"])

/** Asserts that no secret, and no HTTP value of Effect, is reachable from what a call and its session leave. */
const examine = (exit: Exit.Exit<unknown, unknown>, recorder: Recorder.Recorder, ...more: ReadonlyArray<unknown>) => {
  const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
  const errors = reasons.map((reason) => Cause.isFailReason(reason) ? reason.error : reason)
  const seen = [...errors, exit, ...recorder.spans, ...more]
  for (const text of new Set([...seen.flatMap(textsOf), ...recorder.lines])) {
    assert.isUndefined(leak(text), text.slice(0, 300))
  }
  for (const one of seen) assert.deepStrictEqual(walk(one).http, [])
}

const ending = <A, E>(effect: Effect.Effect<A, E>, recorder: Recorder.Recorder) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      effect.pipe(
        Effect.tapCause((cause) => Effect.logTrace("failed", cause)),
        Effect.tapError((error) => Effect.logError("failed", error)),
        Effect.withSpan("the program"),
        Effect.exit,
        recorder.record
      )
    )
    yield* TestClock.adjust("3 seconds")
    return yield* Fiber.join(fiber)
  })

const outcomes: ReadonlyArray<readonly [Outcome, string]> = [
  ["rejected", "SessionEnded"],
  ["invalid_client", "SessionEnded"],
  ["slow_down", "SlowDownException"],
  ["busy", "InternalServerException"],
  ["unsent", "TransportError"],
  ["lost", "TransportError"],
  ["unusable", "UnexpectedResponse"]
]

describe("Session: secrets", () => {
  for (const [outcome, tag] of outcomes) {
    it.effect(`${outcome}: no secret is in an error, a span or a log (S21, C6)`, () =>
      Effect.gen(function*() {
        const recorder = Recorder.make()
        const { session } = yield* make({ token, responses: [outcome] })
        const one = yield* session
        const exit = yield* ending(one.session.token(), recorder)
        const error = yield* Effect.flip(exit)
        assert.strictEqual(error._tag, tag)
        examine(exit, recorder, one)
        assert.include(recorder.spans.map(({ name }) => name), "Session.refresh")
        // the next call finds what the first one left
        examine(yield* ending(one.session.token(), recorder), recorder)
      }).pipe(Effect.scoped))
  }

  it.effect("a token that arrives and is stored shows nothing (S21, C6)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const { session, store } = yield* make()
      const one = yield* session
      const exit = yield* ending(one.session.token(), recorder)
      assert.isTrue(Exit.isSuccess(exit))
      examine(exit, recorder, one, store)
      const { accessToken } = yield* exit
      const next = yield* ending(one.accessToken.refreshed(accessToken), recorder)
      assert.isTrue(Exit.isSuccess(next))
      examine(next, recorder)
    }).pipe(Effect.scoped))

  it.effect("a status and a logout show nothing, whatever the portal responds (S21, S19, S20, C6)", () =>
    Effect.gen(function*() {
      const portals = [
        Portal.make(),
        Portal.make(() => Effect.fail(Portal.noResponse)),
        Portal.make((accessToken) => Effect.die(new Error(accessToken)))
      ]
      for (const portal of portals) {
        for (const all of [false, true]) {
          const recorder = Recorder.make()
          const { session } = yield* make({ token })
          const one = yield* portal.provide(session)
          examine(yield* ending(one.session.status, recorder), recorder, one)
          const exit = yield* ending(one.session.logout({ all }), recorder)
          assert.isTrue(Exit.isSuccess(exit))
          examine(exit, recorder, one)
          assert.includeMembers(recorder.spans.map(({ name }) => name), ["Session.status", "Session.logout"])
        }
      }
    }).pipe(Effect.scoped))

  it.effect("a logout that the store rejects shows nothing (S21, S20, C6)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const failed = new StoreError({
        store: "own",
        operation: "remove",
        reason: "unavailable",
        detail: `it keeps ${secret.accessToken}`
      })
      const { session } = yield* make({
        token,
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) =>
            store.exclusively(key, (hold) => use({ ...hold, remove: Effect.fail(failed) }), waiting)
        })
      })
      const one = yield* Portal.make().provide(session)
      const exit = yield* ending(one.session.logout(), recorder)
      assert.strictEqual((yield* Effect.flip(exit))._tag, "StoreError")
      examine(exit, recorder, one)
    }).pipe(Effect.scoped))
})
