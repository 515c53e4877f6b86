/**
 * The OIDC service of AWS IAM Identity Center, kept in memory.
 *
 * {@link Emulator} answers RegisterClient, StartDeviceAuthorization and CreateToken as the service does, takes a browser
 * that comes for an authorization code, and lets a person or a program decide on both. It enforces what it hands out:
 * client secrets, expiry, the polling interval, codes that are good for one use, proof keys, and refresh tokens that are
 * good for one refresh. It knows no HTTP and keeps time by Effect's `Clock`, so that `TestClock` moves it.
 *
 * What it remembers is bounded in number and in bytes: see `capacity` and `capacityBytes`. What is past its time is dropped
 * when something new is written.
 *
 * @see RFC 8628, RFC 6749 sections 4.1 and 6, RFC 7636, RFC 7591
 * @since 0.1.0
 */
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Authorization from "./Authorization.ts"
import type * as Fault from "./Fault.ts"
import * as Authorize from "./internal/authorize.ts"
import * as Decisions from "./internal/decisions.ts"
import * as Faults from "./internal/faults.ts"
import * as From from "./internal/from.ts"
import * as Operations from "./internal/operations.ts"
import * as Settings from "./internal/options.ts"
import * as Pkce from "./internal/pkce.ts"
import * as Put from "./internal/snapshot.ts"
import * as Span from "./internal/span.ts"
import * as State from "./internal/state.ts"
import type * as Snapshot from "./Snapshot.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How the emulator behaves.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The polling interval that it hands out, in whole seconds. 1 by default, as the service does. */
  readonly interval?: number | undefined
  /** The life of a device code, and of an authorization code with the page before it, in whole seconds. 600 by default. */
  readonly expiresIn?: number | undefined
  /**
   * Approves each sign-in by itself, that many seconds after it began. Off by default. One that was denied before stays
   * denied.
   */
  readonly autoApprove?: number | undefined
  /** The end of every client id. `emulator` by default. */
  readonly region?: string | undefined
  /**
   * How many registrations, device codes, consents and sessions each are remembered. 10,000 by default.
   *
   * When there is no room, what is over goes first, then what was unused for the longest time. A registration takes its
   * logins and sessions along. A login that was polled, looked at or decided in the last two minutes (or two intervals)
   * stays, and so does its registration. Where all the others are such, the response is `SlowDownException`.
   */
  readonly capacity?: number | undefined
  /**
   * How many bytes the registrations, the device codes, the consents, the sessions and the armed faults each may take,
   * measured by their content. 33,554,432 (32 MiB) by default, at least 131,072. Room is made as for `capacity`; a fault
   * that has no room is refused.
   */
  readonly capacityBytes?: number | undefined
  /**
   * How many requests of RegisterClient and of StartDeviceAuthorization a second of the clock may see before it is
   * `SlowDownException`. 500 by default.
   */
  readonly requestsPerSecond?: number | undefined
}

