/**
 * The emulator's page of accounts and roles in Chromium, as people see it.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { launchOrMiss } from "@sso-oidc/test-kit/browser"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Web from "../support/web.ts"

const { browser, tool } = await launchOrMiss()
afterAll(() => browser?.close())

const step = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

const hostile = "<b>x</b>\u202etxet\u2066 " + "Z\u0335\u0340\u0345".repeat(9) + "long".repeat(40)

describe.skipIf(isMissing(tool))(`the emulator's page of accounts in ${tool.title} (E4)`, () => {
  it.effect("lets a person come from an approval, and assign and unassign a role by keyboard, without scripts (E4, E7)", () =>
    Effect.gen(function*() {
      const { userCode } = yield* Web.waiting()
      const { page, troubles } = yield* Web.tab(browser, { javaScriptEnabled: false })
      const press = async (key: string) => {
        const loaded = page.waitForEvent("domcontentloaded")
        await page.keyboard.press(key)
        await loaded
      }
      yield* step(async () => {
        await page.goto(`/device?user_code=${userCode}`)
        await page.getByRole("button", { name: "Allow" }).click()
        await page.getByRole("link", { name: "Accounts and roles" }).click()
        assert.strictEqual(await page.getByRole("heading", { level: 1 }).textContent(), "Accounts and roles")
        const production = page.getByRole("region", { name: "Production 444455556666" })
        await production.getByRole("textbox", { name: "Another role in account 444455556666" }).focus()
        await page.keyboard.type("Audit")
        await press("Enter")
        assert.deepStrictEqual(await production.getByRole("listitem").locator("bdi").allTextContents(), [
          "Audit",
          "ReadOnlyAccess"
        ])
        await production.getByRole("button", { name: "Unassign ReadOnlyAccess in account 444455556666" }).focus()
        await press("Enter")
        // a reload sends no form again
        await page.reload()
        assert.deepStrictEqual(await production.getByRole("listitem").locator("bdi").allTextContents(), ["Audit"])
      })
      const { accounts } = yield* Emulator.Emulator
      assert.deepInclude((yield* accounts.list)[1], { accountId: "444455556666", roles: ["Audit"] })
      assert.deepStrictEqual(troubles, [])
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect(
    "has no accessibility fault, also with hostile names, without a role, and with several pages (E4, E7)",
    () =>
      Effect.gen(function*() {
        const { page, troubles } = yield* Web.tab(browser)
        yield* step(async () => {
          await page.goto("/accounts?page=2")
          assert.include(await page.getByText("Page 2 of 2").textContent(), "2")
          assert.strictEqual(await page.locator("main b").count(), 0)
          assert.include(await page.getByRole("heading", { level: 2 }).last().textContent(), "<b>x</b>�txet�")
          assert.deepStrictEqual(await Web.faults(page), [])
          await page.getByRole("link", { name: "Previous page" }).click()
          assert.strictEqual(await page.getByRole("heading", { level: 2 }).count(), 25)
        })
        assert.deepStrictEqual(troubles, [])
      }).pipe(Effect.provide(EmulatorServer.layer({
        accounts: [
          ...Array.from({ length: 25 }, (_, n) => ({ accountId: String(n).padStart(12, "0"), roles: [] })),
          { accountId: "333344445555", roles: [] },
          { accountId: "999999999999", accountName: hostile, emailAddress: hostile, roles: [hostile, "Reader"] }
        ]
      }))),
    60_000
  )
})
