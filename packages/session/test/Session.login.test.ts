import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { make, type Options } from "./support/logins.ts"
import { stored } from "./support/service.ts"
import { plain } from "./support/sessions.ts"

const wait = { wait: Duration.seconds(1) }

const paths = (sent: ReadonlyArray<{ readonly path: string }>) => sent.map(({ path }) => path)

/** A store whose holder's members are replaced. */
const withHold =
  (change: (hold: TokenStore.Hold, key: string) => Partial<TokenStore.Hold>) =>
  (store: TokenStore.Service): TokenStore.Service => ({
    ...store,
    exclusively: (key, use, waiting) =>
      store.exclusively(key, (hold) => use({ ...hold, ...change(hold, key) }), waiting)
  })

/** A service that rejects every refresh token. */
const endedSession: Options["respond"] = (_, { grantType }) =>
  Effect.sync(() =>
    grantType === "refresh_token"
      ? Response.json({ error: "invalid_grant" }, {
        status: 400,
        headers: { "x-amzn-errortype": "InvalidGrantException" }
      })
      : undefined
  )

describe("Session.ensure", () => {
  it.effect("gives a stored token that is valid, and sends nothing (S14)", () =>
    Effect.gen(function*() {
      const { events, onEvent, sent, session } = yield* make({ token: stored("1 hour") })
      const one = yield* session
      assert.strictEqual(plain(yield* one.session.ensure({ onEvent })), "access-0")
      assert.deepStrictEqual(sent(), [])
      assert.deepStrictEqual(events, [])
    }).pipe(Effect.scoped))

  it.effect("logs in if no token is stored, and stores the new one (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const one = yield* logins.session
      const fiber = yield* Effect.forkChild(one.session.ensure({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      const text = yield* logins.store.read(logins.settings.key)
      const token = Result.getOrThrow(CachedToken.decode(text ?? Redacted.make("")))
      assert.strictEqual(plain(token), "login-access-1")
      assert.strictEqual(token.startUrl, logins.settings.startUrl)
      assert.strictEqual(token.clientId, "client-1")
      // another process finds it
      const other = yield* logins.session
      assert.strictEqual(plain(yield* other.session.token()), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("logs in if the session has ended, though its token still reads as valid (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({
        token: stored("10 minutes"),
        respond: endedSession
      })
      const one = yield* logins.session
      const first = yield* Effect.forkChild(one.session.token())
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(plain(yield* Fiber.join(first)), "access-0")
      // so does another process, which reads that in the store
      const other = yield* logins.session
      const fiber = yield* Effect.forkChild(other.session.ensure({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      // and then it is enough
      assert.strictEqual(plain(yield* other.session.ensure({ onEvent: logins.onEvent })), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("logs in if the token has expired and the service rejects its refresh token (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({
        token: stored("-1 second"),
        respond: endedSession
      })
      const one = yield* logins.session
      const fiber = yield* Effect.forkChild(one.session.ensure({ onEvent: logins.onEvent }))
      // a token of another program may still appear
      yield* TestClock.adjust("3 seconds")
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("logs in if the portal rejected a token that cannot be refreshed (S13, S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ token: stored("1 hour", { refreshToken: undefined }) })
      const one = yield* logins.session
      const { accessToken } = yield* one.session.token()
      const error = yield* Effect.flip(one.accessToken.refreshed(accessToken))
      assert.strictEqual(error._tag, "SessionEnded")
      const fiber = yield* Effect.forkChild(one.session.ensure({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("does not log in if the refresh failed for another reason (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({
        token: stored("-1 second"),
        respond: () =>
          Effect.succeed(
            Response.json({ error: "server_error" }, {
              status: 500,
              headers: { "x-amzn-errortype": "InternalServerException" }
            })
          )
      })
      const one = yield* logins.session
      const error = yield* Effect.flip(one.session.ensure({ onEvent: logins.onEvent }))
      assert.strictEqual(error._tag, "InternalServerException")
      assert.deepStrictEqual(logins.events, [])
    }).pipe(Effect.scoped))

  it.effect("8 sessions that call it at once open one login, and all get its token (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const sessions = yield* Effect.all(Array.from({ length: 8 }, () => logins.session))
      const all = yield* Effect.forkChild(
        Effect.all(sessions.map(({ session }) => session.ensure({ onEvent: logins.onEvent })), {
          concurrency: "unbounded"
        })
      )
      const { url } = yield* logins.event("UrlReady")
      yield* TestClock.adjust("5 seconds")
      assert.lengthOf(logins.events.filter(({ _tag }) => _tag === "LoginElsewhere"), 7)
      logins.comeBack(logins.callbackOf(url))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([...new Set((yield* Fiber.join(all)).map(plain))], ["login-access-1"])
      assert.deepStrictEqual(logins.opened, [url])
      assert.deepStrictEqual(paths(logins.sent()), ["/client/register", "/token"])
    }).pipe(Effect.scoped))
})

describe("Session.login", () => {
  it.effect("brings a new token although the stored one is valid (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ token: stored("1 hour") })
      const one = yield* logins.session
      const fiber = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      // what other tools keep in the file stays there
      const text = yield* logins.store.read(logins.settings.key)
      assert.strictEqual(JSON.parse(text === undefined ? "" : Redacted.value(text)).tool, "other")
    }).pipe(Effect.scoped))

  it.effect("waits for another login of the same session, and takes its token (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ token: stored("1 hour") })
      const [one, two] = [yield* logins.session, yield* logins.session]
      const first = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      const second = yield* Effect.forkChild(two.session.login({ onEvent: logins.onEvent }))
      yield* logins.event("LoginElsewhere")
      logins.comeBack(logins.callbackOf(url))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* Fiber.join(first)), "login-access-1")
      assert.strictEqual(plain(yield* Fiber.join(second)), "login-access-1")
      assert.lengthOf(logins.opened, 1)
    }).pipe(Effect.scoped))

  it.effect("takes over when the other login ends without a token (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const [one, two] = [yield* logins.session, yield* logins.session]
      const first = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      yield* logins.event("UrlReady")
      const second = yield* Effect.forkChild(two.session.login())
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(logins.opened, 2)
      assert.isTrue(logins.comeBack(logins.callbackOf(logins.opened[1] ?? "")))
      assert.strictEqual(plain(yield* Fiber.join(second)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("a login that waits for its person holds no lock that a refresh needs (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ token: stored("-1 second") })
      const [one, two] = [yield* logins.session, yield* logins.session]
      const fiber = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      yield* logins.event("UrlReady")
      assert.isUndefined(fiber.pollUnsafe())
      const refreshed = yield* Effect.forkChild(two.session.token())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* Fiber.join(refreshed)), "login-access-1")
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.scoped))

  it.effect("asks no person if the store has no room for the token (S14)", () =>
    Effect.gen(function*() {
      const full = new StoreError({
        store: "test",
        operation: "prepare",
        reason: "unavailable",
        detail: "the disk is full"
      })
      const logins = yield* make({ store: withHold(() => ({ prepare: () => Effect.fail(full) })) })
      const one = yield* logins.session
      const error = yield* Effect.flip(one.session.login({ onEvent: logins.onEvent }))
      assert.strictEqual(error._tag, "StoreError")
      assert.deepStrictEqual(logins.sent(), [])
      assert.deepStrictEqual(logins.events, [])
    }).pipe(Effect.scoped))

  it.effect("gives a token that cannot be stored, and stores it later (S14)", () =>
    Effect.gen(function*() {
      let isFull = true
      const full = new StoreError({
        store: "test",
        operation: "commit",
        reason: "unavailable",
        detail: "the disk is full"
      })
      const logins = yield* make({
        store: withHold(({ commit }, key) => ({
          commit: (text) => isFull && key === "corp" ? Effect.fail(full) : commit(text)
        }))
      })
      const one = yield* logins.session
      const fiber = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      assert.isUndefined(yield* logins.store.read("corp"))
      assert.strictEqual(plain(yield* one.session.token()), "login-access-1")
      isFull = false
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(plain(yield* one.session.token()), "login-access-1")
      assert.isDefined(yield* logins.store.read("corp"))
    }).pipe(Effect.scoped))

  it.effect("the token of the device grant is stored before the program hears of it (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ callback: null })
      const one = yield* logins.session
      logins.approve()
      const fiber = yield* Effect.forkChild(one.session.login({
        onEvent: (event) => event._tag === "Approved" ? Effect.fail("the program failed" as const) : Effect.void
      }))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), "the program failed")
      assert.strictEqual(plain(yield* one.session.token()), "login-access-1")
    }).pipe(Effect.scoped))
})

