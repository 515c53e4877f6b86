/**
 * The device authorization grant of AWS IAM Identity Center, as RFC 8628 section 3.5 says.
 *
 * {@link login} does all of it. If your process cannot wait that long, take {@link start}, store the `PendingAuthorization`, and call
 * {@link step} once in a while; {@link resume} runs the rest of a stored one.
 *
 * These rules hold for all of them. No poll comes before the interval, which counts from the last response. `slow_down` adds 5 seconds
 * for good, and a poll without a response doubles the wait. No poll is sent at or past the deadline, but a poll in flight then may
 * still bring the token. One request is in flight at a time. An interruption ends the wait and the request, and closes its
 * connection.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as Registration from "@sso-oidc/core/Registration"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import type { Token } from "@sso-oidc/core/Token"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { DeviceCodeExpired, TokenPossiblyLost } from "./DeviceGrantError.ts"
import type { Approved, DeviceGrantEvent, Waiting } from "./DeviceGrantEvent.ts"
import * as Callback from "./internal/callback.ts"
import * as Decision from "./internal/decision.ts"
import * as Machine from "./internal/machine.ts"
import * as Polling from "./internal/polling.ts"
import type { PendingAuthorization } from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a login starts from. A registration made here is for the device grant alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> {
  /** The name that the person who approves is shown. */
  readonly clientName: string
  /**
   * The AWS access portal's URL, such as `https://d-1234567890.awsapps.com/start`. The service takes the https URL of a
   * portal in the client's region. It refuses any other.
   */
  readonly startUrl: string
  /**
   * What the token is for: `["sso:account:access"]` by default. Without scopes (`[]`) there is no refresh token. A scope with
   * characters that cannot be seen is refused.
   */
  readonly scopes?: ReadonlyArray<string> | undefined
  /**
   * A registration that you kept: none by default. It is used if it is good for this client's region and endpoint and these scopes,
   * and has 15 minutes left. Otherwise, or if the service refuses it at start, a new one is made.
   */
  readonly registration?: Registration.Registration | undefined
  /**
   * Is called with each new registration as soon as it exists, even if the login fails later, so that you can keep it. Nothing by
   * default.
   */
  readonly onRegistration?: ((registration: Registration.Registration) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * What a run tells while it waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResumeOptions<E = never, R = never> {
  /**
   * Is called with each event as it happens: nothing by default. The next poll waits for it. A slow one delays polls, and never
   * hastens them.
   */
  readonly onEvent?: ((event: DeviceGrantEvent) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * What a login starts from, and what it tells while it waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginOptions<E = never, R = never, E2 = never, R2 = never>
  extends StartOptions<E, R>, ResumeOptions<E2, R2>
{}

/**
 * It is too early for a poll, and nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotDue {
  readonly _tag: "NotDue"
  /** The pending authorization. Store it in place of the old one. */
  readonly pending: PendingAuthorization
  /** How long to wait before the next step. */
  readonly left: Duration.Duration
}

/**
 * What a step came to.
 *
 * - `Approved`: the token. The pending authorization is used up.
 * - `Waiting`: no token yet, and why. Store its `pending` in place of the old one; step again at its `nextPollAt`.
 * - `NotDue`: too early. Store its `pending` too.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Approved | Waiting | NotDue

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

const tell = <E, R>(
  { onEvent }: ResumeOptions<E, R>,
  event: DeviceGrantEvent
): Effect.Effect<unknown, E, R> =>
  onEvent === undefined ? Effect.void : Callback.call<DeviceGrantEvent, E, R>("onEvent", onEvent, event)

/** The pulls up to the code. The caller tells the code itself, outside of this span. */
const pullCode = Effect.fnUntraced(function*<E, R, E2, R2>(
  options: LoginOptions<E, R, E2, R2>
): Effect.fn.Return<Machine.Started, StartError | E | E2, SsoOidc.SsoOidc | R | R2> {
  const first = yield* Machine.login(options)
  if ("pending" in first) return first
  yield* tell(options, first.event)
  return yield* first.next
}, Wire.withSpan("DeviceGrant.start"))

/**
 * Registers a client if it has to, and asks for a code. It sends no poll, and does not retry.
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
export const start = <E = never, R = never>(
  options: StartOptions<E, R>
): Effect.Effect<PendingAuthorization, StartError | E, SsoOidc.SsoOidc | R> =>
  Effect.map(pullCode(options), ({ pending }) => pending)

// -----------------------------------------------------------------------------
// step
// -----------------------------------------------------------------------------

/**
 * Sends at most one poll. Before its time it sends nothing and gives `NotDue`.
 *
 * Store what it returns. If your process may be killed inside a step, store {@link markInFlight} first. A pending authorization of
 * another region or endpoint fails with `RequestInvalid`, and nothing is sent.
 *
 * @category grant
 * @since 0.1.0
 */
export const step = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Step, PollError, SsoOidc.SsoOidc> {
  yield* Polling.checkPlace(pending)
  const now = yield* Clock.currentTimeMillis
  const left = Decision.waitLeft(pending, now)
  if (Duration.toMillis(left) >= Decision.untilDeadline(pending, now)) {
    return yield* Decision.expired(pending, { detectedBy: "clock" })
  }
  return Duration.isGreaterThan(left, Duration.zero)
    ? { _tag: "NotDue", left, pending: Decision.notDue(pending, left, now) }
    : yield* Polling.poll(pending)
}, Wire.withSpan("DeviceGrant.step"))

/**
 * Store this before `step` if the process may be killed inside it. It records the poll as sent and its response as lost, and
 * schedules the next one. Then give `step` the pending authorization that you had, and store what it returns. If `step` fails with
 * `RequestInvalid`, nothing was sent: store the one that you had again.
 *
 * If the step would send nothing, nothing is recorded as lost: it is not due, or past its deadline, or of another region or endpoint
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
export const markInFlight: (
  pending: PendingAuthorization
) => Effect.Effect<PendingAuthorization, never, SsoOidc.SsoOidc> = Polling.markInFlight

// -----------------------------------------------------------------------------
// run
// -----------------------------------------------------------------------------

/** Tells each event before it pulls the next one. */
const fold = Effect.fnUntraced(function*<E, R, E2, R2>(
  first: Machine.Pulled<E, R>,
  options: ResumeOptions<E2, R2>
): Effect.fn.Return<Token, E | E2, R | R2> {
  let pulled = first
  while (true) {
    yield* tell(options, pulled.event)
    if (pulled.next === undefined) return pulled.event.token
    pulled = yield* pulled.next
  }
})

/**
 * Runs the rest of a pending authorization: waits and polls until it has the token, or fails.
 *
 * @category grant
 * @since 0.1.0
 */
export const resume = Effect.fnUntraced(function*<E = never, R = never>(
  pending: PendingAuthorization,
  options: ResumeOptions<E, R> = {}
): Effect.fn.Return<Token, PollError | E, SsoOidc.SsoOidc | R> {
  return yield* fold(yield* Machine.resume(pending), options)
}, Wire.withSpan("DeviceGrant.resume"))

/**
 * The whole device login: registers a client if it has to, shows the code through `onEvent`, and polls until the person has
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
export const login = Effect.fnUntraced(function*<E = never, R = never, E2 = never, R2 = never>(
  options: LoginOptions<E, R, E2, R2>
): Effect.fn.Return<Token, LoginError | E | E2, SsoOidc.SsoOidc | R | R2> {
  return yield* fold(yield* pullCode(options), options)
}, Wire.withSpan("DeviceGrant.login"))
