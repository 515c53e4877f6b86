/**
 * All routes of the emulator, and the response to a request that matches no route.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { Emulator } from "../../Emulator.ts"
import * as Accounts from "./accounts.ts"
import * as Authorize from "./authorize.ts"
import * as Device from "./device.ts"
import * as Dialect from "./dialect.ts"
import * as Guard from "./guard.ts"
import * as Log from "./log.ts"
import * as Operations from "./operations.ts"
import * as Response from "./response.ts"

const unknown = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  yield* router.addGlobalMiddleware((effect) =>
    Effect.catch(effect, (error) =>
      HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
        ? Effect.map(emulator.clock.now, Dialect.unknownOperation)
        : Effect.fail(error))
  )
}))

const logged = HttpRouter.use((router) =>
  router.addGlobalMiddleware((effect) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      (request) => Effect.tap(effect, (response) => Log.request(request, response))
    )
  )
)

// Loaded only if it is needed: with its OpenAPI description it is much larger than all other routes
const control = (token: Redacted.Redacted) =>
  Layer.unwrap(Effect.map(Effect.promise(() => import("./control.ts")), (Control) => Control.layer(token)))

export const layer = (options: {
  readonly cors?: ReadonlyArray<string> | undefined
  readonly controlToken?: Redacted.Redacted | undefined
}) =>
  Layer.mergeAll(
    Response.layer,
    Guard.layer(options.cors ?? []),
    unknown,
    Operations.layer(options.cors ?? []),
    Device.layer,
    Accounts.layer,
    Authorize.layer(options.cors ?? []),
    options.controlToken === undefined ? Layer.empty : control(options.controlToken)
  ).pipe(Layer.provideMerge(logged))
