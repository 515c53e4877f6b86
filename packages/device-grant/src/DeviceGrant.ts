/**
 * The device authorization grant of AWS IAM Identity Center, as RFC 8628 section 3.5 requires.
 *
 * {@link login} runs a whole login. If your process cannot wait that long, call {@link start} and store the
 * `PendingAuthorization`. Then call {@link step} from time to time. {@link resume} runs the rest of a stored login.
 *
 * All of them keep these rules. No poll is sent before the interval has passed since the last response. `slow_down` adds 5
 * seconds to the interval for the rest of the login. A poll without a response doubles the wait. No poll is sent at or after the
 * deadline. A poll in flight at the deadline may still bring the token. One request is in flight at a time. An interruption ends
 * the wait and the request, and closes the connection.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628
 * @since 0.1.0
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as Registration from "@sso-oidc/core/Registration"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import type { Token } from "@sso-oidc/core/Token"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { DeviceCodeExpired, TokenPossiblyLost } from "./DeviceGrantError.ts"
import type { Approved, DeviceGrantEvent, Waiting } from "./DeviceGrantEvent.ts"
import * as Machine from "./internal/machine.ts"
import * as Polling from "./internal/polling.ts"
import type { PendingAuthorization } from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of {@link start}. A registration that it makes is for the device grant alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> {
  /** The name of your program. The service shows it to the person who approves. */
  readonly clientName: string
  /**
   * The URL of the AWS access portal, such as `https://d-1234567890.awsapps.com/start`. The service accepts only the https URL of
   * a portal in the client's region.
   */
  readonly startUrl: string
  /**
   * The scopes of the token: `["sso:account:access"]` by default. With `[]` there is no refresh token. A scope with characters
   * that cannot be seen fails with `RequestInvalid`.
   */
  readonly scopes?: ReadonlyArray<string> | undefined
  /**
   * A registration that you kept: none by default. It is used if it has this client's region and endpoint and the same scopes,
   * and does not expire within 15 minutes. Otherwise the grant makes a new one. It also makes a new one if the service rejects
   * this one at start.
   */
  readonly registration?: Registration.Registration | undefined
  /**
   * Called with each new registration as soon as it exists, so that you can keep it even if the login fails later. By default
   * nothing is called. If its effect fails, the login fails with the same error.
   */
  readonly onRegistration?: ((registration: Registration.Registration) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * The options of {@link resume}.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResumeOptions<E = never, R = never> {
  /**
   * Called with each event. By default nothing is called. The next poll waits until its effect ends. So a slow effect delays
   * polls, but never makes them earlier. If its effect fails, the login fails with the same error.
   */
  readonly onEvent?: ((event: DeviceGrantEvent) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * The options of {@link login}.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginOptions<E = never, R = never, E2 = never, R2 = never>
  extends StartOptions<E, R>, ResumeOptions<E2, R2>
{}

/**
 * The options of {@link takeOver}.
 *
 * @category models
 * @since 0.1.0
 */
export interface TakeOverOptions {
  /**
   * The random part of the wait is at most this long: one interval by default, and never less. Make it longer if this process takes over
   * many logins at once, so that their polls do not come together. A bare number counts milliseconds.
   */
  readonly spread?: Duration.Input | undefined
}

/**
 * The result of a {@link step} that came too early. Nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotDue {
  /** The tag of this result. */
  readonly _tag: "NotDue"
  /** The pending authorization. Store it in place of the old one. */
  readonly pending: PendingAuthorization
  /** How long to wait before the next step. At most the wait that set `pending.nextPollAt`. */
  readonly left: Duration.Duration
}

/**
 * The result of {@link prepare} if a poll is due. Nothing was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Due {
  /** The tag of this result. */
  readonly _tag: "Due"
  /**
   * The pending authorization to store before the poll, as {@link markInFlight} makes it. Give `step` the pending authorization that
   * you gave to `prepare`.
   */
  readonly marked: PendingAuthorization
}

/**
 * The result of a {@link step}.
 *
 * - `Approved`: it has the token. Delete the stored pending authorization.
 * - `Waiting`: there is no token yet. Store its `pending` in place of the old one, and step again at its `nextPollAt`.
 * - `NotDue`: the step came too early. Store its `pending` in place of the old one.
 *
 * @category models
 * @since 0.1.0
 */
export type Step = Approved | Waiting | NotDue

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of {@link start}.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = RegisterClient.Error | StartDeviceAuthorization.Error

/**
 * The errors of {@link step} and {@link resume}.
 *
 * - `DeviceCodeExpired`: the code expired. The service's `ExpiredTokenException` becomes this error.
 * - `TokenPossiblyLost`: the service issued a token, or may have issued one, and it did not arrive.
 * - The exceptions of CreateToken, except pending, slow down and expired.
 * - `UnexpectedResponse`: a response that the service's model does not list.
 * - `TransportError`: a permanent failure. After a transient failure the grant polls again.
 * - `RequestInvalid`: the request cannot be sent, or the pending authorization is from another region or endpoint.
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
 * The errors of {@link login}.
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
): Effect.Effect<unknown, E, R> => onEvent === undefined ? Effect.void : UserFunction.call("onEvent", onEvent, event)

/** Pulls up to the code. It gives the event of the code to its caller, which calls `onEvent` outside of this span. */
const pullCode = <E, R, E2, R2>(
  options: LoginOptions<E, R, E2, R2>
): Effect.Effect<Machine.Running, StartError | E | E2, SsoOidc.SsoOidc | R | R2> =>
  Effect.flatMap(
    Effect.suspend(() => Machine.login(options)),
    (first): Effect.Effect<Machine.Running, StartDeviceAuthorization.Error | E2, SsoOidc.SsoOidc | R2> =>
      "wait" in first
        ? Effect.succeed(first)
        : Effect.andThen(tell(options, first.event), Machine.request(first))
  ).pipe(Wire.withSpan("DeviceGrant.start"))

/**
 * Registers a client if it has no usable registration, and requests a code. It sends no poll, and it sends each request once.
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
  Effect.map(pullCode(options), ({ wait }) => wait.pending)

// -----------------------------------------------------------------------------
// step
// -----------------------------------------------------------------------------

/**
 * Sends at most one poll. If the poll is not due yet, it sends nothing and gives `NotDue`.
 *
 * Store the `pending` that it returns. If your process may be killed inside a step, first store the result of
 * {@link markInFlight}. A pending authorization from another region or endpoint fails with `RequestInvalid`, and nothing is sent.
 *
 * @category grant
 * @since 0.1.0
 */
export const step = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Step, PollError, SsoOidc.SsoOidc> {
  yield* Polling.checkPlace(pending)
  return (yield* Polling.early(pending, yield* Clock.currentTimeMillis)) ?? (yield* Polling.poll(pending))
}, Wire.withSpan("DeviceGrant.step"))

