/**
 * The body of the workflow: it drives one login until its row has an outcome.
 *
 * It takes the row over, and runs the grant in memory. It writes what changes, and nothing else. It ends only after its row has ended, because
 * the engine never runs an execution again that has ended.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import { SealerUnavailable, type Unsealable } from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import { DeviceCodeExpired } from "@sso-oidc/device-grant/DeviceGrantError"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import type * as Semaphore from "effect/Semaphore"
import * as LoginMetrics from "../LoginMetrics.ts"
import { LoginStoreError, type Row } from "../LoginStore.ts"
import * as Attempts from "./attempts.ts"
import * as Failure from "./failure.ts"
import type { Gap } from "./gap.ts"
import * as Holding from "./holding.ts"
import * as Lifecycle from "./lifecycle.ts"
import type { Name } from "./login.ts"
import type { Pace } from "./pace.ts"
import * as Residents from "./residents.ts"
import type { Held, Resident } from "./residents.ts"
import type { Watch } from "./standstill.ts"

/** What a process drives its logins with. */
export interface Driver extends Lifecycle.Tools {
  readonly residents: Residents.Residents
  readonly watch: Watch
  readonly pace: Pace
  readonly gap: Gap
  readonly isEachPollStored: boolean
  /** How many runs release their rows at a time. */
  readonly releases: Semaphore.Semaphore
  /** Tells those in this process who wait for a change of the row. */
  readonly changed: (id: string) => void
  /** Logs a warning about a login. If many logins have the same fault, then one of them is told now and then. */
  readonly warn: (id: string, sentence: string) => Effect.Effect<void>
}

type Driving<A> = Effect.Effect<A, never, SsoOidc.SsoOidc>

/**
 * What follows for a run.
 *
 * - `"on"`: it goes on.
 * - `"over"`: the row has ended, or is gone. So may the execution.
 * - `"again"`: another process has released the row. It is to be taken anew, as it is stored.
 * - `"other"`: another process holds the row. The engine will end this run.
 */
type Verdict = "on" | "over" | "again" | "other"

// -----------------------------------------------------------------------------
// trying again
// -----------------------------------------------------------------------------

// In milliseconds
const pauses = [100, 400, 1600, 3200]
const longestPause = 5000

/** Tries until the store and the sealer respond. It can be interrupted in between. */
const lasting = <A, R>(
  driver: Driver,
  id: string,
  effect: Effect.Effect<A, LoginStoreError | SealerUnavailable, R>,
  round = 0
): Effect.Effect<A, never, R> =>
  Effect.catch(effect, (error) =>
    Effect.gen(function*() {
      if (round >= pauses.length) yield* driver.warn(id, `The login waits. ${error.message}`)
      yield* Effect.sleep(Duration.millis(pauses[round] ?? longestPause))
      return yield* lasting(driver, id, effect, round + 1)
    }))

// How long a run that cannot be interrupted tries to write. In milliseconds.
const patience = 10_000

const persistently = <A, R>(effect: Effect.Effect<A, LoginStoreError | SealerUnavailable, R>) =>
  Effect.flatMap(Lifecycle.now, (now) => Lifecycle.persistently(now + patience, effect, true))

// -----------------------------------------------------------------------------
// taking over
// -----------------------------------------------------------------------------

/** The widest random part of a wait after a take-over: as long as all logins of this process need under its limit. */
const spreadOf = ({ pace, residents }: Driver): Duration.Duration =>
  Duration.millis(residents.all.size / pace.perSecond * 1000)

const mine = (row: Row, holder: string, now: number): Row => {
  const { heldUntil: _, ...rest } = row
  return { ...rest, version: Lifecycle.name(), holder, writtenAt: now }
}

const held = ({ sealed: _, ...row }: Row): Held => row

const residentOf = (
  name: Name,
  holder: string,
  row: Held,
  pending: PendingAuthorization,
  confirmed: number,
  clock: Clock.Clock
): Resident => ({
  ...name,
  holder,
  issuedAt: Attempts.timeOf(name.attempt) ?? clock.currentTimeMillisUnsafe(),
  row,
  stored: pending,
  pending,
  since: Residents.monotonic(clock),
  due: Residents.monotonic(clock) + waitOf(pending, clock.currentTimeMillisUnsafe()),
  turn: undefined,
  confirmed,
  isSure: false,
  isHurried: false,
  isDoubted: false,
  isBehind: false,
  isPolling: false,
  isBlocked: false,
  isReleased: false,
  ending: undefined,
  isWoken: false,
  alarm: Residents.noop
})

