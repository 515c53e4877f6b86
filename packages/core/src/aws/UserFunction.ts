/**
 * Calls the functions that a program gives to a library.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

const nameOf = (value: unknown): string =>
  value instanceof Promise ? "a Promise" : value === null || typeof value !== "object" ? String(value) : "an object"

const isEffect = <A, E, R>(value: unknown): value is Effect.Effect<A, E, R> => Effect.isEffect(value)

/**
 * What a function of the program returned, or an option that the program gave, as an Effect. In JavaScript it may be anything. A value that
 * is no Effect is a mistake in the program, so the effect dies with a `TypeError` that names the option.
 *
 * @category calls
 * @since 0.1.0
 */
export const effectOf = <A, E, R>(name: string, given: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const value: unknown = given
  if (isEffect<A, E, R>(value)) return value
  // a `Promise` that rejects later without a handler would end the process
  if (value instanceof Promise) value.catch(() => {})
  return Effect.die(
    new TypeError(
      `${name} must return an Effect, but it returned ${nameOf(value)}. ` +
        "Return Effect.sync(() => …), or Effect.promise(() => …) for a Promise."
    )
  )
}

/**
 * Calls a function of the program with a value. See {@link effectOf} for a function that returns no Effect.
 *
 * @category calls
 * @since 0.1.0
 */
export const call = <A, B, E, R>(
  name: string,
  f: (value: A) => Effect.Effect<B, E, R>,
  value: A
): Effect.Effect<B, E, R> => Effect.suspend(() => effectOf(name, f(value)))
