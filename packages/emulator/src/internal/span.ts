/**
 * Spans of effects whose result no span may keep.
 */
import * as Effect from "effect/Effect"

/** A span keeps what its effect ends with: behind a function, since no user code and no URL may be read from it. */
export const named = (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(
    Effect.map((value) => () => value),
    Effect.withSpan(name),
    Effect.map((read) => read())
  )
