/**
 * Checks what the operator's functions give, because an untyped program can give anything.
 *
 * A value of another type rejects the request, and the log names the function. The log repeats neither the value nor an error,
 * because both may hold secrets.
 */
import * as Effect from "effect/Effect"

/** What a function gave: a value of its type, or what was wrong with it, as the end of a sentence. */
export type Held<A> = { readonly value: A } | { readonly wrong: string }

const isRealPromise = (value: unknown): boolean => Object.prototype.toString.call(value) === "[object Promise]"

/** Handles a rejection that nothing awaits. Otherwise it would end the process. */
const handleRejection = (value: unknown): void => {
  try {
    void Promise.prototype.then.call(value, undefined, () => {})
  } catch {
    // it was not a real `Promise`
  }
}

const nameOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (isRealPromise(value)) return "a Promise"
  if (Effect.isEffect(value)) return "an Effect"
  return typeof value === "object" ? "an object of another shape" : `a ${typeof value}`
}

const judged = <A>(value: unknown, is: (value: unknown) => value is A, wanted: string): Held<A> => {
  if (is(value)) return { value }
  if (isRealPromise(value)) handleRejection(value)
  return { wrong: `gave ${nameOf(value)} where it must give ${wanted}` }
}

/** The text for a function that threw. */
export const threw = "threw"

/** Calls a function that gives its value at once. */
export const call = <A>(run: () => unknown, is: (value: unknown) => value is A, wanted: string): Held<A> => {
  try {
    return judged(run(), is, wanted)
  } catch {
    return { wrong: threw }
  }
}

/** Calls a function that gives an Effect. */
export const effect = <A>(
  run: () => unknown,
  is: (value: unknown) => value is A,
  wanted: string
): Effect.Effect<Held<A>> =>
  Effect.suspend((): Effect.Effect<Held<A>, unknown> => {
    const given = call(run, isEffect, `an Effect of ${wanted}`)
    return "wrong" in given
      ? Effect.succeed(given)
      : Effect.map(given.value, (value) => judged(value, is, wanted))
  }).pipe(Effect.catchCause(() => Effect.succeed({ wrong: "failed" })))

const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => Effect.isEffect(value)

export const isBoolean = (value: unknown): value is boolean => typeof value === "boolean"

export const isString = (value: unknown): value is string => typeof value === "string"

/** Writes the line in the operator's log. */
export const log = (name: string, wrong: string, hint: string): Effect.Effect<void> =>
  Effect.logError(`The relay refused a request, because ${name} ${wrong}. ${hint}`)
