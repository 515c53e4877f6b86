/**
 * The routes of the page on which a person assigns and unassigns roles.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { Emulator } from "../../Emulator.ts"
import * as AccountsPage from "../pages/accounts.ts"
import * as Page from "../pages/page.ts"
import * as Shell from "../pages/shell.ts"
import * as CrossSite from "./crossSite.ts"
import * as Request from "./request.ts"

const path = "/accounts"

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const { accounts } = yield* Emulator
  const { lead, show } = yield* Shell.make

  /** Makes the change that the form asks for, and leads back to its page, so that a reload sends nothing again. */
  const change = (form: URLSearchParams) => {
    const accountId = form.get("account_id") ?? ""
    const roleName = form.get("role_name") ?? ""
    const action = form.get("action")
    if (action !== "assign" && action !== "unassign") {
      return Effect.succeed(show(AccountsPage.unchanged("The form was not complete.")))
    }
    return Effect.match(accounts[action](accountId, action === "assign" ? roleName.trim() : roleName), {
      onFailure: (error) => show(AccountsPage.unchanged(error.message)),
      onSuccess: () => lead(AccountsPage.pathOf(Number(/^\d{1,6}$/.exec(form.get("page") ?? "")?.[0] ?? 1)))
    })
  }

  yield* router.add("GET", path, (request) =>
    CrossSite.isPeek(request)
      ? Effect.succeed(show(Page.crossSite))
      : Effect.map(
        accounts.list,
        (all) => show(AccountsPage.list(AccountsPage.partOf(all, Request.query(request).get("page"))))
      ))
  yield* router.add(
    "POST",
    path,
    Effect.fnUntraced(function*(request) {
      if (CrossSite.isForeign(request)) return show(Page.crossSite)
      const bytes = yield* Request.body(request)
      return bytes === undefined
        ? show(AccountsPage.unchanged("The form is too large."))
        : yield* change(Request.form(bytes))
    })
  )
}))
