/**
 * Decides what to do after a response: the device grant of RFC 8628 section 3.5, without sleeping and sending.
 *
 * Each function here is pure.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Stored from "@sso-oidc/core/Stored"
import * as Token from "@sso-oidc/core/Token"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { BackoffPolicy } from "../BackoffPolicy.ts"
import type { PollError } from "../DeviceGrant.ts"
import { DeviceCodeExpired, TokenPossiblyLost } from "../DeviceGrantError.ts"
import type { Approved, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization, Trouble } from "../PendingAuthorization.ts"
import * as Numbers from "./numbers.ts"

/** The inputs of a decision beside the response. */
export interface Circumstances {
  /** The time, in milliseconds since 1970. */
  readonly now: number
  /** The milliseconds until the deadline. The monotonic clock measures them inside a run, the wall clock for a stored login. */
  readonly untilDeadline: number
  /** A random number from 0 to 1. */
  readonly random: number
  readonly policy: BackoffPolicy
}

/** The event that follows from a poll, or the error that ends the grant. */
export type Decision = Approved | Waiting | { readonly _tag: "Ended"; readonly error: PollError }

// -----------------------------------------------------------------------------
// before a poll
// -----------------------------------------------------------------------------

/**
 * The rest of the wait of a stored pending authorization, in milliseconds. It is at most the wait that set `nextPollAt`, so that a clock that is
 * set back does not lengthen it.
 */
export const waitLeft = (pending: PendingAuthorization, now: number): number =>
  Math.max(0, Math.min(DateTime.toEpochMillis(pending.nextPollAt) - now, Duration.toMillis(pending.wait)))

/**
 * The milliseconds until the deadline of a stored pending authorization. The wall clock measures them, since two processes share
 * no other clock.
 */
export const untilDeadline = (pending: PendingAuthorization, now: number): number =>
  DateTime.toEpochMillis(pending.expiresAt) - now

export const expired = (
  pending: PendingAuthorization,
  detectedBy: "service" | "clock",
  requestId?: string
): DeviceCodeExpired =>
  new DeviceCodeExpired({
    detectedBy,
    responseLost: pending.responseLost,
    failures: pending.failures,
    ...(pending.lastTrouble === undefined ? {} : { lastTrouble: pending.lastTrouble }),
    ...(requestId === undefined ? {} : { requestId })
  })

// -----------------------------------------------------------------------------
// after a poll
// -----------------------------------------------------------------------------

/** Decides what to do after the response to a poll, or after its failure. */
export const decide = (
  pending: PendingAuthorization,
  result: Result.Result<CreateToken.Response, CreateToken.Error>,
  circumstances: Circumstances
): Decision => {
  const { now, untilDeadline } = circumstances
  if (Result.isSuccess(result)) {
    return { _tag: "Approved", token: Token.fromResponse(result.success, pending.registration, now) }
  }
  const error = result.failure
  const trouble = troubleOf(error)
  if (trouble === undefined && error._tag !== "AuthorizationPendingException" && error._tag !== "SlowDownException") {
    return { _tag: "Ended", error: endOf(pending, error) }
  }
  const isSlowedDown = trouble === undefined && error._tag === "SlowDownException"
  const reason = trouble !== undefined ? "trouble" : isSlowedDown ? "slowedDown" : "pending"
  const slowDowns = isSlowedDown ? Numbers.counted(pending.slowDowns ?? 0) : 0
  const interval = isSlowedDown ? Duration.millis(Duration.toMillis(pending.interval) + slowDownBy) : pending.interval
  const planned = trouble === undefined ? interval : backOff(pending, circumstances)
  const asked = Stored.seconds(reason !== "pending" && "retryAfter" in error ? error.retryAfter ?? 0 : 0)
  const wait = Duration.toMillis(asked) > Duration.toMillis(planned) ? asked : planned
  const next = changed(pending, now, {
    interval,
    wait,
    failures: trouble === undefined ? 0 : Numbers.counted(pending.failures),
    // a pending response says that the service has issued no token for the code yet, so no earlier response was lost
    responseLost: reason !== "pending" && (pending.responseLost || trouble !== undefined && losesResponse(error)),
    lastTrouble: reason === "pending" ? undefined : trouble ?? pending.lastTrouble,
    slowDowns
  })
  if (Duration.toMillis(wait) >= untilDeadline) return { _tag: "Ended", error: expired(next, "clock") }
  return {
    _tag: "Waiting",
    reason,
    ...(trouble === undefined ? {} : { trouble }),
    ...(slowDowns < 2 ? {} : { advice: tooFast }),
    wait,
    nextPollAt: next.nextPollAt,
    pending: next
  }
}

/** The pending authorization of a step that came too early. `nextPollAt` is counted anew from the current time. */
export const notDue = (pending: PendingAuthorization, left: number, now: number): PendingAuthorization => ({
  ...pending,
  nextPollAt: Stored.instant(now + left)
})

/**
 * Gives the pending authorization to store before a poll, if the process may be killed in the poll. It records the poll as sent
 * and its response as lost, and it schedules the next poll. If it is too early or too late to poll, it records no lost response.
 */
