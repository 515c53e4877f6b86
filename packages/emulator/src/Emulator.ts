/**
 * The OIDC service of AWS IAM Identity Center, kept in memory.
 *
 * {@link Emulator} answers RegisterClient, StartDeviceAuthorization and CreateToken as the service does, and lets a
 * person or a program decide on a device code. It enforces what it hands out: client secrets, expiry, the polling
 * interval, codes that are good for one use, and refresh tokens that are good for one refresh. It knows no HTTP and
 * keeps time by Effect's `Clock` alone, so that `TestClock` moves it.
 *
 * What it remembers is bounded: see `capacity`. What is past its time is dropped when something new is written.
 *
 * @see RFC 8628, RFC 6749 section 6, RFC 7591
 * @since 0.1.0
 */
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Operations from "./internal/operations.ts"
import * as Settings from "./internal/options.ts"
import * as Span from "./internal/span.ts"
import * as State from "./internal/state.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How the emulator behaves.
 *
 * - `interval`: the polling interval that it hands out, in whole seconds. 1 by default, as the service does.
 * - `expiresIn`: the life of a device code in whole seconds. 600 by default.
 * - `autoApprove`: approves each device code by itself, that many seconds after it was handed out. Off by default. A
 *   code that was denied before stays denied.
 * - `region`: the end of every client id. `emulator` by default.
 * - `capacity`: how many registrations, device codes and sessions each are remembered. 10,000 by default. Where there is
 *   no room for a registration or a code, the answer is `SlowDownException`; for a session, the oldest one ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly interval?: number | undefined
  readonly expiresIn?: number | undefined
  readonly autoApprove?: number | undefined
  readonly region?: string | undefined
  readonly capacity?: number | undefined
}

/**
 * What became of a device code.
 *
 * - `"pending"`: nobody has decided yet.
 * - `"approved"`, `"denied"`: decided, and the device has not heard of an approval yet.
 * - `"used"`: the device has its token.
 * - `"expired"`: its time is over.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "pending" | "approved" | "denied" | "used" | "expired"

/**
 * A sign-in that a person or a program decides on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorization {
  readonly userCode: string
  readonly status: Status
  /** As the client wrote it: never trust it, and escape it. */
  readonly clientName: string
  readonly clientId: string
  readonly scopes: ReadonlyArray<string>
  readonly startUrl: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
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
  /** Hands out a device code. `origin` is where the approval page is, `http://localhost` by default. */
  readonly startDeviceAuthorization: (
    request: StartDeviceAuthorization.Request,
    origin?: string
  ) => Effect.Effect<StartDeviceAuthorization.Response, StartDeviceAuthorization.Exception>
  /** Trades an approved device code, or a refresh token, for a token. */
  readonly createToken: (request: CreateToken.Request) => Effect.Effect<CreateToken.Response, CreateToken.Exception>
  /** The sign-in that a user code stands for, whatever became of it. Case, spaces and the dash do not matter. */
  readonly lookup: (userCode: string) => Effect.Effect<Authorization, UserCodeError>
  /** Allows the sign-in. Once more does no harm, until the device has its token. */
  readonly approve: (userCode: string) => Effect.Effect<Authorization, UserCodeError>
  /** Denies the sign-in. Once more does no harm. */
  readonly deny: (userCode: string) => Effect.Effect<Authorization, UserCodeError>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const problems = {
  unknown: "no sign-in has this code",
  expired: "the code has expired",
  used: "the device already has its token",
  approved: "the sign-in was already approved",
  denied: "the sign-in was already denied"
}

/**
 * Nothing can be decided on this user code.
 *
 * @category errors
 * @since 0.1.0
 */
export class UserCodeError extends Data.TaggedError("UserCodeError")<{
  readonly problem: "unknown" | Exclude<Status, "pending">
}> {
  override get message(): string {
    return `Nothing was decided: ${problems[this.problem]}.`
  }
}

/**
 * The emulator cannot start: an option cannot be used, or its port cannot be had.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmulatorError extends Data.TaggedError("EmulatorError")<{
  readonly problem: "options" | "listen"
  readonly detail: string
}> {
  override get message(): string {
    return `The emulator cannot start: ${this.detail}.`
  }
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

const letters = (userCode: string): string => {
  const code = userCode.slice(0, 64).toUpperCase().replace(/[^A-Z]/g, "")
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

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

  const find = (userCode: string, now: number): Result.Result<[State.DeviceCode, Authorization], UserCodeError> => {
    const code = state.userCode(letters(userCode))
    if (code === undefined) return Result.fail(new UserCodeError({ problem: "unknown" }))
    return Result.succeed([code, {
      userCode: code.userCode,
      status: code.used ? "used" : now >= code.expiresAt ? "expired" : state.decision(code, now) ?? "pending",
      clientName: code.client.clientName,
      clientId: code.client.clientId,
      scopes: code.client.scopes,
      startUrl: code.startUrl,
      expiresAt: code.expiresAt
    }])
  }

  const decide = (
    userCode: string,
    decision: "approved" | "denied",
    now: number
  ): Result.Result<Authorization, UserCodeError> =>
    Result.flatMap(find(userCode, now), ([code, authorization]) => {
      if (authorization.status === decision) return Result.succeed(authorization)
      if (authorization.status !== "pending") {
        return Result.fail(new UserCodeError({ problem: authorization.status }))
      }
      code.decision = decision
      return Result.succeed({ ...authorization, status: decision })
    })

  return Emulator.of({
    registerClient: Effect.fnUntraced(function*(request) {
      return yield* Effect.fromResult(operations.register(request, yield* Clock.currentTimeMillis))
    }, Span.named("Emulator.registerClient")),
    startDeviceAuthorization: Effect.fnUntraced(function*(request, origin = "http://localhost") {
      return yield* Effect.fromResult(operations.start(request, origin, yield* Clock.currentTimeMillis))
    }, Span.named("Emulator.startDeviceAuthorization")),
    createToken: Effect.fnUntraced(function*(request) {
      return yield* Effect.fromResult(operations.exchange(request, yield* Clock.currentTimeMillis))
    }, Span.named("Emulator.createToken")),
    lookup: Effect.fnUntraced(function*(userCode) {
      const [, authorization] = yield* Effect.fromResult(find(userCode, yield* Clock.currentTimeMillis))
      return authorization
    }, Span.named("Emulator.lookup")),
    approve: Effect.fnUntraced(function*(userCode) {
      return yield* Effect.fromResult(decide(userCode, "approved", yield* Clock.currentTimeMillis))
    }, Span.named("Emulator.approve")),
    deny: Effect.fnUntraced(function*(userCode) {
      return yield* Effect.fromResult(decide(userCode, "denied", yield* Clock.currentTimeMillis))
    }, Span.named("Emulator.deny"))
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