const waitOf = ({ nextPollAt, wait }: PendingAuthorization, now: number): number =>
  Math.max(0, Math.min(DateTime.toEpochMillis(nextPollAt) - now, Duration.toMillis(wait)))

const isDriven = (row: Row | undefined, attempt: string): row is Row =>
  row !== undefined && row.attempt === attempt && row.driver === "engine" && !Lifecycle.isEnded(row)

/** Writes this run's name into the row. `undefined` if the row has ended. Only its waits can be interrupted. */
const take = (
  driver: Driver,
  name: Name,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<Resident | undefined> =>
  Effect.gen(function*() {
    let hasWaited = false
    while (true) {
      // Another process takes it over, as soon as this one has ended.
      if (driver.residents.isStopping()) return yield* restore(Effect.never)
      const row = yield* restore(lasting(driver, name.id, driver.store.get(name.id)))
      if (!isDriven(row, name.attempt)) return undefined
      // The engine may have given the login to another process meanwhile. Before this one takes the row from it, the engine has time to say so.
      if (isHeld(row, yield* Lifecycle.now) && !hasWaited && driver.watch.isRecent()) {
        hasWaited = true
        yield* restore(Effect.sleep(Duration.millis(lookEvery)))
        continue
      }
      // The engine runs no execution again that ended by a defect. So a defect is one more reason to wait.
      const taken = yield* Effect.exit(takeRow(driver, name, row))
      if (Exit.isFailure(taken)) {
        yield* driver.warn(name.id, `The login waits. ${sentenceOf(Cause.squash(taken.cause))}`)
        yield* restore(Effect.sleep(Duration.millis(longestPause)))
      } else if (taken.value !== undefined) return taken.value
    }
  })

/** What is told of an error. A defect may hold a secret, so nothing but its name is told. */
const sentenceOf = (error: unknown): string =>
  error instanceof LoginStoreError || error instanceof SealerUnavailable
    ? error.message
    : `This program has a defect (${Wire.nameIn(error, "name") ?? "unknown"}).`

/** Takes a row, as it was read. `undefined` if another process has changed it since, or if it cannot be opened and has ended. */
const takeRow = (
  driver: Driver,
  name: Name,
  row: Row
): Effect.Effect<Resident | undefined, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    const { attempt, id } = name
    const opened = yield* Effect.result(Lifecycle.pendingIn(driver, id, row))
    if (Result.isFailure(opened)) {
      const error = opened.failure
      return error._tag === "Unsealable" ? yield* endUnopened(driver, name, row, error) : yield* error
    }
    const confirmed = driver.watch.count()
    const holder = Lifecycle.name()
    const isReleased = row.holder === undefined && row.heldUntil === undefined
    const pending = isReleased
      ? opened.success
      : yield* DeviceGrant.takeOver(opened.success, { spread: spreadOf(driver) })
    const next = isReleased ? row : yield* Lifecycle.pendingRow(driver, id, attempt, pending, "engine")
    const taken = mine(next, holder, yield* Lifecycle.now)
    if (!(yield* Lifecycle.write(driver.store, id, row.version, taken))) return undefined
    const login = { ...pending, registration: driver.residents.shared(pending.registration) }
    return yield* Effect.clockWith((clock) =>
      Effect.succeed(residentOf(name, holder, held(taken), login, confirmed, clock))
    )
  })

/** Ends a row whose text cannot be opened. A response may have been lost, which only the text knows. */
const endUnopened = (driver: Driver, { id }: Name, row: Row, error: Unsealable) =>
  Effect.flatMap(Lifecycle.failedRow(row, error, true), (outcome) =>
    Effect.flatMap(
      Lifecycle.end(driver.store, id, row.version, outcome),
      (isDone) => isDone ? Effect.as(ended(driver, id, true), undefined) : Effect.undefined
    ))

const ended = ({ changed }: Driver, id: string, isLost: boolean): Effect.Effect<void> =>
  Effect.andThen(
    Effect.sync(() => changed(id)),
    isLost ? Metric.update(LoginMetrics.lost, 1) : Effect.void
  )

// -----------------------------------------------------------------------------
// holding
// -----------------------------------------------------------------------------

// How often a run looks whether a row has ended that another process holds. In milliseconds.
const lookEvery = 15_000

