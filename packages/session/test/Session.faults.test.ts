import { assert, describe, it } from "@effect/vitest"
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CachedRegistration from "@sso-oidc/session/CachedRegistration"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import type * as Callback from "@sso-oidc/session/Callback"
import type * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import type * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { make } from "./support/logins.ts"
import { stored } from "./support/service.ts"
import { plain, put } from "./support/sessions.ts"

const wait = { wait: Duration.seconds(1) }

type Logins = Effect.Success<ReturnType<typeof make>>

const full = new StoreError({ store: "test", operation: "commit", reason: "unavailable", detail: "the disk is full" })

/** A store in which the session's own record cannot be written. */
const unwritable = (store: TokenStore.Service): TokenStore.Service => ({
  ...store,
  exclusively: (key, use, waiting) =>
    store.exclusively(
      key,
      (hold) => use(key === "corp" ? { ...hold, commit: () => Effect.fail(full) } : hold),
      waiting
    )
})

/** A login whose person comes back at once. */
const codeLogin = Effect.fnUntraced(function*(logins: Logins, one?: Effect.Success<Logins["session"]>) {
  const { session } = one ?? (yield* logins.session)
  const before = logins.opened.length
  const fiber = yield* Effect.forkChild(session.login())
  while (logins.opened.length === before) yield* Effect.yieldNow
  logins.comeBack(logins.callbackOf(logins.opened.at(-1) ?? ""))
  return plain(yield* Fiber.join(fiber))
})

const isRegistered = ({ settings, store }: Logins) =>
  Effect.map(store.read(CacheKey.registrationKey(settings)), (text) => text !== undefined)

const registers = (logins: Logins) => logins.sent().filter(({ path }) => path === "/client/register").length

