/**
 * The routes of the authorization code grant. A client sends a browser here, and a person decides on the page.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import type * as Authorization from "../../Authorization.ts"
import { type AuthorizeRequest, Emulator } from "../../Emulator.ts"
import * as Page from "../pages/page.ts"
import * as Shell from "../pages/shell.ts"
import { exception } from "../service/exceptions.ts"
import * as RedirectUri from "../service/redirectUri.ts"
import * as CrossSite from "./crossSite.ts"
import * as Dialect from "./dialect.ts"
import * as Log from "./log.ts"
import * as Request from "./request.ts"

// A request may have each of these once (RFC 6749 section 3.1). AWS clients write `scopes`, the RFC writes `scope`
const parameters = [
  "client_id",
  "redirect_uri",
  "response_type",
  "state",
  "scope",
  "scopes",
  "code_challenge",
  "code_challenge_method"
]

/** The request, or the name of a parameter that it has twice. */
const read = (request: HttpServerRequest.HttpServerRequest): AuthorizeRequest | string => {
  const given = Request.query(request)
  const twice = parameters.find((name) => given.getAll(name).length > 1)
  if (twice !== undefined) return twice
  if (given.has("scope") && given.has("scopes")) return "scope"
  const get = (name: string): string | undefined => given.get(name) ?? undefined
  return {
    clientId: get("client_id"),
    redirectUri: get("redirect_uri"),
    responseType: get("response_type"),
    state: get("state"),
    scopes: (get("scopes") ?? get("scope"))?.split(/[ ,]+/).filter((scope) => scope !== ""),
    codeChallenge: get("code_challenge"),
    codeChallengeMethod: get("code_challenge_method")
  }
}

const path = "/authorize"

const question = (authorization: Authorization.CodeAuthorization, now: number): Page.Page =>
  Page.confirm({
    clientName: authorization.clientName,
    scopes: authorization.scopes,
    startUrl: authorization.issuerUrl,
    requester: { ...authorization.requester, secondsAgo: (now - authorization.issuedAt) / 1000 },
    returnTo: RedirectUri.destination(authorization.redirectUri),
    action: path,
    hidden: { name: "id", value: authorization.id }
  })

const over = {
  approved: Page.ended("decided"),
  denied: Page.ended("decided"),
  used: Page.ended("decided"),
  expired: Page.ended("expired"),
  unknown: Page.ended("unknown")
}

/** The routes. A link on a page of an origin in `cors` starts a login at once. Any other link asks the person first. */
export const layer = (cors: ReadonlyArray<string>) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const { authorizations, authorize, autoApprove, clock } = yield* Emulator
    const { lead, show } = yield* Shell.make

    const goOn = (
      authorization: Authorization.Authorization,
      now: number
    ): HttpServerResponse.HttpServerResponse => {
      if (authorization._tag === "DeviceAuthorization") return show(over.unknown)
      const { location, status } = authorization
      if (location !== undefined) return lead(Redacted.value(location))
      return show(status === "pending" ? question(authorization, now) : over[status])
    }

    const begin = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
      const wanted = read(request)
      if (typeof wanted === "string") {
        return yield* Effect.fail(
          exception(SsoOidcError.InvalidRequestException, `${wanted} may stand in the query only once`)
        )
      }
      const authorization = yield* authorize(wanted, Request.context(request))
      yield* Log.waiting(`a browser has the question at ${Request.ownOrigin(request)}${path}`)
      // With autoApprove the browser gets no page
      if (autoApprove === undefined) return goOn(authorization, yield* clock.now)
      yield* Effect.sleep(autoApprove)
      // Meanwhile the emulator may have dropped it to make room
      return yield* authorizations.lookup(authorization.id).pipe(
        Effect.flatMap((found) => Effect.map(clock.now, (now) => goOn(found, now))),
        Effect.catchTag("DecisionError", ({ problem }) => Effect.succeed(show(over[problem])))
      )
    })

    const decide = Effect.fnUntraced(
      function*(id: string, action: "allow" | "deny") {
        // User codes are for the other page, which limits the attempts
        if ((yield* authorizations.lookup(id))._tag !== "CodeAuthorization") return show(over.unknown)
        const authorization = yield* action === "allow" ? authorizations.approve(id) : authorizations.deny(id)
        return goOn(authorization, yield* clock.now)
      },
      Effect.catchTag("DecisionError", ({ problem }) => Effect.succeed(show(over[problem])))
    )

    yield* router.add("GET", path, (request) => {
      if (CrossSite.isPeek(request)) return Effect.succeed(show(Page.crossSite))
      if (CrossSite.isLink(request) && !CrossSite.isOf(cors, request)) {
        return Effect.succeed(show(Page.led(`${path}${new URL(request.originalUrl).search}`)))
      }
      return Effect.matchEffect(begin(request), {
        onFailure: (error) =>
          error._tag === "AuthorizeErrorRedirect"
            ? Effect.succeed(lead(Redacted.value(error.location)))
            : Effect.map(clock.now, (now) => Dialect.failure(error, now)),
        onSuccess: Effect.succeed
      })
    })
    yield* router.add(
      "POST",
      path,
      Effect.fnUntraced(function*(request) {
        if (CrossSite.isForeign(request)) return show(Page.crossSite)
        const bytes = yield* Request.body(request)
        const form = bytes === undefined ? new URLSearchParams() : Request.form(bytes)
        const action = form.get("action")
        const id = form.get("id")
        if ((action !== "allow" && action !== "deny") || id === null) return show(Page.unreadable)
        return yield* decide(id, action)
      })
    )
  }))
