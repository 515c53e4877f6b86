import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Session from "@sso-oidc/session/Session"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { hashOf } from "../src/internal/stored.ts"
import { stored, text } from "./support/service.ts"
import { make, plain, settings } from "./support/sessions.ts"

const of = hashOf(Redacted.make("refresh-0"))

const failing = (operation: StoreError["operation"], reason: StoreError["reason"] = "unavailable") =>
  Effect.fail(new StoreError({ store: "test", operation, reason, detail: "it is a test" }))

/** A store whose holder's members are replaced. */
const withHold =
  (change: (hold: TokenStore.Hold) => Partial<TokenStore.Hold>) => (store: TokenStore.Service): TokenStore.Service => ({
    ...store,
    exclusively: (key, use, waiting) => store.exclusively(key, (hold) => use({ ...hold, ...change(hold) }), waiting)
  })

/** The hold of a store that a user wrote as a class. */
class ClassHold implements TokenStore.Hold {
  readonly #hold: TokenStore.Hold
  constructor(hold: TokenStore.Hold) {
    this.#hold = hold
  }
  get isExclusive() {
    return this.#hold.isExclusive
  }
  get remove() {
    return this.#hold.remove
  }
  prepare(of: string, bytes: number) {
    return this.#hold.prepare(of, bytes)
  }
  commit(text: Redacted.Redacted<string>) {
    return this.#hold.commit(text)
  }
  settle(of: string, state: TokenStore.State | undefined) {
    return this.#hold.settle(of, state)
  }
}

