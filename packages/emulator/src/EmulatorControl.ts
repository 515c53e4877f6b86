/**
 * The control API: what a person does on the page, and what only a test may do, for programs of any language.
 *
 * It is off unless asked for (`--control`, or the option of `EmulatorServer`), and each request must bring the token that
 * was handed out at start as a bearer token (RFC 6750 section 2.1). This module is the API as a value: `EmulatorControl`
 * describes it, the server serves it under `/control` with its OpenAPI description at `/control/openapi.json`, and
 * {@link client} is its client.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Authorization, Status } from "./Authorization.ts"
import { Fault } from "./Fault.ts"
import { version } from "./internal/version.ts"
import { Snapshot } from "./Snapshot.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What the emulator's clock shows, in milliseconds since 1970.
 *
 * @category models
 * @since 0.1.0
 */
export const Now = Schema.Struct({ now: Schema.Finite })

/**
 * How far to move the emulator's clock: `seconds` forward, or back where they are negative.
 *
 * @category models
 * @since 0.1.0
 */
export const Move = Schema.Struct({ seconds: Schema.Finite })

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The request brought no token, or another one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlUnauthorized extends Schema.TaggedError<ControlUnauthorized>(
  "@sso-oidc/emulator/ControlUnauthorized"
)("ControlUnauthorized", { message: Schema.String }, { httpApiStatus: 401 }) {}

/**
 * Nothing can be decided on this sign-in: it is unknown, or something became of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlConflict extends Schema.TaggedError<ControlConflict>("@sso-oidc/emulator/ControlConflict")(
  "ControlConflict",
  { problem: Schema.Literals(["unknown", ...Status.literals]), message: Schema.String },
  { httpApiStatus: 409 }
) {}

/**
 * The emulator cannot do this: the sentence says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlRefused extends Schema.TaggedError<ControlRefused>("@sso-oidc/emulator/ControlRefused")(
  "ControlRefused",
  { message: Schema.String },
  { httpApiStatus: 400 }
) {}

// -----------------------------------------------------------------------------
// api
// -----------------------------------------------------------------------------

/**
 * The token of the control API, asked of each request.
 *
 * @category api
 * @since 0.1.0
 */
export class ControlToken extends HttpApiMiddleware.Service<ControlToken>()("@sso-oidc/emulator/ControlToken", {
  requiredForClient: true,
  security: { token: HttpApiSecurity.bearer },
  error: ControlUnauthorized
}) {}

/**
 * Tells in a sentence what is wrong with a request that is not of the API's form.
 *
 * @category api
 * @since 0.1.0
 */
export class ControlForm extends HttpApiMiddleware.Service<ControlForm>()("@sso-oidc/emulator/ControlForm", {
  error: ControlRefused
}) {}

const params = { key: Schema.String.annotate({ description: "A user code, or the id of a sign-in at /authorize" }) }

/**
 * The sign-ins: `key` is a user code, or the id of a sign-in at `/authorize`.
 *
 * @category api
 * @since 0.1.0
 */
export class Authorizations extends HttpApiGroup.make("authorizations")
  .add(
    HttpApiEndpoint.get("list", "/", { success: Schema.Array(Authorization) })
      .annotate(OpenApi.Summary, "Every sign-in, the oldest first"),
    HttpApiEndpoint.get("lookup", "/:key", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "One sign-in, whatever became of it"),
    HttpApiEndpoint.post("approve", "/:key/approve", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "Allow a sign-in"),
    HttpApiEndpoint.post("deny", "/:key/deny", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "Deny a sign-in"),
    HttpApiEndpoint.post("expire", "/:key/expire", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "End a sign-in's time now")
  )
  .middleware(ControlForm)
  .middleware(ControlToken)
  .prefix("/control/authorizations")
  .annotate(OpenApi.Description, "The sign-ins that are remembered, and what a person would do to them")
{}

/**
 * The faults that are armed for the next requests.
 *
 * @category api
 * @since 0.1.0
 */
export class Faults extends HttpApiGroup.make("faults")
  .add(
    HttpApiEndpoint.get("list", "/", { success: Schema.Array(Fault) })
      .annotate(OpenApi.Summary, "The faults that no request took yet"),
    HttpApiEndpoint.post("arm", "/", { payload: Fault, success: HttpApiSchema.NoContent, error: ControlRefused })
      .annotate(OpenApi.Summary, "Arm a fault for the next requests")
  )
  .middleware(ControlForm)
  .middleware(ControlToken)
  .prefix("/control/faults")
  .annotate(OpenApi.Description, "What the next requests get in place of the true answer")
{}

