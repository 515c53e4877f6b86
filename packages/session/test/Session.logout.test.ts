import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Portal from "./support/portal.ts"
import { stored, text } from "./support/service.ts"
import { make, type Options, plain, settings } from "./support/sessions.ts"
import { assertNoLeak } from "./support/stores.ts"

const wait = { wait: Duration.zero }

const begun = Effect.fnUntraced(function*(portal: Portal.Portal | undefined, options: Options = {}) {
  const fixture = yield* make({ token: stored("1 hour"), ...options })
  const { session } = yield* portal === undefined ? fixture.session : portal.provide(fixture.session)
  return { ...fixture, session }
})

const write = (store: TokenStore.Service, key: string, value: string) =>
  store.exclusively(key, (hold) => hold.commit(Redacted.make(value)), wait)

const textOf = (store: TokenStore.Service, key = settings.key) =>
  Effect.map(store.read(key), (found) => found && Redacted.value(found))

const notLoggedIn = (session: { readonly token: () => Effect.Effect<AccessToken.ValidToken, AccessToken.Error> }) =>
  Effect.map(Effect.flip(session.token()), (error) => {
    assert.deepInclude(error, { _tag: "NotLoggedIn", reason: "absent" })
  })

const failing = (
  operation: AccessToken.StoreError["operation"],
  reason: AccessToken.StoreError["reason"] = "unavailable"
) =>
  Effect.fail(
    new AccessToken.StoreError({ store: "memory", operation, reason, detail: "it is read-only", code: "EROFS" })
  )

const onHold = (change: Partial<TokenStore.Hold>) => (store: TokenStore.Service): TokenStore.Service => ({
  ...store,
  exclusively: (key, use, waiting) => store.exclusively(key, (hold) => use({ ...hold, ...change }), waiting)
})

