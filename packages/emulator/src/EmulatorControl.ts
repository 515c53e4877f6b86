/**
 * The control API. With it, programs in any language do what a person does on the page, and what only a test may do. It
 * has the groups and names of the service `Emulator`.
 *
 * The emulator serves it only with `--control`, or with the option `control` of `EmulatorServer`. Each request must bring
 * the token of the start as a bearer token (RFC 6750 section 2.1).
 *
 * {@link EmulatorControl} is the API as a value, and {@link layer} is its client. The server serves it under `/control`,
 * with its OpenAPI description at `/control/openapi.json`.
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
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Account, AccountId, RoleName } from "./Account.ts"
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
export class Now extends Schema.Opaque<Now>()(Schema.Struct({
  /** The time, in milliseconds since 1970. */
  now: Schema.Finite
})) {}

/**
 * How far the emulator's clock moves.
 *
 * @category models
 * @since 0.1.0
 */
export class Advance extends Schema.Opaque<Advance>()(Schema.Struct({
  /** The seconds, fractions too. Negative seconds set the clock back. */
  seconds: Schema.Finite
})) {}

/**
 * The role that is assigned to the person, or taken away.
 *
 * @category models
 * @since 0.1.0
 */
export class Role extends Schema.Opaque<Role>()(Schema.Struct({
  /** The name of the role: 1 to 256 characters. */
  roleName: RoleName
})) {}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The request brought no token, or a wrong one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlUnauthorized extends Schema.TaggedError<ControlUnauthorized>(
  "@sso-oidc/emulator/ControlUnauthorized"
)(
  "ControlUnauthorized",
  {
    /** Where to find the token, as a sentence. */
    message: Schema.String
  },
  { httpApiStatus: 401 }
) {}

/**
 * This login cannot be decided: it is unknown, it expired, or it was decided already.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlConflict extends Schema.TaggedError<ControlConflict>("@sso-oidc/emulator/ControlConflict")(
  "ControlConflict",
  {
    /** Why it cannot be decided. */
    problem: Schema.Literals(["unknown", ...Status.literals]),
    /** The problem as a sentence. */
    message: Schema.String
  },
  { httpApiStatus: 409 }
) {}

/**
 * The request is malformed, or the emulator cannot do what it asks for.
 *
 * @category errors
 * @since 0.1.0
 */
export class ControlBadRequest extends Schema.TaggedError<ControlBadRequest>("@sso-oidc/emulator/ControlBadRequest")(
  "ControlBadRequest",
  {
    /** Which member is wrong and why, as a sentence. It never holds a value of the request. */
    message: Schema.String
  },
  { httpApiStatus: 400 }
) {}

// -----------------------------------------------------------------------------
// api
// -----------------------------------------------------------------------------

interface TokenMiddleware {
  /** It needs no other service. */
  readonly requires: never
  /** It gives the endpoints no service. */
  readonly provides: never
  /** The response to a wrong token. */
  readonly error: typeof ControlUnauthorized
  /** The client adds no error of its own. */
  readonly clientError: never
  /** The client has to add the token. */
  readonly requiredForClient: true
  /** Where the token stands in a request. */
  readonly security: TokenSecurity
}

// A type, because an interface has no index signature
type TokenSecurity = {
  /** The header `authorization`, as a bearer token. */
  readonly token: HttpApiSecurity.Http
}

const tokenMiddleware: HttpApiMiddleware.ServiceClass<
  ControlToken,
  "@sso-oidc/emulator/ControlToken",
  TokenMiddleware
> = HttpApiMiddleware.Service<ControlToken>()("@sso-oidc/emulator/ControlToken", {
  requiredForClient: true,
  security: { token: HttpApiSecurity.bearer },
  error: ControlUnauthorized
})

/**
 * Checks the token of each request.
 *
 * @category api
 * @since 0.1.0
 */
export class ControlToken extends tokenMiddleware {}

interface ValidationMiddleware {
  /** It needs no other service. */
  readonly requires: never
  /** It gives the endpoints no service. */
  readonly provides: never
  /** The response to a malformed request. */
  readonly error: typeof ControlBadRequest
  /** The client adds no error of its own. */
  readonly clientError: never
  /** The client has nothing to add. */
  readonly requiredForClient: false
  /** It reads no credentials. */
  readonly security: never
}

const validationMiddleware: HttpApiMiddleware.ServiceClass<
  ControlValidation,
  "@sso-oidc/emulator/ControlValidation",
  ValidationMiddleware
> = HttpApiMiddleware.Service<ControlValidation>()("@sso-oidc/emulator/ControlValidation", { error: ControlBadRequest })

/**
 * Rejects a malformed request with a sentence that says what is wrong with it.
 *
 * @category api
 * @since 0.1.0
 */
export class ControlValidation extends validationMiddleware {}

