import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Callback from "@sso-oidc/session/Callback"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import { createHash } from "node:crypto"
import { make, type Options } from "./support/logins.ts"
import { plain, settings } from "./support/sessions.ts"

const busy = new Callback.CallbackUnavailable({
  port: 8400,
  code: "EADDRINUSE",
  detail: "another program has the port"
})

const legacy = { ...settings, key: settings.startUrl, name: undefined, scopes: undefined, configuredScopes: undefined }

describe("Session.login: the choice of the grant", () => {
  const cases: ReadonlyArray<readonly [title: string, Options, Partial<LoginEvent>]> = [
    ["a browser on this machine", {}, { grant: "code", reason: "default" }],
    ["an SSH session", { sign: "ssh" }, { grant: "device", reason: "elsewhere", sign: "ssh" }],
    ["no listener", { callback: null }, { grant: "device", reason: "noListener" }],
    ["a busy port", { callback: busy }, { grant: "device", reason: "noListener" }],
    ["no browser service", { browser: null }, { grant: "code", reason: "default" }],
    ["a legacy profile", { settings: legacy }, { grant: "device", reason: "legacy" }],
    ["the setting", { settings: { ...settings, useDeviceCode: true } }, { grant: "device", reason: "setting" }]
  ]

  for (const [title, options, choice] of cases) {
    it.effect(`${title}: the choice and its reason are an event before anything is sent (S15)`, () =>
      Effect.gen(function*() {
        const logins = yield* make(options)
        const { session } = yield* logins.session
        const atChoice = yield* Deferred.make<number>()
        const fiber = yield* Effect.forkChild(session.login({
          onEvent: (event) =>
            Effect.andThen(
              logins.onEvent(event),
              event._tag === "GrantChosen"
                ? Deferred.succeed(atChoice, logins.sent().length)
                : Effect.void
            )
        }))
        assert.deepInclude(yield* logins.event("GrantChosen"), choice)
        assert.strictEqual(yield* Deferred.await(atChoice), 0)
        yield* logins.event("grant" in choice && choice.grant === "code" ? "UrlReady" : "CodeReady")
        // a listener that is not needed is closed
        assert.strictEqual(logins.bound(), "grant" in choice && choice.grant === "code" ? 1 : 0)
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.scoped))
  }

  it.effect("the option outranks everything else (S15)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ settings: { ...legacy, useDeviceCode: true }, sign: "ssh" })
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ grant: "code", onEvent: logins.onEvent }))
      assert.deepInclude(yield* logins.event("GrantChosen"), { grant: "code", reason: "option" })
      const { url } = yield* logins.event("UrlReady")
      assert.strictEqual(new URL(url).searchParams.get("scopes"), "sso:account:access")
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.scoped))

  it.effect("a code grant that was asked for fails without a listener, and nothing is sent (S15)", () =>
    Effect.gen(function*() {
      for (const [callback, code] of [[null, "NOSERVICE"], [busy, "EADDRINUSE"]] as const) {
        const logins = yield* make({ callback })
        const { session } = yield* logins.session
        const error = yield* Effect.flip(session.login({ grant: "code", port: 8400 }))
        assert.strictEqual(error._tag, "CallbackUnavailable")
        assert.include(error.message, code)
        assert.deepStrictEqual(logins.sent(), [])
      }
    }).pipe(Effect.scoped))

  it.effect("a legacy profile asks for no scopes, as the AWS CLI does (S15, S17)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ settings: legacy })
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      yield* logins.event("CodeReady")
      assert.deepStrictEqual(logins.sent()[0]?.body, { clientName: "sso-oidc-effect", clientType: "public" })
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.scoped))
})

