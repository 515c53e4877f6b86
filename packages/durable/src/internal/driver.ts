/**
 * What a process drives its logins with, and how it waits for a store that fails.
 */
import type { SealerUnavailable } from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Semaphore from "effect/Semaphore"
import type { LoginStoreError, Row } from "../LoginStore.ts"
import type { Gap } from "./gap.ts"
import * as Lifecycle from "./lifecycle.ts"
import type { Pace } from "./pace.ts"
import type { Held, Residents } from "./residents.ts"
import type { Watch } from "./standstill.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** What a process drives its logins with. */
export interface Driver extends Lifecycle.Tools {
  readonly residents: Residents
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

/** What a run does. */
export type Driving<A> = Effect.Effect<A, never, SsoOidc.SsoOidc>

/**
 * What follows for a run.
 *
 * - `"on"`: it goes on.
 * - `"over"`: the row has ended, or is gone. So may the execution.
 * - `"again"`: another process has released the row. It is to be taken anew, as it is stored.
 * - `"other"`: another process holds the row. The engine will end this run.
 */
export type Verdict = "on" | "over" | "again" | "other"

export const on: Effect.Effect<Verdict> = Effect.succeed("on")

/** A row without its sealed text. */
export const held = ({ sealed: _, ...row }: Row): Held => row

/** Whether the engine drives the login of a row still. */
export const isDriven = (row: Row | undefined, attempt: string): row is Row =>
  row !== undefined && row.attempt === attempt && row.driver === "engine" && !Lifecycle.isEnded(row)

// -----------------------------------------------------------------------------
// trying again
// -----------------------------------------------------------------------------

// In milliseconds
const pauses = [100, 400, 1600, 3200]
export const longestPause = 5000

/** Tries until the store and the sealer respond. It can be interrupted in between. */
export const lasting = <A, R>(
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

/** Tries for as long as a run may that cannot be interrupted. */
export const persistently = <A, R>(effect: Effect.Effect<A, LoginStoreError | SealerUnavailable, R>) =>
  Effect.flatMap(Lifecycle.now, (now) => Lifecycle.persistently(now + patience, effect, true))
