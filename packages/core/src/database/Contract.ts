/**
 * What the contracts of this project's stores are made of: cases that need no test runner.
 *
 * **Unstable.** A minor release may change anything here. Use `TokenStoreContract` or `LoginStoreContract` to test a store.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"

// -----------------------------------------------------------------------------
// checks
// -----------------------------------------------------------------------------

/**
 * Why a store breaks its contract.
 *
 * @category checks
 * @since 0.1.0
 */
export class Broken {
  /** What the contract expected. */
  readonly expected: string
  /** What happened instead. */
  readonly actual: string
  constructor(expected: string, actual: string) {
    this.expected = expected
    this.actual = actual
  }
}

/**
 * Fails with a {@link Broken}.
 *
 * @category checks
 * @since 0.1.0
 */
export const broken = (expected: string, actual: string): Effect.Effect<never, Broken> =>
  Effect.fail(new Broken(expected, actual))

/**
 * Fails with a {@link Broken} unless `so` is `true`.
 *
 * @category checks
 * @since 0.1.0
 */
export const check = (so: boolean, expected: string, actual: () => string): Effect.Effect<void, Broken> =>
  Effect.suspend(() => so ? Effect.void : broken(expected, actual()))

/**
 * The error of an effect that has to fail. It fails with a {@link Broken} if the effect succeeds.
 *
 * @category checks
 * @since 0.1.0
 */
export const failure = <A, E, R>(expected: string, effect: Effect.Effect<A, E, R>): Effect.Effect<E, Broken, R> =>
  Effect.matchEffect(effect, {
    onFailure: Effect.succeed,
    onSuccess: () => broken(expected, "it succeeded")
  })

/**
 * The sentence of a violation: which case was broken, how, and what to do.
 *
 * @category checks
 * @since 0.1.0
 */
export const sentenceOf = (name: string, { actual, expected }: Pick<Broken, "actual" | "expected">): string =>
  `The store breaks the contract: ${name}. The case expected ${expected}, but ${actual}. Fix the store.`

// -----------------------------------------------------------------------------
// times
// -----------------------------------------------------------------------------

// A store that cannot be interrupted must not stop the contract: so a case waits for a fiber of its own.
const apart = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.forkDetach(effect),
    (fiber) => Effect.onInterrupt(Fiber.join(fiber), () => Effect.asVoid(Effect.forkDetach(Fiber.interrupt(fiber))))
  )

/**
 * Fails with a {@link Broken} if the effect does not end in time, also if it cannot be interrupted.
 *
 * @category times
 * @since 0.1.0
 */
export const inTime = <A, E, R>(
  expected: string,
  timeout: Duration.Duration,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Broken, R> =>
  Effect.timeoutOrElse(apart(effect), {
    duration: timeout,
    orElse: () => broken(expected, `nothing happened in ${Duration.format(timeout)}`)
  })

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

/**
 * A store under test.
 *
 * @category cases
 * @since 0.1.0
 */
export interface Store<I, E, R> {
  /** The layer of the store. Two builds of it must share one store, unless `shared` is `false`. */
  readonly store: Layer.Layer<I, E, R>
  /** `false` if each build of the layer has a store of its own. `true` by default. */
  readonly shared?: boolean | undefined
}

/**
 * How a case uses a store.
 *
 * @category cases
 * @since 0.1.0
 */
export interface Use<I, S, E> {
  /** The service of the store. */
  readonly service: Context.Service<I, S>
  /** The time that a case waits for an event. A whole case has four times as long. */
  readonly timeout: Duration.Duration
  /** What the case does with the store, as two processes see it. */
  readonly body: (one: S, other: S) => Effect.Effect<void, Broken | E, Scope.Scope>
  /** Removes what the case wrote. */
  readonly clean: (one: S) => Effect.Effect<unknown, unknown>
}

/**
 * Runs one case. The store is built twice for it, as two processes would do, unless its builds share nothing. The case runs in real time, also
 * under a test's clock, because a store may be on another machine.
 *
 * @category cases
 * @since 0.1.0
 */
export const runCase = <I, S, E extends Error, E2, R>(
  { shared, store }: Store<I, E2, R>,
  { body, clean, service, timeout }: Use<I, S, E>
): Effect.Effect<void, Broken | E2, R> =>
  Effect.gen(function*() {
    // The finalizers of the body end before those of the layers.
    const layers = yield* Effect.scope
    const build = Effect.map(
      Effect.provideService(Layer.build(Layer.fresh(store)), Scope.Scope, layers),
      Context.get(service)
    )
    const one = yield* build
    const other = shared === false ? one : yield* build
    yield* Effect.timeoutOrElse(apart(Effect.scoped(body(one, other))), {
      duration: Duration.times(timeout, 4),
      orElse: () => broken("the case to end", "it hangs")
    }).pipe(
      Effect.mapError((error) =>
        error instanceof Broken ? error : new Broken("the store to work", `it failed: ${error.message}`)
      ),
      Effect.catchDefect((defect) => broken("the store to work", `it died: ${String(defect)}`)),
      Effect.ensuring(
        Effect.ignoreCause(
          inTime("the store to be cleaned", Duration.times(timeout, 4), Effect.suspend(() => clean(one)))
        )
      )
    )
  }).pipe(
    Effect.scoped,
    Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())
  )

