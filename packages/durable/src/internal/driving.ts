/**
 * The body of the workflow: it drives one login until its row has an outcome.
 *
 * It takes the row over, and runs the grant in memory. It writes what changes, and nothing else. It ends only after its row has ended, because
 * the engine never runs an execution again that has ended.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import * as LoginMetrics from "../LoginMetrics.ts"
import * as Driver from "./driver.ts"
import type { Driving, Verdict } from "./driver.ts"
import * as Failure from "./failure.ts"
import * as Keeping from "./keeping.ts"
import type { Name } from "./login.ts"
import * as Residents from "./residents.ts"
import type { Resident } from "./residents.ts"
import * as Starting from "./starting.ts"
import * as Taking from "./taking.ts"

// -----------------------------------------------------------------------------
// driving
// -----------------------------------------------------------------------------

/** Drives a login until its row has ended. */
export const drive = (driver: Driver.Driver, name: Name): Driving<void> =>
  Effect.uninterruptibleMask((restore) => driveOn(driver, name, restore))

/** Drives a login, with the mask of its fiber: a mask inside of another one would let no wait be interrupted. */
const driveOn = (
  driver: Driver.Driver,
  name: Name,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Driving<void> =>
  Effect.gen(function*() {
    const resident = yield* Taking.take(driver, name, restore)
    if (resident === undefined) return
    driver.residents.add(resident)
    driver.changed(name.id)
    yield* Metric.modify(LoginMetrics.pending, 1)
    const verdict = yield* restore(run(driver, resident)).pipe(
      Effect.onInterrupt(() => Keeping.left(driver, resident)),
      Effect.ensuring(Effect.andThen(
        Effect.sync(() => {
          resident.leave()
          driver.residents.remove(resident)
          driver.changed(name.id)
        }),
        Metric.modify(LoginMetrics.pending, -1)
      ))
    )
    if (verdict === "over") return
    if (verdict === "other") yield* restore(Taking.untilFree(driver, name))
    return yield* driveOn(driver, name, restore)
  })

/** Drives a login. A defect ends it, and the row says so: the engine runs no execution again that ended by one. */
const run = (driver: Driver.Driver, resident: Resident): Driving<Verdict> =>
  Effect.catchCause(hold(driver, resident), (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause)
      : Effect.andThen(failed(driver, resident, cause), hold(driver, resident)))

/** The state of a login after a defect: it has ended, and the next thing it does is to write so. */
const failed = (driver: Driver.Driver, resident: Resident, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const { ending, isPolling, pending } = resident
  // a token that cannot be written was issued all the same
  const isLost = isPolling || pending.responseLost || ending?._tag === "Token"
  resident.ending = { _tag: "Error", error: Failure.defect(), isLost }
  // The defect itself may hold a secret, so nothing but its name is told.
  const name = Wire.nameIn(Cause.squash(cause), "name") ?? "unknown"
  return driver.warn(resident.id, `The login ended by a defect of this program (${name}). Its row says so.`)
}

/** Waits, polls and writes, until the login ends here. Nothing stands after the last call, so that it may go on for ever. */
const hold = (driver: Driver.Driver, resident: Resident): Driving<Verdict> =>
  Effect.flatMap(
    Effect.suspend(() => next(driver, resident)),
    (verdict) => verdict === "on" ? hold(driver, resident) : Effect.succeed(verdict)
  )

/** What a login does next. */
const next = (driver: Driver.Driver, resident: Resident): Driving<Verdict> => {
  resident.isWoken = false
  if (driver.residents.isStopping()) return stopped(driver, resident)
  if (resident.ending !== undefined) {
    return Effect.flatMap(
      Effect.uninterruptible(Keeping.conclude(driver, resident)),
      (verdict) =>
        verdict === "on" ? Effect.as(Residents.sleep(resident, Driver.longestPause), verdict) : Effect.succeed(verdict)
    )
  }
  if (resident.isDoubted) return Keeping.look(driver, resident)
  return Effect.clockWith((clock) => {
    const now = Residents.monotonic(clock)
    const wall = clock.currentTimeMillisUnsafe()
    const left = dueOf(driver, resident, now, wall) - now
    if (left > 0) return Effect.as(Residents.sleep(resident, left), "on")
    if (resident.turn === "none") ask(driver, resident)
    if (resident.turn === "asked") {
      // A code that has expired is sent nowhere, so it needs no turn.
      const untilDeadline = DateTime.toEpochMillis(resident.pending.expiresAt) - wall
      if (untilDeadline > 0) return Effect.as(Residents.sleep(resident, untilDeadline), "on")
      resident.leave()
    }
    if (!Keeping.isConfirmed(driver, resident)) return Keeping.confirm(driver, resident)
    return Effect.uninterruptible(poll(driver, resident))
  })
}

/** Asks for the turn of the next poll. */
const ask = (driver: Driver.Driver, resident: Resident): void => {
  resident.turn = "asked"
  resident.leave = driver.pace.enter("poll", () => {
    resident.turn = "granted"
    Residents.wake(resident)
  })
}

// The last poll before the deadline comes so long before it, in milliseconds.
const lastCall = 2000

/** When the next poll is due, on the monotonic clock. The gap makes it later, but no login misses its last poll by it. */
const dueOf = (
  driver: Driver.Driver,
  { due, isBlocked, isHurried, issuedAt, pending, since }: Resident,
  now: number,
  wall: number
): number => {
  const deadline = now + DateTime.toEpochMillis(pending.expiresAt) - wall
  if (isBlocked) return deadline
  const gap = driver.gap(wall - issuedAt)
  return isHurried || gap === 0 ? due : Math.max(due, Math.min(since + gap, deadline - lastCall))
}

/** Releases the row, and waits for the end of the process. */
const stopped = (driver: Driver.Driver, resident: Resident): Driving<Verdict> =>
  Effect.andThen(
    Effect.uninterruptible(Effect.andThen(
      Keeping.left(driver, resident),
      Effect.sync(() => {
        resident.isReleased = true
        resident.leave()
        driver.residents.remove(resident)
      })
    )),
    Effect.never
  )

// -----------------------------------------------------------------------------
// polling
// -----------------------------------------------------------------------------

/** Sends a poll, and stores what follows. It is one region that cannot be interrupted, and the client's `requestTimeout` bounds it. */
const poll = (driver: Driver.Driver, resident: Resident): Driving<Verdict> =>
  Effect.suspend(() => {
    // No other code of this process runs between this look and the request.
    if (!Keeping.isConfirmed(driver, resident)) return Driver.on
    resident.isSure = false
    resident.isHurried = false
    resident.turn = "none"
    resident.isPolling = true
    return Effect.flatMap(Effect.result(DeviceGrant.step(resident.pending)), (result) => {
      resident.isPolling = false
      return Result.isSuccess(result)
        ? stepped(driver, resident, result.success)
        : refused(driver, resident, result.failure)
    })
  })

const stepped = (driver: Driver.Driver, resident: Resident, step: DeviceGrant.Step): Effect.Effect<Verdict> =>
  Effect.clockWith((clock) => {
    if (step._tag === "Approved") {
      resident.ending = { _tag: "Token", token: step.token }
      return Effect.andThen(Metric.update(LoginMetrics.polls, 1), Keeping.conclude(driver, resident))
    }
    resident.pending = step.pending
    resident.since = Residents.monotonic(clock)
    resident.due = resident.since + Duration.toMillis(step._tag === "Waiting" ? step.wait : step.left)
    if (step._tag === "NotDue") return Driver.on
    const stored = driver.isEachPollStored || resident.isBehind || isChange(resident.stored, step.pending)
      ? Keeping.store(driver, resident)
      : Driver.on
    return Metric.update(LoginMetrics.polls, 1).pipe(
      Effect.andThen(step.reason === "pending" ? Effect.void : Metric.update(LoginMetrics.backOffs, 1)),
      Effect.andThen(stored)
    )
  })

/** Whether a poll changed more than its own time. */
const isChange = (before: PendingAuthorization, after: PendingAuthorization): boolean =>
  before.failures !== after.failures || before.slowDowns !== after.slowDowns ||
  Duration.toMillis(before.interval) !== Duration.toMillis(after.interval) ||
  (before.lastTrouble === undefined) !== (after.lastTrouble === undefined)

const refused = (driver: Driver.Driver, resident: Resident, error: DeviceGrant.PollError): Effect.Effect<Verdict> => {
  const { pending } = resident
  if (error._tag !== "RequestInvalid") {
    resident.ending = { _tag: "Error", error, isLost: Failure.isLost(error, pending.responseLost) }
    const isSent = error._tag !== "DeviceCodeExpired" || error.detectedBy === "service"
    return Effect.andThen(
      isSent ? Metric.update(LoginMetrics.polls, 1) : Effect.void,
      Keeping.conclude(driver, resident)
    )
  }
  // Nothing was sent. A process with another client may poll, after this one has ended. Else the code expires.
  if (resident.isBlocked) {
    resident.ending = { _tag: "Error", error: Starting.expired(pending), isLost: pending.responseLost }
    return Keeping.conclude(driver, resident)
  }
  resident.isBlocked = true
  resident.pending = { ...pending, lastTrouble: { error: error._tag, message: Wire.oneLine(error.message) } }
  return Effect.andThen(
    driver.warn(resident.id, `The login waits for another process. ${error.message}`),
    Keeping.store(driver, resident)
  )
}
