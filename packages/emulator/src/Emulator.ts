/**
 * The OIDC service and the access portal of AWS IAM Identity Center, kept in memory.
 *
 * {@link Emulator} responds to RegisterClient, StartDeviceAuthorization and CreateToken as the service does. It also accepts
 * a browser that comes for an authorization code. With an access token, a client lists accounts and roles, gets credentials of a
 * role, and logs out. The credentials are random, and open nothing. A person or a program approves or denies each login. The emulator
 * enforces client secrets, expiry, the polling interval and proof keys. A code is valid for one use. So is a refresh token, unless
 * the option `rotation` is `lenient`.
 *
 * It does not use HTTP. It measures time with Effect's `Clock`, so `TestClock` moves it.
 *
 * `authorizations`, `accounts`, `faults`, `clock` and `state` are for tests. `EmulatorControl` has the same groups and names over HTTP.
 *
 * Its memory is bounded: see `capacity` and `capacityBytes`. Each time it writes a new entry, it drops what has expired.
 *
 * @see RFC 8628, RFC 6749 sections 4.1 and 6, RFC 7636, RFC 7591
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import type * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import type * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import type * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import type * as Logout from "@sso-oidc/portal/Logout"
import * as EffectClock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import type * as Account from "./Account.ts"
import type * as Application from "./Application.ts"
import type * as Authorization from "./Authorization.ts"
import * as EmulatorError from "./EmulatorError.ts"
import type * as Fault from "./Fault.ts"
import * as PersonsAccounts from "./internal/service/accounts.ts"
import * as Authorize from "./internal/service/authorize.ts"
import * as Decisions from "./internal/service/decisions.ts"
import * as ArmedFaults from "./internal/service/faults.ts"
import * as Iam from "./internal/service/iam.ts"
import * as Operations from "./internal/service/operations.ts"
import * as Settings from "./internal/service/options.ts"
import * as Portal from "./internal/service/portal.ts"
import * as Snapshots from "./internal/service/snapshot.ts"
import * as Memory from "./internal/service/state.ts"
import type * as Snapshot from "./Snapshot.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of the emulator. A value that it cannot use is an `EmulatorError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The polling interval that StartDeviceAuthorization returns: whole seconds, from 1 second to 24 days. 1 second by
   * default, as the service's. A bare number counts milliseconds: write `"5 seconds"`.
   */
  readonly interval?: Duration.Input | undefined
  /**
   * How long a device code, or an authorization code and its page, is valid: whole seconds, from 1 second to 24 days. 10
   * minutes by default. A bare number counts milliseconds: write `"60 seconds"`.
   */
  readonly expiresIn?: Duration.Input | undefined
  /**
   * Approves each login without a person, this long after its start: zero, or any finite duration of 1 second or more. Off
   * by default. A bare number counts milliseconds: write `"3 seconds"`. A login that was denied before stays denied.
   */
  readonly autoApprove?: Duration.Input | undefined
  /**
   * What a used refresh token gets. `strict`, the default: `InvalidGrantException`, so each token is valid for one refresh.
   * `lenient`: it continues its session, as AWS was seen to do, and the response has a new refresh token. Each session keeps the 64
   * used tokens that came last, and forgets the others. The emulator refuses any other text.
   */
  readonly rotation?: "strict" | "lenient" | undefined
  /**
   * How long a session lasts after its login: whole seconds, from 1 second to 90 days. 8 hours by default, as at AWS. A refresh
   * does not prolong it. A bare number counts milliseconds: write `"60 seconds"`.
   */
  readonly sessionDuration?: Duration.Input | undefined
  /**
   * How long an access token with scopes is valid: whole seconds, from 1 second to 90 days. 1 hour by default, as at AWS. It never
   * outlives its session: `expiresIn` is at most the rest of the session. A bare number counts milliseconds: write `"60 seconds"`.
   */
  readonly accessTokenLifetime?: Duration.Input | undefined
  /** The region in each client id. `emulator` by default. It must be a host label in lower case, such as `eu-west-1`. */
  readonly region?: string | undefined
  /**
   * How many entries of each kind it keeps: registrations, device authorizations, code authorizations, sessions and access
   * tokens. A whole number of at least 1. 10,000 by default.
   *
   * When there is no room, it drops used and expired entries first, and then the least recently used one. With a
   * registration it drops the client's logins, sessions and access tokens. It keeps a login that was polled, looked at or decided in the
   * last two minutes (or two intervals, if that is longer), and its registration. If all entries are in use like this, the
   * response is `SlowDownException`.
   */
  readonly capacity?: number | undefined
  /**
   * How many bytes of content it keeps of each kind, and of the armed faults. A whole number of at least 131,072 (128
   * KiB). 33,554,432 (32 MiB) by default. When there is no room, it drops entries as for `capacity`. It refuses a fault for
   * which there is no room.
   */
  readonly capacityBytes?: number | undefined
  /**
   * How many requests of RegisterClient, of StartDeviceAuthorization, and of CreateTokenWithIAM, it accepts in one second of its
   * clock. Each further request gets `SlowDownException`. A whole number of at least 1. 500 by default.
   */
  readonly requestsPerSecond?: number | undefined
  /**
   * How many requests of the portal it accepts with one access token in any second of its clock. Each further request gets
   * `TooManyRequestsException`, and counts too. A whole number from 1 to 1,000. 19 by default, as AWS was seen to do.
   */
  readonly portalRequestsPerSecond?: number | undefined
  /**
   * The accounts of the portal, with the roles that are assigned to the person: at most 10,000, within `capacityBytes`. By default
   * `Account.defaults`: two accounts with three roles in all. It refuses an account that is there twice.
   */
  readonly accounts?: ReadonlyArray<Account.Account> | undefined
  /**
   * How long credentials of a role are valid: whole seconds, from 1 second to 12 hours. 1 hour by default, as at AWS. They outlive
   * the session and its logout. A bare number counts milliseconds: write `"60 seconds"`.
   */
  readonly roleSessionDuration?: Duration.Input | undefined
  /**
   * The applications of CreateTokenWithIAM. `Application.defaults` by default: one, with all grants and scopes. Each needs an ARN of the form
   * `arn:aws:sso::111122223333:application/ssoins-…/apl-…`.
   */
  readonly applications?: ReadonlyArray<Application.Application> | undefined
  /** The access keys that may sign CreateTokenWithIAM. `Application.accessKeys` by default: the key of AWS's own examples. */
  readonly accessKeys?: ReadonlyArray<Application.AccessKey> | undefined
}