describe("Session.login beside other programs", () => {
  it.effect("a token that cannot be stored serves all callers of the process: one login opens (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ store: unwritable })
      const { session } = yield* logins.session
      const all = yield* Effect.forkChild(
        Effect.all([session.ensure(), session.ensure(), session.login()], { concurrency: "unbounded" })
      )
      while (logins.opened.length === 0) yield* Effect.yieldNow
      yield* TestClock.adjust("1 second")
      logins.comeBack(logins.callbackOf(logins.opened[0] ?? ""))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* Fiber.join(all)).map(plain), [
        "login-access-1",
        "login-access-1",
        "login-access-1"
      ])
      assert.lengthOf(logins.opened, 1)
    }).pipe(Effect.scoped))

  it.effect("a login that waited takes no token of a refresh: it logs in if the other login failed (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ token: stored("1 minute") })
      const [one, two, three] = [yield* logins.session, yield* logins.session, yield* logins.session]
      const first = yield* Effect.forkChild(Effect.flip(one.session.login({ onEvent: logins.onEvent })))
      const { url } = yield* logins.event("UrlReady")
      const second = yield* Effect.forkChild(two.session.login())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* three.session.token()), "login-access-1")
      logins.comeBack(logins.callbackOf(url, { error: "access_denied" }))
      assert.strictEqual((yield* Fiber.join(first))._tag, "AuthorizationDenied")
      yield* TestClock.adjust("1 second")
      assert.lengthOf(logins.opened, 2)
      logins.comeBack(logins.callbackOf(logins.opened[1] ?? ""))
      assert.strictEqual(plain(yield* Fiber.join(second)), "login-access-2")
    }).pipe(Effect.scoped))

  it.effect("a login that cannot be stored wins over a refresh of the session before it (S14)", () =>
    Effect.gen(function*() {
      let isFull = true
      const logins = yield* make({
        token: stored("1 hour"),
        store: (store) =>
          isFull ?
            {
              ...store,
              exclusively: (key, use, waiting) =>
                store.exclusively(
                  key,
                  (hold) => use(isFull && key === "corp" ? { ...hold, commit: () => Effect.fail(full) } : hold),
                  waiting
                )
            } :
            store
      })
      const one = yield* logins.session
      assert.strictEqual(yield* codeLogin(logins, one), "login-access-1")
      // another program refreshes the old session
      yield* put(logins.store, yield* stored("2 hours", { accessToken: Redacted.make("refreshed-by-another") }))
      assert.strictEqual(plain(yield* one.session.token()), "login-access-1")
      isFull = false
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(plain(yield* one.session.token()), "login-access-1")
      const two = yield* logins.session
      assert.strictEqual(plain(yield* two.session.token()), "login-access-1")
      // a login of another program wins
      const another = { clientId: "another-client", accessToken: Redacted.make("of-another-login") }
      yield* put(logins.store, yield* stored("1 hour", another))
      assert.strictEqual(plain(yield* one.session.token()), "of-another-login")
    }).pipe(Effect.scoped))

  it.effect("a refresh that stood still does not overwrite a login of the same client (S12, S14)", () =>
    Effect.gen(function*() {
      const thaw = yield* Deferred.make<void>()
      let isFrozen = false
      let hasLost = false
      const fenced = new StoreError({
        store: "test",
        operation: "commit",
        reason: "fenced",
        detail: "the lease has ended"
      })
      const frozen: TokenStore.Hold = {
        isExclusive: true,
        prepare: () => Effect.void,
        settle: () => Effect.void,
        remove: Effect.void,
        commit: () => Effect.fail(fenced)
      }
      const logins = yield* make({
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) => {
            if (key !== "corp" || !isFrozen || hasLost) return store.exclusively(key, use, waiting)
            hasLost = true
            return use(frozen)
          }
        }),
        respond: (_, { grantType }) =>
          grantType === "refresh_token"
            ? Effect.as(
              Deferred.await(thaw),
              Wire.json({ accessToken: "old-session", refreshToken: "old", tokenType: "Bearer", expiresIn: 3600 })
            )
            : Effect.succeed(undefined)
      })
      const [one, two] = [yield* logins.session, yield* logins.session]
      yield* codeLogin(logins, two)
      yield* TestClock.adjust("50 minutes")
      isFrozen = true
      const refresh = yield* Effect.forkChild(one.session.token())
      while (!hasLost) yield* Effect.yieldNow
      assert.strictEqual(yield* codeLogin(logins, two), "login-access-2")
      yield* TestClock.adjust("10 seconds")
      yield* Deferred.succeed(thaw, undefined)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(plain(yield* Fiber.join(refresh)), "login-access-2")
      assert.strictEqual(plain(yield* two.session.token()), "login-access-2")
      assert.strictEqual(registers(logins), 1)
    }).pipe(Effect.scoped))

  it.effect("a token that another program stores meanwhile ends the wait of ensure (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const [one, two] = [yield* logins.session, yield* logins.session]
      const first = yield* Effect.forkChild(one.session.login({ onEvent: logins.onEvent }))
      yield* logins.event("UrlReady")
      const second = yield* Effect.forkChild(two.session.ensure())
      yield* TestClock.adjust("1 second")
      yield* put(logins.store, yield* stored("1 hour"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(plain(yield* Fiber.join(second)), "access-0")
      assert.isUndefined(first.pollUnsafe())
      yield* Fiber.interrupt(first)
    }).pipe(Effect.scoped))

  it.effect("a program that takes its time with Approved holds no lock (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const [one, two] = [yield* logins.session, yield* logins.session]
      const first = yield* Effect.forkChild(one.session.login({
        onEvent: (event) =>
          Effect.andThen(logins.onEvent(event), event._tag === "Approved" ? Effect.never : Effect.void)
      }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      yield* logins.event("Approved")
      assert.strictEqual(yield* codeLogin(logins, two), "login-access-2")
      yield* Fiber.interrupt(first)
    }).pipe(Effect.scoped))

  it.effect("a store that does not respond for a moment is no login of another program (S14)", () =>
    Effect.gen(function*() {
      // which reads fail, counted from the start of the login
      for (const failing of [1, 2]) {
        let reads = 0
        let isOn = false
        const down = new StoreError({
          store: "test",
          operation: "read",
          reason: "unavailable",
          detail: "no connection"
        })
        const logins: Logins = yield* make({
          token: stored("1 hour"),
          store: (store) => ({
            ...store,
            read: (key) => isOn && key.includes("login") && ++reads === failing ? Effect.fail(down) : store.read(key)
          })
        })
        assert.strictEqual(yield* codeLogin(logins), "login-access-1")
        isOn = true
        const { session } = yield* logins.session
        if (failing === 1) {
          assert.strictEqual((yield* Effect.flip(session.login()))._tag, "StoreError")
          assert.lengthOf(logins.opened, 1)
        } else assert.strictEqual(yield* codeLogin(logins), "login-access-2")
      }
    }).pipe(Effect.scoped))

  it.effect("a commit that fails is tried again, and an interruption waits for it (S14)", () =>
    Effect.gen(function*() {
      let times = 0
      const logins = yield* make({
        callback: null,
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) =>
            store.exclusively(key, (hold) =>
              use(
                key !== "corp" ? hold : {
                  ...hold,
                  commit: (text) =>
                    Effect.andThen(
                      Effect.sleep("5 seconds"),
                      Effect.suspend(() => ++times < 3 ? Effect.fail(full) : hold.commit(text))
                    )
                }
              ), waiting)
        })
      })
      const { session } = yield* logins.session
      logins.approve()
      const fiber = yield* Effect.forkChild(session.login())
      // the poll has brought the token, and the first commit is running
      yield* TestClock.adjust("3 seconds")
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(interruption)
      assert.strictEqual(times, 3)
      assert.strictEqual(plain(yield* (yield* logins.session).session.token()), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("a third login waits for two others, also for longer than a code lasts (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const sessions = [yield* logins.session, yield* logins.session, yield* logins.session]
      const fibers = []
      for (const { session } of sessions) {
        fibers.push(yield* Effect.forkChild(Effect.flip(session.login())))
        yield* TestClock.adjust("1 second")
      }
      for (const opened of [2, 3]) {
        yield* TestClock.adjust("10 minutes")
        yield* TestClock.adjust("1 second")
        while (logins.opened.length < opened) yield* TestClock.adjust("1 second")
      }
      // whichever of the two others was first
      const ended = fibers.filter((fiber) => fiber.pollUnsafe() !== undefined)
      const errors = yield* Effect.forEach(ended, Fiber.join)
      assert.deepStrictEqual(errors.map(({ _tag }) => _tag), ["AuthorizationExpired", "AuthorizationExpired"])
      yield* Effect.forEach(fibers, Fiber.interrupt)
    }).pipe(Effect.scoped))

  it.effect("a callback counts while the program still has the URL (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({
        // such as a program that opens the browser itself, and waits for it
        onEvent: (event) =>
          Effect.andThen(logins.onEvent(event), event._tag === "UrlReady" ? Effect.never : Effect.void)
      }))
      const { url } = yield* logins.event("UrlReady")
      yield* TestClock.adjust("1 second")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("the listener is closed before the code is sent (S16)", () =>
    Effect.gen(function*() {
      const bound: Array<number> = []
      const logins: Logins = yield* make({
        respond: (path) =>
          Effect.sync(() => {
            if (path === "/token") bound.push(logins.bound())
            return undefined
          })
      })
      yield* codeLogin(logins)
      assert.deepStrictEqual(bound, [0])
    }).pipe(Effect.scoped))
})