export const markInFlight = (pending: PendingAuthorization, circumstances: Circumstances): PendingAuthorization => {
  const { now, untilDeadline } = circumstances
  const left = waitLeft(pending, now)
  if (left > 0) return notDue(pending, left, now)
  if (untilDeadline <= 0) return pending
  return changed(pending, now, {
    interval: pending.interval,
    wait: backOff(pending, circumstances),
    failures: Numbers.counted(pending.failures),
    responseLost: true,
    lastTrouble: {
      error: "Interrupted",
      message: "The process that sent the last poll ended before the response came."
    },
    slowDowns: 0
  })
}

/**
 * The pending authorization for a process that takes the login over. The process before it may have been killed in a poll. So it assumes a poll up to this
 * moment, whose response is lost. The next poll comes after one interval, plus a random part of the spread. It is no failure of the
 * service, so it does not count for the back-off. A wait that the service or the back-off made longer stays.
 */
export const takeOver = (
  pending: PendingAuthorization,
  { now, random }: Pick<Circumstances, "now" | "random">,
  spread: Duration.Duration
): PendingAuthorization => {
  const least = Duration.toMillis(pending.interval) + Duration.toMillis(spread) * random
  const wait = Stored.millis(Math.ceil(Math.max(least, waitLeft(pending, now))))
  return { ...pending, responseLost: true, wait, nextPollAt: Stored.after(now, wait) }
}

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

// in milliseconds
const slowDownBy = 5000

const tooFast = "The service asked twice in a row to poll more slowly. " +
  "Another program may poll with the same code, or this machine's clock runs fast."

/** The pending authorization for the poll that comes after the wait. A count of 0 and no trouble are absent members. */
const changed = (
  { lastTrouble: _lastTrouble, slowDowns: _slowDowns, ...kept }: PendingAuthorization,
  now: number,
  { lastTrouble, slowDowns, ...changes }:
    & Pick<PendingAuthorization, "interval" | "wait" | "failures" | "responseLost">
    & { readonly lastTrouble: Trouble | undefined; readonly slowDowns: number }
): PendingAuthorization => ({
  ...kept,
  ...changes,
  nextPollAt: Stored.after(now, changes.wait),
  ...(lastTrouble === undefined ? {} : { lastTrouble }),
  ...(slowDowns === 0 ? {} : { slowDowns })
})

/** The error that ends the grant. */
const endOf = (
  pending: PendingAuthorization,
  error: Exclude<CreateToken.Error, SsoOidcError.AuthorizationPendingException | SsoOidcError.SlowDownException>
): PollError => {
  switch (error._tag) {
    case "ExpiredTokenException":
      return expired(pending, "service", error.requestId)
    case "InvalidGrantException":
      return pending.responseLost ? new TokenPossiblyLost({ cause: error }) : error
    case "UnexpectedResponse":
      // a response from another URL brought no token, whatever its status is
      return error.status === 200 && error.problem !== "redirect" ? new TokenPossiblyLost({ cause: error }) : error
    default:
      return error
  }
}

// used if the cap of the policy is no duration, which JavaScript may give
const defaultCap = Duration.millis(60_000)

/** `min(cap, interval × 2^n)` after the n-th failure in a row, never below the interval. Jitter only lengthens it. */
const backOff = (
  { failures, interval }: PendingAuthorization,
  { policy, random }: Circumstances
): Duration.Duration => {
  const base = Duration.toMillis(interval)
  const cap = Duration.toMillis(Option.getOrElse(Duration.fromInput(policy.cap), () => defaultCap))
  const doubled = Math.max(base, Math.min(cap, base * 2 ** (failures + 1)))
  const jitter = policy.jitter > 0 && Number.isFinite(policy.jitter) ? policy.jitter * random : 0
  return Stored.millis(doubled * (1 + jitter))
}

/** Why the poll failed, if no response arrived or the service is busy. Otherwise `undefined`. */
const troubleOf = (error: CreateToken.Error): Trouble | undefined => {
  if (!(error._tag === "TransportError" ? error.transient : Wire.isBusy(error))) return undefined
  // The program may provide its own client, whose errors came through JSON. Check each member, so that it can be stored and
  // decoded.
  const status = statusOf(error)
  const requestId = textOf("requestId" in error ? error.requestId : undefined)
  const code = textOf("code" in error ? error.code : undefined)
  return {
    error: error._tag,
    message: textOf(error.message) ?? error._tag,
    ...(error._tag === "TransportError" ? { sent: error.sent } : {}),
    ...(code === undefined ? {} : { code }),
    ...(status !== undefined && Number.isInteger(status) ? { status } : {}),
    ...(requestId === undefined ? {} : { requestId })
  }
}

const statusOf = (error: CreateToken.Error): number | undefined => "status" in error ? error.status : undefined

const textOf = (value: unknown): string | undefined => typeof value === "string" ? Wire.printable(value) : undefined

/** Whether the service may have acted on the poll without its response arriving. */
const losesResponse = (error: CreateToken.Error): boolean =>
  error._tag === "TransportError" ? error.sent !== "no" : (statusOf(error) ?? 0) >= 500