/**
 * The request of a browser at `/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizeRequest {
  /** The id of the registration. Required. */
  readonly clientId?: string | undefined
  /** A redirect URI that the client registered. A loopback URI may have any port. Required. */
  readonly redirectUri?: string | undefined
  /** It must be `code`. */
  readonly responseType?: string | undefined
  /** The client's own text, which the browser brings back. Absent by default. */
  readonly state?: string | undefined
  /** Some of the scopes that the client registered. All of them by default. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The challenge of the proof key: 43 characters of base64url. Required. */
  readonly codeChallenge?: string | undefined
  /** It must be `S256`. */
  readonly codeChallengeMethod?: string | undefined
}

/**
 * What the transport knows about a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestContext {
  /** The origin of the page on which a person decides. `http://localhost` by default. */
  readonly origin?: string | undefined
  /** The program that sent the request. The page shows it. The emulator keeps 512 characters of each text. */
  readonly requester?:
    | {
      /** The IP address on the other side of the connection. Absent if there is no connection. */
      readonly address?: string | undefined
      /** The header `user-agent`. */
      readonly userAgent?: string | undefined
    }
    | undefined
}

/**
 * Lists the logins and decides on them, as a person does on the page. `key` is a user code or the id of a code
 * authorization. Case, spaces and the dash of a user code do not matter.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorizations {
  /** All authorizations that the emulator keeps, the oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<Authorization.Authorization>>
  /** One authorization, whatever its status is. */
  readonly lookup: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Approves a login. You can repeat this until the client has its token. */
  readonly approve: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Denies a login. You can repeat this. */
  readonly deny: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Lets a login expire now, decided or not. You can repeat this. It fails if the client has its token. */
  readonly expire: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
}

/**
 * The accounts of the portal, and the roles that are assigned to the person. There is one person, who makes every login.
 *
 * @category models
 * @since 0.1.0
 */