describe("Session.login: a registration that the service does not accept", () => {
  const responses = [
    ["InvalidClientException", "/token"],
    ["UnauthorizedClientException", "/token"],
    ["InvalidGrantException", "/token"],
    ["InvalidRequestException", "/token"],
    ["UnauthorizedClientException", "/device_authorization"],
    ["InvalidRequestException", "/device_authorization"]
  ] as const
  for (const [exception, path] of responses) {
    it.effect(`is not used again after ${exception} from ${path} (S17)`, () =>
      Effect.gen(function*() {
        let isRejected = false
        const logins = yield* make({
          respond: (asked) =>
            Effect.sync(() =>
              isRejected && asked === path ? Wire.exception(exception, { error: "invalid" }) : undefined
            )
        })
        const grant = path === "/token" ? "code" : "device"
        const { session } = yield* logins.session
        if (grant === "device") logins.approve()
        const login = Effect.gen(function*() {
          const before = logins.opened.length
          const fiber = yield* Effect.forkChild(Effect.result(session.login({ grant })))
          if (grant === "device") yield* TestClock.adjust("2 seconds")
          else {
            while (logins.opened.length === before) yield* Effect.yieldNow
            logins.comeBack(logins.callbackOf(logins.opened.at(-1) ?? ""))
          }
          return yield* Fiber.join(fiber)
        })
        assert.isTrue(Result.isSuccess(yield* login))
        isRejected = true
        assert.strictEqual(Result.isFailure(yield* login), true)
        isRejected = false
        assert.isTrue(Result.isSuccess(yield* login))
        assert.strictEqual(registers(logins), 2)
      }).pipe(Effect.scoped))
  }

  it.effect("is dropped after a callback with an error, and kept after a person said no (S17)", () =>
    Effect.gen(function*() {
      for (const [error, isKept] of [["access_denied", true], ["unauthorized_client", false]] as const) {
        const logins = yield* make()
        yield* codeLogin(logins)
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(Effect.flip(session.login({ onEvent: logins.onEvent })))
        const { url } = yield* logins.event("UrlReady")
        logins.comeBack(logins.callbackOf(url, { error }))
        yield* Fiber.join(fiber)
        assert.strictEqual(yield* isRegistered(logins), isKept)
      }
    }).pipe(Effect.scoped))

  it.effect("is kept after an error of the program, and if another program has registered meanwhile (S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      yield* codeLogin(logins)
      const { session } = yield* logins.session
      yield* Effect.flip(session.login({ onEvent: () => Effect.fail("EPIPE" as const) }))
      assert.isTrue(yield* isRegistered(logins))
      const fiber = yield* Effect.forkChild(Effect.flip(session.login({ onEvent: logins.onEvent })))
      yield* logins.event("UrlReady")
      const key = CacheKey.registrationKey(logins.settings)
      const other = "{\"clientId\":\"of-another\",\"clientSecret\":\"x\",\"expiresAt\":\"1971-01-01T00:00:00Z\"}"
      yield* logins.store.exclusively(key, (hold) => hold.commit(Redacted.make(other)), wait)
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(fiber)
      assert.isTrue(yield* isRegistered(logins))
    }).pipe(Effect.scoped))

  it.effect("is made again if the stored one has a text that no URL can have (S17)", () =>
    Effect.gen(function*() {
      const key = CacheKey.registrationKey((yield* make()).settings)
      for (const clientId of ["a\ud800b", "a\u0007b", "x".repeat(5000)]) {
        const logins = yield* make()
        const text = JSON.stringify({
          clientId,
          clientSecret: "secret",
          expiresAt: "1971-01-01T00:00:00Z",
          scopes: ["sso:account:access"],
          grantTypes: ["authorization_code"]
        })
        assert.isTrue(Result.isFailure(CachedRegistration.decode(Redacted.make(text))))
        yield* logins.store.exclusively(key, (hold) => hold.commit(Redacted.make(text)), wait)
        assert.strictEqual(yield* codeLogin(logins), "login-access-1")
        assert.strictEqual(registers(logins), 1)
      }
    }).pipe(Effect.scoped))

  it.effect("that cannot be read or stored does not end the login (S17)", () =>
    Effect.gen(function*() {
      const key = CacheKey.registrationKey((yield* make()).settings)
      const broken = new StoreError({ store: "test", operation: "read", reason: "unavailable", detail: "not yours" })
      const logins = yield* make({
        store: (store) => ({
          ...store,
          read: (asked) => asked === key ? Effect.fail(broken) : store.read(asked),
          exclusively: (asked, use, waiting) =>
            store.exclusively(
              asked,
              (hold) => use(asked === key ? { ...hold, commit: () => Effect.fail(broken) } : hold),
              waiting
            )
        })
      })
      assert.strictEqual(yield* codeLogin(logins), "login-access-1")
      assert.strictEqual(registers(logins), 1)
    }).pipe(Effect.scoped))

  it.effect("is dropped in two seconds at most, also from a store that does not respond (S14)", () =>
    Effect.gen(function*() {
      let isHanging = false
      const logins = yield* make({
        store: (store) => ({
          ...store,
          exclusively: (key, use, waiting) =>
            isHanging ? Effect.uninterruptible(Effect.never) : store.exclusively(key, use, waiting)
        })
      })
      yield* codeLogin(logins)
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      yield* logins.event("UrlReady")
      yield* TestClock.adjust("5 seconds")
      isHanging = true
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(interruption)
      assert.strictEqual(logins.bound(), 0)
    }).pipe(Effect.scoped))
})

