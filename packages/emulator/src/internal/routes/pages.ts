/**
 * The routes of the pages on which a person decides on a device code.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { type Authorization, Emulator, type UserCodeError } from "../../Emulator.ts"
import * as Attempts from "../attempts.ts"
import * as Body from "../body.ts"
import * as CrossSite from "../crossSite.ts"
import * as Page from "../page.ts"
import { query } from "../query.ts"
import * as Shell from "../shell.ts"

const path = "/device"

/** The clock by which wrong codes are counted. */
const now = Clock.currentTimeMillis

const question = (authorization: Authorization): Page.Question => ({
  code: authorization.userCode,
  clientName: authorization.clientName,
  scopes: authorization.scopes,
  startUrl: authorization.startUrl,
  action: path,
  hidden: { name: "user_code", value: authorization.userCode }
})

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  const { lead, show } = yield* Shell.make
  const attempts = Attempts.make()

  // Every use of a code goes through here: none while there were too many wrong ones, and each wrong one counts.
  const guarded = (userCode: string, use: Effect.Effect<Page.Page, UserCodeError>): Effect.Effect<Page.Page> =>
    Effect.gen(function*() {
      const seconds = attempts.wait(yield* now)
      return seconds > 0 ? Page.tooMany(seconds) : yield* use
    }).pipe(
      Effect.catch(Effect.fnUntraced(function*({ problem }) {
        if (problem !== "unknown") return Page.over(problem)
        const seconds = attempts.count(yield* now)
        return seconds > 0 ? Page.tooMany(seconds) : Page.enter(userCode)
      }))
    )

  const ask = (userCode: string): Effect.Effect<Page.Page> =>
    guarded(
      userCode,
      Effect.map(emulator.lookup(userCode), (authorization) =>
        authorization.status === "pending"
          ? Page.confirm(question(authorization))
          : Page.over(authorization.status))
    )

  const decide = (form: URLSearchParams): Effect.Effect<Page.Page> => {
    const userCode = form.get("user_code") ?? ""
    const action = form.get("action")
    if (action !== "allow" && action !== "deny") return Effect.succeed(Page.unreadable)
    return guarded(
      userCode,
      Effect.as(
        action === "allow" ? emulator.approve(userCode) : emulator.deny(userCode),
        Page.decided(action === "allow" ? "approved" : "denied")
      )
    )
  }

  yield* router.add("GET", "/", lead(path))
  yield* router.add("GET", path, (request) => {
    if (CrossSite.isPeek(request)) return Effect.succeed(show(Page.crossSite))
    const userCode = query(request).get("user_code") ?? ""
    return Effect.map(userCode.trim() === "" ? Effect.succeed(Page.enter()) : ask(userCode), (page) => show(page))
  })
  yield* router.add(
    "POST",
    path,
    Effect.fnUntraced(function*(request) {
      if (CrossSite.isForm(request)) return show(Page.crossSite)
      const bytes = yield* Body.read(request)
      return show(bytes === undefined ? Page.unreadable : yield* decide(Body.form(bytes)))
    })
  )
}))