describe("Session.login: the code grant", () => {
  it.effect("the URL has what RFC 6749 and RFC 7636 ask for, at the endpoint of the client (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ clientName: "my-tool" })
      const { session } = yield* logins.session
      const seen = new Set<string>()
      for (let times = 1; times <= 2; times++) {
        const fiber = yield* Effect.forkChild(session.login({ port: 8400 }))
        while (logins.opened.length < times) yield* Effect.yieldNow
        const url = new URL(logins.opened.at(-1) ?? "")
        assert.strictEqual(`${url.origin}${url.pathname}`, "https://oidc.eu-west-1.amazonaws.com/authorize")
        const { code_challenge, state, ...query } = Object.fromEntries(url.searchParams)
        assert.deepStrictEqual(query, {
          response_type: "code",
          client_id: "client-1",
          redirect_uri: "http://127.0.0.1:8400/oauth/callback",
          code_challenge_method: "S256",
          scopes: "sso:account:access"
        })
        logins.comeBack(logins.callbackOf(url.href))
        yield* Fiber.join(fiber)
        const body = logins.sent().at(-1)?.body ?? {}
        const verifier = String(body["codeVerifier"])
        assert.match(verifier, /^[\w-]{43}$/)
        assert.match(state ?? "", /^[\w-]{43}$/)
        assert.strictEqual(createHash("sha256").update(verifier).digest("base64url"), code_challenge)
        assert.deepStrictEqual(body, {
          grantType: "authorization_code",
          clientId: "client-1",
          clientSecret: "client-secret-1",
          redirectUri: "http://127.0.0.1:8400/oauth/callback",
          code: "the-code",
          codeVerifier: verifier
        })
        seen.add(verifier).add(state ?? "")
      }
      assert.strictEqual(seen.size, 4)
    }).pipe(Effect.scoped))

  it.effect("the listener is bound before the URL is an event, and closed at the end (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      let atUrl = -1
      const fiber = yield* Effect.forkChild(session.login({
        onEvent: (event) => {
          if (event._tag === "UrlReady") atUrl = logins.bound()
          return logins.onEvent(event)
        }
      }))
      const { expiresAt, opensBrowser, takesPaste, url } = yield* logins.event("UrlReady")
      assert.deepStrictEqual([atUrl, opensBrowser, takesPaste], [1, true, false])
      assert.strictEqual(Number(expiresAt.epochMilliseconds), 600_000)
      logins.comeBack(logins.callbackOf(url))
      yield* Fiber.join(fiber)
      assert.strictEqual(logins.bound(), 0)
    }).pipe(Effect.scoped))

  it.effect("a callback with an error ends the login, and its text is one clean line (S16, C7)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(Effect.flip(session.login({ onEvent: logins.onEvent })))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(
        logins.callbackOf(url, { error: "access_denied", error_description: "no\u001b[31mway\n\u0007" })
      )
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "AuthorizationDenied")
      assert.strictEqual(error.message, "The login was denied (access_denied): no [31mway. Start a new login.")
      assert.deepStrictEqual(logins.sent().map(({ path }) => path), ["/client/register"])
    }).pipe(Effect.scoped))

  it.effect("ends 10 minutes after its start, also while `onEvent` takes its time (S16)", () =>
    Effect.gen(function*() {
      for (const slow of [Effect.void, Effect.never]) {
        const logins = yield* make()
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(Effect.flip(session.login({
          onEvent: (event) => Effect.andThen(logins.onEvent(event), event._tag === "UrlReady" ? slow : Effect.void)
        })))
        yield* logins.event("UrlReady")
        yield* TestClock.adjust("599 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber))._tag, "AuthorizationExpired")
        assert.strictEqual(logins.bound(), 0)
      }
    }).pipe(Effect.scoped))

  it.effect("a code is sent once, and an interruption waits for its token (S16, C8)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ takes: "5 seconds" })
      const { session } = yield* logins.session
      const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
      const { url } = yield* logins.event("UrlReady")
      logins.comeBack(logins.callbackOf(url))
      yield* TestClock.adjust("1 second")
      const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(interruption.pollUnsafe())
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(interruption)
      assert.strictEqual(plain(yield* session.token()), "login-access-1")
      assert.lengthOf(logins.sent().filter(({ path }) => path === "/token"), 1)
    }).pipe(Effect.scoped))

  for (const sent of ["no", "maybe"] as const) {
    it.effect(`a token that did not arrive is ${sent === "no" ? "an error of the transport" : "possibly lost"} if the request was ${sent === "no" ? "not" : "perhaps"} sent (S16, C8)`, () =>
      Effect.gen(function*() {
        const cause = new TransportCause({ sent, code: "ECONNRESET", transient: true })
        const broken = Wire.broken(cause)
        const logins = yield* make({
          respond: (path) =>
            path === "/token"
              ? Effect.as(broken.client.get("https://oidc.eu-west-1.amazonaws.com/token"), undefined)
              : Effect.succeed(undefined)
        })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(Effect.flip(session.login({ onEvent: logins.onEvent })))
        const { url } = yield* logins.event("UrlReady")
        logins.comeBack(logins.callbackOf(url))
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, sent === "no" ? "TransportError" : "ExchangePossiblyLost")
        assert.lengthOf(logins.sent().filter(({ path }) => path === "/token"), 1)
      }).pipe(Effect.scoped))
  }
})

