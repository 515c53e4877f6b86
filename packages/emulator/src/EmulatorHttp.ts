/**
 * The emulator over HTTP: the service's operations in its own dialect, and the pages on which a person decides.
 *
 * It is a layer of routes for Effect's `HttpRouter` and knows no platform: `EmulatorServer` puts it on a socket of Node,
 * `HttpRouter.toWebHandler` into anything that speaks `Request` and `Response`.
 *
 * | route | what it does |
 * |---|---|
 * | `POST /client/register` | RegisterClient |
 * | `POST /device_authorization` | StartDeviceAuthorization |
 * | `POST /token` | CreateToken |
 * | `GET /device` | the form for the code; with `?user_code=`, the question |
 * | `POST /device` | the decision: `user_code` and `action` (`allow` or `deny`) |
 * | `GET /` | leads to `/device` |
 * | `GET /authorize` | where a client sends a browser for an authorization code: the question |
 * | `POST /authorize` | the decision: `id` and `action`; leads back to the client |
 * | `/control/…` | the control API, where there is a token for it: see `EmulatorControl` |
 *
 * Every route responds only to a loopback host (`localhost`, 127.0.0.0/8, `[::1]`, any port): a page of another
 * site that points its own name at this machine gets 403. And none is reached by a request that a page of another site
 * sends, that a browser sends ahead of a person (a prefetch), or that asks for another protocol (a WebSocket). A link of
 * another site may show a page, but changes nothing.
 *
 * At log level Info each new pending login is one line with its URL, at Debug each request is one.
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
 * What the routes let in beside the ordinary.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Origins, such as `http://localhost:5173`, whose pages may call the operations and read `x-amzn-errortype`,
   * `x-amzn-requestid`, `retry-after` and `date` of the responses. They may also lead a browser to `/authorize` by a link.
   * None by default, as at AWS.
   */
  readonly cors?: ReadonlyArray<string> | undefined
  /** The token for the control API (see `EmulatorControl`). Without one there is no control API. */
  readonly controlToken?: Redacted.Redacted | undefined
}

// -----------------------------------------------------------------------------
// guard
// -----------------------------------------------------------------------------

const notLoopback = HttpServerResponse.text("This emulator responds only to a loopback host, such as 127.0.0.1.\n", {
  status: 403,
  headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }
})

// Nothing comes before the check of the host, not even the response to an unknown path.
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
 * The routes of the emulator. Where `cors` is no list, the layer dies with an `EmulatorError`.
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