const params = {
  /** A user code, or the id of a code authorization. */
  key: Schema.String.annotate({ description: "A user code, or the id of a code authorization" })
}

/**
 * Lists the logins and decides on them, as a person does on the page.
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
      .annotate(OpenApi.Summary, "Let it expire now")
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/authorizations")
  .annotate(OpenApi.Description, "The logins, and the decisions of a person on them")
{}

const accountParams = {
  /** The number of an account: 12 digits. */
  accountId: AccountId.annotate({ description: "The number of an account: 12 digits" })
}

/**
 * Lists the accounts of the portal, and assigns roles to the person.
 *
 * @category api
 * @since 0.1.0
 */
export class Accounts extends HttpApiGroup.make("accounts")
  .add(
    HttpApiEndpoint.get("list", "/", { success: Schema.Array(Account) })
      .annotate(OpenApi.Summary, "Every account by its number, with the assigned roles"),
    HttpApiEndpoint.put("put", "/", { payload: Account, success: Account, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Add an account, or replace the account with this number"),
    HttpApiEndpoint.delete("remove", "/:accountId", { params: accountParams, success: HttpApiSchema.NoContent })
      .annotate(OpenApi.Summary, "Remove an account"),
    HttpApiEndpoint.post("assign", "/:accountId/assign", {
      params: accountParams,
      payload: Role,
      success: Account,
      error: ControlBadRequest
    }).annotate(OpenApi.Summary, "Assign a role to the person"),
    HttpApiEndpoint.post("unassign", "/:accountId/unassign", {
      params: accountParams,
      payload: Role,
      success: Account,
      error: ControlBadRequest
    }).annotate(OpenApi.Summary, "Take a role from the person")
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/accounts")
  .annotate(OpenApi.Description, "The accounts of the portal, and the roles that are assigned to the person")
{}

/**
 * Arms the errors that the next requests get instead of the true response.
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
  .annotate(OpenApi.Description, "Errors that the next requests get instead of the true response")
{}

/**
 * Reads and moves the emulator's clock.
 *
 * @category api
 * @since 0.1.0
 */
export class Clock extends HttpApiGroup.make("clock")
  .add(
    HttpApiEndpoint.get("now", "/", { success: Now })
      .annotate(OpenApi.Summary, "The time of the emulator's clock"),
    HttpApiEndpoint.post("advance", "/", { payload: Advance, success: Now, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Move the emulator's clock, and no other clock")
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/clock")
  .annotate(OpenApi.Description, "The clock that decides when a code expires and when a poll is too early")
{}

/**
 * Reads, puts back and clears the state of the emulator. It holds secrets in the clear.
 *
 * @category api
 * @since 0.1.0
 */
export class State extends HttpApiGroup.make("state")
  .add(
    HttpApiEndpoint.get("snapshot", "/", { success: Snapshot })
      .annotate(OpenApi.Summary, "The whole state, with secrets in the clear"),
    HttpApiEndpoint.post("seed", "/", { payload: Snapshot, success: HttpApiSchema.NoContent, error: ControlBadRequest })
      .annotate(OpenApi.Summary, "Put back a state that GET gave, or a part of it"),
    HttpApiEndpoint.delete("reset", "/", { success: HttpApiSchema.NoContent })
      .annotate(
        OpenApi.Summary,
        "Clear the state, put back the accounts, disarm the faults, and set the clock to the true time"
      )
  )
  .middleware(ControlValidation)
  .middleware(ControlToken)
  .prefix("/control/state")
  .annotate(OpenApi.Description, "The state of the emulator, with secrets in the clear")
{}

/**
 * The control API.
 *
 * @category api
 * @since 0.1.0
 */
export class EmulatorControl extends HttpApi.make("sso-oidc-emulator-control")
  .add(Authorizations, Accounts, Faults, Clock, State)
  // A misspelt member that is ignored would arm another fault than the test means
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
  .annotateMerge(OpenApi.annotations({
    title: "SSO OIDC emulator: control API",
    version,
    description: "Approves logins and arms faults, to test clients of IAM Identity Center's OIDC service and portal"
  }))
{}

// -----------------------------------------------------------------------------
// client
// -----------------------------------------------------------------------------

/**
 * The errors of every request to the control API.
 *
 * @category errors
 * @since 0.1.0
 */
export type ControlError =
  | ControlBadRequest
  | ControlUnauthorized
  | HttpClientError.HttpClientError
  | Schema.SchemaError

/**
 * Names a login.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginRequest {
  /** The parameters of the path. */
  readonly params: {
    /** A user code, or the id of a code authorization. Case, spaces and the dash of a user code do not matter. */
    readonly key: string
  }
}

/**
 * Lists the logins and decides on them, as a person does on the page.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationsClient {
  /** All authorizations that the emulator keeps, the oldest first. */
  readonly list: () => Effect.Effect<ReadonlyArray<Authorization>, ControlError>
  /** One authorization, whatever its status is. */
  readonly lookup: (request: LoginRequest) => Effect.Effect<Authorization, ControlConflict | ControlError>
  /** Approves a login. You can repeat this until the client has its token. */
  readonly approve: (request: LoginRequest) => Effect.Effect<Authorization, ControlConflict | ControlError>
  /** Denies a login. You can repeat this. */
  readonly deny: (request: LoginRequest) => Effect.Effect<Authorization, ControlConflict | ControlError>
  /** Lets a login expire now, decided or not. You can repeat this. */
  readonly expire: (request: LoginRequest) => Effect.Effect<Authorization, ControlConflict | ControlError>
}

/**
 * A change of the roles in an account.
 *
 * @category models
 * @since 0.1.0
 */
export interface RoleRequest extends AccountRequest {
  /** The role. */
  readonly payload: Role
}

/**
 * Names an account.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountRequest {
  /** The parameters of the path. */
  readonly params: {
    /** The number of the account: 12 digits. */
    readonly accountId: string
  }
}

/**
 * Lists the accounts of the portal, and assigns roles to the person.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccountsClient {
  /** All accounts by their numbers, accounts without a role too. */
  readonly list: () => Effect.Effect<ReadonlyArray<Account>, ControlError>
  /** Adds an account, or replaces the account with its number. */
  readonly put: (request: {
    /** The account. */
    readonly payload: Account
  }) => Effect.Effect<Account, ControlError>
  /** Removes an account. You can repeat this. */
  readonly remove: (request: AccountRequest) => Effect.Effect<void, ControlError>
  /** Assigns a role to the person. You can repeat this. It fails with `ControlBadRequest` if the account is unknown. */
  readonly assign: (request: RoleRequest) => Effect.Effect<Account, ControlError>
  /** Takes a role from the person. You can repeat this. It fails with `ControlBadRequest` if the account is unknown. */
  readonly unassign: (request: RoleRequest) => Effect.Effect<Account, ControlError>
}

/**
 * Arms the errors that the next requests get instead of the true response.
 *
 * @category models
 * @since 0.1.0
 */
export interface FaultsClient {
  /** The faults that no request has taken yet. */
  readonly list: () => Effect.Effect<ReadonlyArray<Fault>, ControlError>
  /** Arms a fault for the next requests. It fails with `ControlBadRequest` if no operation lists the exception. */
  readonly arm: (request: {
    /** The fault. */
    readonly payload: Fault
  }) => Effect.Effect<void, ControlError>
  /** Disarms all faults. */
  readonly clear: () => Effect.Effect<void, ControlError>
}

/**
 * Reads and moves the emulator's clock.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClockClient {
  /** The time of the emulator's clock. */
  readonly now: () => Effect.Effect<Now, ControlError>
  /** Moves the emulator's clock, and no other clock. It gives the new time. */
  readonly advance: (request: {
    /** How far. The clock may be at most ten years from the true time. */
    readonly payload: Advance
  }) => Effect.Effect<Now, ControlError>
}

/**
 * Reads, puts back and clears the state of the emulator.
 *
 * @category models
 * @since 0.1.0
 */
export interface StateClient {
  /** The whole state. */
  readonly snapshot: () => Effect.Effect<Snapshot, ControlError>
  /** Puts back a snapshot or a part of one. If it fails with `ControlBadRequest`, the state has not changed. */
  readonly seed: (request: {
    /** The snapshot. */
    readonly payload: Snapshot
  }) => Effect.Effect<void, ControlError>
  /** Clears the state, puts back the accounts of the options, disarms the faults, and sets the clock to the true time. */
  readonly reset: () => Effect.Effect<void, ControlError>
}

/**
 * The client of the control API. It has the groups and names of the service `Emulator`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  /** Lists the logins and decides on them. */
  readonly authorizations: AuthorizationsClient
  /** Lists the accounts, and assigns roles to the person. */
  readonly accounts: AccountsClient
  /** Arms the errors that the next requests get. */
  readonly faults: FaultsClient
  /** Reads and moves the emulator's clock. */
  readonly clock: ClockClient
  /** Reads, puts back and clears the state. */
  readonly state: StateClient
}

/**
 * The client of the control API, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class ControlClient extends Context.Service<ControlClient, Client>()("@sso-oidc/emulator/ControlClient") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Where the control API is, and its token.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions {
  /** The emulator's own URL, such as `http://127.0.0.1:8484`. */
  readonly url: string | URL
  /** The token: `EmulatorServer.controlToken`, or the value of `SSO_OIDC_EMULATOR_CONTROL_TOKEN`. */
  readonly token: Redacted.Redacted
}

/**
 * A client of the control API, over any `HttpClient`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: ClientOptions): Effect.Effect<Client, never, HttpClient.HttpClient> =>
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
  Layer.effect(ControlClient, make(options))