/**
 * The emulator's clock.
 *
 * @category api
 * @since 0.1.0
 */
export class Clock extends HttpApiGroup.make("clock")
  .add(
    HttpApiEndpoint.get("now", "/", { success: Now })
      .annotate(OpenApi.Summary, "What the emulator's clock shows"),
    HttpApiEndpoint.post("advance", "/", { payload: Move, success: Now, error: ControlRefused })
      .annotate(OpenApi.Summary, "Move the emulator's clock, and it alone")
  )
  .middleware(ControlForm)
  .middleware(ControlToken)
  .prefix("/control/clock")
  .annotate(OpenApi.Description, "The clock by which codes expire and polls are too early")
{}

/**
 * All that is remembered, secrets in the clear.
 *
 * @category api
 * @since 0.1.0
 */
export class State extends HttpApiGroup.make("state")
  .add(
    HttpApiEndpoint.get("snapshot", "/", { success: Snapshot })
      .annotate(OpenApi.Summary, "All that it remembers, secrets in the clear"),
    HttpApiEndpoint.post("seed", "/", { payload: Snapshot, success: HttpApiSchema.NoContent, error: ControlRefused })
      .annotate(OpenApi.Summary, "Put in what GET gave, or a part of it"),
    HttpApiEndpoint.delete("reset", "/", { success: HttpApiSchema.NoContent })
      .annotate(OpenApi.Summary, "Forget everything: sign-ins, faults, and what was added to the clock")
  )
  .middleware(ControlForm)
  .middleware(ControlToken)
  .prefix("/control/state")
  .annotate(OpenApi.Description, "All that is remembered, secrets in the clear: to look at, to put back, to forget")
{}

/**
 * The control API.
 *
 * @category api
 * @since 0.1.0
 */
export class EmulatorControl extends HttpApi.make("sso-oidc-emulator-control")
  .add(Authorizations, Faults, Clock, State)
  .annotateMerge(OpenApi.annotations({
    title: "SSO OIDC emulator: control API",
    version,
    description: "Plays the person, and makes trouble, for tests of clients of IAM Identity Center's OIDC service"
  }))
{}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The client of the control API, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class ControlClient extends Context.Service<ControlClient, HttpApiClient.ForApi<typeof EmulatorControl>>()(
  "@sso-oidc/emulator/ControlClient"
) {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Where the control API is, and the token that was handed out at start.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions {
  /** The emulator's own URL, such as `http://127.0.0.1:8484`. */
  readonly url: string | URL
  readonly token: Redacted.Redacted
}

/**
 * A client of the control API, over any `HttpClient`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const client = (
  options: ClientOptions
): Effect.Effect<HttpApiClient.ForApi<typeof EmulatorControl>, never, HttpClient.HttpClient> =>
  HttpApiClient.make(EmulatorControl, { baseUrl: options.url }).pipe(
    Effect.provide(
      HttpApiMiddleware.layerClient(
        ControlToken,
        ({ next, request }) => next(HttpClientRequest.bearerToken(request, options.token))
      )
    )
  )

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client of the control API as a layer.
 *
 * @example
 * ```ts
 * import * as EmulatorControl from "@sso-oidc/emulator/EmulatorControl"
 * import * as Effect from "effect/Effect"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const main = Effect.gen(function*() {
 *   const control = yield* EmulatorControl.ControlClient
 *   yield* control.faults.arm({ payload: { _tag: "Exception", exception: "InternalServerException" } })
 *   const [first] = yield* control.authorizations.list()
 *   if (first?._tag === "DeviceAuthorization") {
 *     yield* control.authorizations.approve({ params: { key: first.userCode } })
 *   }
 * }).pipe(
 *   Effect.provide(EmulatorControl.layer({ url: "http://127.0.0.1:8484", token: Redacted.make("the token") })),
 *   Effect.provide(FetchHttpClient.layer)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: ClientOptions): Layer.Layer<ControlClient, never, HttpClient.HttpClient> =>
  Layer.effect(ControlClient, client(options))
