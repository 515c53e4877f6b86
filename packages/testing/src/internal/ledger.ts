/**
 * Remembers the errors that a test must fail with.
 *
 * A defect fails the test if it ends the test's fiber. If a defect is caught, or ends a fiber that is never joined, the test
 * would pass. So the defect is raised again when the scope closes.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

export interface Ledger<E> {
  /** Dies with the error, and remembers it. */
  readonly die: (error: E) => Effect.Effect<never>
}

/**
 * When the scope closes, it dies with each error that does not end the scope anyway. If there is none, it dies with the
 * left-over error.
 */
export const make = <E>(options: {
  readonly leftOver: () => E | undefined
  readonly together: (errors: readonly [E, ...Array<E>]) => E
}): Effect.Effect<Ledger<E>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const remembered: Array<E> = []
    yield* Effect.addFinalizer((exit) =>
      Effect.suspend(() => {
        const told = Exit.isFailure(exit) ? defectsOf(exit.cause) : []
        // after a wrong call, steps are left over because of that call
        const left = remembered.length === 0 ? options.leftOver() : undefined
        const [first, ...rest] = [
          ...remembered.filter((error) => !told.includes(error)),
          ...(left === undefined ? [] : [left])
        ]
        return first === undefined ? Effect.void : Effect.die(options.together([first, ...rest]))
      })
    )
    return {
      die: (error) =>
        Effect.suspend(() => {
          remembered.push(error)
          return Effect.die(error)
        })
    }
  })

const defectsOf = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  cause.reasons.flatMap((reason) => reason._tag === "Die" ? [reason.defect] : [])