describe("Session.login: a pasted callback", () => {
  it.effect("counts as the callback does, with a listener and without (S16)", () =>
    Effect.gen(function*() {
      for (const callback of [undefined, busy, null]) {
        const logins = yield* make(callback === undefined ? {} : { callback })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({
          grant: "code",
          onEvent: logins.onEvent,
          paste: Effect.map(logins.event("UrlReady"), ({ url }) => `  ${logins.callbackOf(url)}\n`)
        }))
        assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
        assert.isTrue((yield* logins.event("UrlReady")).takesPaste)
      }
    }).pipe(Effect.scoped))

  it.effect("that is wrong is an event, and the next one counts (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const pastes = ["", "nonsense", "?code=x&state=other", "code=the-code", "url", "query"]
      const fiber = yield* Effect.forkChild(session.login({
        onEvent: logins.onEvent,
        paste: Effect.map(logins.event("UrlReady"), ({ url }) => {
          const next = pastes.shift() ?? ""
          return next === "url" ? url : next === "query" ? new URL(logins.callbackOf(url)).search : next
        })
      }))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      const problems = logins.events.flatMap((event) => event._tag === "PasteRejected" ? [event.error.problem] : [])
      assert.deepStrictEqual(problems, ["unreadable", "unreadable", "state", "unreadable", "unreadable"])
    }).pipe(Effect.scoped))

  it.effect("a `paste` that gives texts without a person ends after ten of them (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make({ callback: null })
      const { session } = yield* logins.session
      let times = 0
      const paste = Effect.sync(() => `paste ${++times}`)
      const error = yield* Effect.flip(session.login({ grant: "code", paste }))
      assert.deepStrictEqual([error._tag, times], ["CallbackInvalid", 10])
      // with a listener, the callback still counts
      const listening = yield* make()
      const two = yield* listening.session
      const fiber = yield* Effect.forkChild(two.session.login({ grant: "code", paste, onEvent: listening.onEvent }))
      const { url } = yield* listening.event("UrlReady")
      yield* TestClock.adjust("1 second")
      listening.comeBack(listening.callbackOf(url))
      assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
    }).pipe(Effect.scoped))

  it.effect("an error of `paste` ends the login with that error (S16)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      assert.strictEqual(yield* Effect.flip(session.login({ paste: Effect.fail("no input" as const) })), "no input")
      assert.strictEqual(logins.bound(), 0)
    }).pipe(Effect.scoped))
})

describe("Session.login: the browser", () => {
  const failures: ReadonlyArray<readonly [string, Effect.Effect<void, LoginBrowser.BrowserUnavailable>, string]> = [
    [
      "exits with 3",
      Effect.fail(new LoginBrowser.BrowserUnavailable({ detail: "the launcher failed", exitCode: 3 })),
      "No browser was opened (exit code 3): the launcher failed. Open the URL yourself."
    ],
    ["dies", Effect.die("a defect"), "No browser was opened: the browser service failed. Open the URL yourself."]
  ]
  for (const [title, browser, message] of failures) {
    it.effect(`a browser that ${title} is an event after the URL, and the login goes on (S18)`, () =>
      Effect.gen(function*() {
        const logins = yield* make({ browser })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({ onEvent: logins.onEvent }))
        const { error } = yield* logins.event("BrowserFailed")
        assert.strictEqual(error.message, message)
        const tags = logins.events.map(({ _tag }) => _tag)
        assert.deepStrictEqual(tags, ["GrantChosen", "Registered", "UrlReady", "BrowserFailed"])
        const { url } = yield* logins.event("UrlReady")
        logins.comeBack(logins.callbackOf(url))
        assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
      }).pipe(Effect.scoped))
  }

  it.effect("a browser that runs on, and a browser that is not wanted, do not hold the login (S18)", () =>
    Effect.gen(function*() {
      for (const openBrowser of [true, false]) {
        const logins = yield* make({ browser: Effect.never })
        const { session } = yield* logins.session
        const fiber = yield* Effect.forkChild(session.login({ openBrowser, onEvent: logins.onEvent }))
        const { opensBrowser, url } = yield* logins.event("UrlReady")
        assert.strictEqual(opensBrowser, openBrowser)
        yield* TestClock.adjust("1 second")
        logins.comeBack(logins.callbackOf(url))
        assert.strictEqual(plain(yield* Fiber.join(fiber)), "login-access-1")
        assert.lengthOf(logins.opened, openBrowser ? 1 : 0)
      }
    }).pipe(Effect.scoped))
})