describe("Session.logout", () => {
  it.effect("tells the portal of the token as stored, removes it, and forgets the role credentials (S20)", () =>
    Effect.gen(function*() {
      for (const left of ["1 hour", "1 minute", "-1 day"] as const) {
        const portal = Portal.make()
        const { service, session, store } = yield* begun(portal, { token: stored(left) })
        yield* store.exclusively(settings.key, (hold) => hold.settle("aa", "ended"), wait)
        assert.deepStrictEqual(yield* session.logout(), { removed: 1, untold: [], left: [] })
        assert.deepStrictEqual(portal.told, ["access-0 eu-west-1"])
        assert.deepStrictEqual(portal.forgotten, [{ key: "corp" }])
        assert.deepStrictEqual(service.sent, [])
        assert.isUndefined(yield* textOf(store))
        assert.deepStrictEqual(yield* store.marks(settings.key), [])
        yield* notLoggedIn(session)
        assert.strictEqual((yield* session.status).state, "absent")
      }
    }).pipe(Effect.scoped))

  it.effect("removes the token whatever the portal responds, and reports that no response came (S20)", () =>
    Effect.gen(function*() {
      const invalid = new ClientError.RequestInvalid({ operation: "Logout", detail: "the token has a line break" })
      const cases: ReadonlyArray<readonly [Portal.Portal | undefined, untold: string | undefined]> = [
        [Portal.make(() => Effect.succeed("rejected")), undefined],
        [
          Portal.make(() => Effect.fail(Portal.noResponse)),
          "The portal did not confirm a logout. Logout may have been sent"
        ],
        [Portal.make(() => Effect.fail(invalid)), "the token has a line break"],
        [Portal.make(() => Effect.die(new Error("access-0"))), "PortalLogout failed unexpectedly."],
        [
          Portal.make(() => Effect.fail(JSON.parse("\"access-0\""))),
          "PortalLogout failed with an error that it does not have."
        ],
        [
          Portal.make(() => Effect.succeed(JSON.parse("\"access-0\""))),
          "PortalLogout gave a value that it does not have."
        ],
        [Portal.make(undefined, { logout: () => JSON.parse("null") }), "PortalLogout failed unexpectedly."],
        [
          Portal.make(() =>
            Effect.fail(
              new ClientError.TransportError({
                operation: "Logout",
                sent: "no",
                code: "ENOTFOUND",
                transient: true,
                hint: "It sent access-0."
              })
            )
          ),
          "PortalLogout failed with an error that it does not have."
        ],
        [undefined, "The service was not told of the logout, because the program has no PortalLogout."]
      ]
      for (const [portal, untold] of cases) {
        const { session, store } = yield* begun(portal)
        const report = yield* session.logout()
        assert.deepInclude(report, { removed: 1, left: [] })
        assert.lengthOf(report.untold, untold === undefined ? 0 : 1)
        assert.include(report.untold.join(""), untold ?? "")
        assertNoLeak(report, "access-0")
        assert.isUndefined(yield* textOf(store))
        assert.deepStrictEqual(portal?.forgotten ?? [{ key: "corp" }], [{ key: "corp" }])
      }
    }).pipe(Effect.scoped))

  it.effect("waits for the portal for a limited time, and removes the token then (S20, S23)", () =>
    Effect.gen(function*() {
      const { session, store } = yield* begun(Portal.make(() => Effect.never))
      const logout = yield* Effect.forkChild(session.logout())
      yield* TestClock.adjust("34 seconds")
      assert.isUndefined(logout.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const report = yield* Fiber.join(logout)
      assert.deepStrictEqual(report.untold, [
        "The portal did not confirm a logout. It did not respond in time."
      ])
      assert.isUndefined(yield* textOf(store))
    }).pipe(Effect.scoped))

  it.effect("sends nothing if nothing is stored, and forgets role credentials all the same (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const locked: Array<string> = []
      const { session } = yield* begun(portal, {
        token: undefined,
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) => {
            locked.push(key)
            return store.exclusively(key, use, waiting)
          }
        })
      })
      assert.deepStrictEqual(yield* session.logout(), { removed: 0, untold: [], left: [] })
      assert.deepStrictEqual([portal.told, portal.forgotten, locked], [[], [{ key: "corp" }], []])
    }).pipe(Effect.scoped))

  it.effect("sends a token whose other members cannot be read, as the AWS CLI does (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal)
      yield* write(store, settings.key, "{\"accessToken\":\"access-9\",\"expiresAt\":\"soon\"}")
      assert.strictEqual((yield* session.logout()).removed, 1)
      assert.deepStrictEqual(portal.told, ["access-9 eu-west-1"])
      assert.isUndefined(yield* textOf(store))
    }).pipe(Effect.scoped))

  it.effect("leaves what is no token, and the token of another session, and says so (S20, S6)", () =>
    Effect.gen(function*() {
      const foreign = Redacted.value(text(yield* stored("1 hour", { startUrl: "https://other.awsapps.com/start" })))
      const cases: ReadonlyArray<readonly [string, string]> = [
        ["", "What is stored cannot be read, so it stays."],
        ["{\"accessToken\":\"access-0", "What is stored cannot be read, so it stays."],
        ["{\"accessToken\":7}", "What is stored cannot be read, so it stays."],
        ["7", "What is stored cannot be read, so it stays."],
        [foreign, "The store has the token of another start URL or region under the key of this session. It stays."]
      ]
      for (const [value, left] of cases) {
        const portal = Portal.make()
        const { session, store } = yield* begun(portal)
        yield* write(store, settings.key, value)
        const report = yield* session.logout()
        assert.deepInclude(report, { removed: 0, untold: [] })
        assert.lengthOf(report.left, 1)
        assert.include(report.left[0], left)
        assert.deepStrictEqual(portal.told, [])
        assert.strictEqual(yield* textOf(store), value)
      }
    }).pipe(Effect.scoped))

  it.effect("tells the portal of a token that only this process has, because it could not be stored (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal, {
        token: stored("-1 second"),
        store: onHold({ commit: () => failing("commit") })
      })
      assert.strictEqual(plain(yield* session.token()), "access-1")
      assert.deepStrictEqual(yield* session.logout(), { removed: 1, untold: [], left: [] })
      assert.deepStrictEqual(portal.told, ["access-1 eu-west-1", "access-0 eu-west-1"])
      assert.isUndefined(yield* textOf(store))
      yield* notLoggedIn(session)
    }).pipe(Effect.scoped))

  it.effect("tells the portal of a response that a dead process left (S20)", () =>
    Effect.gen(function*() {
      const response = text(yield* stored("1 hour", { accessToken: Redacted.make("access-7") }))
      const portal = Portal.make()
      const { session } = yield* begun(portal, {
        store: (store) => ({
          ...store,
          marks: () =>
            Effect.succeed([
              { of: "aa", state: "sent", response },
              { of: "bb", state: "sent", response: Redacted.make("{}") }
            ])
        })
      })
      assert.strictEqual((yield* session.logout()).removed, 2)
      assert.deepStrictEqual(portal.told, ["access-0 eu-west-1", "access-7 eu-west-1"])
    }).pipe(Effect.scoped))
})

