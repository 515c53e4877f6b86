/**
 * Runs before every route. Requests that must change nothing reach no route.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalError from "@sso-oidc/portal/PortalError"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import { Emulator } from "../../Emulator.ts"
import * as Page from "../pages/page.ts"
import * as Shell from "../pages/shell.ts"
import { exception, portalException } from "../service/exceptions.ts"
import * as CrossSite from "./crossSite.ts"
import * as Dialect from "./dialect.ts"

const isPage = (url: string): boolean => /^\/(?:device|authorize|accounts)?\/?(?:[?#]|$)/.test(url)

const portalPaths: ReadonlyArray<string> = PortalClient.operations.map(({ path }) => path)

const isPortal = (url: string): boolean => portalPaths.includes(url.replace(/[?#].*$/s, ""))

const pages: Readonly<Record<CrossSite.Reason, Page.Page>> = {
  ahead: Page.ahead,
  upgrade: Page.upgrade,
  foreign: Page.crossSite
}

const descriptions: Readonly<Record<CrossSite.Reason, string>> = {
  ahead: "A browser sent this request ahead of a person (Sec-Purpose), so the emulator did nothing",
  upgrade: "The emulator speaks only HTTP/1.1: send the request without the header Upgrade",
  foreign: "A page of another site sent this request. To allow its origin, start the emulator with the option cors"
}

export const layer = (cors: ReadonlyArray<string>) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const emulator = yield* Emulator
    const { show } = yield* Shell.make
    yield* router.addGlobalMiddleware((effect) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const reason = CrossSite.reason(request, cors)
        if (reason === undefined) return effect
        if (isPage(request.url)) return Effect.succeed(show(pages[reason]))
        const error = isPortal(request.url)
          ? portalException(PortalError.InvalidRequestException, descriptions[reason])
          : exception(SsoOidcError.InvalidRequestException, descriptions[reason])
        return Effect.map(emulator.clock.now, (now) => Dialect.failure(error, now))
      })
    )
  }))
