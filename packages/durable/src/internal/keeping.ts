/**
 * The row of a login that this process drives: how it is written, confirmed, ended and released.
 */
import type { SealerUnavailable } from "@sso-oidc/core/Sealer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import * as LoginMetrics from "../LoginMetrics.ts"
import type { LoginStoreError, Row } from "../LoginStore.ts"
import * as Driver from "./driver.ts"
import type { Verdict } from "./driver.ts"
import * as Lifecycle from "./lifecycle.ts"
import * as Residents from "./residents.ts"
import type { Resident } from "./residents.ts"

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** Writes the pending authorization as it is, with or without this run as its holder. Gives whether no other process had changed the row. */
const writeRow = (
  driver: Driver.Driver,
  resident: Resident,
  isHeld: boolean
): Effect.Effect<boolean, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    const { attempt, holder, id, pending } = resident
    const sealed = yield* Lifecycle.pendingRow(driver, id, attempt, pending, "engine")
    const row = isHeld ? { ...sealed, holder } : sealed
    if (!(yield* Lifecycle.write(driver.store, id, resident.row.version, row))) return false
    resident.row = Driver.held(row)
    resident.stored = pending
    resident.isBehind = false
    driver.changed(id)
    return true
  })

/** Stores the login as it is. If the store fails, the login goes on, and its next poll is stored too. */
export const store = (driver: Driver.Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.matchEffect(Driver.persistently(writeRow(driver, resident, true)), {
    onFailure: (error) => {
      resident.isBehind = true
      return Effect.as(
        driver.warn(resident.id, `The login goes on, but its row is behind. ${error.message}`),
        "on" as const
      )
    },
    onSuccess: (isDone) => {
      if (!isDone) resident.isDoubted = true
      return Driver.on
    }
  })

// -----------------------------------------------------------------------------
// confirming
// -----------------------------------------------------------------------------

/** Whether the row is known to be this run's own. Without a standstill it is. */
export const isConfirmed = ({ watch }: Driver.Driver, { confirmed, isSure }: Resident): boolean =>
  watch.count() === confirmed && (isSure || !watch.isRecent())

/** Asks whether the row is still this run's own, after the process stood still. */
export const confirm = (driver: Driver.Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.suspend(() => {
    const { count } = driver.watch
    const confirmed = count()
    return Effect.flatMap(
      Driver.lasting(
        driver,
        resident.id,
        // an interruption waits, since the row that is written must be known here
        Effect.map(Effect.uninterruptible(writeRow(driver, resident, true)), (isDone) => {
          if (isDone) {
            resident.confirmed = confirmed
            resident.isSure = true
          } else resident.isDoubted = true
        })
      ),
      () => Driver.on
    )
  })

/**
 * Whether another process only asked this run for the next poll, when it took the holder out of the row. A process that stood still lately
 * cannot know: another one may have been that holder.
 */
const isHurried = ({ watch }: Driver.Driver, { heldUntil, holder }: Row): boolean =>
  holder === undefined && heldUntil !== undefined && !watch.isRecent()

/** Reads the row, after it may have changed, and takes it back if another process only asked for the next poll. */
export const look = (driver: Driver.Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.gen(function*() {
    const { attempt, holder, id } = resident
    const row = yield* Driver.lasting(driver, id, driver.store.get(id))
    if (!Driver.isDriven(row, attempt)) return "over"
    if (row.holder === holder) {
      resident.row = Driver.held(row)
      resident.isDoubted = false
      return "on"
    }
    if (row.holder !== undefined) return "other"
    if (row.heldUntil === undefined) return "again"
    if (!isHurried(driver, row)) return "other"
    resident.row = Driver.held(row)
    const isTaken = yield* Effect.uninterruptible(Effect.result(writeRow(driver, resident, true)))
    if (Result.isFailure(isTaken)) yield* Residents.sleep(resident, Driver.longestPause)
    else if (isTaken.success) {
      resident.isHurried = true
      resident.isDoubted = false
    }
    return "on"
  })

// -----------------------------------------------------------------------------
// ending
// -----------------------------------------------------------------------------

/** Tells that a row has ended. */
export const ended = ({ changed }: Driver.Driver, id: string, isLost: boolean): Effect.Effect<void> =>
  Effect.andThen(
    Effect.sync(() => changed(id)),
    isLost ? Metric.update(LoginMetrics.lost, 1) : Effect.void
  )

/** Writes how a login ended. `"on"` if the store failed, so that it must be tried again. */
export const conclude = (driver: Driver.Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.suspend(() => {
    const { ending } = resident
    if (ending === undefined) return Driver.on
    return Effect.matchEffect(Driver.persistently(concludeNow(driver, resident, ending)), {
      onFailure: (error) =>
        Effect.as(
          driver.warn(resident.id, `The login has ended, but its row does not say so yet. ${error.message}`),
          "on" as const
        ),
      onSuccess: (verdict) => Effect.succeed(verdict)
    })
  })

const concludeNow = (
  driver: Driver.Driver,
  resident: Resident,
  ending: Residents.Ending
): Effect.Effect<Verdict, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    const { attempt, holder, id } = resident
    const outcome = ending._tag === "Token"
      ? yield* Lifecycle.approvedRow(driver, id, resident.row, ending.token)
      : yield* Lifecycle.failedRow(resident.row, ending.error, ending.isLost)
    if (yield* Lifecycle.end(driver.store, id, resident.row.version, outcome)) {
      yield* ended(driver, id, outcome.state === "lost")
      if (outcome.state === "approved") {
        yield* Metric.update(LoginMetrics.approvalTime, (outcome.writtenAt - resident.issuedAt) / 1000)
      }
      return "over"
    }
    const row = yield* driver.store.get(id)
    if (!Driver.isDriven(row, attempt)) return "over"
    // A token is the truth, also if another process holds the row. An error of this run is not, if another process drives the login.
    if (ending._tag === "Error" && row.holder !== holder) {
      if (row.holder !== undefined) return "other"
      if (row.heldUntil === undefined) return "again"
      if (!isHurried(driver, row)) return "other"
    }
    resident.row = Driver.held(row)
    return yield* concludeNow(driver, resident, ending)
  })

// -----------------------------------------------------------------------------
// releasing
// -----------------------------------------------------------------------------

// How long a run waits for its turn to release its row. In milliseconds.
const longestTurn = 60_000

/** Releases the row as it is, also if another process asks for the next poll at this moment. */
const releaseNow = (
  driver: Driver.Driver,
  resident: Resident
): Effect.Effect<void, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    if (yield* writeRow(driver, resident, false)) return
    const row = yield* driver.store.get(resident.id)
    if (!Driver.isDriven(row, resident.attempt)) return
    if (row.holder !== resident.holder && !isHurried(driver, row)) return
    resident.row = Driver.held(row)
    yield* releaseNow(driver, resident)
  })

