/**
 * The routes of the pages on which a person decides on a device code.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Emulator } from "../../Emulator.ts"
import * as Body from "../body.ts"
import * as Page from "../page.ts"
import { query } from "../query.ts"
import * as Style from "../style.ts"
import * as Unseen from "../unseen.ts"
import * as Url from "../url.ts"

// A form of another site is told by either header. `Sec-Fetch-Site` is what the browser itself says; where it is absent
// (older browsers, tools) the origin decides, and a form always has one.
const isCrossSite = (request: HttpServerRequest.HttpServerRequest): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return site !== "same-origin" && site !== "none"
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Url.originOf(request.originalUrl)
}

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  const style = yield* Effect.promise(Style.source)

  const headers = {
    "content-security-policy":
      `default-src 'none'; style-src ${style}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    "x-content-type-options": "nosniff",
    // Not `no-referrer`: under that a browser sends `Origin: null` with the page's own form, as a stranger's would have
    "referrer-policy": "same-origin",
    "cache-control": "no-store"
  }

  const show = (page: Page.Page): HttpServerResponse.HttpServerResponse =>
    Unseen.text(page.body, { status: page.status, contentType: "text/html; charset=utf-8", headers })

  const ask = (userCode: string): Effect.Effect<Page.Page> =>
    emulator.lookup(userCode).pipe(
      Effect.map((authorization) =>
        authorization._tag === "CodeAuthorization"
          ? Page.enter(userCode)
          : authorization.status === "pending"
          ? Page.confirm(authorization)
          : Page.over(authorization.status)
      ),
      Effect.catch(() => Effect.succeed(Page.enter(userCode)))
    )

  const decide = (form: URLSearchParams): Effect.Effect<Page.Page> => {
    const userCode = form.get("user_code") ?? ""
    const action = form.get("action")
    if (action !== "allow" && action !== "deny") return Effect.succeed(Page.unreadable)
    return (action === "allow" ? emulator.approve(userCode) : emulator.deny(userCode)).pipe(
      Effect.map(() => Page.decided(action === "allow" ? "approved" : "denied")),
      Effect.catch(({ problem }) => Effect.succeed(problem === "unknown" ? Page.enter(userCode) : Page.over(problem)))
    )
  }

  yield* router.add("GET", "/", HttpServerResponse.redirect("/device", { headers }))
  yield* router.add("GET", "/device", (request) => {
    const userCode = query(request).get("user_code") ?? ""
    return Effect.map(userCode.trim() === "" ? Effect.succeed(Page.enter()) : ask(userCode), show)
  })
  yield* router.add(
    "POST",
    "/device",
    Effect.fnUntraced(function*(request) {
      if (isCrossSite(request)) return show(Page.crossSite)
      const bytes = yield* Body.read(request)
      return show(bytes === undefined ? Page.unreadable : yield* decide(Body.form(bytes)))
    })
  )
}))