describe("Session.login: registrations", () => {
  const readRegistration = Effect.fnUntraced(function*(logins: Effect.Success<ReturnType<typeof make>>) {
    const text = yield* logins.store.read(CacheKey.registrationKey(logins.settings))
    return text && Result.getOrThrow(CachedRegistration.decode(text))
  })

  const codeLogin = Effect.fnUntraced(function*(logins: Effect.Success<ReturnType<typeof make>>) {
    const { session } = yield* logins.session
    const before = logins.opened.length
    const fiber = yield* Effect.forkChild(session.login())
    while (logins.opened.length === before) yield* Effect.yieldNow
    logins.comeBack(logins.callbackOf(logins.opened.at(-1) ?? ""))
    yield* Fiber.join(fiber)
  })

  const deviceLogin = Effect.fnUntraced(function*(logins: Effect.Success<ReturnType<typeof make>>) {
    const { session } = yield* logins.session
    logins.approve()
    const fiber = yield* Effect.forkChild(session.login({ grant: "device" }))
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.join(fiber)
  })

  it.effect("is kept as the AWS CLI keeps it, and used again (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      yield* codeLogin(logins)
      const registration = yield* readRegistration(logins)
      assert.strictEqual(registration?.clientId, "client-1")
      assert.deepStrictEqual(registration?.grantTypes, ["authorization_code", "refresh_token"])
      assert.deepStrictEqual(registration?.scopes, ["sso:account:access"])
      yield* codeLogin(logins)
      assert.lengthOf(paths(logins.sent()).filter((path) => path === "/client/register"), 1)
      const [request] = logins.sent()
      assert.deepStrictEqual(request?.body, {
        clientName: "sso-oidc-effect",
        clientType: "public",
        scopes: ["sso:account:access"],
        redirectUris: ["http://127.0.0.1/oauth/callback"],
        grantTypes: ["authorization_code", "refresh_token"],
        issuerUrl: logins.settings.startUrl
      })
    }).pipe(Effect.scoped))

  it.effect("is replaced for the other grant (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      yield* codeLogin(logins)
      yield* deviceLogin(logins)
      const registration = yield* readRegistration(logins)
      assert.strictEqual(registration?.clientId, "client-2")
      assert.isUndefined(registration?.grantTypes)
      yield* deviceLogin(logins)
      assert.lengthOf(paths(logins.sent()).filter((path) => path === "/client/register"), 2)
      yield* codeLogin(logins)
      assert.strictEqual((yield* readRegistration(logins))?.clientId, "client-3")
    }).pipe(Effect.scoped))

  it.effect("is replaced with less than 15 minutes left, and if it cannot be read (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      yield* codeLogin(logins)
      yield* TestClock.adjust(Duration.subtract(Duration.days(90), Duration.minutes(14)))
      yield* codeLogin(logins)
      assert.strictEqual((yield* readRegistration(logins))?.clientId, "client-2")
      yield* logins.store.exclusively(
        CacheKey.registrationKey(logins.settings),
        (hold) => hold.commit(Redacted.make("{\"clientId\":7}")),
        wait
      )
      yield* codeLogin(logins)
      assert.strictEqual((yield* readRegistration(logins))?.clientId, "client-3")
    }).pipe(Effect.scoped))

  it.effect("is replaced once if the service does not know it at the start of the device grant (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make({
        respond: (path, { clientId }) =>
          Effect.succeed(
            path === "/device_authorization" && clientId === "client-1"
              ? Response.json({ error: "invalid_client" }, {
                status: 401,
                headers: { "x-amzn-errortype": "InvalidClientException" }
              })
              : undefined
          )
      })
      yield* logins.store.exclusively(
        CacheKey.registrationKey(logins.settings),
        (hold) =>
          hold.commit(Redacted.make(JSON.stringify({
            clientId: "client-1",
            clientSecret: "client-secret-1",
            expiresAt: "1970-03-01T00:00:00Z",
            scopes: ["sso:account:access"]
          }))),
        wait
      )
      const { session } = yield* logins.session
      const error = yield* Effect.forkChild(Effect.flip(session.login({ grant: "device" })))
      yield* TestClock.adjust("2 seconds")
      // the played service gives its first client the same id, so the new registration is rejected too
      assert.strictEqual((yield* Fiber.join(error))._tag, "InvalidClientException")
      assert.deepStrictEqual(paths(logins.sent()), [
        "/device_authorization",
        "/client/register",
        "/device_authorization"
      ])
      yield* deviceLogin(logins)
      assert.strictEqual((yield* readRegistration(logins))?.clientId, "client-2")
    }).pipe(Effect.scoped))

  it.effect("is not used again after a code login without a callback, since the service may not know it (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      yield* codeLogin(logins)
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(Effect.flip(session.login({ onEvent: logins.onEvent })))
      yield* logins.event("UrlReady")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "AuthorizationExpired")
      assert.isUndefined(yield* readRegistration(logins))
      // and so after an interruption
      yield* codeLogin(logins)
      const interrupted = yield* Effect.forkChild(session.login())
      while (logins.opened.length < 4) yield* Effect.yieldNow
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(interrupted)
      assert.isUndefined(yield* readRegistration(logins))
    }).pipe(Effect.scoped))
})