// -----------------------------------------------------------------------------
// outcomes
// -----------------------------------------------------------------------------

/**
 * A case that is ready to run.
 *
 * @category outcomes
 * @since 0.1.0
 */
export interface Ready<N extends string, E, R> {
  /** The name of the case. */
  readonly name: string
  /** The option that the case needs and that is absent. `undefined` if none is. */
  readonly absent: N | undefined
  /** Tests the store. */
  readonly run: Effect.Effect<void, E, R>
}

/**
 * The outcome of one case.
 *
 * @category outcomes
 * @since 0.1.0
 */
export interface Outcome<N extends string, V> {
  /** The name of the case. */
  readonly name: string
  /** `kept` or `broken`. `skipped` if an option that the case needs is absent. */
  readonly verdict: "kept" | "broken" | "skipped"
  /** The option whose absence skipped the case. `undefined` if it was not skipped. */
  readonly needs: N | undefined
  /** The reason, if the verdict is `broken`. */
  readonly violation: V | undefined
}

/**
 * Runs cases, and gives their outcomes. A store that dies, or whose layer fails, breaks the contract.
 *
 * @category outcomes
 * @since 0.1.0
 */
export const outcomes = <N extends string, V, E, R>(
  cases: ReadonlyArray<Ready<N, E, R>>,
  { concurrency, isViolation, violationOf }: {
    /** How many cases run at the same time. The default is 1. */
    readonly concurrency: number | undefined
    /** Whether an error is a violation of the contract. */
    readonly isViolation: (error: unknown) => error is V
    /** The violation of a case. */
    readonly violationOf: (name: string, broken: Broken) => V
  }
): Effect.Effect<ReadonlyArray<Outcome<N, V>>, never, R> =>
  Effect.forEach(cases, ({ absent, name, run }): Effect.Effect<Outcome<N, V>, never, R> =>
    absent !== undefined
      ? Effect.succeed({ name, verdict: "skipped", needs: absent, violation: undefined })
      : Effect.matchCause(run, {
        onSuccess: (): Outcome<N, V> => ({ name, verdict: "kept", needs: undefined, violation: undefined }),
        onFailure: (cause): Outcome<N, V> => {
          const failure = Cause.findError(cause)
          const violation = Result.isSuccess(failure) && isViolation(failure.success)
            ? failure.success
            : violationOf(name, new Broken("a store that works", `it failed: ${String(Cause.squash(cause))}`))
          return { name, verdict: "broken", needs: undefined, violation }
        }
      }), { concurrency })

/**
 * A function that takes a name and the body of a test, such as `it` of vitest.
 *
 * @category outcomes
 * @since 0.1.0
 */
export type Test = (name: string, body: () => Promise<void>) => unknown

/**
 * Makes a test of each case. A case that needs an absent option is given to `test.skip`, and its name says which option.
 *
 * @category outcomes
 * @since 0.1.0
 */
export const register = <N extends string, E>(
  test: Test & {
    /** Takes a case that is not run. */
    readonly skip?: Test | undefined
  },
  cases: ReadonlyArray<Ready<N, E, never>>
): void => {
  for (const { absent, name, run } of cases) {
    if (absent !== undefined) {
      test.skip?.(`${name} (skipped: it needs the option ${absent})`, () => Promise.resolve())
    } else {
      test(name, () => Effect.runPromise(run))
    }
  }
}
