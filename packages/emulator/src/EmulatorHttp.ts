/**
 * The emulator over HTTP: the service's three operations in its own dialect, and the pages on which a person decides.
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
 * | `POST /device` | the answer: `user_code` and `action` (`allow` or `deny`) |
 * | `GET /` | leads to `/device` |
 *
 * Every route answers only requests to a loopback host (`localhost`, 127.0.0.0/8, `[::1]`, any port): a page of another
 * site that points its own name at this machine gets 403.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type { Emulator } from "./Emulator.ts"
import * as Dialect from "./internal/dialect.ts"
import * as Operations from "./internal/routes/operations.ts"
import * as Pages from "./internal/routes/pages.ts"
import * as Url from "./internal/url.ts"

// -----------------------------------------------------------------------------
// guard
// -----------------------------------------------------------------------------

const notLoopback = HttpServerResponse.text("This emulator answers only to a loopback host, such as 127.0.0.1.\n", {
  status: 403,
  headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }
})

// One middleware, so that nothing comes before the check of the host, not even the answer to an unknown path.
const guard = HttpRouter.middleware(
  (effect) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      (request) =>
        Url.loopbackOrigin(request.originalUrl) === undefined
          ? Effect.succeed(notLoopback)
          : Effect.catch(effect, (error) =>
            HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
              ? Dialect.unknownOperation
              : Effect.fail(error))
    ),
  { global: true }
)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The routes of the emulator.
 *
 * @example
 * ```ts
 * import * as Emulator from "@sso-oidc/emulator/Emulator"
 * import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 *
 * const { handler } = HttpRouter.toWebHandler(EmulatorHttp.layer.pipe(Layer.provide(Emulator.layer())))
 * const answer = handler(new Request("http://localhost/device"))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Emulator> = Layer.mergeAll(
  guard,
  Operations.layer,
  Pages.layer
)
