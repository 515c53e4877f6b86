/**
 * A session that logs in at the emulator, and the tabs of its person.
 */
import { assert } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { Emulator } from "@sso-oidc/emulator/Emulator"
import { EmulatorServer } from "@sso-oidc/emulator/EmulatorServer"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as LoopbackCallback from "@sso-oidc/session/node/LoopbackCallback"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Page } from "playwright-core"
import * as Web from "./web.ts"

/** A session of a program that listens on this machine and has this browser. Its store is in memory. */
export const session = Effect.fnUntraced(function*(open?: LoginBrowser.Service["open"]) {
  const { url: endpoint } = yield* EmulatorServer
  const browser = open === undefined
    ? Layer.empty
    : Layer.succeed(LoginBrowser.LoginBrowser, { open, elsewhere: Effect.undefined })
  const context = yield* Layer.build(
    Session.layer({ startUrl: Web.startUrl, name: "corp", clientName: "My tool" }).pipe(
      Layer.provide(SsoOidc.layer({ region: "us-east-1", endpoint }).pipe(Layer.provide(NodeTransport.layer()))),
      Layer.provide([TokenStore.layerMemory, LoopbackCallback.layer, browser])
    )
  )
  const events: Array<LoginEvent> = []
  const url = yield* Deferred.make<string>()
  return {
    session: Context.get(context, Session.Session),
    events,
    tags: () => events.map(({ _tag }) => _tag),
    /** The URL for the person, as soon as there is one. */
    url: Deferred.await(url),
    onEvent: (event: LoginEvent) =>
      Effect.suspend(() => {
        events.push(event)
        return event._tag === "UrlReady" ? Deferred.succeed(url, event.url) : Effect.void
      })
  }
})

/** A tab, and the requests in it that did not go to the emulator. Anything else that is odd fails the test. */
export const tab = Effect.fnUntraced(function*(browser: Parameters<typeof Web.tab>[0]) {
  const { page, troubles } = yield* Web.tab(browser)
  return {
    page,
    /** The URLs that the tab asked for, besides those of the emulator. */
    elsewhere: () =>
      troubles.map((trouble) => {
        assert.match(trouble, /^request: /)
        return trouble.slice("request: ".length)
      })
  }
})

export const heading = (page: Page): Effect.Effect<string | null> =>
  Effect.promise(() => page.getByRole("heading", { level: 1 }).textContent())

/** Presses a button of the emulator's page, and waits for the page that it leads to, or for the browser's own page of a failure. */
export const press = (page: Page, button: "Allow" | "Deny"): Effect.Effect<void> =>
  Effect.promise(async () => {
    const loaded = page.waitForEvent("domcontentloaded")
    await page.getByRole("button", { name: button }).click()
    await loaded
  })

/** What the browser's address bar shows, also on its own page of a failure. */
export const addressOf = (page: Page): Effect.Effect<string> =>
  Effect.promise(async () => {
    const client = await page.context().newCDPSession(page)
    const { currentIndex, entries } = await client.send("Page.getNavigationHistory")
    return entries[currentIndex]?.url ?? ""
  })

/** How many clients the emulator has registered, and how many logins got a token. */
export const given = Effect.map(
  Emulator.use(({ state }) => state.snapshot),
  ({ registrations, sessions }) => [registrations.length, sessions.length]
)
