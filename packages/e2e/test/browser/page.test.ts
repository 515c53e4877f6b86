/**
 * The emulator's page in Chromium, as people see it.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { launchOrMiss } from "@sso-oidc/test-kit/browser"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Page } from "playwright-core"
import * as AwsCli from "../support/aws-cli-pkce.ts"
import * as Web from "../support/web.ts"

const { browser, tool } = await launchOrMiss()
afterAll(() => browser?.close())

const provide = Effect.provide(EmulatorServer.layer())

const noScripts = { javaScriptEnabled: false }

const step = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

const heading = (page: Page): Promise<string | null> => page.getByRole("heading", { level: 1 }).textContent()

/** Presses a button, and waits for the page that it leads to. Without the wait, a check may still see the old page. */
const press = async (page: Page, button: string): Promise<void> => {
  const loaded = page.waitForEvent("domcontentloaded")
  await page.getByRole("button", { name: button }).click()
  await loaded
}

const question = (userCode: string): string => `/device?user_code=${userCode}`

/** The element that has the focus, as a screen reader reads it. */
const focused = (page: Page): Promise<string> => page.locator(":focus").ariaSnapshot()

describe.skipIf(isMissing(tool))(`the emulator's page in ${tool.title} (E4)`, () => {
  it.effect("supports a whole login by keyboard alone, without scripts (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser, noScripts)
      yield* step(async () => {
        await page.goto("/")
        assert.include(await focused(page), "textbox \"Code\"")
        await page.keyboard.type(userCode.toLowerCase().replace("-", " "))
        await page.keyboard.press("Enter")
        await page.getByRole("button", { name: "Allow" }).waitFor()
        // one key press too many decides nothing
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert.include(await focused(page), "button \"Deny\"")
        await page.keyboard.press("Tab")
        assert.include(await focused(page), "button \"Allow\"")
      })
      assert.strictEqual(yield* Web.statusOf(userCode), "pending")
      yield* step(async () => {
        await page.keyboard.press("Enter")
        await page.getByText("Return to your device").waitFor()
        assert.strictEqual(await heading(page), "Sign-in allowed")
      })
      assert.strictEqual(yield* Web.statusOf(userCode), "approved")
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  it.effect("lets a person deny, and shows the denied login on the way back (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser, noScripts)
      yield* step(async () => {
        await page.goto(question(userCode))
        await press(page, "Deny")
        assert.strictEqual(await heading(page), "Sign-in denied")
        // the browser keeps no page on which a person could decide again
        await page.goBack()
        assert.strictEqual(await heading(page), "Already denied")
        await page.getByRole("link", { name: "Enter another code" }).click()
        assert.include(await focused(page), "textbox \"Code\"")
      })
      assert.strictEqual(yield* Web.statusOf(userCode), "denied")
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  it.effect("shows the message about a wrong code beside its field (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser, noScripts)
      yield* step(async () => {
        await page.goto("/device")
        await page.getByLabel("Code").fill("bbbb-bbbb")
        await press(page, "Continue")
        const field = page.getByRole("textbox", {
          name: "Code",
          description:
            "This code is unknown. Check it and try again. Eight letters, as your device or terminal shows them."
        })
        assert.strictEqual(await field.inputValue(), "bbbb-bbbb")
        assert.include(await focused(page), "textbox \"Code\"")
        assert.strictEqual(
          await page.getByRole("alert").textContent(),
          "This code is unknown. Check it and try again."
        )
        await field.fill(userCode)
        await page.keyboard.press("Enter")
        await page.getByRole("button", { name: "Allow" }).waitFor()
      })
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  it.effect("tells a screen reader the same as the eye sees (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting("My tool", ["sso:account:access", "other:scope"])
      const { page } = yield* Web.tab(browser)
      yield* step(async () => {
        await page.goto(question(userCode))
        const spelled = [...userCode.replace("-", ",")].join(" ").replace(" ,", ",")
        assert.strictEqual(
          await page.locator("body").ariaSnapshot(),
          `- main:
  - heading "Allow this sign-in?" [level=1]
  - paragraph: "Your device or terminal must show this code:"
  - paragraph: ${spelled}
  - term: Program, as it calls itself
  - definition: My tool
  - term: Requested from
  - definition: This computer (127.0.0.1), just now, with my-tool/1.0
  - term: Start URL
  - definition: ${Web.startUrl}
  - term: Requested access
  - definition:
    - list:
      - listitem:
        - text: See and use the AWS accounts and roles assigned to you
        - code: sso:account:access
      - listitem:
        - code: other:scope
  - paragraph: Allow only if you started this yourself and the code matches. If another person sent you this code or this link, deny. Otherwise that person would get your access.
  - button "Deny"
  - button "Allow"
- contentinfo: SSO OIDC emulator on this computer. It is not AWS and reaches no account.`
        )
        await page.getByRole("button", { name: "Allow", description: /^Allow only if you started/ }).waitFor()
      })
    }).pipe(provide))

  it.effect("tells a person who waited too long, and decides nothing (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser, noScripts)
      yield* step(() => page.goto(question(userCode)))
      yield* TestClock.adjust("600 seconds")
      yield* step(async () => {
        await press(page, "Allow")
        assert.strictEqual(await heading(page), "Code expired")
      })
      assert.strictEqual(yield* Web.statusOf(userCode), "expired")
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  it.effect("makes a person wait after too many wrong codes, and then continues (E4)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser)
      yield* step(async () => {
        for (let n = 0; n < 10; n++) await page.request.get(question("BBBB-BBBB"))
        await page.goto(question(userCode))
        assert.strictEqual(await heading(page), "Too many wrong codes")
        await page.getByText("For the next 60 seconds").waitFor()
        assert.deepStrictEqual(await Web.faults(page), [])
      })
      yield* TestClock.adjust("60 seconds")
      yield* step(async () => {
        await page.getByRole("link", { name: "Enter the code" }).click()
        await page.getByLabel("Code").fill(userCode)
        await press(page, "Continue")
        await press(page, "Allow")
        assert.strictEqual(await heading(page), "Sign-in allowed")
      })
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  it.effect(
    "has no accessibility fault, light or dark, on a phone or a desk (E4)",
    () =>
      Effect.gen(function*() {
        const [first, second, third] = yield* Effect.all([Web.waiting(), Web.waiting(), Web.waiting()])
        const { page, troubles } = yield* Web.tab(browser)
        const check = (named: string) => step(async () => assert.deepStrictEqual(await Web.faults(page), [], named))
        yield* step(() => page.goto("/device"))
        yield* check("enter")
        yield* step(() => page.goto(question("BBBB-BBBB")))
        yield* check("wrong code")
        yield* step(() => page.goto(question(first.userCode)))
        yield* check("question")
        yield* step(() => press(page, "Allow"))
        yield* check("allowed")
        yield* step(async () => {
          await page.goto(question(second.userCode))
          await press(page, "Deny")
        })
        yield* check("denied")
        yield* TestClock.adjust("600 seconds")
        yield* step(() => page.goto(question(third.userCode)))
        assert.strictEqual(yield* step(() => heading(page)), "Code expired")
        yield* check("over")
        assert.deepStrictEqual(troubles, [])
      }).pipe(provide),
    60_000
  )

  it.effect("supports the authorization code grant: the CLI's link, the question, and the way back to the CLI with a code (E4, E1)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { page, troubles } = yield* Web.tab(browser, noScripts)
      const open = (button: string) => async (link: string) => {
        await page.goto(link)
        assert.strictEqual(await heading(page), "Allow this sign-in?")
        await page.getByText("Allow only if you started this yourself, just now, on this computer.").waitFor()
        await page.getByText("This computer (127.0.0.1), just now, with Mozilla/5.0").waitFor()
        // the browser leaves for another origin, which the page's policy must name
        await press(page, button)
        await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback\?/)
      }
      const { token } = yield* AwsCli.login({ endpoint: url, startUrl: Web.startUrl, open: open("Allow") })
      assert.deepInclude(token, { tokenType: "Bearer", expiresIn: 3600 })
      const denied = yield* Effect.flip(
        AwsCli.login({ endpoint: url, startUrl: Web.startUrl, open: open("Deny") })
      )
      assert.strictEqual(denied.error, "access_denied")
      assert.deepStrictEqual(troubles.filter((trouble) => !trouble.startsWith("request: http://127.0.0.1:")), [])
    }).pipe(provide))

  it.effect(
    "has no accessibility fault in the authorization code grant's question and end (E4)",
    () =>
      Effect.gen(function*() {
        const { page, troubles } = yield* Web.tab(browser)
        const link = yield* Web.browserWaiting
        yield* step(async () => {
          await page.goto(link)
          assert.deepStrictEqual(await Web.faults(page), [])
          await page.goto(link)
          const id = await page.locator("input[name=id]").inputValue()
          await page.request.post("/authorize", { form: { id, action: "deny" }, maxRedirects: 0 })
          await press(page, "Allow")
          assert.strictEqual(await heading(page), "Already decided")
          assert.deepStrictEqual(await Web.faults(page), [])
        })
        assert.deepStrictEqual(troubles, [])
      }).pipe(provide),
    60_000
  )

  it.effect("shows a hostile name as text in its place, and runs nothing (E4)", () =>
    Effect.gen(function*() {
      const name = "</dd><script>document.title='owned'</script><img src=/x onerror=\"document.title='owned'\">" +
        `\u202etxet\u2066 ${"Z\u0335\u0340\u0345".repeat(9)} `
      const { userCode } = yield* Web.waiting(name + "x".repeat(5000), ["<b>scope</b>"])
      const { page, troubles } = yield* Web.tab(browser)
      yield* step(async () => {
        await page.goto(question(userCode))
        const shown = page.getByRole("definition").first()
        assert.include(await shown.textContent(), "<script>document.title='owned'</script><img src=/x onerror=")
        assert.include(await shown.textContent(), "�txet� Z")
        assert.strictEqual(await page.locator("script, img, b").count(), 0)
        assert.strictEqual(await page.title(), "Allow this sign-in? – SSO OIDC emulator")
        // stacked combining letters must not reach the text around them
        assert.strictEqual(await shown.evaluate((element) => getComputedStyle(element).overflow), "hidden")
        assert.deepStrictEqual(await Web.faults(page), [])
        await page.goto(question(encodeURIComponent("\"><script>document.title='owned'</script>")))
        assert.include(await page.getByLabel("Code").inputValue(), "\"><script>document.title=")
        assert.strictEqual(await page.title(), "Code not found – SSO OIDC emulator")
      })
      assert.deepStrictEqual(troubles, [])
    }).pipe(provide))

  // another port is another origin of the same site, and another host name is another site
  for (const host of ["127.0.0.1", "localhost"]) {
    it.effect(`refuses a form that a page on ${host} sends, and decides nothing (E4)`, () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const { userCode } = yield* Web.waiting()
        const { port } = yield* Web.site(() =>
          `<form method="post" action="${url}/device"><input name="user_code" value="${userCode}">
<button name="action" value="allow">Win</button></form>`
        )
        const { page } = yield* Web.tab(browser)
        yield* step(async () => {
          await page.goto(`http://${host}:${port}/`)
          const response = page.waitForResponse(`${url}/device`)
          await press(page, "Win")
          assert.strictEqual((await response).status(), 403)
          await page.getByText("Another site sent this. Nothing was decided.").waitFor()
          if (host === "localhost") assert.deepStrictEqual(await Web.faults(page), [])
        })
        assert.strictEqual(yield* Web.statusOf(userCode), "pending")
      }).pipe(provide))

    it.effect(`cannot be framed by a page on ${host}, which learns no code and uses up no attempt (E4)`, () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const { userCode } = yield* Web.waiting()
        const wrong = ["BBBB", "CCCC", "DDDD", "FFFF", "GGGG", "HHHH", "JJJJ", "KKKK", "LLLL", "MMMM", "NNNN"]
        const { port } = yield* Web.site(() =>
          `<iframe src="/inside"></iframe><iframe src="${url}/device"></iframe>
<iframe src="${url}${question(userCode)}"></iframe>
${wrong.map((code) => `<img alt="" src="${url}${question(`${code}-BBBB`)}">`).join("")}
<img alt="" src="${url}${question(userCode)}"><a href="${url}${question(userCode)}">Win a prize</a>`
        )
        const { page } = yield* Web.tab(browser)
        const asked: Array<string> = []
        const statuses = new Set<number>()
        page.on("request", (request) => asked.push(request.url()))
        page.on("response", (response) => {
          if (response.url().startsWith(url)) statuses.add(response.status())
        })
        yield* step(async () => {
          await page.goto(`http://${host}:${port}/`, { waitUntil: "load" })
          assert.lengthOf(asked.filter((there) => there.startsWith(url)), wrong.length + 3)
          assert.deepStrictEqual([...statuses], [403])
          const headings = await Promise.all(page.frames().map((frame) => frame.locator("h1").allTextContents()))
          assert.deepStrictEqual(headings.flat(), ["inside"])
          // people come here by a link, and the browser has tried no code before
          await page.getByRole("link", { name: "Win a prize" }).click()
          assert.strictEqual(await heading(page), "Allow this sign-in?")
        })
      }).pipe(provide))

    it.effect(`uses up no attempts for the WebSockets, prefetches and posts of a page on ${host} (E6)`, () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const { userCode } = yield* Web.waiting()
        const emulator = yield* Emulator.Emulator
        const before = yield* emulator.state.snapshot
        const wrong = ["BBBB", "CCCC", "DDDD", "FFFF", "GGGG", "HHHH", "JJJJ", "KKKK", "LLLL", "MMMM", "NNNN"].map((
          code
        ) => `${url}${question(`${code}-BBBB`)}`)
        const registration = JSON.stringify({ clientName: "a page", clientType: "public" })
        const { port } = yield* Web.site(() =>
          `${wrong.map((address) => `<link rel="prefetch" href="${address}&prefetch">`).join("")}
<script type="speculationrules">${
            JSON.stringify({
              prefetch: [{ urls: wrong.map((address) => `${address}&rules`), eagerness: "immediate" }],
              prerender: [{ urls: [`${wrong[0]}&prerender`], eagerness: "immediate" }]
            })
          }</script>
<script>
const sockets = ${JSON.stringify(wrong)}.map((address) => new Promise((done) => {
  new WebSocket(address.replace("http", "ws")).onclose = done
}))
const posts = Array.from({ length: 20 }, () => fetch("${url}/client/register", {
  method: "POST", mode: "no-cors", body: ${JSON.stringify(registration)}
}).catch(() => {}))
Promise.all([...sockets, ...posts]).then(() => { document.title = "done" })
</script>`
        )
        const { page } = yield* Web.tab(browser)
        const statuses = new Set<number>()
        page.on("response", (response) => {
          if (response.url().startsWith(url)) statuses.add(response.status())
        })
        yield* step(async () => {
          await page.goto(`http://${host}:${port}/`)
          await page.waitForFunction(() => document.title === "done")
          await new Promise((done) => setTimeout(done, 500))
          assert.isNotEmpty(statuses)
          assert.notInclude([...statuses], 200)
          assert.notInclude([...statuses], 404)
        })
        assert.deepStrictEqual(yield* emulator.state.snapshot, before)
        yield* step(async () => {
          await page.goto(question("BBBB-BBBB"))
          assert.strictEqual(await heading(page), "Sign in on a device")
          await page.goto(question(userCode))
          assert.strictEqual(await heading(page), "Allow this sign-in?")
        })
      }).pipe(provide))

    it.effect(`asks the person that a page on ${host} leads to /authorize before it begins a login (E6)`, () =>
      Effect.gen(function*() {
        const link = yield* Web.browserWaiting
        const emulator = yield* Emulator.Emulator
        const { port } = yield* Web.site(() => `<a href="${link.replaceAll("&", "&amp;")}">Sign in</a>`)
        const { page } = yield* Web.tab(browser)
        yield* step(async () => {
          await page.goto(`http://${host}:${port}/`)
          await page.getByRole("link", { name: "Sign in" }).click()
          assert.strictEqual(await heading(page), "Begin a sign-in?")
          if (host === "localhost") assert.deepStrictEqual(await Web.faults(page), [])
        })
        assert.deepStrictEqual(yield* emulator.authorizations.list, [])
        yield* step(async () => {
          await page.getByRole("link", { name: "Continue" }).click()
          assert.strictEqual(await heading(page), "Allow this sign-in?")
        })
      }).pipe(provide))
  }
})
