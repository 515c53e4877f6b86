/**
 * The OIDC service of AWS IAM Identity Center, kept in memory.
 *
 * {@link Emulator} responds to RegisterClient, StartDeviceAuthorization and CreateToken as the service does, and takes a
 * browser that comes for an authorization code. A person or a program approves or denies both. It enforces what it hands
 * out: client secrets, expiry, the polling interval, codes that are good for one use, proof keys, and refresh tokens that
 * are good for one refresh. It knows no HTTP and keeps time by Effect's `Clock`, so that `TestClock` moves it.
 *
 * `authorizations`, `faults`, `clock` and `state` are for tests. `EmulatorControl` offers the same over HTTP, by the same
 * names.
 *
 * What it remembers is bounded in number and in bytes: see `capacity` and `capacityBytes`. What is past its time is dropped
 * when something new is written.
 *
 * @see RFC 8628, RFC 6749 sections 4.1 and 6, RFC 7636, RFC 7591
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as EffectClock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Authorization from "./Authorization.ts"
import * as EmulatorError from "./EmulatorError.ts"
import type * as Fault from "./Fault.ts"
import * as Authorize from "./internal/service/authorize.ts"
import * as Decisions from "./internal/service/decisions.ts"
import * as ArmedFaults from "./internal/service/faults.ts"
import * as Operations from "./internal/service/operations.ts"
import * as Settings from "./internal/service/options.ts"
import * as Snapshots from "./internal/service/snapshot.ts"
import * as Memory from "./internal/service/state.ts"
import type * as Snapshot from "./Snapshot.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How the emulator behaves. An option that cannot be used is an `EmulatorError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The polling interval that it hands out: whole seconds, up to 24 days. 1 second by default, as the service's. A bare
   * number counts milliseconds: write `"5 seconds"`.
   */
  readonly interval?: Duration.Input | undefined
  /**
   * The life of a device code, and of an authorization code with the page before it: whole seconds, up to 24 days. 10
   * minutes by default. A bare number counts milliseconds: write `"60 seconds"`.
   */
  readonly expiresIn?: Duration.Input | undefined
  /**
   * Approves each login by itself, that long after it began: zero, or any finite duration of 1 second or more. Off by
   * default. A bare number counts milliseconds: write `"3 seconds"`. A login that was denied before stays denied.
   */
  readonly autoApprove?: Duration.Input | undefined
  /** The end of every client id: a host label. `emulator` by default. */
  readonly region?: string | undefined
  /**
   * How many registrations, device authorizations, code authorizations and sessions each are remembered. 10,000 by
   * default, at least 1.
   *
   * When there is no room, what is over goes first, then what was unused for the longest time. A registration takes its
   * logins and sessions along. A login that was polled, looked at or decided in the last two minutes (or two intervals)
   * stays, and so does its registration. Where all the others are such, the response is `SlowDownException`.
   */
  readonly capacity?: number | undefined
  /**
   * How many bytes the registrations, the device authorizations, the code authorizations, the sessions and the armed
   * faults each may take, measured by their content. 33,554,432 (32 MiB) by default, at least 131,072. Room is made as for
   * `capacity`; a fault that has no room is not armed.
   */
  readonly capacityBytes?: number | undefined
  /**
   * How many requests of RegisterClient and of StartDeviceAuthorization a second of the clock may see before the response
   * is `SlowDownException`. 500 by default, at least 1.
   */
  readonly requestsPerSecond?: number | undefined
}

/**
 * What a browser brings to `/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizeRequest {
  /** The id of the registration. */
  readonly clientId?: string | undefined
  /** A redirect URI that the client registered; one to loopback with any port. */
  readonly redirectUri?: string | undefined
  /** It must be `code`. */
  readonly responseType?: string | undefined
  /** The client's own text, which the browser brings back. */
  readonly state?: string | undefined
  /** Scopes that the client registered. All of them by default. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The challenge of the proof key. */
  readonly codeChallenge?: string | undefined
  /** It must be `S256`. */
  readonly codeChallengeMethod?: string | undefined
}

/**
 * What a transport tells of a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestContext {
  /** Where the page is on which a person decides. `http://localhost` by default. */
  readonly origin?: string | undefined
  /** The program that sent the request, for the person to read. 512 characters of each text are kept. */
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
 * The logins that wait for a person, and what a person does to them. `key` is a user code, for which case, spaces and the
 * dash do not matter, or the id of a code authorization.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorizations {
  /** Every authorization that is remembered, the oldest first. */
  readonly list: Effect.Effect<ReadonlyArray<Authorization.Authorization>>
  /** The authorization, whatever its status is. */
  readonly lookup: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Approves. Once more does no harm, until the client has its token. */
  readonly approve: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Denies. Once more does no harm. */
  readonly deny: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
  /** Ends its time now, decided or not. Once more does no harm. */
  readonly expire: (key: string) => Effect.Effect<Authorization.Authorization, EmulatorError.DecisionError>
}

