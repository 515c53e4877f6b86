/**
 * A login of a session by a person with a real browser.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Callback from "@sso-oidc/session/Callback"
import * as LoopbackCallback from "@sso-oidc/session/node/LoopbackCallback"
import { launchOrMiss } from "@sso-oidc/test-kit/browser"
import { folder, run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as CodeLogin from "../support/codeLogin.ts"
import * as Web from "../support/web.ts"

const { browser, tool } = await launchOrMiss()
afterAll(() => browser?.close())

const provide = Effect.provide(EmulatorServer.layer())

/** A login whose program opens the URL in a tab. The tab has it when this ends. */
const opened = Effect.gen(function*() {
  const tab = yield* CodeLogin.tab(browser)
  const loaded = yield* Deferred.make<void>()
  const login = yield* CodeLogin.session((url) =>
    Effect.andThen(Effect.promise(() => tab.page.goto(url)), Deferred.succeed(loaded, undefined))
  )
  const fiber = yield* Effect.forkChild(login.session.login({ onEvent: login.onEvent }), { startImmediately: true })
  yield* Deferred.await(loaded)
  const url = new URL(yield* login.url)
  const redirect = new URL(url.searchParams.get("redirect_uri") ?? "")
  return { ...login, tab, fiber, redirect, state: url.searchParams.get("state") ?? "" }
})

/** The port of a listener that has ended. */
const isClosed = (redirect: URL): Effect.Effect<boolean> =>
  Effect.promise(() => fetch(redirect.origin).then(() => false, () => true))

const program = join(import.meta.dirname, "../support/codeLoginProgram.ts")

/** The program on a machine whose launcher runs this line of a shell. */
const started = Effect.fnUntraced(
  function*(launcher: string, grant: string, env: Readonly<Record<string, string>> = {}) {
    const { url } = yield* EmulatorServer.EmulatorServer
    const at = yield* folder
    writeFileSync(join(at, "xdg-open"), `#!/bin/sh\necho "$1" > "${at}/launched"\n${launcher}\n`, { mode: 0o755 })
    const child = yield* run(process.execPath, {
      args: [bundled(program), url, Web.startUrl, grant],
      env: { PATH: at, ...env },
      input: ""
    })
    return { ...child, launched: () => readFileSync(join(at, "launched"), "utf8") }
  }
)