describe("Session.login: interruptions", () => {
  const code = ["GrantChosen", "Registered", "UrlReady", "BrowserFailed", "PasteRejected", "Approved"] as const
  const device = ["GrantChosen", "Registered", "CodeReady", "Waiting", "Approved"] as const

  for (const [grant, tags] of [["code", code], ["device", device]] as const) {
    for (const tag of tags) {
      it.effect(`${grant} grant: an interruption at ${tag} leaves no listener, no request and no lock (S14, S16)`, () =>
        Effect.gen(function*() {
          const logins = yield* make({
            browser: Effect.fail(new LoginBrowser.BrowserUnavailable({ detail: "none" }))
          })
          const { session } = yield* logins.session
          const pastes = ["nonsense"]
          const fiber = yield* Effect.forkChild(session.login({
            grant,
            onEvent: (event) => Effect.andThen(logins.onEvent(event), event._tag === tag ? Effect.never : Effect.void),
            paste: Effect.suspend(() => {
              const next = pastes.shift()
              return next === undefined ? Effect.never : Effect.as(logins.event("UrlReady"), next)
            })
          }))
          if (tag === "Waiting") yield* Effect.forkChild(TestClock.adjust("2 seconds"))
          if (tag === "Approved") {
            if (grant === "device") {
              logins.approve()
              yield* Effect.forkChild(TestClock.adjust("2 seconds"))
            } else {
              const { url } = yield* logins.event("UrlReady")
              logins.comeBack(logins.callbackOf(url))
            }
          }
          yield* logins.event(tag)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(logins.bound(), 0)
          const count = logins.sent().length
          yield* TestClock.adjust("1 hour")
          assert.lengthOf(logins.sent(), count)
          const next = yield* Effect.forkChild(session.login({ grant, onEvent: logins.onEvent }))
          yield* TestClock.adjust("100 millis")
          // the lock was free: the next login did not wait for another
          assert.notInclude(logins.events.map(({ _tag }) => _tag), "LoginElsewhere")
          yield* Fiber.interrupt(next)
          // what was approved is stored
          if (tag === "Approved") assert.isDefined(yield* logins.store.read("corp"))
        }).pipe(Effect.scoped))
    }
  }
})

describe("Session.login: what a program gives", () => {
  it.effect("an `onEvent` or a `paste` that is no Effect is a mistake that is named (S14)", () =>
    Effect.gen(function*() {
      const logins = yield* make()
      const { session } = yield* logins.session
      const promise: unknown = Promise.reject(new Error("late"))
      const onEvent = yield* Effect.exit(session.login({ onEvent: () => promise as Effect.Effect<void> }))
      assert.include(String(onEvent), "onEvent must return an Effect")
      const paste = yield* Effect.exit(session.login({ paste: "https://…" as unknown as Effect.Effect<string> }))
      assert.include(String(paste), "paste must return an Effect")
      assert.strictEqual(logins.bound(), 0)
      // a value that is no text is a wrong text
      const text = yield* Effect.forkChild(
        Effect.timeoutOption(session.login({ paste: Effect.succeed(7 as unknown as string) }), "1 second")
      )
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* Fiber.join(text), Option.none())
    }).pipe(Effect.scoped))
})
