/**
 * What the tests of the page share: a person's tab that reports problems, another web site, and an accessibility checker.
 */
import { Emulator } from "@sso-oidc/emulator/Emulator"
import { EmulatorServer } from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import * as AwsCli from "./aws-cli-pkce.ts"

// the smaller of its two files, because each page compiles it anew
const checker = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8")

export const startUrl = "https://d-1234567890.awsapps.com/start"

/** A login that waits for a person. */
export const waiting = Effect.fnUntraced(function*(clientName = "My tool", scopes = ["sso:account:access"]) {
  const emulator = yield* Emulator
  const { clientId, clientSecret } = yield* emulator.registerClient({ clientName, clientType: "public", scopes })
  const requester = { address: "127.0.0.1", userAgent: "my-tool/1.0" }
  return yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl }, { requester })
})

/** The URL where a client sends a browser that waits at `/authorize`. */
export const browserWaiting = Effect.gen(function*() {
  const { url } = yield* EmulatorServer
  const { clientId } = yield* Emulator.use((emulator) =>
    emulator.registerClient({
      clientName: "My tool",
      clientType: "public",
      grantTypes: ["authorization_code"],
      redirectUris: ["http://127.0.0.1/oauth/callback"],
      scopes: ["sso:account:access"],
      issuerUrl: startUrl
    })
  )
  return AwsCli.authorizeUrl({
    endpoint: url,
    clientId,
    redirectUri: "http://127.0.0.1:50123/oauth/callback",
    state: "a state",
    scopes: ["sso:account:access"],
    codeChallenge: AwsCli.codeChallenge(AwsCli.codeVerifier())
  })
})

export const statusOf = (userCode: string) =>
  Emulator.use((emulator) => Effect.map(emulator.authorizations.lookup(userCode), ({ status }) => status))

/** A new tab at the emulator. `troubles` lists the problems in it, and its requests to other places. */
export const tab = Effect.fnUntraced(function*(browser: Browser | undefined, options: BrowserContextOptions = {}) {
  if (browser === undefined) return yield* Effect.die(new Error("no browser"))
  const { url } = yield* EmulatorServer
  const context = yield* Effect.acquireRelease(
    Effect.promise(() => browser.newContext({ baseURL: url, ...options })),
    (context) => Effect.promise(() => context.close())
  )
  context.setDefaultTimeout(5000)
  const page = yield* Effect.promise(() => context.newPage())
  const troubles: Array<string> = []
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`))
  page.on("dialog", (dialog) => troubles.push(`dialog: ${dialog.message()}`))
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) troubles.push(`request: ${request.url()}`)
  })
  page.on("console", (message) => {
    // the browser reports every page with an error status
    const isStatus = /^Failed to load resource: the server responded with a status of (403|404|410|429) /
    if (!isStatus.test(message.text())) troubles.push(`console: ${message.text()}`)
  })
  return { page, troubles }
})

/** Another web site on this machine, which responds to every path with the given page. */
export const site = (html: () => string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        response.setHeader("content-type", "text/html; charset=utf-8")
        response.end(request.url === "/inside" ? "<h1>inside</h1>" : html())
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(Effect.succeed({ port, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

/** What makes a person scroll sideways, or is cut off at a side that cannot be reached. */
const tooWide = (page: Page): Promise<ReadonlyArray<string>> =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("main *:not(.spoken)")]
      .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth)
      .map((element) => element.tagName)
  )

/** What a finger cannot hit well. */
const tooSmall = (page: Page): Promise<ReadonlyArray<string>> =>
  page.evaluate(() =>
    [...document.querySelectorAll("a, button, input")]
      // an input may be hidden. A link or a button that is not shown counts, because it has no size
      .filter((element) => element.tagName !== "INPUT" || element.checkVisibility({ visibilityProperty: true }))
      .map((element) => ({ html: element.outerHTML, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.height < 44 || box.width < 44)
      .map(({ html }) => html)
  )

/** What the checker finds in the page as it now is, each with its rule and its element. The whole result would be large. */
const checked = (page: Page): Promise<ReadonlyArray<readonly [rule: string, html: string]>> =>
  page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations", "incomplete"] }).then(
      ({ incomplete, violations }) =>
        [...violations, ...incomplete].flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html]))
    )`
  )

/** Every fault of the open page: light and dark, on a phone and on a desk, narrow, and with large letters. */
export const faults = async (page: Page): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  // evaluated and not inserted into the page, because the page's policy allows no script
  const session = await page.context().newCDPSession(page)
  // Playwright's own way to evaluate sends a text of this size through a second script
  const { exceptionDetails } = await session.send("Runtime.evaluate", { expression: checker })
  await session.detach()
  if (exceptionDetails !== undefined) throw new Error(`the checker does not load: ${exceptionDetails.text}`)
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 740 })
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      found.push(...(await checked(page)).map(([rule, html]) => `${rule} at ${width} px in ${colorScheme}: ${html}`))
    }
    found.push(...(await tooSmall(page)).map((html) => `too small at ${width} px: ${html}`))
    found.push(...(await tooWide(page)).map((name) => `${name} is too wide at ${width} px`))
  }
  await page.setViewportSize({ width: 320, height: 740 })
  found.push(...(await tooWide(page)).map((name) => `${name} is too wide at 320 px`))
  await page.setViewportSize({ width: 640, height: 740 })
  await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"))
  found.push(...(await tooWide(page)).map((name) => `${name} is too wide with letters of twice the size`))
  return found
}
