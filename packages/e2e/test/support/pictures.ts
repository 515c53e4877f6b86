/**
 * Makes the pictures in docs/images from the page itself: `node packages/e2e/test/support/pictures.ts`.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { launch } from "@sso-oidc/test-kit/browser"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import type { BrowserContextOptions, Page } from "playwright-core"
import * as Web from "./web.ts"

const folder = join(import.meta.dirname, "../../../../docs/images")

const desk: BrowserContextOptions = { viewport: { width: 720, height: 400 } }
const phone: BrowserContextOptions = { viewport: { width: 360, height: 640 } }
const dark: BrowserContextOptions = { colorScheme: "dark" }

const pictures = Effect.gen(function*() {
  const browser = yield* Effect.acquireRelease(
    Effect.promise(launch),
    (browser) => Effect.promise(() => browser.close())
  )
  const { userCode } = yield* Web.waiting("my-tool")
  const picture = Effect.fnUntraced(function*(
    name: string,
    options: BrowserContextOptions,
    path: string,
    act: (page: Page) => Promise<void> = () => Promise.resolve()
  ) {
    const { page } = yield* Web.tab(browser, options)
    yield* Effect.promise(async () => {
      await page.goto(path)
      await act(page)
      await page.screenshot({ path: join(folder, `page-${name}.png`), fullPage: true })
    })
  })
  const question = `/device?user_code=${userCode}`
  yield* picture("code-wrong", desk, "/device?user_code=BCDF-GHJK")
  yield* picture("question-light", desk, question)
  yield* picture("question-dark-phone", { ...phone, ...dark }, question)
  yield* picture("accounts-light", desk, "/accounts")
  yield* picture("authorize-light", desk, yield* Web.browserWaiting)
  yield* picture(
    "allowed-dark",
    { ...desk, ...dark },
    question,
    (page) => page.getByRole("button", { name: "Allow" }).click()
  )
})

await Effect.runPromise(Effect.scoped(pictures).pipe(Effect.provide(EmulatorServer.layer())))
