import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { hashOf } from "../src/internal/stored.ts"
import { type Outcome, stored, text } from "./support/service.ts"
import { make, plain, settings } from "./support/sessions.ts"

const of = hashOf(Redacted.make("refresh-0"))

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error._tag)

const broken = (operation: StoreError["operation"], reason: StoreError["reason"] = "unavailable") =>
  Effect.fail(new StoreError({ store: "test", operation, reason, detail: "the disk is full", code: "ENOSPC" }))

/** A store whose holder's members are replaced. */
const withHold =
  (change: (hold: TokenStore.Hold) => Partial<TokenStore.Hold>) => (store: TokenStore.Service): TokenStore.Service => ({
    ...store,
    exclusively: (key, use, waiting) => store.exclusively(key, (hold) => use({ ...hold, ...change(hold) }), waiting)
  })

describe("Session: one refresh for all (S8)", () => {
  it.effect("32 sessions with one expired token send one request, and all get its token (S8)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ takes: "2 seconds" })
      const sessions = yield* Effect.all(Array.from({ length: 32 }, () => session))
      const all = yield* Effect.forkChild(
        Effect.all(sessions.map(({ session }) => session.token()), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 seconds")
      // the longest pause of a waiter
      yield* TestClock.adjust("270 millis")
      assert.deepStrictEqual([...new Set((yield* Fiber.join(all)).map(plain))], ["access-1"])
      assert.deepStrictEqual(service.sent, ["refresh-0"])
    }).pipe(Effect.scoped))

  it.effect("a waiter waits for requestTimeout and 5 s, then has the present token, or `StoreBusy` (S8, S23)", () =>
    Effect.gen(function*() {
      for (const left of ["1 minute", "-1 second"] as const) {
        const { service, session, store } = yield* make({ token: stored(left), requestTimeout: "10 seconds" })
        const release = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(
          store.exclusively(settings.key, () => Deferred.await(release), { wait: Duration.zero }),
          { startImmediately: true }
        )
        const { session: one } = yield* session
        const waiter = yield* Effect.forkChild(Effect.exit(one.token()))
        yield* TestClock.adjust("14900 millis")
        assert.isUndefined(waiter.pollUnsafe())
        yield* TestClock.adjust("150 millis")
        const exit = yield* Fiber.join(waiter)
        if (left === "1 minute") assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "access-0")
        else {
          const error = yield* Effect.flip(exit)
          assert.strictEqual(error._tag, "StoreBusy")
          assert.include(error.message, "was not free for 15 seconds")
        }
        assert.deepStrictEqual(service.sent, [])
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(holder)
      }
    }).pipe(Effect.scoped))

  it.effect("a waiter has the token that another program stores, before the lock is free (S8, S12)", () =>
    Effect.gen(function*() {
      let text: Redacted.Redacted<string> | undefined
      const { service, session, store } = yield* make({
        store: (store) => ({ ...store, read: (key) => text === undefined ? store.read(key) : Effect.succeed(text) })
      })
      yield* Effect.forkScoped(store.exclusively(settings.key, () => Effect.never, { wait: Duration.zero }), {
        startImmediately: true
      })
      const waiter = yield* Effect.forkChild((yield* session).session.token())
      yield* TestClock.adjust("1 second")
      assert.isUndefined(waiter.pollUnsafe())
      text = CachedToken.encode(yield* stored("1 hour", { accessToken: Redacted.make("theirs") }))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(plain(yield* Fiber.join(waiter)), "theirs")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))
})

