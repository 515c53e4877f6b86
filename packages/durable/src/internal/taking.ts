/**
 * How a run takes the row of a login over from another process, or from none.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import { SealerUnavailable, type Unsealable } from "@sso-oidc/core/Sealer"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { LoginStoreError, type Row } from "../LoginStore.ts"
import * as Attempts from "./attempts.ts"
import * as Driver from "./driver.ts"
import * as Holding from "./holding.ts"
import * as Keeping from "./keeping.ts"
import * as Lifecycle from "./lifecycle.ts"
import type { Name } from "./login.ts"
import * as Residents from "./residents.ts"
import type { Held, Resident } from "./residents.ts"

// -----------------------------------------------------------------------------
// other processes
// -----------------------------------------------------------------------------

// How often a run looks whether a row has ended that another process holds. In milliseconds.
const lookEvery = 15_000

/** Whether another process holds a row. Its holder takes it back within seconds, if a program asked for the next poll. */
const isHeld = ({ heldUntil, holder }: Row, now: number): boolean =>
  holder !== undefined || (heldUntil !== undefined && heldUntil + lookEvery > now)

/** Waits until no other process holds the row, or until it should have ended long ago. */
export const untilFree = (driver: Driver.Driver, name: Name): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* Effect.sleep(Duration.millis(lookEvery))
    const row = yield* Driver.lasting(driver, name.id, driver.store.get(name.id))
    if (!Driver.isDriven(row, name.attempt)) return
    const now = yield* Lifecycle.now
    if (isHeld(row, now) && !Holding.isAbandoned(row, now)) yield* untilFree(driver, name)
  })

// -----------------------------------------------------------------------------
// residents
// -----------------------------------------------------------------------------

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
  turn: "none",
  leave: Residents.noop,
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

// -----------------------------------------------------------------------------
// taking over
// -----------------------------------------------------------------------------

/** The widest random part of a wait after a take-over: as long as all logins of this process need under its limit. */
const spreadOf = ({ pace, residents }: Driver.Driver): Duration.Duration =>
  Duration.millis(residents.all.size / pace.perSecond * 1000)

const mine = (row: Row, holder: string, now: number): Row => {
  const { heldUntil: _, ...rest } = row
  return { ...rest, version: Lifecycle.name(), holder, writtenAt: now }
}

// How often a run looks whether the token of an earlier run of this process is written. In milliseconds.
const keptEvery = 1000

/** Writes this run's name into the row. `undefined` if the row has ended. Only its waits can be interrupted. */
export const take = (
  driver: Driver.Driver,
  name: Name,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<Resident | undefined> =>
  Effect.gen(function*() {
    while (true) {
      // Another process takes it over, as soon as this one has ended.
      if (driver.residents.isStopping()) return yield* restore(Effect.never)
      if (driver.residents.kept.has(name.attempt)) {
        yield* restore(Effect.sleep(Duration.millis(keptEvery)))
        continue
      }
      const row = yield* restore(Driver.lasting(driver, name.id, driver.store.get(name.id)))
      if (!Driver.isDriven(row, name.attempt)) return undefined
      // After a standstill, the engine may have given the login to another process. It has time to say so, before this one takes the row.
      const rest = lookEvery - driver.watch.since()
      if (rest > 0 && isHeld(row, yield* Lifecycle.now)) {
        yield* restore(Effect.sleep(Duration.millis(Math.ceil(rest))))
        continue
      }
      // The engine runs no execution again that ended by a defect. So a defect is one more reason to wait.
      const taken = yield* Effect.exit(takeRow(driver, name, row))
      if (Exit.isFailure(taken)) {
        yield* driver.warn(name.id, `The login waits. ${sentenceOf(Cause.squash(taken.cause))}`)
        yield* restore(Effect.sleep(Duration.millis(Driver.longestPause)))
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
  driver: Driver.Driver,
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
      Effect.sync(() => {
        const resident = residentOf(name, holder, Driver.held(taken), login, confirmed, clock)
        // The process before this one may have polled until this write was done.
        const least = isReleased ? 0 : Duration.toMillis(login.interval)
        resident.due = Math.max(resident.due, resident.since + least)
        return resident
      })
    )
  })

/** Ends a row whose text cannot be opened. A response may have been lost, which only the text knows. */
const endUnopened = (driver: Driver.Driver, { id }: Name, row: Row, error: Unsealable) =>
  Effect.flatMap(Lifecycle.failedRow(row, error, true), (outcome) =>
    Effect.flatMap(
      Lifecycle.end(driver.store, id, row.version, outcome),
      (isDone) => isDone ? Effect.as(Keeping.ended(driver, id, true), undefined) : Effect.undefined
    ))