/** Drives a login until its row has ended. */
export const drive = (driver: Driver, name: Name): Driving<void> =>
  Effect.uninterruptibleMask((restore) => driveOn(driver, name, restore))

/** Drives a login, with the mask of its fiber: a mask inside of another one would let no wait be interrupted. */
const driveOn = (
  driver: Driver,
  name: Name,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Driving<void> =>
  Effect.gen(function*() {
    const resident = yield* take(driver, name, restore)
    if (resident === undefined) return
    driver.residents.add(resident)
    driver.changed(name.id)
    yield* Metric.modify(LoginMetrics.pending, 1)
    const verdict = yield* restore(run(driver, resident)).pipe(
      Effect.onInterrupt(() => left(driver, resident)),
      Effect.ensuring(Effect.andThen(
        Effect.sync(() => {
          driver.residents.remove(resident)
          driver.changed(name.id)
        }),
        Metric.modify(LoginMetrics.pending, -1)
      ))
    )
    if (verdict === "over") return
    if (verdict === "other") yield* restore(untilFree(driver, name))
    return yield* driveOn(driver, name, restore)
  })

/** Drives a login. A defect ends it, and the row says so: the engine runs no execution again that ended by one. */
const run = (driver: Driver, resident: Resident): Driving<Verdict> =>
  Effect.catchCause(hold(driver, resident), (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(cause)
      : Effect.andThen(failed(driver, resident, cause), hold(driver, resident)))

/** Whether another process holds a row. Its holder takes it back within seconds, if a program asked for the next poll. */
const isHeld = ({ heldUntil, holder }: Row, now: number): boolean =>
  holder !== undefined || (heldUntil !== undefined && heldUntil + lookEvery > now)

/** Waits until no other process holds the row, or until it should have ended long ago. */
const untilFree = (driver: Driver, name: Name): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* Effect.sleep(Duration.millis(lookEvery))
    const row = yield* lasting(driver, name.id, driver.store.get(name.id))
    if (!isDriven(row, name.attempt)) return
    const now = yield* Lifecycle.now
    if (isHeld(row, now) && !Holding.isAbandoned(row, now)) yield* untilFree(driver, name)
  })

/** The state of a login after a defect: it has ended, and the next thing it does is to write so. */
const failed = (driver: Driver, resident: Resident, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const { ending, isPolling, pending } = resident
  // a token that cannot be written was issued all the same
  const isLost = isPolling || pending.responseLost || ending?._tag === "Token"
  resident.ending = { _tag: "Error", error: Failure.defect(), isLost }
  // The defect itself may hold a secret, so nothing but its name is told.
  const name = Wire.nameIn(Cause.squash(cause), "name") ?? "unknown"
  return driver.warn(resident.id, `The login ended by a defect of this program (${name}). Its row says so.`)
}

/** Waits, polls and writes, until the login ends here. Nothing stands after the last call, so that it may go on for ever. */
const hold = (driver: Driver, resident: Resident): Driving<Verdict> =>
  Effect.flatMap(
    Effect.suspend(() => next(driver, resident)),
    (verdict) => verdict === "on" ? hold(driver, resident) : Effect.succeed(verdict)
  )

const on: Effect.Effect<Verdict> = Effect.succeed("on")

/** What a login does next. */
const next = (driver: Driver, resident: Resident): Driving<Verdict> => {
  resident.isWoken = false
  if (driver.residents.isStopping()) return stopped(driver, resident)
  if (resident.ending !== undefined) {
    return Effect.flatMap(
      Effect.uninterruptible(conclude(driver, resident)),
      (verdict) =>
        verdict === "on" ? Effect.as(Residents.sleep(resident, longestPause), verdict) : Effect.succeed(verdict)
    )
  }
  if (resident.isDoubted) return look(driver, resident)
  return Effect.clockWith((clock) => {
    const now = Residents.monotonic(clock)
    const left = Math.max(dueOf(driver, resident, now, clock.currentTimeMillisUnsafe()), resident.turn ?? now) - now
    if (left > 0) return Effect.as(Residents.sleep(resident, left), "on")
    if (resident.turn === undefined) {
      return Effect.map(driver.pace.turn, (millis): Verdict => {
        resident.turn = now + millis
        return "on"
      })
    }
    if (!isConfirmed(driver, resident)) return confirm(driver, resident)
    return Effect.uninterruptible(poll(driver, resident))
  })
}

// The last poll before the deadline comes so long before it, in milliseconds.
const lastCall = 2000

