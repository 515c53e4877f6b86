/**
 * The emulator over HTTP: the operations of both services in their own dialects, and the pages on which a person decides.
 *
 * It is a layer of routes for Effect's `HttpRouter` and needs no platform. `EmulatorServer` serves it with Node.
 * `HttpRouter.toWebHandler` makes a handler of `Request` and `Response` from it.
 *
 * | route | what it does |
 * |---|---|
 * | `POST /client/register` | RegisterClient |
 * | `POST /device_authorization` | StartDeviceAuthorization |
 * | `POST /token` | CreateToken |
 * | `GET /federation/credentials` | GetRoleCredentials |
 * | `GET /assignment/accounts` | ListAccounts |
 * | `GET /assignment/roles` | ListAccountRoles |
 * | `POST /logout` | Logout |
 * | `GET /device` | the form for the code; with `?user_code=`, the question |
 * | `POST /device` | the decision: `user_code` and `action` (`allow` or `deny`) |
 * | `GET /` | redirects to `/device` |
 * | `GET /accounts` | the accounts, and the roles that are assigned to the person |
 * | `POST /accounts` | a change: `account_id`, `role_name` and `action` (`assign` or `unassign`) |
 * | `GET /authorize` | the question of the authorization code grant, to which a client sends a browser |
 * | `POST /authorize` | the decision: `id` and `action`; redirects back to the client |
 * | `/control/…` | the control API, if `controlToken` is set: see `EmulatorControl` |
 *
 * Every route responds only to a loopback host: `localhost`, 127.0.0.0/8 or `[::1]`, with any port. Any other host gets 403,
 * so a web site that points its own name at this machine reaches nothing.
 *
 * Three kinds of requests reach no route. A page of another site sent the request, a browser sent it ahead of a person (a
 * prefetch), or it asks for another protocol (a WebSocket). A link on another site shows a page, but changes nothing.
 *
 * At log level Info, each new pending login is one line with its URL. At Debug, each request is one line too.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { Emulator } from "./Emulator.ts"
import { EmulatorError } from "./EmulatorError.ts"
import * as Log from "./internal/http/log.ts"
import * as Request from "./internal/http/request.ts"
import * as Routes from "./internal/http/routes.ts"
import * as Settings from "./internal/service/options.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of the routes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Origins, such as `http://localhost:5173`, whose pages may call the operations. These pages may read the headers
   * `x-amzn-errortype`, `x-amzn-requestid`, `requestid`, `retry-after` and `date` of the responses. A link on them starts a login at
   * `/authorize` at once. None by default, as at AWS.
   */
  readonly cors?: ReadonlyArray<string> | undefined
  /** The token of the control API (see `EmulatorControl`). Without it, there is no control API. */
  readonly controlToken?: Redacted.Redacted | undefined
}

// -----------------------------------------------------------------------------
// guard
// -----------------------------------------------------------------------------

const notLoopback = HttpServerResponse.text("This emulator responds only to a loopback host, such as 127.0.0.1.\n", {
  status: 403,
  headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }
})

// The check of the host comes first, even before the response to an unknown path.
const guard = HttpRouter.middleware(
  (effect) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      (request) =>
        Request.isToLoopback(request)
          ? effect
          : Effect.as(Log.request(request, notLoopback), notLoopback)
    ),
  { global: true }
)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The routes of the emulator. If `cors` is not a list, the layer dies with an `EmulatorError`.
 *
 * @example
 * ```ts
 * import * as Emulator from "@sso-oidc/emulator/Emulator"
 * import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 *
 * const { handler } = HttpRouter.toWebHandler(EmulatorHttp.layer().pipe(Layer.provide(Emulator.layer())))
 * const response = handler(new Request("http://localhost/device"))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter | Emulator> =>
  Layer.suspend(() => {
    const detail = options.cors === undefined ? undefined : Settings.listProblem(options.cors)
    if (detail !== undefined) throw new EmulatorError({ problem: "options", detail })
    return Layer.provideMerge(Routes.layer(options), guard)
  })