describe("Session.logout and others", () => {
  it.effect("waits for a refresh in flight, and logs the new token out (S20, S12)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal, {
        token: stored("10 minutes"),
        refresh: "background",
        takes: "5 seconds"
      })
      assert.strictEqual(plain(yield* session.token()), "access-0")
      yield* TestClock.adjust("1 second")
      const logout = yield* Effect.forkChild(session.logout())
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(portal.told, [])
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(logout)).removed, 1)
      assert.deepStrictEqual(portal.told, ["access-1 eu-west-1"])
      assert.isUndefined(yield* textOf(store))
      yield* notLoggedIn(session)
    }).pipe(Effect.scoped))

  it.effect("is not undone by a refresh in flight over a store whose lock does not hold (S20, S12)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      let isReadable = true
      const { session, store } = yield* begun(portal, {
        token: stored("10 minutes"),
        refresh: "background",
        takes: "5 seconds",
        store: (store) => {
          let holders = 0
          return {
            ...store,
            read: (key) => isReadable ? store.read(key) : failing("read"),
            // each holder has a lock of its own
            exclusively: (key, use, waiting) =>
              store.exclusively(`${key} ${holders++}`, () =>
                use({
                  isExclusive: false,
                  prepare: () => Effect.void,
                  settle: () => Effect.void,
                  commit: (text) => Effect.orDie(store.exclusively(key, (hold) => hold.commit(text), wait)),
                  remove: Effect.orDie(store.exclusively(key, (hold) => hold.remove, wait))
                }), waiting)
          }
        }
      })
      yield* session.token()
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* session.logout()).removed, 1)
      assert.deepStrictEqual(portal.told, ["access-0 eu-west-1"])
      yield* TestClock.adjust("10 seconds")
      assert.isUndefined(yield* textOf(store))
      yield* notLoggedIn(session)
      // nothing is in memory either
      isReadable = false
      assert.strictEqual((yield* Effect.flip(session.token()))._tag, "StoreError")
    }).pipe(Effect.scoped))

  it.effect("is not undone by a refresh that ended before it, and gives its lock back slowly (S20)", () =>
    Effect.gen(function*() {
      let isReadable = true
      const { session } = yield* begun(Portal.make(), {
        token: stored("10 minutes"),
        refresh: "background",
        store: (store) => {
          let holders = 0
          return {
            ...store,
            read: (key) => isReadable ? store.read(key) : failing("read"),
            exclusively: (key, use, waiting) => {
              const held = store.exclusively(key, use, waiting)
              return holders++ === 0 ? Effect.tap(held, () => Effect.sleep("5 seconds")) : held
            }
          }
        }
      })
      yield* session.token()
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* session.logout()).removed, 1)
      yield* TestClock.adjust("10 seconds")
      isReadable = false
      assert.strictEqual((yield* Effect.flip(session.token()))._tag, "StoreError")
    }).pipe(Effect.scoped))

  it.effect("leaves no token in memory for a store that cannot be read later (S20)", () =>
    Effect.gen(function*() {
      let isReadable = true
      const { session } = yield* begun(Portal.make(), {
        store: (store) => ({ ...store, read: (key) => isReadable ? store.read(key) : failing("read") })
      })
      yield* session.token()
      isReadable = false
      assert.strictEqual(plain(yield* session.token()), "access-0")
      const error = yield* Effect.flip(session.logout())
      assert.strictEqual(error._tag, "StoreError")
      assert.strictEqual((yield* Effect.flip(session.token()))._tag, "StoreError")
    }).pipe(Effect.scoped))

  it.effect("tells the portal also if the store cannot be changed, and the error says so (S20)", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [Options["store"], Portal.Portal, string]> = [
        [
          onHold({ remove: failing("remove") }),
          Portal.make(),
          "but the portal was told of it, so it is of no more use."
        ],
        [onHold({ remove: failing("remove", "fenced") }), Portal.make(), "but the portal was told of it"],
        [
          onHold({ remove: failing("remove") }),
          Portal.make(() => Effect.fail(Portal.noResponse)),
          "A token stays, and the service was not told of it."
        ],
        [(store) => ({ ...store, exclusively: () => failing("lock") }), Portal.make(), "but the portal was told of it"]
      ]
      for (const [store, portal, words] of cases) {
        const { session } = yield* begun(portal, store === undefined ? {} : { store })
        const error = yield* Effect.flip(session.logout())
        assert.strictEqual(error._tag, "StoreError")
        assert.include(error.message, words)
        assert.deepStrictEqual(portal.told, ["access-0 eu-west-1"])
        assert.deepStrictEqual(portal.forgotten, [{ key: "corp" }])
      }
    }).pipe(Effect.scoped))

  it.effect("tries again if the store failed for a moment or took its lock away, and tells the portal once (S20)", () =>
    Effect.gen(function*() {
      for (const [reason, times] of [["unavailable", 2], ["fenced", 1]] as const) {
        let left = times
        const portal = Portal.make()
        const { session, store } = yield* begun(portal, {
          store: (store) => ({
            ...store,
            exclusively: (key, use, waiting) =>
              store.exclusively(key, (hold) =>
                use({
                  ...hold,
                  remove: Effect.suspend(() => left-- > 0 ? failing("remove", reason) : hold.remove)
                }), waiting)
          })
        })
        assert.strictEqual((yield* session.logout()).removed, 1)
        assert.deepStrictEqual(portal.told, ["access-0 eu-west-1"])
        assert.isUndefined(yield* textOf(store))
      }
    }).pipe(Effect.scoped))

  it.effect("tells the portal also if another process holds the lock, and fails with `StoreBusy` (S20, S8)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal)
      yield* Effect.forkChild(store.exclusively(settings.key, () => Effect.never, wait))
      const logout = yield* Effect.forkChild(Effect.flip(session.logout()))
      yield* TestClock.adjust("36 seconds")
      assert.strictEqual((yield* Fiber.join(logout))._tag, "StoreBusy")
      assert.deepStrictEqual(portal.told, ["access-0 eu-west-1"])
    }).pipe(Effect.scoped))

  it.effect("an interruption ends the request, but the token goes, and the lock is free (S20)", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      let isEnded = false
      const portal = Portal.make(() =>
        Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => void (isEnded = true)))
        )
      )
      const { session, store } = yield* begun(portal)
      const logout = yield* Effect.forkChild(session.logout())
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(logout)
      assert.isTrue(isEnded)
      assert.isUndefined(yield* textOf(store))
      assert.deepStrictEqual(portal.forgotten, [{ key: "corp" }])
      yield* store.exclusively(settings.key, () => Effect.void, wait)
    }).pipe(Effect.scoped))

  it.effect("reports role credentials that may stay (S20)", () =>
    Effect.gen(function*() {
      const { session } = yield* begun(Portal.make(undefined, { forget: () => Effect.die(new Error("access-0")) }))
      const report = yield* session.logout()
      assert.deepStrictEqual(report.left, ["Role credentials may stay, because PortalLogout did not remove them."])
    }).pipe(Effect.scoped))
})

