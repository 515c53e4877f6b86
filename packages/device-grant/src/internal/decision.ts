/**
 * What to do after an answer, at a time: the device grant without its sleeping and sending (RFC 8628 section 3.5).
 *
 * Everything here is a pure function of what it is given.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { BackoffPolicy } from "../BackoffPolicy.ts"
import type { PollError } from "../DeviceGrant.ts"
import { DeviceCodeExpired, TokenPossiblyLost } from "../DeviceGrantError.ts"
import type { Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization, Trouble } from "../PendingAuthorization.ts"
import * as Token from "../Token.ts"
import * as Instant from "./instant.ts"
import * as Stored from "./stored.ts"

/** What a decision depends on beside the response. */
export interface Circumstances {
  /** The time, in milliseconds since 1970. */
  readonly now: number
  /** What is left of the code's life, in milliseconds, by the clock that the deadline is measured on. */
  readonly life: number
  /** The chance, from 0 to 1. */
  readonly random: number
  readonly policy: BackoffPolicy
}

export type Decision =
  | { readonly _tag: "Approved"; readonly token: Token.Token }
  | { readonly _tag: "Ended"; readonly error: PollError }
  | { readonly _tag: "Continue"; readonly pending: PendingAuthorization; readonly reason: Waiting["reason"] }

// -----------------------------------------------------------------------------
// before a poll
// -----------------------------------------------------------------------------

/**
 * What is left to wait for one that was stored. Never more than the wait that set its time, so that a clock that was
 * set back does not stretch it.
 */
export const left = (pending: PendingAuthorization, now: number): Duration.Duration =>
  Duration.millis(
    Math.max(0, Math.min(DateTime.toEpochMillis(pending.nextPollAt) - now, Duration.toMillis(pending.wait)))
  )

/** What is left of the code's life for one that was stored, in milliseconds: the only clock that both processes share. */
export const life = (pending: PendingAuthorization, now: number): number =>
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

/** What to do after this answer. */
export const decide = (
  pending: PendingAuthorization,
  answer: Result.Result<CreateToken.Response, CreateToken.Error>,
  circumstances: Circumstances
): Decision => {
  if (Result.isSuccess(answer)) {
    return { _tag: "Approved", token: Token.fromResponse(answer.success, pending.registration, circumstances.now) }
  }
  const error = answer.failure
  const trouble = troubleOf(error)
  if (trouble !== undefined) {
    const responseLost = pending.responseLost || loses(error)
    return next(failed(pending, trouble, responseLost), {
      reason: "trouble",
      wait: backoff(pending.interval, pending.failures + 1, circumstances),
      retryAfter: retryAfterOf(error),
      circumstances
    })
  }
  switch (error._tag) {
    case "AuthorizationPendingException":
      return next(proven(pending), {
        reason: "pending",
        wait: pending.interval,
        circumstances
      })
    case "SlowDownException": {
      const interval = Duration.sum(pending.interval, slowDownBy)
      return next({ ...pending, failures: 0, interval, slowDowns: Stored.counted(pending.slowDowns ?? 0) }, {
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
      // a response from elsewhere brought no token, whatever its status
      return ended(
        error.status === 200 && error.problem !== "redirect" ? new TokenPossiblyLost({ cause: error }) : error
      )
    default:
      return ended(error)
  }
}

/** One that is not due yet, its time put where the clock now is. */
export const notDue = (pending: PendingAuthorization, left: Duration.Duration, now: number): PendingAuthorization => ({
  ...pending,
  nextPollAt: Instant.after(now, left)
})

/**
 * What to store before a poll that its process may not survive: the next poll one wait on, one failure more, its answer
 * lost. Where no poll would be sent, since it is too early or too late, there is none to lose.
 */
export const markInFlight = (pending: PendingAuthorization, circumstances: Circumstances): PendingAuthorization => {
  const { life, now } = circumstances
  const wait = left(pending, now)
  if (Duration.isGreaterThan(wait, Duration.zero)) return notDue(pending, wait, now)
  if (life <= 0) return pending
  const trouble = {
    error: "Interrupted",
    message: "The process that sent the last poll ended before its answer came."
  }
  return scheduled(
    failed(pending, trouble, true),
    backoff(pending.interval, pending.failures + 1, circumstances),
    now
  )
}

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

const slowDownBy = Duration.seconds(5)

const ended = (error: PollError): Decision => ({ _tag: "Ended", error })

const failed = (
  { slowDowns: _slowDowns, ...pending }: PendingAuthorization,
  lastTrouble: Trouble,
  responseLost: boolean
): PendingAuthorization => ({
  ...pending,
  failures: Stored.counted(pending.failures),
  responseLost,
  lastTrouble
})

/** The service knows the code and has given no token for it: whatever went wrong before cost nothing. */
const proven = (
  { lastTrouble: _lastTrouble, slowDowns: _slowDowns, ...pending }: PendingAuthorization
): PendingAuthorization => ({
  ...pending,
  failures: 0,
  responseLost: false
})

const scheduled = (pending: PendingAuthorization, wait: Duration.Duration, now: number): PendingAuthorization => ({
  ...pending,
  wait,
  nextPollAt: Instant.after(now, wait)
})

const next = (pending: PendingAuthorization, how: {
  readonly reason: Waiting["reason"]
  readonly wait: Duration.Duration
  readonly retryAfter?: number | undefined
  readonly circumstances: Circumstances
}): Decision => {
  const { life, now } = how.circumstances
  const wait = Duration.max(how.wait, Instant.seconds(how.retryAfter ?? 0))
  return Duration.toMillis(wait) >= life
    ? ended(expired(pending, { detectedBy: "clock" }))
    : { _tag: "Continue", pending: scheduled(pending, wait, now), reason: how.reason }
}

/** `min(cap, interval × 2^n)`, never below the interval; chance only lengthens it. */
const backoff = (interval: Duration.Duration, failures: number, { policy, random }: Circumstances) => {
  const base = Duration.toMillis(interval)
  const cap = Duration.toMillis(Duration.fromInputUnsafe(policy.cap))
  const doubled = Math.max(base, Math.min(cap, base * 2 ** failures))
  const jitter = policy.jitter > 0 ? policy.jitter * random : 0
  return Instant.millis(doubled * (1 + jitter))
}

const statusOf = (error: CreateToken.Error): number | undefined => "status" in error ? error.status : undefined

/** No response to the grant: nothing came, or what came says that the service, or something before it, is busy. */
const troubleOf = (error: CreateToken.Error): Trouble | undefined => {
  const status = statusOf(error)
  const requestId = textOf("requestId" in error ? error.requestId : undefined)
  const code = textOf("code" in error ? error.code : undefined)
  if (!(error._tag === "TransportError" ? error.transient : Wire.isBusy(error))) return undefined
  // of a client of the program's own too, whose errors may have crossed a process: what is stored must be readable again
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

/** The service may have acted on the poll, and its answer did not come. */
const loses = (error: CreateToken.Error): boolean =>
  error._tag === "TransportError" ? error.sent !== "no" : (statusOf(error) ?? 0) >= 500

const retryAfterOf = (error: CreateToken.Error): number | undefined =>
  "retryAfter" in error ? error.retryAfter : undefined
