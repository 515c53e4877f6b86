/**
 * Calls the functions that a program gives to the grant.
 */
import * as Effect from "effect/Effect"

const nameOf = (value: unknown): string =>
  value instanceof Promise ? "a Promise" : value === null || typeof value !== "object" ? String(value) : "an object"

/**
 * Calls a function of the program. In JavaScript it may return anything. A value that is no Effect is a mistake in the program,
 * so the grant dies with a `TypeError` that names the function.
 */
export const call = <A, E, R>(
  name: "onEvent" | "onRegistration",
  callback: (value: A) => Effect.Effect<unknown, E, R>,
  value: A
): Effect.Effect<unknown, E, R> =>
  Effect.suspend(() => {
    const given: unknown = callback(value)
    if (isEffect<E, R>(given)) return given
    // a `Promise` that rejects later without a handler would end the process
    if (given instanceof Promise) given.catch(() => {})
    return Effect.die(
      new TypeError(
        `${name} must return an Effect, but it returned ${nameOf(given)}. ` +
          "Return Effect.sync(() => …), or Effect.promise(() => …) for a Promise."
      )
    )
  })

const isEffect = <E, R>(value: unknown): value is Effect.Effect<unknown, E, R> => Effect.isEffect(value)