/**
 * What a browser brings to `/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3). `scopes` are those of the
 * registration where there are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizeRequest {
  readonly clientId?: string | undefined
  readonly redirectUri?: string | undefined
  readonly responseType?: string | undefined
  readonly state?: string | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly codeChallenge?: string | undefined
  readonly codeChallengeMethod?: string | undefined
}

/**
 * Around a request: `origin` is where the approval page is, `http://localhost` by default; `from` is where the request
 * came from, for the person to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Around {
  readonly origin?: string | undefined
  readonly from?: Authorization.From | undefined
}

/**
 * What the emulator offers.
 *
 * `lookup`, `approve`, `deny` and `expire` take a user code, for which case, spaces and the dash do not matter, or the id
 * of a sign-in at `/authorize`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Registers a public client for 90 days. */
  readonly registerClient: (
    request: RegisterClient.Request
  ) => Effect.Effect<RegisterClient.Response, RegisterClient.Exception>
  /** Hands out a device code. */
  readonly startDeviceAuthorization: (
    request: StartDeviceAuthorization.Request,
    around?: Around
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Exception>
  /** Trades an approved device code, an authorization code, or a refresh token, for a token. */
  readonly createToken: (request: CreateToken.Request) => Effect.Effect<CreateToken.Response, CreateToken.Exception>
  /** Begins a sign-in in a browser. */
  readonly authorize: (
    request: AuthorizeRequest,
    around?: Around
  ) => Effect.Effect<Authorization.CodeAuthorization, AuthorizeError>

  /** The sign-in, whatever became of it. */
  readonly lookup: (key: string) => Effect.Effect<Authorization.Authorization, DecisionError>
  /** Allows the sign-in. Once more does no harm, until the client has its token. */
  readonly approve: (key: string) => Effect.Effect<Authorization.Authorization, DecisionError>
  /** Denies the sign-in. Once more does no harm. */
  readonly deny: (key: string) => Effect.Effect<Authorization.Authorization, DecisionError>
  /** Ends the sign-in's time now, decided or not. Once more does no harm. */
  readonly expire: (key: string) => Effect.Effect<Authorization.Authorization, DecisionError>
  /** Every sign-in that is remembered, the oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<Authorization.Authorization>>

  /** What requests over HTTP get in place of the true answer; it fails where no operation could answer so. */
  readonly arm: (fault: Fault.Fault) => Effect.Effect<void, EmulatorError>
  /** The faults that no request took yet. */
  readonly armed: Effect.Effect<ReadonlyArray<Fault.Fault>>
  /** Takes the fault that the next request of the operation gets. */
  readonly take: (operation: string) => Effect.Effect<Fault.Fault | undefined>

  /** The option of that name. */
  readonly autoApprove: number | undefined
  /** The option of that name: so many bytes each kind may take. */
  readonly capacityBytes: number
  /** Milliseconds since 1970, by the emulator's clock: Effect's, and what {@link Service.advance} added. */
  readonly now: Effect.Effect<number>
  /** Moves the emulator's clock, and it alone, forward; negative durations set it back. Gives what it then shows. */
  readonly advance: (duration: Duration.Input) => Effect.Effect<number, EmulatorError>

  /** All that it remembers. */
  readonly snapshot: Effect.Effect<Snapshot.Snapshot>
  /** Puts a snapshot, or parts of one, into what it remembers. All of it, or nothing where it fails. */
  readonly seed: (snapshot: Snapshot.Snapshot) => Effect.Effect<void, EmulatorError>
  /** Forgets everything: sign-ins, faults, and what was added to the clock. */
  readonly reset: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const problems = {
  unknown: "no sign-in has this code",
  expired: "the code has expired",
  used: "the client already has its token",
  approved: "the sign-in was already approved",
  denied: "the sign-in was already denied"
}

/**
 * Why nothing can be decided on a login.
 *
 * - `unknown`: no login has this code.
 * - `expired`: its code has expired.
 * - `used`: its client already has the token.
 * - `approved`, `denied`: it was already decided, the other way.
 *
 * @category errors
 * @since 0.1.0
 */
export type DecisionProblem = "unknown" | Exclude<Authorization.Status, "pending">

/**
 * Nothing can be decided on this sign-in.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecisionError extends Data.TaggedError("DecisionError")<{ readonly problem: DecisionProblem }> {
  override readonly message: string = `Nothing was decided: ${problems[this.problem]}.`
}

/**
 * The browser goes back to the client at once: `location` is its redirect URI with the `error`.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizeRefused extends Data.TaggedError("AuthorizeRefused")<{
  readonly error: string
  readonly location: Redacted.Redacted
}> {
  override readonly message: string = `The sign-in cannot begin: ${this.error}, and the client is told so.`
}

/**
 * The exceptions that the browser shows, since its client or its redirect URI is wrong.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthorizeException =
  | SsoOidcError.InvalidClientException
  | SsoOidcError.InvalidRedirectUriException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.UnauthorizedClientException

/**
 * Why a sign-in in a browser cannot begin: an exception where the client or its redirect URI is wrong, and all else as
 * `AuthorizeRefused`.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthorizeError = AuthorizeException | AuthorizeRefused

const failures = {
  options: "The emulator cannot start",
  listen: "The emulator cannot start",
  fault: "The fault cannot be armed",
  clock: "The clock cannot be moved",
  seed: "The snapshot cannot be put in"
}

/**
 * The emulator cannot do what its keeper asks: start with these options, have this port, arm this fault, move the clock,
 * or take this snapshot.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmulatorError extends Data.TaggedError("EmulatorError")<{
  readonly problem: keyof typeof failures
  readonly detail: string
}> {
  override readonly message: string = `${failures[this.problem]}: ${this.detail}.`
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
 * const approve = (userCode: string) => Emulator.Emulator.use((emulator) => emulator.approve(userCode))
 * const main = approve("BCDF-GHJK").pipe(Effect.provide(Emulator.layer({ expiresIn: 60 })))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Emulator extends Context.Service<Emulator, Service>()("@sso-oidc/emulator/Emulator") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

// Past this the date of an answer would be none
const furthest = Duration.days(10 * 365)

/**
 * An emulator that remembers nothing yet. Fails with `EmulatorError` where an option cannot be used.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Service, EmulatorError> {
  const settings = yield* Effect.fromResult(Settings.check(options)).pipe(
    Effect.mapError((detail) => new EmulatorError({ problem: "options", detail }))
  )
  const state = State.make(settings)
  const operations = Operations.make(settings, state)
  const authorize = Authorize.make(settings, state)
  const decisions = Decisions.make(state)
  const faults = Faults.make(settings.capacityBytes)
  let ahead = 0

  const now = Effect.map(Clock.currentTimeMillis, (millis) => millis + ahead)

  /** A transition at the time that it is now. */
  const at = <A, E>(name: string, transition: (now: number) => Result.Result<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(now, (millis) => Effect.fromResult(transition(millis))).pipe(Span.named(`Emulator.${name}`))

  const deciding = (
    name: string,
    transition: (key: string, now: number) => Result.Result<Authorization.Authorization, DecisionProblem>
  ) =>
  (key: string) => at(name, (now) => Result.mapError(transition(key, now), (problem) => new DecisionError({ problem })))

  const failing = (problem: EmulatorError["problem"]) => (detail: string) => new EmulatorError({ problem, detail })

  return Emulator.of({
    registerClient: (request) => at("registerClient", (now) => operations.register(request, now)),
    startDeviceAuthorization: (request, { from, origin = "http://localhost" } = {}) =>
      at("startDeviceAuthorization", (now) => operations.start(request, origin, From.kept(from), now)),
    createToken: Effect.fnUntraced(function*(request) {
      const verifier = request.grantType === "authorization_code" ? request.codeVerifier : undefined
      // before the transition, which must not wait for anything
      const challenge = verifier === undefined ? undefined : yield* Pkce.challenge(Redacted.value(verifier))
      return yield* at("createToken", (now) => operations.exchange(request, challenge, now))
    }),
    authorize: (request, { from } = {}) =>
      at("authorize", (now) =>
        Result.flatMap(
          authorize(request, From.kept(from), now),
          (begun): Result.Result<Authorization.CodeAuthorization, AuthorizeError> => {
            if (begun._tag === "Consent") return Result.succeed(decisions.consent(begun, now))
            const location = Redacted.make(begun.location, { label: "location" })
            return Result.fail(new AuthorizeRefused({ error: begun.error, location }))
          }
        )),

    lookup: deciding("lookup", decisions.lookup),
    approve: deciding("approve", (key, now) => decisions.decide(key, "approved", now)),
    deny: deciding("deny", (key, now) => decisions.decide(key, "denied", now)),
    expire: deciding("expire", decisions.expire),
    list: Effect.map(now, decisions.list),

    arm: (fault) => Effect.suspend(() => Effect.fromResult(Result.mapError(faults.arm(fault), failing("fault")))),
    armed: Effect.sync(faults.list),
    take: (operation) => Effect.sync(() => faults.take(operation)),

    autoApprove: settings.autoApprove,
    capacityBytes: settings.capacityBytes,
    now,
    advance: Effect.fnUntraced(function*(duration) {
      const by = Duration.toMillis(duration)
      if (!Number.isFinite(by) || Math.abs(ahead + by) > Duration.toMillis(furthest)) {
        return yield* failing("clock")("it may be at most ten years from the true time")
      }
      ahead += Math.trunc(by)
      return yield* now
    }),

    snapshot: Effect.map(now, (millis) => Put.take(state, millis)),
    seed: (snapshot) => at("seed", (now) => Result.mapError(Put.put(state, snapshot, settings, now), failing("seed"))),
    reset: Effect.sync(() => {
      state.clear()
      faults.clear()
      ahead = 0
    })
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The emulator as a layer, for programs that talk to it without HTTP.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Emulator, EmulatorError> =>
  Layer.effect(Emulator, make(options))
