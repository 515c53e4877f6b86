/**
 * The routes of the pages on which a person decides on a device code.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as Authorization from "../../Authorization.ts"
import { Emulator } from "../../Emulator.ts"
import { DecisionError } from "../../EmulatorError.ts"
import * as Page from "../pages/page.ts"
import * as Shell from "../pages/shell.ts"
import * as Attempts from "../service/attempts.ts"
import * as CrossSite from "./crossSite.ts"
import * as Request from "./request.ts"

const path = "/device"

const question = (authorization: Authorization.DeviceAuthorization, now: number): Page.Question => ({
  code: authorization.userCode,
  clientName: authorization.clientName,
  scopes: authorization.scopes,
  startUrl: authorization.startUrl,
  requester: { ...authorization.requester, secondsAgo: (now - authorization.issuedAt) / 1000 },
  action: path,
  hidden: { name: "user_code", value: authorization.userCode }
})

/** The wrong codes so far, and the page after too many. */
interface Tries {
  readonly attempts: Attempts.Attempts
  readonly over: (userCode: string, seconds: number) => Page.Page
}

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const { authorizations, clock } = yield* Emulator
  const { lead, show } = yield* Shell.make
  const here: Tries = { attempts: Attempts.make(), over: (_userCode, seconds) => Page.tooMany(seconds) }
  // Links on other sites have their own attempts, so a site cannot use up the person's attempts. When these are used up, a
  // link shows the form with its code in it. The emulator looks up the code only when the person sends the form.
  const linked: Tries = { attempts: Attempts.make(), over: (userCode) => Page.given(userCode) }

  // Every use of a code goes through here. It counts each wrong code, and after too many it looks up no code.
  const guarded = (
    { attempts, over }: Tries,
    userCode: string,
    use: Effect.Effect<Page.Page, DecisionError>
  ): Effect.Effect<Page.Page> =>
    Effect.gen(function*() {
      const seconds = attempts.wait(yield* clock.now)
      return seconds > 0 ? over(userCode, seconds) : yield* use
    }).pipe(
      Effect.catch(Effect.fnUntraced(function*({ problem }) {
        if (problem !== "unknown") return Page.over(problem)
        const seconds = attempts.count(yield* clock.now)
        return seconds > 0 ? over(userCode, seconds) : Page.enter(userCode)
      }))
    )

  // A code authorization has no user code, and a page of its own
  const byUserCode = (userCode: string) =>
    Effect.filterOrFail(
      authorizations.lookup(userCode),
      (found) => found._tag === "DeviceAuthorization",
      () => new DecisionError({ problem: "unknown" })
    )

  const ask = (tries: Tries, userCode: string): Effect.Effect<Page.Page> =>
    guarded(
      tries,
      userCode,
      Effect.gen(function*() {
        const authorization = yield* byUserCode(userCode)
        return authorization.status === "pending"
          ? Page.confirm(question(authorization, yield* clock.now))
          : Page.over(authorization.status)
      })
    )

  const decide = (form: URLSearchParams): Effect.Effect<Page.Page> => {
    const userCode = form.get("user_code") ?? ""
    const action = form.get("action")
    if (action !== "allow" && action !== "deny") return Effect.succeed(Page.unreadable)
    return guarded(
      here,
      userCode,
      byUserCode(userCode).pipe(
        Effect.andThen(action === "allow" ? authorizations.approve(userCode) : authorizations.deny(userCode)),
        Effect.as(Page.decided(action === "allow" ? "approved" : "denied"))
      )
    )
  }

  yield* router.add("GET", "/", lead(path))
  yield* router.add("GET", path, (request) => {
    if (CrossSite.isPeek(request)) return Effect.succeed(show(Page.crossSite))
    const userCode = Request.query(request).get("user_code") ?? ""
    if (userCode.trim() === "") return Effect.succeed(show(Page.enter()))
    return Effect.map(ask(CrossSite.isLink(request) ? linked : here, userCode), (page) => show(page))
  })
  yield* router.add(
    "POST",
    path,
    Effect.fnUntraced(function*(request) {
      if (CrossSite.isForeign(request)) return show(Page.crossSite)
      const bytes = yield* Request.body(request)
      return show(bytes === undefined ? Page.unreadable : yield* decide(Request.form(bytes)))
    })
  )
}))
