/**
 * The state machine of a device login.
 *
 * A pull is an effect that gives one event and the next pull, if there is one. `DeviceGrant` folds the pulls, and
 * `DeviceGrantStream` unfolds them. Nothing runs between two pulls.
 */
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Clock from "effect/Clock"
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

export type Pull<E, R> = Effect.Effect<Pulled<E, R>, E, R>

/** The result of a pull. After the token there is no next pull. */
export type Pulled<E, R> =
  | { readonly event: Registered | CodeReady | Waiting; readonly next: Pull<E, R> }
  | { readonly event: Approved; readonly next?: undefined }

/** A new client was registered. The next pull requests a code. */
export interface NewClient {
  readonly event: Registered
  readonly next: Effect.Effect<Started, StartDeviceAuthorization.Error, SsoOidc.SsoOidc>
}

/** There is a code. The next pull polls. */
export interface Started {
  readonly event: CodeReady
  readonly pending: PendingAuthorization
  readonly next: Pull<PollError, SsoOidc.SsoOidc>
}

/** A wait that has begun. Its times are in nanoseconds of the monotonic clock, which never jumps. */
interface Wait {
  readonly pending: PendingAuthorization
  readonly duration: Duration.Duration
  readonly begun: bigint
  /** The deadline. Setting the wall clock does not move it. */
  readonly deadline: bigint
}

// -----------------------------------------------------------------------------
// waits
// -----------------------------------------------------------------------------

const nanosInMilli = 1_000_000n

/** Begins the first wait of a run. From now on the monotonic clock measures the deadline. */
const begin = Effect.fnUntraced(function*(
  pending: PendingAuthorization,
  duration: Duration.Duration
): Effect.fn.Return<Wait> {
  const begun = yield* Clock.monotonicTimeNanos
  const untilDeadline = Decision.untilDeadline(pending, yield* Clock.currentTimeMillis)
  return { pending, duration, begun, deadline: begun + BigInt(Math.floor(untilDeadline)) * nanosInMilli }
})

// In milliseconds, rounded down, so that no poll is sent after the deadline.
const untilDeadline = ({ deadline }: Wait, now: bigint): number =>
  Math.floor(Number(deadline - now) / Number(nanosInMilli))

// In whole milliseconds, with the elapsed time rounded down. At least 0 and at most the wait, even if a clock goes back.
const leftOf = ({ begun, duration }: Wait, now: bigint): Duration.Duration => {
  const millis = Duration.toMillis(duration)
  return Duration.millis(Math.min(millis, Math.max(0, millis - Number((now - begun) / nanosInMilli))))
}

// -----------------------------------------------------------------------------
// pulls
// -----------------------------------------------------------------------------

/**
 * Sleeps for the rest of the wait, and sends one poll. The time since the wait began counts toward it, `onEvent` and the consumer
 * of a stream included.
 */
const poll = Effect.fnUntraced(function*(
  wait: Wait
): Effect.fn.Return<Pulled<PollError, SsoOidc.SsoOidc>, PollError, SsoOidc.SsoOidc> {
  // Read the rest of the wait once, not in a loop. In a loop, a clock whose monotonic time stands still would sleep for ever.
  const now = yield* Clock.monotonicTimeNanos
  const left = leftOf(wait, now)
  // Check the deadline twice. Before the sleep: do not wait for a poll that would come too late. After it: the sleep may have
  // taken longer than planned.
  const isTooLate = Duration.toMillis(left) >= untilDeadline(wait, now)
  if (!isTooLate) yield* Effect.sleep(left)
  if (isTooLate || untilDeadline(wait, yield* Clock.monotonicTimeNanos) <= 0) {
    return yield* Decision.expired(wait.pending, { detectedBy: "clock" })
  }
  const event = yield* Polling.poll(
    wait.pending,
    Effect.map(Clock.monotonicTimeNanos, (now) => untilDeadline(wait, now))
  )
  if (event._tag === "Approved") return { event }
  // the wait begins before the consumer gets the event
  const begun = yield* Clock.monotonicTimeNanos
  return { event, next: poll({ ...wait, pending: event.pending, duration: event.wait, begun }) }
})

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

// the wait begins before the consumer gets the code
const started = (pending: PendingAuthorization): Effect.Effect<Started> =>
  Effect.map(begin(pending, pending.wait), (wait) => ({ event: codeReady(pending), pending, next: poll(wait) }))

/**
 * The first pull of a whole login. It gives a code if the kept registration is usable and the service accepts it. Otherwise it
 * gives a new registration.
 */
export const login = Effect.fnUntraced(function*<E, R>(
  options: StartOptions<E, R>
): Effect.fn.Return<NewClient | Started, StartError | E, SsoOidc.SsoOidc | R> {
  const authorize = (registration: Registered["registration"]) =>
    Effect.flatMap(Starting.authorize(options.startUrl, registration), started)
  const register = Effect.map(
    Starting.register(options),
    (registration): NewClient => ({ event: { _tag: "Registered", registration }, next: authorize(registration) })
  )
  const kept = yield* Starting.kept(options)
  return yield* kept === undefined
    ? register
    : Effect.catchTag(authorize(kept), "InvalidClientException", () => register)
})

/** The first pull of the rest of a stored login. A part of its wait may have passed. */
export const resume = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Pulled<PollError, SsoOidc.SsoOidc>, PollError, SsoOidc.SsoOidc> {
  yield* Polling.checkPlace(pending)
  return yield* poll(yield* begin(pending, Decision.waitLeft(pending, yield* Clock.currentTimeMillis)))
})