/**
 * What the next requests over HTTP get in place of the true response.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  /** Arms a fault for the next requests. It fails where no operation lists the exception. */
  readonly arm: (fault: Fault.Fault) => Effect.Effect<void, EmulatorError.EmulatorError>
  /** The faults that no request has taken yet. */
  readonly list: Effect.Effect<ReadonlyArray<Fault.Fault>>
  /** Disarms all of them. */
  readonly clear: Effect.Effect<void>
  /** Takes the fault that the next request of the operation gets. The routes use it; a test has no need to. */
  readonly take: (operation: string) => Effect.Effect<Fault.Fault | undefined>
}

/**
 * The emulator's own clock: Effect's, and what `advance` added.
 *
 * @category models
 * @since 0.1.0
 */
export interface Clock {
  /** What it shows, in milliseconds since 1970. */
  readonly now: Effect.Effect<number>
  /**
   * Moves it, and it alone, forward; a negative duration sets it back. Gives what it then shows. A bare number counts
   * milliseconds: write `"60 seconds"`.
   */
  readonly advance: (duration: Duration.Input) => Effect.Effect<number, EmulatorError.EmulatorError>
}

/**
 * All that the emulator remembers.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  /** All of it, as a value. */
  readonly snapshot: Effect.Effect<Snapshot.Snapshot>
  /** Puts in a snapshot, or parts of one. All of it, or nothing where it fails. */
  readonly seed: (snapshot: Snapshot.Snapshot) => Effect.Effect<void, EmulatorError.EmulatorError>
  /** Forgets everything: authorizations, faults, and what was added to the clock. */
  readonly reset: Effect.Effect<void>
}

/**
 * What the emulator offers.
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
    context?: RequestContext
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Exception>
  /** Trades an approved device code, an authorization code, or a refresh token, for a token. */
  readonly createToken: (request: CreateToken.Request) => Effect.Effect<CreateToken.Response, CreateToken.Exception>
  /** Begins a login in a browser. */
  readonly authorize: (
    request: AuthorizeRequest,
    context?: RequestContext
  ) => Effect.Effect<Authorization.CodeAuthorization, EmulatorError.AuthorizeError>

  /** The logins that wait for a person, and what a person does to them. */
  readonly authorizations: Authorizations
  /** What the next requests over HTTP get in place of the true response. */
  readonly faults: Faults
  /** The emulator's own clock. */
  readonly clock: Clock
  /** All that the emulator remembers. */
  readonly state: State

  /** The option of that name. */
  readonly autoApprove: Duration.Duration | undefined
  /** The option of that name, in bytes. */
  readonly capacityBytes: number
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

// Past this the header `date` could not be written
const furthest = Duration.days(10 * 365)

/**
 * An emulator that remembers nothing yet. Fails with `EmulatorError` where an option cannot be used.
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
  const faults = ArmedFaults.make(settings.capacityBytes)
  let ahead = 0

  const now = Effect.map(EffectClock.currentTimeMillis, (millis) => millis + ahead)

  /** A transition at the time that it is now. */
  const at = <A, E>(name: string, transition: (now: number) => Result.Result<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(now, (millis) => Effect.fromResult(transition(millis))).pipe(Wire.withSpan(`Emulator.${name}`))

  const deciding = (
    name: string,
    transition: (key: string, now: number) => Result.Result<Authorization.Authorization, EmulatorError.DecisionProblem>
  ) =>
  (key: string) =>
    at(name, (now) => Result.mapError(transition(key, now), (problem) => new EmulatorError.DecisionError({ problem })))

  const failing = (problem: EmulatorError.EmulatorError["problem"]) => (detail: string) =>
    new EmulatorError.EmulatorError({ problem, detail })

  return Emulator.of({
    registerClient: (request) => at("registerClient", (now) => operations.register(request, now)),
    startDeviceAuthorization: (request, { origin = "http://localhost", requester } = {}) =>
      at("startDeviceAuthorization", (now) => operations.start(request, origin, Memory.requester(requester), now)),
    createToken: Effect.fnUntraced(function*(request) {
      const verifier = request.grantType === "authorization_code" ? request.codeVerifier : undefined
      // before the transition, which must not wait for anything
      const challenge = verifier === undefined ? undefined : yield* Authorize.challengeOf(Redacted.value(verifier))
      return yield* at("createToken", (now) => operations.exchange(request, challenge, now))
    }),
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

    authorizations: {
      list: Effect.map(now, decisions.list),
      lookup: deciding("lookup", decisions.lookup),
      approve: deciding("approve", (key, now) => decisions.decide(key, "approved", now)),
      deny: deciding("deny", (key, now) => decisions.decide(key, "denied", now)),
      expire: deciding("expire", decisions.expire)
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
          return yield* failing("clock")("it may be at most ten years from the true time")
        }
        ahead += Math.trunc(by)
        return yield* now
      })
    },
    state: {
      snapshot: Effect.map(now, (millis) => Snapshots.take(state, millis)),
      seed: (snapshot) =>
        at("seed", (now) => Result.mapError(Snapshots.put(state, snapshot, settings, now), failing("seed"))),
      reset: Effect.sync(() => {
        state.clear()
        faults.clear()
        ahead = 0
      })
    },

    autoApprove: settings.autoApprove,
    capacityBytes: settings.capacityBytes
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
export const layer = (options: Options = {}): Layer.Layer<Emulator, EmulatorError.EmulatorError> =>
  Layer.effect(Emulator, make(options))
