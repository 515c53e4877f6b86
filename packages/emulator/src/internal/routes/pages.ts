/**
 * The routes of the pages on which a person decides on a device code.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Authorization from "../../Authorization.ts"
import { Emulator } from "../../Emulator.ts"
import * as Attempts from "../attempts.ts"
import * as Body from "../body.ts"
import * as Page from "../page.ts"
import { query } from "../query.ts"
import * as Shell from "../shell.ts"

const question = (authorization: Authorization.DeviceAuthorization, now: number): Page.Page =>
  Page.confirm({
    code: authorization.userCode,
    clientName: authorization.clientName,
    scopes: authorization.scopes,
    startUrl: authorization.startUrl,
    from: authorization.from,
    ago: now - authorization.issuedAt,
    action: "/device",
    field: ["user_code", authorization.userCode]
  })

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  const { headers, show } = yield* Shell.make
  const attempts = Attempts.make()

  /** What a code leads to, unless too many were wrong: then a right one leads nowhere either, or trying would go on. */
  const guarded = Effect.fnUntraced(function*(
    userCode: string,
    lead: (authorization: Authorization.DeviceAuthorization) => Effect.Effect<Page.Page>
  ) {
    const now = yield* emulator.now
    const left = attempts.left(now)
    if (left > 0) {
      const seconds = Math.ceil(left / 1000)
      return show(Page.tooMany(seconds), { headers: { "retry-after": String(seconds) } })
    }
    const found = yield* Effect.result(emulator.lookup(userCode))
    if (found._tag === "Failure" || found.success._tag !== "DeviceAuthorization") {
      attempts.failed(now)
      return show(Page.enter(userCode))
    }
    return show(yield* lead(found.success))
  })

  const ask = (authorization: Authorization.DeviceAuthorization): Effect.Effect<Page.Page> =>
    authorization.status === "pending"
      ? Effect.map(emulator.now, (now) => question(authorization, now))
      : Effect.succeed(Page.over(authorization.status))

  const decide =
    (action: "allow" | "deny") => ({ userCode }: Authorization.DeviceAuthorization): Effect.Effect<Page.Page> =>
      (action === "allow" ? emulator.approve(userCode) : emulator.deny(userCode)).pipe(
        Effect.map(() => Page.decided(action === "allow" ? "approved" : "denied")),
        Effect.catch(({ problem }) => Effect.succeed(problem === "unknown" ? Page.enter(userCode) : Page.over(problem)))
      )

  yield* router.add("GET", "/", HttpServerResponse.redirect("/device", { headers: headers() }))
  yield* router.add("GET", "/device", (request) => {
    const userCode = query(request).get("user_code") ?? ""
    return userCode.trim() === "" ? Effect.succeed(show(Page.enter())) : guarded(userCode, ask)
  })
  yield* router.add(
    "POST",
    "/device",
    Effect.fnUntraced(function*(request) {
      if (Shell.isCrossSite(request)) return show(Page.crossSite)
      const bytes = yield* Body.read(request)
      const form = bytes === undefined ? new URLSearchParams() : Body.form(bytes)
      const action = form.get("action")
      if (action !== "allow" && action !== "deny") return show(Page.unreadable)
      return yield* guarded(form.get("user_code") ?? "", decide(action))
    })
  )
}))