export interface Accounts {
  /** All accounts by their numbers, accounts without a role too. The roles are in the order of their names. */
  readonly list: Effect.Effect<ReadonlyArray<Account.Account>>
  /** Adds an account, or replaces the account with its number. It fails if a member is wrong, or if there is no room. */
  readonly put: (account: Account.Account) => Effect.Effect<Account.Account, EmulatorError.EmulatorError>
  /** Removes an account. You can repeat this. */
  readonly remove: (accountId: string) => Effect.Effect<void>
  /** Assigns a role to the person, and makes the role if it is new. You can repeat this. It fails if the account is unknown. */
  readonly assign: (accountId: string, roleName: string) => Effect.Effect<Account.Account, EmulatorError.EmulatorError>
  /** Takes a role from the person. You can repeat this. It fails if the account is unknown. */
  readonly unassign: (
    accountId: string,
    roleName: string
  ) => Effect.Effect<Account.Account, EmulatorError.EmulatorError>
}

/**
 * Arms the errors that the next requests over HTTP get instead of the true response.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  /**
   * Arms a fault for the next requests. It fails if no operation lists the exception, if a duration is not from 0 to 24
   * days, or if 1,000 faults are armed already.
   */
  readonly arm: (fault: Fault.Fault) => Effect.Effect<void, EmulatorError.EmulatorError>
  /** The faults that no request has taken yet. */
  readonly list: Effect.Effect<ReadonlyArray<Fault.Fault>>
  /** Disarms all faults. */
  readonly clear: Effect.Effect<void>
  /** Takes the fault that the next request of this operation gets. The routes call it, so a test does not have to. */
  readonly take: (operation: string) => Effect.Effect<Fault.Fault | undefined>
}

/**
 * The emulator's own clock: the time of Effect's `Clock`, plus what `advance` added.
 *
 * @category models
 * @since 0.1.0
 */
export interface Clock {
  /** The time, in milliseconds since 1970. */
  readonly now: Effect.Effect<number>
  /**
   * Moves the emulator's clock, and no other clock. A negative duration sets it back. It gives the new time, in milliseconds
   * since 1970. A bare number counts milliseconds: write `"60 seconds"`. It fails if the clock would be more than ten years
   * from the true time.
   */
  readonly advance: (duration: Duration.Input) => Effect.Effect<number, EmulatorError.EmulatorError>
}

/**
 * The state of the emulator.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  /** The whole state as a value, without expired registrations and sessions, and without logins of such registrations. */
  readonly snapshot: Effect.Effect<Snapshot.Snapshot>
  /** Puts in a snapshot, which may hold only a few entries. If it fails, the state has not changed. */
  readonly seed: (snapshot: Snapshot.Snapshot) => Effect.Effect<void, EmulatorError.EmulatorError>
  /** Clears the state, puts back the accounts of the options, disarms the faults, and sets the clock to the true time. */
  readonly reset: Effect.Effect<void>
}

