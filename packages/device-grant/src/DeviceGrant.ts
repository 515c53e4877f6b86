/**
 * The device authorization grant of AWS IAM Identity Center, as RFC 8628 section 3.5 says.
 *
 * {@link login} does all of it. Who cannot wait that long in one process takes {@link start}, stores the
 * `PendingAuthorization`, and calls {@link step} once in a while; {@link resume} runs the rest of a stored one.
 *
 * What holds for all of them: no poll before the interval, counted from the last answer; `slow_down` adds 5 seconds for
 * good; a poll without a response doubles the wait; no poll at or past the code's end, but a poll in flight then may
 * still bring the token; one request at a time; interrupting ends the wait and the request, and closes its connection.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628
 * @since 0.1.0
 */
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { DeviceCodeExpired, TokenPossiblyLost } from "./DeviceGrantError.ts"
import type { DeviceGrantEvent } from "./DeviceGrantEvent.ts"
import * as Callback from "./internal/callback.ts"
import * as Decision from "./internal/decision.ts"
import * as Polling from "./internal/polling.ts"
import * as Span from "./internal/span.ts"
import * as Starting from "./internal/starting.ts"
import type { PendingAuthorization } from "./PendingAuthorization.ts"
import type * as Registration from "./Registration.ts"
import type { Token } from "./Token.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a login starts from.
 *
 * - `clientName`: shown to the person who approves.
 * - `startUrl`: the AWS access portal's URL, of the client's region.
 * - `scopes`: `["sso:account:access"]` by default. Without scopes (`[]`) there is no refresh token.
 * - `registration`: one that was kept. It is used where it is good for this client's region and endpoint and these
 *   scopes and has 15 minutes left; else a new one is made, also where the service refuses the old one at start.
 * - `onRegistration`: sees each new registration as soon as it exists, also where the login fails later: to keep it.
 *
 * A registration made here is for the device grant alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> {
  readonly clientName: string
  readonly startUrl: string
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly registration?: Registration.Registration | undefined
  readonly onRegistration?: ((registration: Registration.Registration) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * Who watches.
 *
 * `onEvent` sees each event as it happens. The next poll waits for it: a slow one delays polls, and never hastens them.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResumeOptions<E = never, R = never> {
  readonly onEvent?: ((event: DeviceGrantEvent) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * What a login starts from, and who watches it.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginOptions<E = never, R = never, E2 = never, R2 = never>
  extends StartOptions<E, R>, ResumeOptions<E2, R2>
{}

/**
 * What a step came to.
 *
 * - `Approved`: the token. The pending authorization is used up.
 * - `Waiting`: no token yet, and why. Store `pending` in place of the old one; step again at its `nextPollAt`.
 * - `NotDue`: too early, and nothing was sent. Come back when `left` is over; store `pending` in place of the old one.
 *
 * @category models
 * @since 0.1.0
 */
export type Step =
  | { readonly _tag: "Approved"; readonly token: Token }
  | {
    readonly _tag: "Waiting"
    readonly pending: PendingAuthorization
    readonly reason: "pending" | "slowedDown" | "trouble"
  }
  | { readonly _tag: "NotDue"; readonly pending: PendingAuthorization; readonly left: Duration.Duration }

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * What `start` can fail with.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = RegisterClient.Error | StartDeviceAuthorization.Error

/**
 * What a poll can end the grant with.
 *
 * - `DeviceCodeExpired`: the code expired. The service's `ExpiredTokenException` becomes it.
 * - `TokenPossiblyLost`: the service issued a token, or may have, and it did not arrive.
 * - An exception of CreateToken other than pending, slow down and expired.
 * - `UnexpectedResponse`: a response outside the model.
 * - `TransportError`: a permanent failure. A transient one is no end.
 * - `RequestInvalid`: the request cannot be sent, or the pending authorization is of another region or endpoint.
 *
 * @category errors
 * @since 0.1.0
 */
export type PollError =
  | Exclude<
    CreateToken.Error,
    | SsoOidcError.AuthorizationPendingException
    | SsoOidcError.ExpiredTokenException
    | SsoOidcError.SlowDownException
  >
  | DeviceCodeExpired
  | TokenPossiblyLost

/**
 * What a login can fail with.
 *
 * @category errors
 * @since 0.1.0
 */
export type LoginError = StartError | PollError

// -----------------------------------------------------------------------------
// start
// -----------------------------------------------------------------------------

/**
 * Registers where it must, and asks for a code. Sends no poll, and does not retry.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
 * import * as Effect from "effect/Effect"
 *
 * const start = Effect.gen(function*() {
 *   const pending = yield* DeviceGrant.start({ clientName: "my-tool", startUrl: "https://my.awsapps.com/start" })
 *   return { show: pending.userCode, store: yield* PendingAuthorization.encode(pending) }
 * })
 * ```
 *
 * @category grant
 * @since 0.1.0
 */
export const start = Effect.fnUntraced(function*<E = never, R = never>(
  options: StartOptions<E, R>
): Effect.fn.Return<PendingAuthorization, StartError | E, SsoOidc.SsoOidc | R> {
  const opened = yield* Starting.open(options)
  return opened._tag === "Authorized" ? opened.pending : yield* Starting.authorize(options, opened.registration)
}, Span.named("DeviceGrant.start"))

// -----------------------------------------------------------------------------
// step
// -----------------------------------------------------------------------------

/**
 * Sends at most one poll. Before its time it sends nothing and says `NotDue`.
 *
 * Store what it returns. Who may be killed inside a step first stores {@link markInFlight}. A pending authorization of
 * another region or endpoint fails with `RequestInvalid`, and nothing is sent.
 *
 * @category grant
 * @since 0.1.0
 */
export const step = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Step, PollError, SsoOidc.SsoOidc> {
  yield* Polling.atHome(pending)
  const now = yield* Clock.currentTimeMillis
  const left = Decision.left(pending, now)
  if (Duration.toMillis(left) >= Decision.life(pending, now)) {
    return yield* Decision.expired(pending, { detectedBy: "clock" })
  }
  if (Duration.isGreaterThan(left, Duration.zero)) {
    return { _tag: "NotDue", left, pending: Decision.notDue(pending, left, now) }
  }
  const decision = yield* Polling.poll(pending)
  return decision._tag === "Continue"
    ? { _tag: "Waiting", pending: decision.pending, reason: decision.reason }
    : decision
}, Span.named("DeviceGrant.step"))

/**
 * Store this before `step` if the process may be killed inside it. It records the poll as sent and its response as lost, and
 * schedules the next one. Then give `step` the pending authorization that you had, and store what it returns. Where `step`
 * fails with `RequestInvalid`, nothing was sent: store the one that you had again.
 *
 * If the step would send nothing, nothing is recorded as lost: it is not due, or past its end, or of another region or endpoint
 * than the client's.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
 * import * as Effect from "effect/Effect"
 * import type * as Redacted from "effect/Redacted"
 *
 * const invocation = Effect.fnUntraced(function*(
 *   pending: PendingAuthorization.PendingAuthorization,
 *   store: (secret: Redacted.Redacted<string>) => Effect.Effect<void>
 * ) {
 *   const save = (one: PendingAuthorization.PendingAuthorization) =>
 *     Effect.flatMap(PendingAuthorization.encode(one), store)
 *   yield* save(yield* DeviceGrant.markInFlight(pending))
 *   return yield* DeviceGrant.step(pending).pipe(
 *     // nothing was sent
 *     Effect.tapError((error) => error._tag === "RequestInvalid" ? save(pending) : Effect.void)
 *   )
 * })
 * ```
 *
 * @category grant
 * @since 0.1.0
 */
export const markInFlight = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<PendingAuthorization, never, SsoOidc.SsoOidc> {
  return yield* Polling.markInFlight(pending)
})

// -----------------------------------------------------------------------------
// run
// -----------------------------------------------------------------------------

/**
 * Runs the rest of a pending authorization: waits and polls until it has the token, or an end.
 *
 * @category grant
 * @since 0.1.0
 */
export const resume = Effect.fn("DeviceGrant.resume")(function*<E = never, R = never>(
  pending: PendingAuthorization,
  options?: ResumeOptions<E, R>
): Effect.fn.Return<Token, PollError | E, SsoOidc.SsoOidc | R> {
  return yield* Polling.run(yield* Polling.resume(pending), options?.onEvent)
})

/**
 * The whole device login: registers where it must, shows the code through `onEvent`, and polls until the person has
 * approved.
 *
 * @example
 * ```ts
 * import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
 * import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
 * import * as Console from "effect/Console"
 *
 * const login = DeviceGrant.login({
 *   clientName: "my-tool",
 *   startUrl: "https://my.awsapps.com/start",
 *   onEvent: (event) =>
 *     event._tag === "CodeReady"
 *       ? Console.log(DeviceGrantEvent.instructions(event))
 *       : Console.log(event._tag)
 * })
 * ```
 *
 * @category grant
 * @since 0.1.0
 */
export const login = Effect.fn("DeviceGrant.login")(function*<E = never, R = never, E2 = never, R2 = never>(
  options: LoginOptions<E, R, E2, R2>
): Effect.fn.Return<Token, LoginError | E | E2, SsoOidc.SsoOidc | R | R2> {
  const { onEvent, onRegistration } = options
  const pending = yield* start<E | E2, R | R2>({
    ...options,
    onRegistration: Effect.fnUntraced(function*(registration: Registration.Registration) {
      if (onRegistration !== undefined) yield* Callback.call("onRegistration", onRegistration, registration)
      if (onEvent !== undefined) {
        yield* Callback.call<DeviceGrantEvent, E2, R2>("onEvent", onEvent, { _tag: "Registered", registration })
      }
    })
  })
  // begun before anybody is told: the time that a watcher takes is a part of the wait
  const turn = yield* Polling.begin(pending, pending.wait)
  if (onEvent !== undefined) {
    yield* Callback.call<DeviceGrantEvent, E2, R2>("onEvent", onEvent, Starting.codeReady(pending))
  }
  return yield* Polling.run(turn, onEvent)
})
