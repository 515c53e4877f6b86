/**
 * Remembers what a test must fail for.
 *
 * A defect fails the test whose fiber it ends. A defect that is caught, or that ends a fiber
 * which is never joined, would be forgotten: it is raised again at the end of the scope.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

export interface Ledger<E> {
  /** Dies, and remembers why. */
  readonly die: (error: E) => Effect.Effect<never>
}

/** At the end of the scope it dies with what the scope does not end with anyway, or, if nothing, with what is left over. */
export const make = <E>(options: {
  readonly leftOver: () => E | undefined
  readonly together: (errors: readonly [E, ...Array<E>]) => E
}): Effect.Effect<Ledger<E>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const remembered: Array<E> = []
    yield* Effect.addFinalizer((exit) =>
      Effect.suspend(() => {
        const told = Exit.isFailure(exit) ? defectsOf(exit.cause) : []
        // after a wrong call the rest is left for that reason
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