/**
 * The operations of both services, and what a test needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Registers a public client for 90 days. */
  readonly registerClient: (
    request: RegisterClient.Request
  ) => Effect.Effect<RegisterClient.Response, RegisterClient.Exception>
  /** Starts a login with a device code. */
  readonly startDeviceAuthorization: (
    request: StartDeviceAuthorization.Request,
    context?: RequestContext
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Exception>
  /** Exchanges an approved device code, an authorization code, or a refresh token for a token. */
  readonly createToken: (request: CreateToken.Request) => Effect.Effect<CreateToken.Response, CreateToken.Exception>
  /**
   * Exchanges a code, a token or an assertion of an application for a token. Over HTTP the request has to be signed by one of `accessKeys`.
   */
  readonly createTokenWithIAM: (
    request: CreateTokenWithIAM.Request
  ) => Effect.Effect<CreateTokenWithIAM.Response, CreateTokenWithIAM.Exception>
  /** Starts a login in a browser, as `GET /authorize` does. */
  readonly authorize: (
    request: AuthorizeRequest,
    context?: RequestContext
  ) => Effect.Effect<Authorization.CodeAuthorization, EmulatorError.AuthorizeError>
  /** Lists a page of the accounts in which the person has a role. A page has 20 accounts if the request asks for no number. */
  readonly listAccounts: (
    request: ListAccounts.Request
  ) => Effect.Effect<ListAccounts.Response, ListAccounts.Exception>
  /** Lists a page of the roles that the person has in an account. A page has 20 roles if the request asks for no number. */
  readonly listAccountRoles: (
    request: ListAccountRoles.Request
  ) => Effect.Effect<ListAccountRoles.Response, ListAccountRoles.Exception>
  /** Gives random credentials for a role that is assigned to the person. */
  readonly getRoleCredentials: (
    request: GetRoleCredentials.Request
  ) => Effect.Effect<GetRoleCredentials.Response, GetRoleCredentials.Exception>
  /** Ends the session of an access token, with all its tokens. */
  readonly logout: (request: Logout.Request) => Effect.Effect<Logout.Response, Logout.Exception>

  /** Lists the logins and decides on them. */
  readonly authorizations: Authorizations
  /** Lists the accounts, and assigns roles to the person. */
  readonly accounts: Accounts
  /** Arms the errors that the next requests over HTTP get. */
  readonly faults: Faults
  /** Reads and moves the emulator's own clock. */
  readonly clock: Clock
  /** Reads, puts back and clears the state. */
  readonly state: State

  /** The option `autoApprove`. */
  readonly autoApprove: Duration.Duration | undefined
  /** The option `capacityBytes`, in bytes. */
  readonly capacityBytes: number
  /** The option `region`. */
  readonly region: string
  /** The option `accessKeys`. */
  readonly accessKeys: ReadonlyArray<Application.AccessKey>
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The emulator as a service.
 *
 * @example
 * ```ts
 * import * as Emulator from "@sso-oidc/emulator/Emulator"
 * import * as Effect from "effect/Effect"
 *
 * const approve = (userCode: string) =>
 *   Emulator.Emulator.use((emulator) => emulator.authorizations.approve(userCode))
 * const main = approve("BCDF-GHJK").pipe(Effect.provide(Emulator.layer({ expiresIn: "1 minute" })))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Emulator extends Context.Service<Emulator, Service>()("@sso-oidc/emulator/Emulator") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

// Past this the emulator could not write the header `date`
const furthest = Duration.days(10 * 365)

/**
 * An emulator with an empty state. It fails with `EmulatorError` if it cannot use an option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Service, EmulatorError.EmulatorError> {
  const settings = yield* Effect.fromResult(Settings.check(options)).pipe(
    Effect.mapError((detail) => new EmulatorError.EmulatorError({ problem: "options", detail }))
  )
  const state = Memory.make(settings)
  const operations = Operations.make(settings, state)
  const authorize = Authorize.make(settings, state)
  const decisions = Decisions.make(state)
  const accounts = PersonsAccounts.make(settings.capacityBytes)
  accounts.replace(settings.accounts)
  const portal = Portal.make(settings, state, accounts)
  const iam = Iam.make(settings, state)
  const faults = ArmedFaults.make(settings.capacityBytes)
  let ahead = 0

  const now = Effect.map(EffectClock.currentTimeMillis, (millis) => millis + ahead)

  /** Runs a transition at the current time. */
  const at = <A, E>(name: string, transition: (now: number) => Result.Result<A, E>): Effect.Effect<A, E> => {
    const run = Effect.flatMap(now, (millis) => Effect.fromResult(transition(millis)))
    // Effect's own tracer shows its spans to no one
    return Effect.flatMap(
      Tracer.Tracer,
      (tracer) => tracer === Tracer.nativeTracer ? run : Wire.withSpan(`Emulator.${name}`)(run)
    )
  }

  /** Computes the hash of a code verifier or of an assertion before the transition, because a transition is synchronous. */
  const hashed = <A, E>(
    request: CreateToken.Request | CreateTokenWithIAM.Request,
    exchange: (hash: string | undefined) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> => {
    const text = request.grantType === "authorization_code"
      ? request.codeVerifier
      : request.grantType === CreateTokenWithIAM.jwtBearerGrantType
      ? request.assertion
      : undefined
    return text === undefined ? exchange(undefined) : Effect.flatMap(Authorize.hashOf(Redacted.value(text)), exchange)
  }

  const deciding = (
    name: string,
    transition: (key: string, now: number) => Result.Result<Authorization.Authorization, EmulatorError.DecisionProblem>
  ) =>
  (key: string) =>
    at(name, (now) => Result.mapError(transition(key, now), (problem) => new EmulatorError.DecisionError({ problem })))

  const failing = (problem: EmulatorError.EmulatorError["problem"]) => (detail: string) =>
    new EmulatorError.EmulatorError({ problem, detail })

  const changing = (change: () => Result.Result<Account.Account, string>) =>
    Effect.suspend(() => Effect.fromResult(Result.mapError(change(), failing("account"))))

  return Emulator.of({
    registerClient: (request) => at("registerClient", (now) => operations.register(request, now)),
    startDeviceAuthorization: (request, { origin = "http://localhost", requester } = {}) =>
      at("startDeviceAuthorization", (now) => operations.start(request, origin, Memory.requester(requester), now)),
    createToken: (request) =>
      hashed(request, (challenge) => at("createToken", (now) => operations.exchange(request, challenge, now))),
    createTokenWithIAM: (request) =>
      hashed(request, (hash) => at("createTokenWithIAM", (now) => iam.exchange(request, hash, now))),
    authorize: (request, { requester } = {}) =>
      at("authorize", (now) =>
        Result.flatMap(
          authorize(request, Memory.requester(requester), now),
          (begun): Result.Result<Authorization.CodeAuthorization, EmulatorError.AuthorizeError> => {
            if (begun._tag === "CodeAuthorization") return Result.succeed(decisions.code(begun, now))
            const location = Redacted.make(begun.location, { label: "location" })
            return Result.fail(new EmulatorError.AuthorizeErrorRedirect({ error: begun.error, location }))
          }
        )),
    listAccounts: (request) => at("listAccounts", (now) => portal.listAccounts(request, now)),
    listAccountRoles: (request) => at("listAccountRoles", (now) => portal.listAccountRoles(request, now)),
    getRoleCredentials: (request) => at("getRoleCredentials", (now) => portal.getRoleCredentials(request, now)),
    logout: (request) => at("logout", (now) => portal.logout(request, now)),

    authorizations: {
      list: Effect.map(now, decisions.list),
      lookup: deciding("lookup", decisions.lookup),
      approve: deciding("approve", (key, now) => decisions.decide(key, "approved", now)),
      deny: deciding("deny", (key, now) => decisions.decide(key, "denied", now)),
      expire: deciding("expire", decisions.expire)
    },
    accounts: {
      list: Effect.sync(accounts.list),
      put: (account) => changing(() => accounts.put(account)),
      remove: (accountId) => Effect.sync(() => accounts.remove(accountId)),
      assign: (accountId, roleName) => changing(() => accounts.assign(accountId, roleName)),
      unassign: (accountId, roleName) => changing(() => accounts.unassign(accountId, roleName))
    },
    faults: {
      arm: (fault) => Effect.suspend(() => Effect.fromResult(Result.mapError(faults.arm(fault), failing("fault")))),
      list: Effect.sync(faults.list),
      clear: Effect.sync(faults.clear),
      take: (operation) => Effect.sync(() => faults.take(operation))
    },
    clock: {
      now,
      advance: Effect.fnUntraced(function*(duration) {
        const given = Settings.durationOf(duration)
        if (given === undefined) {
          return yield* failing("clock")(`duration must be a duration, not ${Settings.shown(duration)}`)
        }
        const by = Duration.toMillis(given)
        if (!Number.isFinite(by) || Math.abs(ahead + by) > Duration.toMillis(furthest)) {
          return yield* failing("clock")("it may be at most ten years from the true time; give a smaller duration")
        }
        ahead += Math.trunc(by)
        return yield* now
      })
    },
    state: {
      snapshot: Effect.map(now, (millis) => Snapshots.take(state, accounts, millis)),
      seed: (snapshot) =>
        at("seed", (now) => Result.mapError(Snapshots.put(state, accounts, snapshot, settings, now), failing("seed"))),
      reset: Effect.sync(() => {
        state.clear()
        accounts.replace(settings.accounts)
        faults.clear()
        iam.clear()
        ahead = 0
      })
    },

    autoApprove: settings.autoApprove,
    capacityBytes: settings.capacityBytes,
    region: settings.region,
    accessKeys: settings.accessKeys
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The emulator as a layer, for programs that call it without HTTP.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Emulator, EmulatorError.EmulatorError> =>
  Layer.effect(Emulator, make(options))
