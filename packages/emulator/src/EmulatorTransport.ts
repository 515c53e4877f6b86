/**
 * The emulator in process: an `HttpClient` without a socket.
 *
 * It runs the server's code on the caller's fiber. A whole login takes milliseconds, and `TestClock` moves the client and
 * the emulator together. It responds for any host, the service's own included, so the client under test needs no other
 * endpoint. It serves the pages too, but neither CORS nor the control API, which only other programs need.
 *
 * It keeps the guarantees of a transport: it sends one request, follows no redirect, and adds nothing. If you interrupt a
 * request, its work in the emulator ends too. The fault `ConnectionReset` is a `TransportError` with `sent: "maybe"`.
 *
 * @since 0.1.0
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Emulator from "./Emulator.ts"
import type * as EmulatorError from "./EmulatorError.ts"
import { ResetConnection } from "./internal/http/faults.ts"
import * as Routes from "./internal/http/routes.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes an `HttpClient` over the emulator in the context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.gen(function*() {
  const handle = yield* HttpRouter.toHttpEffect(Routes.layer({}))
  return HttpClient.make(Effect.fnUntraced(function*(request) {
    const connectionReset = yield* Deferred.make<never, HttpClientError.HttpClientError>()
    const reset = Deferred.fail(
      connectionReset,
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({
          request,
          cause: new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })
        })
      })
    ).pipe(Effect.andThen(Effect.never))
    const response = handle.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromClientRequest(request)),
      Effect.provideService(ResetConnection, () => reset),
      Effect.scoped,
      // Every path has a response, so a failure here is a defect of the emulator
      Effect.orDie
    )
    return HttpServerResponse.toClientResponse(yield* Effect.raceFirst(response, Deferred.await(connectionReset)), {
      request
    })
  }))
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The transport, over the emulator in the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoEmulator: Layer.Layer<HttpClient.HttpClient, never, Emulator.Emulator> = Layer.effect(
  HttpClient.HttpClient,
  make
)

/**
 * The transport and its own emulator, with which a test plays the person.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
 * import * as Layer from "effect/Layer"
 *
 * const TestLayer = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provideMerge(EmulatorTransport.layer({ autoApprove: "30 seconds" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Emulator.Options = {}
): Layer.Layer<HttpClient.HttpClient | Emulator.Emulator, EmulatorError.EmulatorError> =>
  // Not `layerNoEmulator`: Effect builds a shared layer once, so it would respond for the first emulator only
  Layer.provideMerge(Layer.effect(HttpClient.HttpClient, make), Emulator.layer(options))