describe("Session: nothing is lost (S9)", () => {
  it.effect("an interruption ends the wait of its caller, and the response is stored (S9)", () =>
    Effect.gen(function*() {
      const { read, service, session } = yield* make({ takes: "10 seconds" })
      const { session: one } = yield* session
      const caller = yield* Effect.forkChild(one.token())
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(caller)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("closing the scope waits for the response, which is stored (S9, S23)", () =>
    Effect.gen(function*() {
      const { read, session } = yield* make({ takes: "10 seconds" })
      const scope = yield* Scope.make()
      const { session: one } = yield* Scope.provide(session, scope)
      const caller = yield* Effect.forkChild(Effect.exit(one.token()))
      yield* TestClock.adjust("1 second")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("8 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      yield* Fiber.join(caller)
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "access-1")
    }).pipe(Effect.scoped))

  it.effect("closing the scope ends the wait for a lock at once (S9)", () =>
    Effect.gen(function*() {
      const { session, store } = yield* make()
      yield* Effect.forkScoped(store.exclusively(settings.key, () => Effect.never, { wait: Duration.zero }), {
        startImmediately: true
      })
      const scope = yield* Scope.make()
      const { session: one } = yield* Scope.provide(session, scope)
      const caller = yield* Effect.forkChild(Effect.exit(one.token()))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.join(caller)))
      // a session whose scope is closed starts nothing more
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(one.token())))
    }).pipe(Effect.scoped))

  it.effect("without room nothing is sent: a valid token is given, else `StoreError` (S9, S10)", () =>
    Effect.gen(function*() {
      for (const left of ["1 minute", "-1 second"] as const) {
        const { service, session } = yield* make({
          token: stored(left),
          store: withHold(() => ({ prepare: () => broken("prepare") }))
        })
        const exit = yield* Effect.exit((yield* session).session.token())
        if (left === "1 minute") assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "access-0")
        else {
          const error = yield* Effect.flip(exit)
          assert.strictEqual(
            error.message,
            "The test store cannot be written (ENOSPC): the disk is full. Nothing was sent. Mend the store, and try again."
          )
        }
        assert.deepStrictEqual(service.sent, [])
      }
    }).pipe(Effect.scoped))

  it.effect("the room is as large as the response, and its request is announced first (S9)", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      let room = 0
      const { session } = yield* make({
        onRequest: () => Effect.sync(() => void calls.push("request")),
        store: withHold((hold) => ({
          prepare: (of, bytes) => {
            calls.push("prepare")
            room = bytes
            return hold.prepare(of, bytes)
          },
          commit: (text) => {
            calls.push("commit")
            assert.isAtMost(Redacted.value(text).length, room)
            return hold.commit(text)
          }
        }))
      })
      yield* (yield* session).session.token()
      assert.deepStrictEqual(calls, ["prepare", "request", "commit"])
    }).pipe(Effect.scoped))

  it.effect("a token that cannot be stored stays in memory, is stored later, and its predecessor is not sent again (S9)", () =>
    Effect.gen(function*() {
      let isBroken = true
      const { read, service, session } = yield* make({
        store: withHold((hold) => ({ commit: (text) => isBroken ? broken("commit") : hold.commit(text) }))
      })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-1")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      const old = yield* read
      assert.strictEqual(old && plain(old), "access-0")
      // 59 minutes later it is due, the store is still broken, and nothing is sent
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      assert.deepStrictEqual(service.sent, ["refresh-0"])
      isBroken = false
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(plain(yield* one.token()), "access-2")
      assert.deepStrictEqual(service.sent, ["refresh-0", "refresh-1"])
      const now = yield* read
      assert.strictEqual(now && plain(now), "access-2")
    }).pipe(Effect.scoped))

  it.effect("a token whose first try to be stored fails is stored by the next one (S9)", () =>
    Effect.gen(function*() {
      let tries = 0
      const { read, session } = yield* make({
        store: withHold((hold) => ({ commit: (text) => ++tries < 3 ? broken("commit") : hold.commit(text) }))
      })
      yield* (yield* session).session.token()
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "access-1")
    }).pipe(Effect.scoped))

  it.effect("a token in memory is stored as soon as the store is whole again (S9)", () =>
    Effect.gen(function*() {
      let isBroken = true
      const { read, session } = yield* make({
        store: withHold((hold) => ({ commit: (text) => isBroken ? broken("commit") : hold.commit(text) }))
      })
      const { session: one } = yield* session
      yield* one.token()
      isBroken = false
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(plain(yield* one.token()), "access-1")
      const now = yield* read
      assert.strictEqual(now && plain(now), "access-1")
    }).pipe(Effect.scoped))

  it.effect("a refresh that certainly did not leave is not counted as lost (S9, C8)", () =>
    Effect.gen(function*() {
      for (const reply of ["unsent", "slow_down"] satisfies ReadonlyArray<Outcome>) {
        const { service, session, store } = yield* make({ responses: [reply] })
        const { session: one } = yield* session
        assert.include(["TransportError", "SlowDownException"], yield* tagOf(one.token()))
        assert.deepStrictEqual(yield* store.marks(settings.key), [])
        assert.strictEqual(plain(yield* one.token()), "access-1")
        assert.strictEqual(service.sent.length, 2)
      }
    }).pipe(Effect.scoped))

  it.effect("a member of another tool is kept in the new token (S9, S5)", () =>
    Effect.gen(function*() {
      const { read, session } = yield* make()
      yield* (yield* session).session.token()
      const kept = yield* read
      assert.deepStrictEqual(kept && Redacted.value(kept.others), { tool: "other" })
    }).pipe(Effect.scoped))
})