/** Releases the row. Many runs stop at once, so they take turns: the time of a call must not pass while it waits for the others. */
const release = (driver: Driver.Driver, resident: Resident): Effect.Effect<void> =>
  Effect.flatMap(
    Lifecycle.now,
    (begun) =>
      driver.releases.withPermit(Effect.flatMap(Lifecycle.now, (now) =>
        now - begun > longestTurn ? Effect.void : Effect.ignore(Driver.persistently(releaseNow(driver, resident)))))
  )

/** Writes a token, until it is written or no longer wanted. Other processes may take the row meanwhile: the token replaces what they write. */
const untilWritten = (driver: Driver.Driver, resident: Resident): Effect.Effect<void> =>
  Effect.flatMap(conclude(driver, resident), (verdict) =>
    verdict === "on"
      ? Effect.andThen(Effect.sleep(Duration.millis(Driver.longestPause)), untilWritten(driver, resident))
      : Effect.void)

/**
 * What a run does with its row when it is interrupted: it writes how the login ended, or releases the row. A token outlives the run, since
 * the engine also interrupts runs because the database is away.
 */
export const left = (driver: Driver.Driver, resident: Resident): Effect.Effect<void> => {
  if (resident.isReleased) return Effect.void
  switch (resident.ending?._tag) {
    case undefined:
      return release(driver, resident)
    case "Token":
      return driver.residents.keep(resident.attempt, untilWritten(driver, resident))
    case "Error":
      return Effect.asVoid(conclude(driver, resident))
  }
}
