/**
 * Decides what to do after a response: the device grant of RFC 8628 section 3.5, without sleeping and sending.
 *
 * Each function here is pure.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
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
  by: { readonly detectedBy: "service" | "clock"; readonly requestId?: string | undefined }
): DeviceCodeExpired =>
  new DeviceCodeExpired({
    detectedBy: by.detectedBy,
    responseLost: pending.responseLost,
    failures: pending.failures,
    ...(pending.lastTrouble === undefined ? {} : { lastTrouble: pending.lastTrouble }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId })
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
  if (Result.isSuccess(result)) {
    return { _tag: "Approved", token: Token.fromResponse(result.success, pending.registration, circumstances.now) }
  }
  const error = result.failure
  const trouble = troubleOf(error)
  if (trouble !== undefined) {
    const responseLost = pending.responseLost || losesResponse(error)
    return next(failed(pending, trouble, responseLost), {
      reason: "trouble",
      wait: backOff(pending.interval, pending.failures + 1, circumstances),
      retryAfter: retryAfterOf(error),
      circumstances
    })
  }
  switch (error._tag) {
    case "AuthorizationPendingException":
      return next(stillPending(pending), {
        reason: "pending",
        wait: pending.interval,
        circumstances
      })
    case "SlowDownException": {
      const interval = Duration.millis(Duration.toMillis(pending.interval) + slowDownBy)
      return next({ ...pending, failures: 0, interval, slowDowns: Numbers.counted(pending.slowDowns ?? 0) }, {
        reason: "slowedDown",
        wait: interval,
        retryAfter: error.retryAfter,
        circumstances
      })
    }
    case "ExpiredTokenException":
      return ended(expired(pending, { detectedBy: "service", requestId: error.requestId }))
    case "InvalidGrantException":
      return ended(pending.responseLost ? new TokenPossiblyLost({ cause: error }) : error)
    case "UnexpectedResponse":
      // a response from another URL brought no token, whatever its status is
      return ended(
        error.status === 200 && error.problem !== "redirect" ? new TokenPossiblyLost({ cause: error }) : error
      )
    default:
      return ended(error)
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
  const trouble = {
    error: "Interrupted",
    message: "The process that sent the last poll ended before the response came."
  }
  return scheduled(
    failed(pending, trouble, true),
    backOff(pending.interval, pending.failures + 1, circumstances),
    now
  )
}

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

// in milliseconds
const slowDownBy = 5000

const ended = (error: PollError): Decision => ({ _tag: "Ended", error })

const failed = (
  { slowDowns: _slowDowns, ...pending }: PendingAuthorization,
  lastTrouble: Trouble,
  responseLost: boolean
): PendingAuthorization => ({
  ...pending,
  failures: Numbers.counted(pending.failures),
  responseLost,
  lastTrouble
})

/** The service has issued no token for the code yet, so no earlier response was lost. */
const stillPending = (
  { lastTrouble: _lastTrouble, slowDowns: _slowDowns, ...pending }: PendingAuthorization
): PendingAuthorization => ({
  ...pending,
  failures: 0,
  responseLost: false
})

const scheduled = (pending: PendingAuthorization, wait: Duration.Duration, now: number): PendingAuthorization => ({
  ...pending,
  wait,
  nextPollAt: Stored.after(now, wait)
})

const tooFast = "The service asked twice in a row to poll more slowly. " +
  "Another program may poll with the same code, or this machine's clock runs fast."

const waiting = (pending: PendingAuthorization, reason: Waiting["reason"]): Waiting => {
  const { lastTrouble, nextPollAt, slowDowns = 0, wait } = pending
  return {
    _tag: "Waiting",
    reason,
    ...(reason === "trouble" && lastTrouble !== undefined ? { trouble: lastTrouble } : {}),
    ...(reason === "slowedDown" && slowDowns >= 2 ? { advice: tooFast } : {}),
    wait,
    nextPollAt,
    pending
  }
}

const next = (pending: PendingAuthorization, how: {
  readonly reason: Waiting["reason"]
  readonly wait: Duration.Duration
  readonly retryAfter?: number | undefined
  readonly circumstances: Circumstances
}): Decision => {
  const { now, untilDeadline } = how.circumstances
  const retryAfter = Stored.seconds(how.retryAfter ?? 0)
  const wait = Duration.toMillis(retryAfter) > Duration.toMillis(how.wait) ? retryAfter : how.wait
  return Duration.toMillis(wait) >= untilDeadline
    ? ended(expired(pending, { detectedBy: "clock" }))
    : waiting(scheduled(pending, wait, now), how.reason)
}

// used if the cap of the policy is no duration, which JavaScript may give
const defaultCap = Duration.millis(60_000)

/** `min(cap, interval × 2^n)`, never below the interval. Jitter only lengthens it. */
const backOff = (interval: Duration.Duration, failures: number, { policy, random }: Circumstances) => {
  const base = Duration.toMillis(interval)
  const cap = Duration.toMillis(Option.getOrElse(Duration.fromInput(policy.cap), () => defaultCap))
  const doubled = Math.max(base, Math.min(cap, base * 2 ** failures))
  const jitter = policy.jitter > 0 && Number.isFinite(policy.jitter) ? policy.jitter * random : 0
  return Stored.millis(doubled * (1 + jitter))
}

const statusOf = (error: CreateToken.Error): number | undefined => "status" in error ? error.status : undefined

/** Why the poll failed, if no response arrived or the service is busy. Otherwise `undefined`. */
const troubleOf = (error: CreateToken.Error): Trouble | undefined => {
  const status = statusOf(error)
  const requestId = textOf("requestId" in error ? error.requestId : undefined)
  const code = textOf("code" in error ? error.code : undefined)
  if (!(error._tag === "TransportError" ? error.transient : Wire.isBusy(error))) return undefined
  // The program may provide its own client, whose errors came through JSON. Check each member, so that it can be stored and
  // decoded.
  return {
    error: error._tag,
    message: textOf(error.message) ?? error._tag,
    ...(error._tag === "TransportError" ? { sent: error.sent } : {}),
    ...(code === undefined ? {} : { code }),
    ...(status !== undefined && Number.isInteger(status) ? { status } : {}),
    ...(requestId === undefined ? {} : { requestId })
  }
}

const textOf = (value: unknown): string | undefined => typeof value === "string" ? Wire.printable(value) : undefined

/** Whether the service may have acted on the poll without its response arriving. */
const losesResponse = (error: CreateToken.Error): boolean =>
  error._tag === "TransportError" ? error.sent !== "no" : (statusOf(error) ?? 0) >= 500

const retryAfterOf = (error: CreateToken.Error): number | undefined =>
  "retryAfter" in error ? error.retryAfter : undefined