describe("Session: after a death or a lost response (S10)", () => {
  it.effect("a response that a dead holder wrote is taken, and nothing is sent (S10)", () =>
    Effect.gen(function*() {
      const response = text(yield* stored("1 hour", { accessToken: Redacted.make("theirs") }))
      const { read, service, session } = yield* make({
        store: (store) => ({ ...store, marks: () => Effect.succeed([{ of, state: "sent", response }]) })
      })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "theirs")
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "theirs")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))

  it.effect("what a dead holder wrote for a token that another login has replaced is not taken (S10, S12)", () =>
    Effect.gen(function*() {
      const stale = yield* stored("2 hours", { accessToken: Redacted.make("stale"), clientId: "an older client" })
      const foreign = yield* stored("2 hours", { startUrl: "https://other.awsapps.com/start" })
      const { service, session } = yield* make({
        store: (store) => ({
          ...store,
          marks: () =>
            Effect.succeed([
              { of: "another", state: "sent", response: text(stale) },
              { of, state: "sent", response: text(foreign) },
              { of: "a third", state: "sent", response: Redacted.make("   ") }
            ])
        })
      })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-1")
      assert.deepStrictEqual(service.sent, ["refresh-0"])
    }).pipe(Effect.scoped))

  it.effect("without the lock, what another holder wrote is left alone (S10, S12)", () =>
    Effect.gen(function*() {
      const response = text(yield* stored("1 hour", { accessToken: Redacted.make("theirs") }))
      const { service, session } = yield* make({
        store: (store) => ({
          ...withHold(() => ({ isExclusive: false }))(store),
          marks: () => Effect.succeed([{ of, state: "sent", response }])
        })
      })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  for (const rotation of ["lenient", "strict"] as const) {
    for (const reply of ["issuedButLost", "unusable", "busy"] satisfies ReadonlyArray<Outcome>) {
      const isGone = rotation === "strict" && reply === "issuedButLost"
      it.effect(`${rotation}, ${reply}: the next refresh ${isGone ? "says that the session is possibly lost" : "brings a token"} (S10)`, () =>
        Effect.gen(function*() {
          const { session, store } = yield* make({ rotation, responses: [reply] })
          const { session: one } = yield* session
          assert.include(
            ["TransportError", "UnexpectedResponse", "InternalServerException"],
            yield* tagOf(one.token())
          )
          assert.strictEqual((yield* store.marks(settings.key))[0]?.state, "sent")
          const next = yield* Effect.forkChild(Effect.exit(one.token()))
          yield* TestClock.adjust("2 seconds")
          const exit = yield* Fiber.join(next)
          if (!isGone) {
            assert.isTrue(Exit.isSuccess(exit))
            assert.deepStrictEqual(yield* store.marks(settings.key), [])
            return
          }
          assert.strictEqual((yield* Effect.flip(exit))._tag, "SessionPossiblyLost")
        }).pipe(Effect.scoped))
    }
  }

  it.effect("every process says that the session is possibly lost, until another token is there (S10)", () =>
    Effect.gen(function*() {
      const { put, service, session } = yield* make({ responses: ["issuedButLost"] })
      const [one, two] = [(yield* session).session, (yield* session).session]
      assert.strictEqual(yield* tagOf(one.token()), "TransportError")
      const next = yield* Effect.forkChild(tagOf(two.token()))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(next), "SessionPossiblyLost")
      assert.strictEqual(yield* tagOf(one.token()), "SessionPossiblyLost")
      assert.strictEqual(yield* tagOf((yield* session).session.token()), "SessionPossiblyLost")
      assert.strictEqual(service.sent.length, 2)
      yield* put(
        yield* stored("1 hour", { accessToken: Redacted.make("new login"), refreshToken: Redacted.make("refresh-9") })
      )
      assert.strictEqual(plain(yield* one.token()), "new login")
    }).pipe(Effect.scoped))

  it.effect("a client that the service rejects ends the session, and says so (S10)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ responses: ["invalid_client"] })
      const next = yield* Effect.forkChild(Effect.flip((yield* session).session.token()))
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(next)
      assert.strictEqual(error._tag === "SessionEnded" && error.reason, "client")
      assert.include(error.message, "no longer accepts its client registration (request 7b5ee6f0")
    }).pipe(Effect.scoped))

  it.effect("a holder that lost its lock while it had the response stores it under a new lock (S10, S22)", () =>
    Effect.gen(function*() {
      let commits = 0
      const { read, service, session } = yield* make({
        store: withHold((hold) => ({
          commit: (text) => ++commits === 1 ? broken("commit", "fenced") : hold.commit(text)
        }))
      })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-1")
      const kept = yield* read
      assert.strictEqual(kept && plain(kept), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("if the store cannot be read, the last token is given while it is valid (S10)", () =>
    Effect.gen(function*() {
      let isBroken = false
      const { session } = yield* make({
        token: stored("1 hour"),
        store: (store) => ({ ...store, read: (key) => isBroken ? broken("read") : store.read(key) })
      })
      const { session: one } = yield* session
      yield* one.token()
      isBroken = true
      assert.strictEqual(plain(yield* one.token()), "access-0")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* tagOf(one.token()), "StoreError")
    }).pipe(Effect.scoped))
})

describe("Session: other programs take no lock (S12)", () => {
  const during = (change: (now: CachedToken.CachedToken) => CachedToken.CachedToken | undefined) =>
    Effect.gen(function*() {
      let act: Effect.Effect<void> = Effect.void
      let theirs: Redacted.Redacted<string> | undefined | "stored" = "stored"
      const fixture = yield* make({
        onRequest: () => Effect.suspend(() => act),
        store: (store) => ({
          ...store,
          read: (key) => theirs === "stored" ? store.read(key) : Effect.succeed(theirs)
        })
      })
      const base = yield* stored("-1 second")
      act = Effect.sync(() => {
        const token = change(base)
        theirs = token === undefined ? undefined : CachedToken.encode(token)
      })
      const exit = yield* Effect.exit((yield* fixture.session).session.token())
      const kept = yield* fixture.read
      return { exit, kept: kept && plain(kept), marks: yield* fixture.store.marks(settings.key) }
    })

  const at = (minutes: number) => DateTime.makeUnsafe(minutes * 60_000)

  it.effect("another client id means that a person logged in: that token stays and is given (S12)", () =>
    Effect.gen(function*() {
      const { exit, kept, marks } = yield* during((base) => ({
        ...base,
        accessToken: Redacted.make("theirs"),
        clientId: "new client",
        expiresAt: at(10)
      }))
      assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "theirs")
      assert.strictEqual(kept, "access-0")
      assert.deepStrictEqual(marks, [])
    }).pipe(Effect.scoped))

  for (const [minutes, winner] of [[61, "theirs"], [59, "access-1"]] as const) {
    it.effect(`the same client and another refresh token, ${minutes} minutes valid: ${winner} stays (S12)`, () =>
      Effect.gen(function*() {
        const { exit, kept } = yield* during((base) => ({
          ...base,
          accessToken: Redacted.make("theirs"),
          refreshToken: Redacted.make("refresh-theirs"),
          expiresAt: at(minutes)
        }))
        assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), winner)
        assert.strictEqual(kept, winner === "theirs" ? "access-0" : "access-1")
      }).pipe(Effect.scoped))
  }

  it.effect("a logout during the refresh stays a logout (S12)", () =>
    Effect.gen(function*() {
      const { exit, kept } = yield* during(() => undefined)
      const error = yield* Effect.flip(exit)
      assert.strictEqual(error._tag === "NotLoggedIn" && error.reason, "absent")
      assert.strictEqual(kept, "access-0")
    }).pipe(Effect.scoped))

  it.effect("after `invalid_grant`, a token that another program writes within 2 s is given (S12)", () =>
    Effect.gen(function*() {
      for (const [wait, isGiven] of [["1900 millis", true], ["2200 millis", false]] as const) {
        const { put, session, store } = yield* make({
          responses: ["rejected"],
          // The lock of the memory store would keep the other program out.
          store: (store) => ({ ...store, exclusively: (_key, use, waiting) => store.exclusively("lock", use, waiting) })
        })
        const next = yield* Effect.forkChild(Effect.exit((yield* session).session.token()))
        yield* TestClock.adjust(wait)
        yield* put(
          yield* stored("1 hour", { accessToken: Redacted.make("theirs"), refreshToken: Redacted.make("theirs too") })
        )
        yield* TestClock.adjust("200 millis")
        const exit = yield* Fiber.join(next)
        if (isGiven) {
          assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "theirs")
          assert.deepStrictEqual(yield* store.marks("lock"), [])
        } else assert.strictEqual((yield* Effect.flip(exit))._tag, "SessionEnded")
      }
    }).pipe(Effect.scoped))
})