/** When the next poll is due, on the monotonic clock. The gap makes it later, but no login misses its last poll by it. */
const dueOf = (
  driver: Driver,
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
const stopped = (driver: Driver, resident: Resident): Driving<Verdict> =>
  Effect.andThen(
    Effect.uninterruptible(Effect.andThen(
      left(driver, resident),
      Effect.sync(() => {
        resident.isReleased = true
        driver.residents.remove(resident)
      })
    )),
    Effect.never
  )

// -----------------------------------------------------------------------------
// polling
// -----------------------------------------------------------------------------

/** Sends a poll, and stores what follows. It is one region that cannot be interrupted, and the client's `requestTimeout` bounds it. */
const poll = (driver: Driver, resident: Resident): Driving<Verdict> =>
  Effect.suspend(() => {
    // No other code of this process runs between this look and the request.
    if (!isConfirmed(driver, resident)) return on
    resident.isSure = false
    resident.isHurried = false
    resident.turn = undefined
    resident.isPolling = true
    return Effect.flatMap(Effect.result(DeviceGrant.step(resident.pending)), (result) => {
      resident.isPolling = false
      return Result.isSuccess(result)
        ? stepped(driver, resident, result.success)
        : refused(driver, resident, result.failure)
    })
  })

const stepped = (driver: Driver, resident: Resident, step: DeviceGrant.Step): Effect.Effect<Verdict> =>
  Effect.clockWith((clock) => {
    if (step._tag === "Approved") {
      resident.ending = { _tag: "Token", token: step.token }
      return Effect.andThen(Metric.update(LoginMetrics.polls, 1), conclude(driver, resident))
    }
    resident.pending = step.pending
    resident.since = Residents.monotonic(clock)
    resident.due = resident.since + Duration.toMillis(step._tag === "Waiting" ? step.wait : step.left)
    if (step._tag === "NotDue") return on
    const stored = driver.isEachPollStored || resident.isBehind || isChange(resident.stored, step.pending)
      ? store(driver, resident)
      : on
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

const refused = (driver: Driver, resident: Resident, error: DeviceGrant.PollError): Effect.Effect<Verdict> => {
  const { pending } = resident
  if (error._tag !== "RequestInvalid") {
    resident.ending = { _tag: "Error", error, isLost: Failure.isLost(error, pending.responseLost) }
    const isSent = error._tag !== "DeviceCodeExpired" || error.detectedBy === "service"
    return Effect.andThen(isSent ? Metric.update(LoginMetrics.polls, 1) : Effect.void, conclude(driver, resident))
  }
  // Nothing was sent. A process with another client may poll, after this one has ended. Else the code expires.
  if (resident.isBlocked) {
    resident.ending = { _tag: "Error", error: expired(pending), isLost: pending.responseLost }
    return conclude(driver, resident)
  }
  resident.isBlocked = true
  resident.pending = { ...pending, lastTrouble: { error: error._tag, message: Wire.oneLine(error.message) } }
  return Effect.andThen(
    driver.warn(resident.id, `The login waits for another process. ${error.message}`),
    store(driver, resident)
  )
}

const expired = ({ failures, lastTrouble, responseLost }: PendingAuthorization): DeviceCodeExpired =>
  new DeviceCodeExpired({
    detectedBy: "clock",
    responseLost,
    failures,
    ...(lastTrouble === undefined ? {} : { lastTrouble })
  })

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** Writes the pending authorization as it is, with or without this run as its holder. Gives whether no other process had changed the row. */
const writeRow = (
  driver: Driver,
  resident: Resident,
  isHeld: boolean
): Effect.Effect<boolean, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    const { attempt, holder, id, pending } = resident
    const sealed = yield* Lifecycle.pendingRow(driver, id, attempt, pending, "engine")
    const row = isHeld ? { ...sealed, holder } : sealed
    if (!(yield* Lifecycle.write(driver.store, id, resident.row.version, row))) return false
    resident.row = held(row)
    resident.stored = pending
    resident.isBehind = false
    driver.changed(id)
    return true
  })

/** Stores the login as it is. If the store fails, the login goes on, and its next poll is stored too. */
const store = (driver: Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.matchEffect(persistently(writeRow(driver, resident, true)), {
    onFailure: (error) => {
      resident.isBehind = true
      return Effect.as(
        driver.warn(resident.id, `The login goes on, but its row is behind. ${error.message}`),
        "on" as const
      )
    },
    onSuccess: (isDone) => {
      if (!isDone) resident.isDoubted = true
      return on
    }
  })

/** Whether the row is known to be this run's own. Without a standstill it is. */
const isConfirmed = ({ watch }: Driver, { confirmed, isSure }: Resident): boolean =>
  watch.count() === confirmed && (isSure || !watch.isRecent())

/** Asks whether the row is still this run's own, after the process stood still. */
const confirm = (driver: Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.suspend(() => {
    const { count } = driver.watch
    const confirmed = count()
    return Effect.flatMap(
      lasting(
        driver,
        resident.id,
        Effect.map(writeRow(driver, resident, true), (isDone) => {
          if (isDone) {
            resident.confirmed = confirmed
            resident.isSure = true
          } else resident.isDoubted = true
        })
      ),
      () => on
    )
  })

/**
 * Whether another process only asked this run for the next poll, when it took the holder out of the row. A process that stood still lately
 * cannot know: another one may have been that holder.
 */
const isHurried = ({ watch }: Driver, { heldUntil, holder }: Row): boolean =>
  holder === undefined && heldUntil !== undefined && !watch.isRecent()

/** Reads the row, after it may have changed, and takes it back if another process only asked for the next poll. */
const look = (driver: Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.gen(function*() {
    const { attempt, holder, id } = resident
    const row = yield* lasting(driver, id, driver.store.get(id))
    if (!isDriven(row, attempt)) return "over"
    if (row.holder === holder) {
      resident.row = held(row)
      resident.isDoubted = false
      return "on"
    }
    if (row.holder !== undefined) return "other"
    if (row.heldUntil === undefined) return "again"
    if (!isHurried(driver, row)) return "other"
    resident.row = held(row)
    const isTaken = yield* Effect.uninterruptible(Effect.result(writeRow(driver, resident, true)))
    if (Result.isFailure(isTaken)) yield* Residents.sleep(resident, longestPause)
    else if (isTaken.success) {
      resident.isHurried = true
      resident.isDoubted = false
    }
    return "on"
  })

/** Writes how a login ended. `"on"` if the store failed, so that it must be tried again. */
const conclude = (driver: Driver, resident: Resident): Effect.Effect<Verdict> =>
  Effect.suspend(() => {
    const { ending } = resident
    if (ending === undefined) return on
    return Effect.matchEffect(persistently(concludeNow(driver, resident, ending)), {
      onFailure: (error) =>
        Effect.as(
          driver.warn(resident.id, `The login has ended, but its row does not say so yet. ${error.message}`),
          "on" as const
        ),
      onSuccess: (verdict) => Effect.succeed(verdict)
    })
  })

const concludeNow = (
  driver: Driver,
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
    if (!isDriven(row, attempt)) return "over"
    // A token is the truth, also if another process holds the row. An error of this run is not, if another process drives the login.
    if (ending._tag === "Error" && row.holder !== holder) {
      if (row.holder !== undefined) return "other"
      if (row.heldUntil === undefined) return "again"
      if (!isHurried(driver, row)) return "other"
    }
    resident.row = held(row)
    return yield* concludeNow(driver, resident, ending)
  })

// How long a run waits for its turn to release its row. In milliseconds.
const longestTurn = 60_000

/** Releases the row as it is, also if another process asks for the next poll at this moment. */
const releaseNow = (driver: Driver, resident: Resident): Effect.Effect<void, LoginStoreError | SealerUnavailable> =>
  Effect.gen(function*() {
    if (yield* writeRow(driver, resident, false)) return
    const row = yield* driver.store.get(resident.id)
    if (!isDriven(row, resident.attempt) || !isHurried(driver, row)) return
    resident.row = held(row)
    yield* releaseNow(driver, resident)
  })

/** Releases the row. Many runs stop at once, so they take turns: the time of a call must not pass while it waits for the others. */
const release = (driver: Driver, resident: Resident): Effect.Effect<void> =>
  Effect.flatMap(
    Lifecycle.now,
    (begun) =>
      driver.releases.withPermit(Effect.flatMap(Lifecycle.now, (now) =>
        now - begun > longestTurn ? Effect.void : Effect.ignore(persistently(releaseNow(driver, resident)))))
  )

/** What a run does with its row when it is interrupted: it writes how the login ended, or releases the row. */
const left = (driver: Driver, resident: Resident): Effect.Effect<void> =>
  resident.isReleased
    ? Effect.void
    : resident.ending === undefined
    ? release(driver, resident)
    : Effect.asVoid(conclude(driver, resident))