describe("Session.login: a listener or a browser that breaks its contract", () => {
  const never = Effect.uninterruptible(Effect.never)
  const notAnEffect = (): never => {
    throw new Error("a defect")
  }

  const browsers: ReadonlyArray<readonly [string, Partial<LoginBrowser.Service>]> = [
    ["elsewhere dies", { elsewhere: Effect.die("a defect") }],
    ["elsewhere never ends", { elsewhere: never }],
    ["elsewhere is unknown", { elsewhere: Effect.succeed("moon" as unknown as LoginBrowser.Sign) }],
    ["open throws", { open: notAnEffect }],
    ["open interrupts itself", { open: () => Effect.interrupt }],
    ["open never ends", { open: () => never }]
  ]
  for (const [title, guest] of browsers) {
    it.effect(`${title}: the login goes on (S15, S18)`, () =>
      Effect.gen(function*() {
        const logins = yield* make({ guest })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
        yield* TestClock.adjust("6 seconds")
        const { url } = yield* logins.event("UrlReady")
        logins.comeBack(logins.callbackOf(url))
        assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      }).pipe(Effect.scoped))
  }

  const listeners: ReadonlyArray<readonly [string, Callback.Service["listen"]]> = [
    ["listen dies", () => Effect.die("a defect")],
    ["listen throws", notAnEffect],
    ["listen never ends", () => never],
    ["listen gives nothing", () => Effect.succeed(undefined as unknown as Callback.Listener)]
  ]
  for (const [title, listen] of listeners) {
    it.effect(`${title}: the device grant is chosen (S15)`, () =>
      Effect.gen(function*() {
        const logins = yield* make({ listen })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
        yield* TestClock.adjust("6 seconds")
        assert.deepInclude(yield* logins.event("GrantChosen"), { grant: "device", reason: "noListener" })
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.scoped))
  }

  const callbacks: ReadonlyArray<readonly [string, Callback.Listener["received"]]> = [
    ["gives no text", () => Effect.succeed(undefined as unknown as Redacted.Redacted<string>)],
    ["gives foreign callbacks", () => Effect.succeed(Redacted.make("http://127.0.0.1/?code=1&state=other"))],
    ["dies", () => Effect.die("a defect")]
  ]
  for (const [title, received] of callbacks) {
    it.effect(`a listener that ${title} does not end the login: a paste counts (S16)`, () =>
      Effect.gen(function*() {
        const listen = () => Effect.succeed({ redirectUri: "http://127.0.0.1:9/oauth/callback", received })
        const logins = yield* make({ listen })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({
          onEvent: logins.onEvent,
          paste: Effect.delay(Effect.map(logins.event("UrlReady"), ({ url }) => logins.callbackOf(url)), "1 second")
        }))
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      }).pipe(Effect.scoped))
  }

  it.effect("a paste that cannot be interrupted does not hold the callback (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent, paste: never }))
      const { url } = yield* logins.event("UrlReady")
      yield* TestClock.adjust("1 second")
      logins.comeBack(logins.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("a URL that is neither https nor loopback is not given to a browser (S18)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ client: { endpoint: "http://evil.example" } })
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      yield* logins.event("BrowserFailed")
      assert.deepStrictEqual(logins.opened, [])
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.scoped))

  it.effect("the deadline counts each event from the start (S16)", () =>
    Effect.gen(function*() {
      for (const tag of ["GrantChosen", "Registered"]) {
        const logins = yield* make()
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(
          Effect.flip(session.login({ onEvent: ({ _tag }) => _tag === tag ? Effect.never : Effect.void }))
        )
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "AuthorizationExpired")
        assert.strictEqual(logins.bound(), 0)
      }
    }).pipe(Effect.scoped))

  it.effect("a grant that does not exist is a mistake that is named, and nothing is sent (S15)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const exit = yield* Effect.exit(session.login({ grant: "browser" as unknown as "code" }))
      assert.include(String(exit), "grant must be")
      assert.deepStrictEqual(logins.sent(), [])
    }).pipe(Effect.scoped))
})