describe.skipIf(isMissing(tool))(`a login in ${tool.title}`, () => {
  it.live("ends with a token when the person allows it, on a page that can do nothing (S16, S18)", () =>
    Effect.gen(function*() {
      const { events, fiber, redirect, state, tab, tags } = yield* opened
      assert.strictEqual(yield* CodeLogin.heading(tab.page), "Allow this sign-in?")
      assert.include(yield* Effect.promise(() => tab.page.locator("dl").innerText()), redirect.origin)
      assert.deepStrictEqual(tags(), ["GrantChosen", "Registered", "UrlReady"])
      yield* CodeLogin.press(tab.page, "Allow")
      assert.strictEqual(yield* CodeLogin.heading(tab.page), "Go back to your program")
      const token = yield* Fiber.join(fiber)
      assert.match(Redacted.value(token.accessToken), /^aoa/)
      assert.deepStrictEqual(tags(), ["GrantChosen", "Registered", "UrlReady", "Approved"])
      assert.deepInclude(events[0], { grant: "code", reason: "default" })
      // one request to the program
      const [callback = "", ...more] = tab.elsewhere()
      assert.deepStrictEqual(more, [])
      const { origin, pathname, searchParams } = new URL(callback)
      assert.strictEqual(origin + pathname, redirect.href)
      assert.deepStrictEqual([...searchParams.keys()].toSorted(), ["code", "state"])
      assert.strictEqual(searchParams.get("state"), state)
      assert.isTrue(yield* isClosed(redirect))
      assert.deepStrictEqual(yield* CodeLogin.given, [1, 1])
    }).pipe(provide, Effect.scoped))

  it.live("ends on a page that has no fault for a screen reader, a phone or a dark desk (S16)", () =>
    Effect.gen(function*() {
      const { received, redirectUri } = yield* Callback.Callback.use(({ listen }) => listen())
      yield* Effect.forkChild(received(Redacted.make("s")), { startImmediately: true })
      const text = (url: string) => Effect.promise(() => fetch(url).then((response) => response.text()))
      const { page } = yield* CodeLogin.tab(browser)
      for (const url of [`${redirectUri}?code=c&state=s`, redirectUri]) {
        const html = yield* text(url)
        // the checker is a script, and the policy of the page allows none
        yield* Effect.promise(() => page.setContent(html))
        assert.strictEqual(
          yield* Effect.promise(() => page.locator("body").ariaSnapshot()),
          /<h1>(.*)<\/h1>\n<p>(.*)<\/p>/.exec(html)?.slice(1).map((text, at) =>
            at === 0 ? `- main:\n  - heading "${text}" [level=1]` : `  - paragraph: ${text}`
          ).join("\n")
        )
        assert.deepStrictEqual(yield* Effect.promise(() => Web.faults(page)), [])
      }
    }).pipe(provide, Effect.provide(LoopbackCallback.layer), Effect.scoped))

  it.live("ends with AuthorizationDenied when the person denies it (S16)", () =>
    Effect.gen(function*() {
      const { fiber, redirect, tab, tags } = yield* opened
      yield* CodeLogin.press(tab.page, "Deny")
      assert.strictEqual(yield* CodeLogin.heading(tab.page), "The login ended without access")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.deepInclude(error, { _tag: "AuthorizationDenied", error: "access_denied" })
      assert.include(error.message, "The login was denied (access_denied)")
      assert.deepStrictEqual(tags(), ["GrantChosen", "Registered", "UrlReady"])
      assert.isTrue(yield* isClosed(redirect))
      assert.deepStrictEqual(yield* CodeLogin.given, [1, 0])
    }).pipe(provide, Effect.scoped))

  it.live("is not disturbed by a foreign callback in another tab, of a link or of a form (S16)", () =>
    Effect.gen(function*() {
      const { fiber, redirect, tab } = yield* opened
      const foreign = yield* CodeLogin.tab(browser)
      const url = `${redirect.href}?code=evil&state=guessed`
      const site = yield* Web.site(() =>
        `<a href="${url}">link</a><form method="post" action="${url}"><button>form</button></form>`
      )
      const go = (target: string, name: string) =>
        Effect.promise(async () => {
          await foreign.page.goto(`http://127.0.0.1:${site.port}/`)
          const loaded = foreign.page.waitForURL((url) => url.href.startsWith(redirect.origin))
          await foreign.page.locator(target).click()
          await loaded
          assert.strictEqual(await foreign.page.getByRole("heading").textContent(), name)
        })
      yield* go("a", "Your program does not know this login")
      yield* go("button", "Only GET is possible here")
      assert.isUndefined(fiber.pollUnsafe())
      yield* CodeLogin.press(tab.page, "Allow")
      assert.match(Redacted.value((yield* Fiber.join(fiber)).accessToken), /^aoa/)
      assert.deepStrictEqual(yield* CodeLogin.given, [1, 1])
    }).pipe(provide, Effect.scoped))

  it.live("is one login if the person allows it in two tabs (S16)", () =>
    Effect.gen(function*() {
      const { fiber, tab, tags, url } = yield* opened
      const second = yield* CodeLogin.tab(browser)
      const address = yield* url
      yield* Effect.promise(() => second.page.goto(address))
      yield* CodeLogin.press(tab.page, "Allow")
      const token = yield* Fiber.join(fiber)
      // the listener is gone: the browser shows its own page, and the program hears nothing of it
      yield* CodeLogin.press(second.page, "Allow")
      assert.match(yield* CodeLogin.addressOf(second.page), /\/oauth\/callback\?/)
      assert.match(Redacted.value(token.accessToken), /^aoa/)
      assert.deepStrictEqual(tags(), ["GrantChosen", "Registered", "UrlReady", "Approved"])
      assert.deepStrictEqual(yield* CodeLogin.given, [1, 1])
    }).pipe(provide, Effect.scoped))

  it.live("ends with a token when the person pastes the URL of the browser, which reached no listener (S16)", () =>
    Effect.gen(function*() {
      const busy = yield* Web.site(() => "")
      const login = yield* CodeLogin.session()
      const { page } = yield* CodeLogin.tab(browser)
      const pasted = yield* Deferred.make<string>()
      const texts = ["hello", `http://127.0.0.1:${busy.port}/oauth/callback?code=evil&state=guessed`]
      const fiber = yield* Effect.forkChild(
        login.session.login({
          grant: "code",
          // another program has it
          port: busy.port,
          paste: Effect.suspend(() => {
            const text = texts.shift()
            return text === undefined ? Deferred.await(pasted) : Effect.succeed(text)
          }),
          onEvent: login.onEvent
        }),
        { startImmediately: true }
      )
      const url = yield* login.url
      busy.close()
      yield* Effect.promise(() => page.goto(url))
      yield* CodeLogin.press(page, "Allow")
      const address = yield* CodeLogin.addressOf(page)
      // not the port of the other program
      assert.include(address, "http://127.0.0.1:54321/oauth/callback?")
      // a terminal breaks long lines
      yield* Deferred.succeed(pasted, `${address.slice(0, 60)}\n${address.slice(60)}\n`)
      assert.match(Redacted.value((yield* Fiber.join(fiber)).accessToken), /^aoa/)
      assert.deepStrictEqual(login.tags(), [
        "GrantChosen",
        "Registered",
        "UrlReady",
        "PasteRejected",
        "PasteRejected",
        "Approved"
      ])
    }).pipe(provide, Effect.scoped))

  it.live("needs no browser that opens: the person opens the URL themselves (S18)", () =>
    Effect.gen(function*() {
      const child = yield* started("exit 3", "code")
      const url = yield* child.printed(/UrlReady .*"url":"([^"]+)"/)
      yield* child.printed(/BrowserFailed .*"exitCode":3/)
      const { page } = yield* CodeLogin.tab(browser)
      yield* Effect.promise(() => page.goto(url))
      yield* CodeLogin.press(page, "Allow")
      const { code, stderr, stdout } = yield* child.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
      const lines = stdout.trim().split("\n").map((line) => line.split(" ")[0])
      assert.deepStrictEqual(lines, ["GrantChosen", "Registered", "UrlReady", "BrowserFailed", "Approved", "logged"])
    }).pipe(provide, Effect.scoped))

  it.live("opens the URL of the login with the launcher of the system (S18)", () =>
    Effect.gen(function*() {
      const child = yield* started("exit 0", "code")
      const url = yield* child.printed(/UrlReady .*"url":"([^"]+)"/)
      const { page } = yield* CodeLogin.tab(browser)
      yield* Effect.promise(() => page.goto(url))
      yield* CodeLogin.press(page, "Allow")
      const { code, stdout } = yield* child.ended
      assert.deepStrictEqual([code, child.launched()], [0, `${url}\n`])
      assert.notInclude(stdout, "BrowserFailed")
    }).pipe(provide, Effect.scoped))

  it.live("uses the device grant over SSH, whose page any machine can open, and opens no browser (S15)", () =>
    Effect.gen(function*() {
      const child = yield* started("exit 3", "", { SSH_CONNECTION: "10.0.0.1 50000 10.0.0.2 22" })
      yield* child.printed(/GrantChosen .*"grant":"device","reason":"elsewhere","sign":"ssh"/)
      const code = yield* child.printed(/CodeReady .*"userCode":"([^"]+)"/)
      const { page } = yield* CodeLogin.tab(browser)
      yield* Effect.promise(() => page.goto(`/device?user_code=${code}`))
      yield* CodeLogin.press(page, "Allow")
      const { stdout } = yield* child.ended
      assert.match(stdout, /\nlogged in\n$/)
      assert.notMatch(stdout, /UrlReady|BrowserFailed/)
    }).pipe(provide, Effect.scoped))
})

describe("a login with a port that another program has", () => {
  it.live("uses the device grant, or says which port it is if the caller wants the code grant (S15, S16)", () =>
    Effect.gen(function*() {
      const { port } = yield* Web.site(() => "")
      const { events, onEvent, session } = yield* CodeLogin.session()
      const error = yield* Effect.flip(session.login({ grant: "code", port, onEvent }))
      assert.deepInclude(error, { _tag: "CallbackUnavailable", code: "EADDRINUSE", port })
      assert.include(error.message, `127.0.0.1, port ${port} (EADDRINUSE): another program uses this port`)
      assert.deepStrictEqual(events, [])
      yield* session.login({ port, onEvent })
      assert.deepInclude(events[0], { grant: "device", reason: "noListener" })
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 })), Effect.scoped))
})