describe("Session.logout of all sessions", () => {
  const other = (change: Record<string, unknown>) =>
    JSON.stringify({
      accessToken: "access-other",
      expiresAt: "1970-01-01T00:00:00Z",
      startUrl: "https://other.awsapps.com/start",
      region: "us-east-1",
      ...change
    })

  it.effect("logs each token out in its own region, and leaves registrations and other texts (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal)
      yield* write(store, "other", other({}))
      yield* write(store, "twin", other({}))
      yield* write(store, "no region", other({ accessToken: "access-2", region: undefined }))
      yield* write(store, "hostile", other({ accessToken: "access-3", region: "evil.example/" }))
      const stay = {
        registration: "{\"clientId\":\"c\",\"clientSecret\":\"s\"}",
        empty: "",
        number: "7",
        text: "a text"
      }
      for (const [key, value] of Object.entries(stay)) yield* write(store, key, value)
      assert.deepStrictEqual(yield* session.logout({ all: true }), {
        removed: 4,
        untold: ["The service was not told of a token whose region is not known."],
        left: []
      })
      assert.sameMembers([...portal.told], ["access-0 eu-west-1", "access-other us-east-1"])
      assert.deepStrictEqual(portal.forgotten, ["all"])
      for (const key of [settings.key, "other", "twin", "no region", "hostile"]) {
        assert.isUndefined(yield* textOf(store, key))
      }
      for (const [key, value] of Object.entries(stay)) assert.strictEqual(yield* textOf(store, key), value)
      yield* notLoggedIn(session)
      assert.deepStrictEqual(yield* session.logout({ all: true }), { removed: 0, untold: [], left: [] })
    }).pipe(Effect.scoped))

  it.effect("takes the session's own region for its own token, and removes a foreign token under its key (S20)", () =>
    Effect.gen(function*() {
      for (const region of [undefined, "us-west-2"]) {
        const portal = Portal.make()
        const { session, store } = yield* begun(portal, { token: undefined })
        yield* write(store, settings.key, other({ region }))
        assert.strictEqual((yield* session.logout({ all: true })).removed, 1)
        assert.deepStrictEqual(portal.told, [`access-other ${region ?? "eu-west-1"}`])
      }
    }).pipe(Effect.scoped))

  it.effect("logs out a token that is stored during the logout (S20)", () =>
    Effect.gen(function*() {
      const { service, session: _, ...fixture } = yield* begun(undefined)
      const portal = Portal.make((accessToken) =>
        accessToken === "access-0"
          ? Effect.as(Effect.orDie(write(fixture.store, settings.key, other({ accessToken: "access-1" }))), "rejected")
          : Effect.succeed("accepted")
      )
      const { session } = yield* portal.provide((yield* make({ store: () => fixture.store })).session)
      assert.strictEqual((yield* session.logout({ all: true })).removed, 1)
      assert.deepStrictEqual(portal.told, ["access-0 eu-west-1", "access-1 us-east-1"])
      assert.isUndefined(yield* textOf(fixture.store))
      assert.deepStrictEqual(service.sent, [])
    }).pipe(Effect.scoped))

  it.effect("ends, also if another program goes on storing tokens (S20)", () =>
    Effect.gen(function*() {
      let count = 0
      const { session: _, store } = yield* begun(undefined)
      const portal = Portal.make(() =>
        Effect.as(Effect.orDie(write(store, settings.key, other({ accessToken: `access-${++count}` }))), "accepted")
      )
      const { session } = yield* portal.provide((yield* make({ store: () => store })).session)
      const report = yield* session.logout({ all: true })
      assert.deepStrictEqual(report.left, ["Another program goes on storing tokens. The last of them stays."])
      assert.lengthOf(portal.told, 3)
    }).pipe(Effect.scoped))

  it.effect("goes on after a token that cannot be removed, and fails then (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal, {
        store: (store) => ({
          ...store,
          entries: store.entries && Effect.map(store.entries, (all) =>
            all.map((entry) => ({
              ...entry,
              remove: (wait) =>
                Redacted.value(entry.text ?? Redacted.make("")).includes("access-bad")
                  ? failing("remove")
                  : entry.remove(wait)
            })))
        })
      })
      yield* write(store, "bad", other({ accessToken: "access-bad" }))
      yield* write(store, "good", other({}))
      const error = yield* Effect.flip(session.logout({ all: true }))
      assert.include(error.message, "it is read-only. A token stays, but the portal was told of it")
      assert.lengthOf(portal.told, 3)
      assert.isUndefined(yield* textOf(store, "good"))
      assert.isUndefined(yield* textOf(store))
      assert.deepStrictEqual(portal.forgotten, ["all"])
    }).pipe(Effect.scoped))

  it.effect("reports texts that cannot be read, and sends nothing if the list cannot be read (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session } = yield* begun(portal, {
        store: (store) => ({
          ...store,
          entries: Effect.succeed([{ id: "aa", text: undefined, remove: () => Effect.die("not to be removed") }])
        })
      })
      assert.deepStrictEqual(yield* session.logout({ all: true }), {
        removed: 0,
        untold: [],
        left: ["A stored text cannot be read, so it stays."]
      })
      const { session: broken } = yield* begun(portal, { store: (store) => ({ ...store, entries: failing("read") }) })
      assert.deepInclude(yield* Effect.flip(broken.logout({ all: true })), { _tag: "StoreError", operation: "read" })
      assert.deepStrictEqual(portal.told, [])
    }).pipe(Effect.scoped))

  it.effect("fails over a store that does not list its texts, and changes nothing (S20)", () =>
    Effect.gen(function*() {
      const portal = Portal.make()
      const { session, store } = yield* begun(portal, { store: ({ entries: _, ...store }) => store })
      const error = yield* Effect.flip(session.logout({ all: true }))
      assert.strictEqual(error._tag, "LogoutAllUnsupported")
      assert.include(error.message, "The memory store does not list its tokens")
      assert.deepStrictEqual([portal.told, portal.forgotten], [[], []])
      assert.isDefined(yield* textOf(store))
      assert.strictEqual(plain(yield* session.token()), "access-0")
    }).pipe(Effect.scoped))
})