describe("Session: a token that the portal rejects (S13)", () => {
  it.effect("it is refreshed once, for all callers together (S13)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("1 hour"), takes: "1 second" })
      const { accessToken } = yield* session
      const { accessToken: rejected } = yield* accessToken.get
      const all = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 10 }, () => accessToken.refreshed(rejected)), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([...new Set((yield* Fiber.join(all)).map(plain))], ["access-1"])
      assert.strictEqual(plain(yield* accessToken.refreshed(rejected)), "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a second 401 is `SessionEnded`, and nothing is sent (S13)", () =>
    Effect.gen(function*() {
      const { service, session } = yield* make({ token: stored("1 hour") })
      const { accessToken } = yield* session
      const first = yield* accessToken.get
      const second = yield* accessToken.refreshed(first.accessToken)
      const error = yield* Effect.flip(accessToken.refreshed(second.accessToken))
      assert.strictEqual(error._tag === "SessionEnded" && error.reason, "portal")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a token of another program that is stored by now is given, and nothing is sent (S13)", () =>
    Effect.gen(function*() {
      const { put, service, session } = yield* make({ token: stored("1 hour") })
      const { accessToken } = yield* session
      const { accessToken: rejected } = yield* accessToken.get
      yield* put(yield* stored("1 hour", { accessToken: Redacted.make("theirs") }))
      assert.strictEqual(plain(yield* accessToken.refreshed(rejected)), "theirs")
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))

  it.effect("a token that cannot be refreshed is `SessionEnded` (S13)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: stored("1 hour", { refreshToken: undefined }) })
      const { accessToken } = yield* session
      const { accessToken: rejected } = yield* accessToken.get
      assert.strictEqual(yield* tagOf(accessToken.refreshed(rejected)), "SessionEnded")
    }).pipe(Effect.scoped))
})

describe("Session: a store of a user's own (S21)", () => {
  const withRead = (value: unknown) => (store: TokenStore.Service): TokenStore.Service =>
    Object.assign({ ...store }, { read: () => value })

  const values: ReadonlyArray<readonly [string, unknown, string]> = [
    ["a text in clear", Effect.succeed("{}"), "StoreError"],
    ["a Redacted number", Effect.succeed(Redacted.make(7)), "StoreError"],
    ["null", Effect.succeed(null), "NotLoggedIn"],
    ["a defect", Effect.die(new Error("secret-in-a-defect")), "StoreError"],
    ["nothing that is an Effect", 7, "StoreError"]
  ]
  for (const [what, value, tag] of values) {
    it.effect(`its read gives ${what}: ${tag}, which repeats nothing of it (S21)`, () =>
      Effect.gen(function*() {
        const { service, session } = yield* make({ store: withRead(value) })
        const error = yield* Effect.flip((yield* session).session.token())
        assert.strictEqual(error._tag, tag)
        assert.notInclude(JSON.stringify(error) + error.message, "secret-in-a-defect")
        assert.deepStrictEqual(service.sent, [])
      }).pipe(Effect.scoped))
  }
})
