/**
 * The state machine of a device login.
 *
 * A pull gives one event, and the state that the next pull needs. `DeviceGrant` folds the pulls, and `DeviceGrantStream` unfolds
 * them. Nothing runs between two pulls.
 *
 * Most of a login is waiting, and a server may have thousands of them. So a state is plain data, and the effects below are flat:
 * while a login sleeps, no generator is alive, and no event that was told.
 */
import type { Registration } from "@sso-oidc/core/Registration"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { PollError, StartError, StartOptions } from "../DeviceGrant.ts"
import type { Approved, CodeReady, Registered, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import * as Decision from "./decision.ts"
import * as Polling from "./polling.ts"
import * as Starting from "./starting.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The rest of a wait that has begun. Its times are those of the monotonic clock, which never jumps, in milliseconds. */
export interface Wait {
  readonly pending: PendingAuthorization
  /** The end of the wait. */
  readonly due: number
  /** The deadline. Setting the wall clock does not move it. */
  readonly deadline: number
}

/** A new client was registered. The next pull requests a code. */
export interface NewClient {
  readonly event: Registered
  readonly startUrl: string
}

/** There is a code. The next pull polls. */
export interface Running {
  readonly event: CodeReady | Waiting
  readonly wait: Wait
}

/** There is a token, and no next pull. */
export interface Done {
  readonly event: Approved
  readonly wait?: undefined
}

// -----------------------------------------------------------------------------
// times
// -----------------------------------------------------------------------------

const monotonic = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

// In whole milliseconds, rounded down, so that no poll is sent after the deadline.
const untilDeadline = ({ deadline }: Wait, clock: Clock.Clock): number => Math.floor(deadline - monotonic(clock))

/** The deadline of a run that begins now. From now on the monotonic clock measures it. */
const deadlineOf = (pending: PendingAuthorization, clock: Clock.Clock): number =>
  monotonic(clock) + Math.floor(Decision.untilDeadline(pending, clock.currentTimeMillisUnsafe()))

/** Begins a wait. */
const waiting = (
  pending: PendingAuthorization,
  clock: Clock.Clock,
  deadline: number,
  wait = Duration.toMillis(pending.wait)
): Wait => ({ pending, due: monotonic(clock) + wait, deadline })

// -----------------------------------------------------------------------------
// pulls
// -----------------------------------------------------------------------------

/**
 * Sleeps for the rest of the wait, and sends one poll. The time since the wait began counts toward it, `onEvent` and the consumer
 * of a stream included.
 */
export const poll = (wait: Wait, clock: Clock.Clock): Effect.Effect<Running | Done, PollError, SsoOidc.SsoOidc> => {
  // Read the rest of the wait once, not in a loop. In a loop, a clock whose monotonic time stands still would sleep for ever. The
  // rest is at least 0, and at most the wait, even if a clock goes back.
  const left = Math.max(0, Math.min(Math.ceil(wait.due - monotonic(clock)), Duration.toMillis(wait.pending.wait)))
  // Check the deadline twice. Before the sleep: do not wait for a poll that would come too late. After it: the sleep may have
  // taken longer than planned.
  if (left >= untilDeadline(wait, clock)) return Decision.expired(wait.pending, "clock")
  return Effect.flatMap(clock.sleep(Duration.millis(left)), () =>
    untilDeadline(wait, clock) <= 0
      ? Decision.expired(wait.pending, "clock")
      : Effect.map(
        Polling.poll(wait.pending, () => untilDeadline(wait, clock)),
        (event) => event._tag === "Approved" ? { event } : { event, wait: waiting(event.pending, clock, wait.deadline) }
      ))
}

const codeReady = (pending: PendingAuthorization): CodeReady => ({
  _tag: "CodeReady",
  userCode: pending.userCode,
  verificationUri: pending.verificationUri,
  ...(pending.verificationUriComplete === undefined
    ? {}
    : { verificationUriComplete: pending.verificationUriComplete }),
  expiresAt: pending.expiresAt,
  nextPollAt: pending.nextPollAt
})

/** Requests a code with a registration. The wait begins before the consumer gets the code. */
const authorize = (startUrl: string, registration: Registration) =>
  Effect.flatMap(
    Starting.authorize(startUrl, registration),
    (pending) =>
      Effect.clockWith((clock) =>
        Effect.succeed<Running>({
          event: codeReady(pending),
          wait: waiting(pending, clock, deadlineOf(pending, clock))
        })
      )
  )

/**
 * The first pull of a whole login. It gives a code if the kept registration is usable and the service accepts it. Otherwise it
 * gives a new registration.
 */
export const login = <E, R>(
  options: StartOptions<E, R>
): Effect.Effect<NewClient | Running, StartError | E, SsoOidc.SsoOidc | R> => {
  const { startUrl } = options
  const register = Effect.map(
    Starting.register(options),
    (registration): NewClient => ({ event: { _tag: "Registered", registration }, startUrl })
  )
  return Effect.flatMap(
    Starting.kept(options),
    (kept): Effect.Effect<NewClient | Running, StartError | E, SsoOidc.SsoOidc | R> =>
      kept === undefined
        ? register
        : Effect.catch(
          authorize(startUrl, kept),
          (error): Effect.Effect<NewClient, StartError | E, SsoOidc.SsoOidc | R> =>
            error._tag === "InvalidClientException" ? register : Effect.fail(error)
        )
  )
}

/** The pull after a new registration. */
export const request = (
  { event, startUrl }: NewClient
): Effect.Effect<Running, StartDeviceAuthorization.Error, SsoOidc.SsoOidc> => authorize(startUrl, event.registration)

/** The first pull of the rest of a stored login. A part of its wait may have passed. */
export const resume = (pending: PendingAuthorization): Effect.Effect<Running | Done, PollError, SsoOidc.SsoOidc> =>
  Effect.flatMap(Polling.checkPlace(pending), () =>
    Effect.clockWith((clock) => {
      const left = Decision.waitLeft(pending, clock.currentTimeMillisUnsafe())
      return poll(waiting(pending, clock, deadlineOf(pending, clock), left), clock)
    }))
