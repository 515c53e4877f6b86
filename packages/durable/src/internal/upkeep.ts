/**
 * What a process that drives logins does for all of them, beside driving its own: it finds rows that no process drives, and removes old ones.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Found, LoginStoreError, Service } from "../LoginStore.ts"
import * as Lifecycle from "./lifecycle.ts"
import type { Name } from "./login.ts"
import * as Residents from "./residents.ts"

export interface Work {
  readonly store: Service
  readonly residents: Residents.Residents
  readonly handOver: (name: Name) => Effect.Effect<void>
  readonly forget: (found: ReadonlyArray<Found>) => Effect.Effect<void>
}

// In milliseconds
const lookEvery = 1000
const handOverAfter = 5000
const handOverEvery = 3000
const sweepEvery = 60_000

/** Does something again and again. A random part keeps processes apart that began at the same time. */
const every = <R>(millis: number, effect: Effect.Effect<unknown, LoginStoreError, R>) =>
  Effect.forkScoped(Effect.forever(Effect.andThen(
    Effect.flatMap(Random.next, (part) => Effect.sleep(Duration.millis(Math.ceil(millis * (0.75 + part / 2))))),
    Effect.catch(effect, (error) => Effect.logDebug(error.message))
  )))

// Many rows may wait for a place in a full process. They are not lost, so a part of them at a time is enough.
const mostHandedOver = 50

/** A part of a list, which begins at another place each time. */
const some = (found: ReadonlyArray<Found>, part: number): ReadonlyArray<Found> => {
  const from = Math.floor(part * found.length)
  return [...found.slice(from), ...found.slice(0, from)].slice(0, mostHandedOver)
}

// A store that always gives rows, because it does not remove them, is asked again a minute later.
const mostSweeps = 20

export const run = ({ forget, handOver, residents, store }: Work): Effect.Effect<void, never, Scope.Scope> => {
  /** Wakes the logins of this process whose row another process has changed. */
  const look = Effect.map(Effect.flatMap(Lifecycle.now, (now) => store.pending(now + 1)), (found) => {
    for (const { attempt, id } of found) {
      const resident = residents.all.get(id)
      if (resident?.attempt !== attempt || resident.row.holder === undefined) continue
      resident.isDoubted = true
      Residents.wake(resident)
    }
  })
  /** Hands over rows that no process has taken for a while. An engine that has one of them does nothing. */
  const check = Effect.flatMap(
    Effect.flatMap(Lifecycle.now, (now) => store.pending(now - handOverAfter)),
    (found) =>
      Effect.flatMap(
        Random.next,
        (part) =>
          Effect.forEach(some(found.filter(({ id }) => !residents.all.has(id)), part), handOver, { discard: true })
      )
  )
  /** Removes old rows, and what belongs to them. It is not cut off in the middle: what belongs to removed rows would stay for ever. */
  const sweep = (round = 1): Effect.Effect<void, LoginStoreError> =>
    Effect.flatMap(
      Effect.uninterruptible(
        Effect.tap(
          Effect.flatMap(Lifecycle.now, store.sweep),
          (found) => found.length === 0 ? Effect.void : forget(found)
        )
      ),
      (found) => found.length === 0 || round === mostSweeps ? Effect.void : sweep(round + 1)
    )
  return Effect.asVoid(Effect.all([
    every(lookEvery, look),
    every(handOverEvery, check),
    every(sweepEvery, Effect.suspend(sweep))
  ]))
}