describe("Session: races and broken stores", () => {
  it.effect("a 401 for a token that another program stored during a refresh is refreshed too (S13)", () =>
    Effect.gen(function*() {
      const { service, session, store } = yield* make({ token: stored("10 minutes"), refresh: "background" })
      const { accessToken } = yield* session
      // a program holds the lock, so the refresh waits for it
      const release = yield* Deferred.make<void>()
      const theirs = yield* stored("50 minutes", { accessToken: Redacted.make("theirs") })
      yield* Effect.forkChild(
        store.exclusively(
          settings.key,
          (hold) =>
            Effect.andThen(
              Effect.andThen(Deferred.await(release), Effect.orDie(hold.commit(CachedToken.encode(theirs)))),
              Effect.sleep("1 second")
            ),
          { wait: Duration.zero }
        ),
        { startImmediately: true }
      )
      yield* accessToken.get
      yield* TestClock.adjust("1 millis")
      yield* Deferred.succeed(release, undefined)
      yield* Effect.yieldNow
      // the portal rejects that token while the refresh of its predecessor still waits
      const next = yield* Effect.forkChild(Effect.exit(accessToken.refreshed(theirs.accessToken)), {
        startImmediately: true
      })
      yield* TestClock.adjust("2 seconds")
      const exit = yield* Fiber.join(next)
      assert.deepStrictEqual(Exit.isSuccess(exit) ? plain(exit.value) : exit, "access-1")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("a session that is closed after `invalid_grant` leaves a mark, and no process sends that token again (S7, S10)", () =>
    Effect.gen(function*() {
      const { service, session, store } = yield* make({ responses: ["rejected"] })
      const scope = yield* Scope.make()
      const { session: one } = yield* Scope.provide(session, scope)
      yield* Effect.forkChild(Effect.exit(one.token()))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* store.marks(settings.key), [{ of, state: "ended" }])
      const two = (yield* session).session
      const f = yield* Effect.forkChild(Effect.exit(two.token()))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(f)
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  const throwing = (store: TokenStore.Service): TokenStore.Service => ({
    ...store,
    exclusively: () => {
      throw new Error("secret-in-a-throw")
    }
  })
  for (const left of ["1 minute", "-1 second"] as const) {
    it.effect(`a store whose lock throws fails with a StoreError, with ${left} left (S7, S21)`, () =>
      Effect.gen(function*() {
        const { session } = yield* make({ token: stored(left), store: throwing })
        const exit = yield* Effect.exit((yield* session).session.token())
        if (left === "1 minute") assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "access-0")
        else assert.strictEqual((yield* Effect.flip(exit))._tag, "StoreError")
      }).pipe(Effect.scoped))
  }

  it.effect("a token that was removed is not given later, when the store cannot be read (S10)", () =>
    Effect.gen(function*() {
      let isBroken = false
      const { session, store } = yield* make({
        token: stored("1 hour"),
        store: (store) => ({
          ...store,
          read: (key) =>
            isBroken
              ? Effect.fail(new StoreError({ store: "test", operation: "read", reason: "unavailable", detail: "x" }))
              : store.read(key)
        })
      })
      const { session: one } = yield* session
      yield* one.token()
      yield* Effect.orDie(store.exclusively(settings.key, (hold) => hold.remove, { wait: Duration.zero }))
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "NotLoggedIn")
      isBroken = true
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "StoreError")
    }).pipe(Effect.scoped))

  it.effect("a region in capitals in the file is the region of the client (S11)", () =>
    Effect.gen(function*() {
      const { session } = yield* make({ token: stored("-1 second", { region: "EU-WEST-1" }) })
      assert.strictEqual(plain(yield* (yield* session).session.token()), "access-1")
    }).pipe(Effect.scoped))

  it.effect("a lock that is lost before the request is taken again, once (S8, S22)", () =>
    Effect.gen(function*() {
      for (const losses of [1, 2]) {
        let left = losses
        const { service, session } = yield* make({
          store: withHold((hold) => ({
            prepare: (of, bytes) => left-- > 0 ? failing("prepare", "fenced") : hold.prepare(of, bytes)
          }))
        })
        const exit = yield* Effect.exit((yield* session).session.token())
        if (losses === 1) assert.strictEqual(Exit.isSuccess(exit) && plain(exit.value), "access-1")
        else {
          assert.strictEqual(
            (yield* Effect.flip(exit)).message,
            "The test store took the lock from this process: it is a test. Nothing was sent. Try again."
          )
        }
        assert.strictEqual(service.sent.length, 2 - losses)
      }
    }).pipe(Effect.scoped))

  it.effect("a token that cannot be stored beside one of another program is kept in memory (S9, S12)", () =>
    Effect.gen(function*() {
      let hasRefreshed = false
      const theirs = text(
        yield* stored("20 minutes", {
          accessToken: Redacted.make("theirs"),
          refreshToken: Redacted.make("refresh-theirs")
        })
      )
      const { service, session } = yield* make({
        onRequest: () => Effect.sync(() => void (hasRefreshed = true)),
        store: (store) => ({
          ...withHold(() => ({ commit: () => failing("commit") }))(store),
          read: (key) => hasRefreshed ? Effect.succeed(theirs) : store.read(key)
        })
      })
      const { session: one } = yield* session
      assert.strictEqual(plain(yield* one.token()), "access-1")
      assert.strictEqual(plain(yield* one.token({ minLeft: "30 minutes" })), "access-1")
      assert.deepStrictEqual(service.sent, ["refresh-0"])
    }).pipe(Effect.scoped))

  it.effect("a sealed store keeps the members of a hold that is an instance of a class (S8)", () =>
    Effect.gen(function*() {
      const below = Layer.effect(
        TokenStore.TokenStore,
        Effect.map(TokenStore.TokenStore, (store): TokenStore.Service => ({
          ...store,
          exclusively: (key, use, waiting) => store.exclusively(key, (hold) => use(new ClassHold(hold)), waiting)
        }))
      ).pipe(Layer.provide(TokenStore.layerMemory))
      const ring = { current: "one", keys: { one: Redacted.make(new Uint8Array(32).fill(1)) } }
      const store = yield* TokenStore.TokenStore.pipe(
        Effect.provide(TokenStore.sealed(below).pipe(Layer.provide(Sealer.layer(ring))))
      )
      yield* store.exclusively(settings.key, (hold) => {
        assert.isTrue(hold.isExclusive)
        return Effect.andThen(hold.settle(of, "ended"), hold.remove)
      }, { wait: Duration.zero })
    }))

  it.effect("the command of an error has no control character of a name (S21, C7)", () =>
    Effect.gen(function*() {
      for (const name of ["evil\u001b[2Jname", "two\nlines", "\u202egnp.exe"]) {
        const { session } = yield* make({ token: undefined, settings: { ...settings, name } })
        const error = yield* Effect.flip((yield* session).session.token())
        assert.isTrue(Wire.isPrintable(error.message), JSON.stringify(error.message))
        assert.include(error.message, "Run: aws sso login --sso-session ")
      }
    }).pipe(Effect.scoped))

  it.effect("a client of another endpoint than the settings ask for is refused (S11, S2)", () =>
    Effect.gen(function*() {
      const { service } = yield* make()
      const layerOf = (wish: Partial<SessionSettings.SessionSettings>) =>
        Layer.build(
          Session.layerSettings({ ...settings, ...wish }).pipe(
            Layer.provide(Layer.succeed(SsoOidc.SsoOidc, service.oidc)),
            Layer.provide(TokenStore.layerMemory)
          )
        )
      for (
        const wish of [{ endpoint: "http://localhost:4000" }, { useFipsEndpoint: true }, { useDualstackEndpoint: true }]
      ) {
        const error = yield* Effect.flip(layerOf(wish))
        assert.strictEqual(error._tag, "AwsConfigError")
        assert.include(error.message, "SsoOidc.layer(settings)")
        assert.notInclude(error.message, "4000")
      }
      for (const wish of [{}, { endpoint: `${service.oidc.endpoint}/` }, { useFipsEndpoint: false }]) {
        yield* layerOf(wish)
      }
    }).pipe(Effect.scoped))

  it.effect("a mark that a failed `prepare` left does not turn a rejection into a loss (S9, S10)", () =>
    Effect.gen(function*() {
      let isBroken = true
      const { service, session, store } = yield* make({
        responses: ["rejected"],
        // as a database whose response to the write did not come
        store: withHold((hold) => ({
          prepare: (of, bytes) => Effect.andThen(hold.prepare(of, bytes), isBroken ? failing("prepare") : Effect.void)
        }))
      })
      const { session: one } = yield* session
      assert.strictEqual((yield* Effect.flip(one.token()))._tag, "StoreError")
      assert.deepStrictEqual(yield* store.marks(settings.key), [])
      isBroken = false
      const next = yield* Effect.forkChild(Effect.flip(one.token()))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(next))._tag, "SessionEnded")
      assert.strictEqual(service.sent.length, 1)
    }).pipe(Effect.scoped))

  it.effect("an error that a store must not have becomes a StoreError, and nothing of it is kept (S21)", () =>
    Effect.gen(function*() {
      const failsWith = (change: object) => (store: TokenStore.Service): TokenStore.Service =>
        Object.assign({ ...store }, change)
      const foreign = Effect.fail({ _tag: "DriverError", statement: "secret-in-a-statement" })
      for (const member of ["read", "marks", "exclusively"]) {
        const { session } = yield* make({ store: failsWith({ [member]: () => foreign }) })
        const error = yield* Effect.flip((yield* session).session.token())
        assert.strictEqual(error._tag, "StoreError")
        assert.notInclude(JSON.stringify(error), "secret-in")
      }
    }).pipe(Effect.scoped))
})
