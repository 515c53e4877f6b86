/**
 * The control API: what a person does on the page, and what only a test may do, for programs of any language. It offers
 * what the service `Emulator` offers in process, by the same names.
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
 * The time of the emulator's clock.
 *
 * @category models
 * @since 0.1.0
 */
export const Now = Schema.Struct({
  /** In milliseconds since 1970. */
  now: Schema.Finite
})

/**
 * How far the emulator's clock moves.
 *
 * @category models
 * @since 0.1.0
 */
export const Advance = Schema.Struct({
  /** In seconds. Negative seconds set the clock back. */
  seconds: Schema.Finite
})

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
 * This login cannot be decided: it is unknown, or it has ended or was decided already.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlConflict extends Schema.TaggedError<ControlConflict>("@sso-oidc/emulator/ControlConflict")(
  "ControlConflict",
  {
    /** Why. */
    problem: Schema.Literals(["unknown", ...Status.literals]),
    /** The same as a sentence. */
    message: Schema.String
  },
  { httpApiStatus: 409 }
) {}

/**
 * The request is malformed, or the emulator cannot do what it asks for. The sentence says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlBadRequest extends Schema.TaggedError<ControlBadRequest>("@sso-oidc/emulator/ControlBadRequest")(
  "ControlBadRequest",
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
 * Says in a sentence what is wrong with a malformed request.
 *
 * @category api
 * @since 0.1.0
 */
export class ControlValidation
  extends HttpApiMiddleware.Service<ControlValidation>()("@sso-oidc/emulator/ControlValidation", {
    error: ControlBadRequest
  })
{}

const params = { key: Schema.String.annotate({ description: "A user code, or the id of a code authorization" }) }

/**
 * The logins that wait for a person, and what a person does to them. `key` is a user code, or the id of a code
 * authorization.
 *
 * @category api
 * @since 0.1.0
 */
export class Authorizations extends HttpApiGroup.make("authorizations")
  .add(
    HttpApiEndpoint.get("list", "/", { success: Schema.Array(Authorization) })
      .annotate(OpenApi.Summary, "Every authorization, the oldest first"),
    HttpApiEndpoint.get("lookup", "/:key", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "One authorization, whatever its status is"),
    HttpApiEndpoint.post("approve", "/:key/approve", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "Approve"),
    HttpApiEndpoint.post("deny", "/:key/deny", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "Deny"),
    HttpApiEndpoint.post("expire", "/:key/expire", { params, success: Authorization, error: ControlConflict })
      .annotate(OpenApi.Summary, "End its time now")
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/authorizations")
  .annotate(OpenApi.Description, "The logins that wait for a person, and what a person does to them")
{}

/**
 * What the next requests get in place of the true response.
 *
 * @category api
 * @since 0.1.0
 */
export class Faults extends HttpApiGroup.make("faults")
  .add(
    HttpApiEndpoint.get("list", "/", { success: Schema.Array(Fault) })
      .annotate(OpenApi.Summary, "The faults that no request has taken yet"),
    HttpApiEndpoint.post("arm", "/", { payload: Fault, success: HttpApiSchema.NoContent, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Arm a fault for the next requests"),
    HttpApiEndpoint.delete("clear", "/", { success: HttpApiSchema.NoContent })
      .annotate(OpenApi.Summary, "Disarm all faults")
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/faults")
  .annotate(OpenApi.Description, "What the next requests get in place of the true response")
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
    HttpApiEndpoint.post("advance", "/", { payload: Advance, success: Now, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Move the emulator's clock, and it alone")
  )
  .middleware(ControlValidation)
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
    HttpApiEndpoint.post("seed", "/", { payload: Snapshot, success: HttpApiSchema.NoContent, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Put in what GET gave, or a part of it"),
    HttpApiEndpoint.delete("reset", "/", { success: HttpApiSchema.NoContent })
      .annotate(OpenApi.Summary, "Forget everything: authorizations, faults, and what was added to the clock")
  )
  .middleware(ControlValidation)
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
  // a misspelt member that is passed over would be a fault of another kind than the test means
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
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
  /** The token: `EmulatorServer.controlToken`, or the one in the environment. */
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
