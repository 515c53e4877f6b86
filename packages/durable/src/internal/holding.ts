/**
 * Which invocation may poll for a login, and what the next one assumes if it never came back.
 */
import * as Stored from "@sso-oidc/core/Stored"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Row } from "../LoginStore.ts"
import * as Lifecycle from "./lifecycle.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

// In milliseconds
const longest = 3_600_000

/** The time of an option `hold`, in milliseconds. */
export const millisOf = (hold: Duration.Input | undefined): number => {
  const millis = hold === undefined ? 40_000 : Option.match(Duration.fromInput(hold), {
    onNone: () => Number.NaN,
    onSome: (duration) => Math.ceil(Duration.toMillis(duration))
  })
  if (!(millis >= 1000 && millis <= longest)) {
    throw new RangeError("Step: hold must be a duration from 1 second to 1 hour, such as \"40 seconds\"")
  }
  return millis
}

// -----------------------------------------------------------------------------
// holders
// -----------------------------------------------------------------------------

// An engine's row does not say until when it is held.
const unsaid = 40_000

/**
 * How many milliseconds a pending row is still held. 0 if an invocation may take it. The row's own times decide, and not the option of this
 * program: a program of another release may have written it, with another hold.
 */
export const left = ({ driver, heldUntil, holder, writtenAt }: Row, now: number): number => {
  // only the engine knows whether its process is alive
  if (driver === "engine") return heldUntil === undefined ? unsaid : Math.max(1, heldUntil - now)
  if (holder === undefined || heldUntil === undefined) return 0
  const left = heldUntil - now
  // An end further away was written before the clock was set back. Twice the hold, because clocks may differ a little.
  return left > 0 && left <= 2 * Math.min(heldUntil - writtenAt, longest) ? left : 0
}

// In milliseconds. A poll that was in flight at the deadline has ended by then.
const patience = 60_000

/**
 * Whether an engine should have ended a login long ago, because its deadline has passed. So no process drives it, and any process may end
 * it.
 */
export const isAbandoned = ({ driver, removeAt }: Row, now: number): boolean =>
  driver === "engine" && removeAt - Lifecycle.hour + patience <= now

/** What an invocation that takes a row assumes. */
export interface TakenOver {
  readonly pending: PendingAuthorization
  /** Whether the row does not say until when it was held, so that this must be stored. */
  readonly isNew: boolean
}

/**
 * What an invocation assumes of a row that it may take. If no invocation released the row, then one was killed in its poll, or its last
 * write was lost. Its poll may have been in flight until the end of its hold. So the next poll comes one interval after that end.
 *
 * Its death is no failure of the service, so it does not count for the back-off.
 */
export const takenOver = (pending: PendingAuthorization, { heldUntil, holder }: Row, now: number): TakenOver => {
  if (holder === undefined) return { pending, isNew: false }
  const isNew = heldUntil === undefined || heldUntil > now
  const interval = Duration.toMillis(pending.interval)
  const due = Math.ceil((isNew ? now : heldUntil) + interval)
  return {
    pending: {
      ...pending,
      failures: Math.max(0, pending.failures - 1),
      nextPollAt: DateTime.toEpochMillis(pending.nextPollAt) < due ? Stored.instant(due) : pending.nextPollAt,
      wait: Duration.max(pending.wait, pending.interval)
    },
    isNew
  }
}

/**
 * A pending authorization of a row that is held, as a person sees it. Its record of a lost poll is only for the case of a death. A process that
 * an engine runs stores no poll without news, so its next poll may come at any time.
 */
export const shown = (
  { lastTrouble, ...stored }: PendingAuthorization,
  { driver }: Row,
  now: number
): PendingAuthorization => {
  const pending = driver === "engine" && DateTime.toEpochMillis(stored.nextPollAt) < now
    ? { ...stored, nextPollAt: Stored.instant(now) }
    : stored
  return lastTrouble === undefined || lastTrouble.error === "Interrupted" ? pending : { ...pending, lastTrouble }
}

// -----------------------------------------------------------------------------
// standstills
// -----------------------------------------------------------------------------

/** A time, by both clocks of the process, in milliseconds. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const moment = (clock: Clock.Clock): Moment => ({
  wall: Math.floor(clock.currentTimeMillisUnsafe()),
  monotonic: Number(clock.monotonicTimeNanosUnsafe()) / 1e6
})

/**
 * Whether a process stood still since a moment, for longer than a third of its hold. A clock that was set by more than that counts too,
 * since other processes may then see another end of the hold.
 */
export const stoodStill = (since: Moment, clock: Clock.Clock, hold: number): boolean => {
  const { monotonic, wall } = moment(clock)
  return Math.abs(wall - since.wall) > hold / 3 || monotonic - since.monotonic > hold / 3
}
