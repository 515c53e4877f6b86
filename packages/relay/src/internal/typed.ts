/**
 * Holds the functions that a user gave to their types, since an untyped program can give anything.
 *
 * What is not of its type is refused. The operator reads in the log which function it was. Neither what the function gave
 * nor its error is repeated: both may hold secrets.
 */
import * as Effect from "effect/Effect"

/** What a user's function gave: a value of its type, or what was wrong with it, as the end of a sentence. */
export type Held<A> = { readonly value: A } | { readonly wrong: string }

const isRealPromise = (value: unknown): boolean => Object.prototype.toString.call(value) === "[object Promise]"

/** A promise that nothing awaits would end the process when it rejects. */
const disarm = (value: unknown): void => {
  try {
    void Promise.prototype.then.call(value, undefined, () => {})
  } catch {
    // no promise after all
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
  if (isRealPromise(value)) disarm(value)
  return { wrong: `gave ${nameOf(value)} where it must give ${wanted}` }
}

/** What is wrong with a function that threw. */
export const threw = "threw"

/** Of a function that gives its value at once. */
export const call = <A>(run: () => unknown, is: (value: unknown) => value is A, wanted: string): Held<A> => {
  try {
    return judged(run(), is, wanted)
  } catch {
    return { wrong: threw }
  }
}

/** Of a function that gives an Effect. */
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

/** The line in the operator's log. */
export const log = (name: string, wrong: string, hint: string): Effect.Effect<void> =>
  Effect.logError(`The relay refused a request, because ${name} ${wrong}. ${hint}`)