/**
 * Store its result before `step` if the process may be killed inside the step. The result records a poll that was sent and whose
 * response was lost, and it schedules the next poll.
 *
 * Then call `step` with the pending authorization that you had before, and store the `pending` that the step returns. If the step
 * fails with `RequestInvalid`, nothing was sent. Store the pending authorization that you had before.
 *
 * If the step would send nothing, the result records no lost response. That is so if the poll is not due, if the deadline has
 * passed, or if the pending authorization is from another region or endpoint.
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
 *   const save = (latest: PendingAuthorization.PendingAuthorization) =>
 *     Effect.flatMap(PendingAuthorization.encode(latest), store)
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

/**
 * What {@link step} would do now, without sending anything: `Due` if it would send a poll, else what the step gives or fails with.
 *
 * Use it if storing the result of {@link markInFlight} costs more than you want to spend on a step that is too early. It reads the clock
 * once, so that both parts of its decision are of one time.
 *
 * @category grant
 * @since 0.1.0
 */
export const prepare: (
  pending: PendingAuthorization
) => Effect.Effect<NotDue | Due, PollError, SsoOidc.SsoOidc> = Polling.prepare

/**
 * What a process assumes that takes a login over from another process, if that one may have been killed or frozen in a poll.
 *
 * It assumes a poll right up to this moment, and that its response is lost. The next poll comes at least one interval from now, plus a
 * random part of one more interval. This is no failure of the service, so the back-off does not count it.
 *
 * A process that stopped in good order, and stored the `pending` of its last step, needs no such wait.
 *
 * @category grant
 * @since 0.1.0
 */
export const takeOver = (
  pending: PendingAuthorization,
  options: TakeOverOptions = {}
): Effect.Effect<PendingAuthorization> => Polling.takeOver(pending, options)

// -----------------------------------------------------------------------------
// run
// -----------------------------------------------------------------------------

/** Gives the event to `onEvent` before it pulls the next one. */
const fold = <E, R>(
  options: ResumeOptions<E, R>,
  { event, wait }: Machine.Running | Machine.Done
): Effect.Effect<Token, PollError | E, SsoOidc.SsoOidc | R> =>
  Effect.flatMap(
    tell(options, event),
    () => wait === undefined ? Effect.succeed(event.token) : pollAndFold(options, wait)
  )

/** Pulls up to the token. It is a function of its own, so that no closure keeps the last event while a login sleeps. */
const pollAndFold = <E, R>(options: ResumeOptions<E, R>, wait: Machine.Wait) =>
  Effect.clockWith((clock) => Effect.flatMap(Machine.poll(wait, clock), (pulled) => fold(options, pulled)))

/**
 * Runs the rest of a started login. It waits and polls until it has the token, or fails.
 *
 * @category grant
 * @since 0.1.0
 */
export const resume = <E = never, R = never>(
  pending: PendingAuthorization,
  options: ResumeOptions<E, R> = {}
): Effect.Effect<Token, PollError | E, SsoOidc.SsoOidc | R> =>
  Effect.suspend(() => Effect.flatMap(Machine.resume(pending), (pulled) => fold(options, pulled))).pipe(
    Wire.withSpan("DeviceGrant.resume")
  )

/**
 * Runs a whole device login. It registers a client if it has no usable registration, gives the code to `onEvent`, and polls until
 * the person has approved.
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
export const login = <E = never, R = never, E2 = never, R2 = never>(
  options: LoginOptions<E, R, E2, R2>
): Effect.Effect<Token, LoginError | E | E2, SsoOidc.SsoOidc | R | R2> =>
  // made when it runs, so that the fiber keeps nothing of it while it waits
  Effect.suspend(() => Effect.flatMap(pullCode(options), (pulled) => fold(options, pulled))).pipe(
    Wire.withSpan("DeviceGrant.login")
  )
