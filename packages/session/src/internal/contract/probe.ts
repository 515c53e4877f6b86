/**
 * The parts that the cases of the store's contract are made of.
 */
import { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { type Hold, type Mark, type Service, TokenStore } from "../../TokenStore.ts"

/** The time that a case waits for an event. */
export const Timeout = Context.Reference<Duration.Input>("@sso-oidc/session/TokenStoreContract/Timeout", {
  defaultValue: () => "5 seconds"
})

/** Why a store breaks the contract. */
export class Broken {
  readonly expected: string
  readonly actual: string
  constructor(expected: string, actual: string) {
    this.expected = expected
    this.actual = actual
  }
}

/** What a case needs of its caller, beside the store. */
export type Need = "expire"

export interface Store<E, R> {
  readonly store: Layer.Layer<TokenStore, E, R>
  readonly shared?: boolean | undefined
  readonly expire?: ((key: string) => Effect.Effect<unknown, unknown, R>) | undefined
}

/** A lock that another fiber holds. */
export interface Held {
  readonly hold: Hold
  /** Ends the hold. */
  readonly end: Effect.Effect<void, Broken>
  readonly fiber: Fiber.Fiber<void, StoreError | StoreBusy>
}

/** One run of one case. */
export interface Probe {
  /** The store, as one process sees it. */
  readonly one: Service
  /** The same store, as another process sees it. */
  readonly other: Service
  /** A key of this run. */
  readonly key: (name?: string) => string
  /** Ends the lock of a key behind its holder's back. */
  readonly expire: (key: string) => Effect.Effect<void, Broken>
  readonly timeout: Duration.Duration
}

export interface Draft {
  readonly name: string
  readonly needs: Need | undefined
  readonly run: <E, R>(store: Store<E, R>) => Effect.Effect<void, Broken | E, R>
}

export const broken = (expected: string, actual: string): Effect.Effect<never, Broken> =>
  Effect.fail(new Broken(expected, actual))

export const check = (so: boolean, expected: string, actual: () => string): Effect.Effect<void, Broken> =>
  Effect.suspend(() => so ? Effect.void : broken(expected, actual()))

// A store that cannot be interrupted must not stop the contract: so a case waits for a fiber of its own.
const apart = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.forkDetach(effect),
    (fiber) => Effect.onInterrupt(Fiber.join(fiber), () => Effect.asVoid(Effect.forkDetach(Fiber.interrupt(fiber))))
  )

/** Fails if the effect does not end in time. */
export const inTime = <A, E, R>(
  expected: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Broken, R> =>
  Effect.gen(function*() {
    const timeout = Duration.fromInputUnsafe(yield* Timeout)
    return yield* Effect.timeoutOrElse(apart(effect), {
      duration: timeout,
      orElse: () => broken(expected, `nothing happened in ${Duration.format(timeout)}`)
    })
  })

/** Runs an effect in a fiber that ends with the scope. */
export const fork = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<Fiber.Fiber<A, E>, never, R | Scope.Scope> =>
  Effect.acquireRelease(
    // an acquisition cannot be interrupted, but this fiber can
    Effect.forkDetach(effect, { uninterruptible: false }),
    (fiber) => Effect.ignoreCause(inTime("the fiber to end", Fiber.interrupt(fiber)))
  )

/** Waits as long as a case may wait. */
export const patient = { wait: Duration.seconds(60) }

export const commit = (store: Service, key: string, text: string) =>
  store.exclusively(key, (hold) => hold.commit(Redacted.make(text)), patient)

export const textOf = (store: Service, key: string): Effect.Effect<string | undefined, StoreError> =>
  Effect.map(store.read(key), (text) => text === undefined ? undefined : Redacted.value(text))

const differs = (came: string | undefined, text: string | undefined): string => {
  if (came === undefined) return "there is no text"
  if (text === undefined) return `there is a text of ${came.length} characters`
  const at = Array.from({ length: Math.max(came.length, text.length) }).findIndex((_, i) => came[i] !== text[i])
  return `a text of ${came.length} characters came, and character ${at} differs`
}

/** Fails unless the store has this text. */
export const expectText = (store: Service, key: string, text: string | undefined, when: string) =>
  Effect.flatMap(textOf(store, key), (came) =>
    check(
      came === text,
      `${text === undefined ? "no text" : `the text of ${text.length} characters`} ${when}`,
      () => differs(came, text)
    ))

const marksText = (marks: ReadonlyArray<Pick<Mark, "of" | "state">>): string =>
  marks.length === 0 ? "no mark" : marks.map(({ of, state }) => `"${state}" for ${of.slice(0, 8)}`).join(" and ")

/** Fails unless the store has these marks. */
export const expectMarks = (
  store: Service,
  key: string,
  marks: ReadonlyArray<Pick<Mark, "of" | "state">>,
  when: string
) =>
  Effect.flatMap(store.marks(key), (came) =>
    check(
      came.length === marks.length &&
        marks.every(({ of, state }) => came.some((mark) => mark.of === of && mark.state === state)),
      `${marksText(marks)} ${when}`,
      () => `there is ${marksText(came)}`
    ))

/** Takes a lock in another fiber. It ends with the scope at the latest. */
export const held = (store: Service, key: string): Effect.Effect<Held, Broken, Scope.Scope> =>
  Effect.gen(function*() {
    const [taken, end] = [yield* Deferred.make<Hold>(), yield* Deferred.make<void>()]
    const fiber = yield* fork(
      store.exclusively(
        key,
        (hold) => Effect.andThen(Deferred.succeed(taken, hold), Deferred.await(end)),
        patient
      )
    )
    const failed = Effect.andThen(
      Effect.mapError(Fiber.join(fiber), (error) => new Broken("the lock", `it failed: ${error.message}`)),
      Effect.never
    )
    const hold = yield* inTime("the lock", Effect.raceFirst(Deferred.await(taken), failed))
    return {
      hold,
      fiber,
      end: inTime("the hold to end", Effect.andThen(Deferred.succeed(end, undefined), Fiber.await(fiber))).pipe(
        Effect.asVoid
      )
    }
  })

/** Whether the lock of a key is free. It waits for a moment, in case a release is on the way. */
export const isFree = (store: Service, key: string, wait: Duration.Duration): Effect.Effect<boolean, StoreError> =>
  Effect.as(store.exclusively(key, () => Effect.void, { wait }), true).pipe(
    Effect.catchTag("StoreBusy", () => Effect.succeed(false))
  )

const failureOf = (error: Broken | StoreError | StoreBusy): Broken =>
  error instanceof Broken ? error : new Broken("the store to work", `it failed: ${error.message}`)

const known = (error: unknown): error is Broken | StoreError | StoreBusy =>
  error instanceof Broken || error instanceof StoreError || error instanceof StoreBusy

/** A case. The store is built twice for it, as two processes would do, unless its builds share nothing. */
export const draft = (
  name: string,
  body: (probe: Probe) => Effect.Effect<void, Broken | StoreError | StoreBusy, Scope.Scope>,
  needs?: Need
): Draft => ({
  name,
  needs,
  run: <E, R>({ expire, shared, store }: Store<E, R>): Effect.Effect<void, Broken | E, R> =>
    Effect.gen(function*() {
      const context = yield* Effect.context<R>()
      const timeout = Duration.fromInputUnsafe(yield* Timeout)
      // The finalizers of the body end before those of the layers.
      const layers = yield* Effect.scope
      const build = Effect.map(
        Effect.provideService(Layer.build(Layer.fresh(store)), Scope.Scope, layers),
        Context.get(TokenStore)
      )
      const one = yield* build
      const other = shared === false ? one : yield* build
      const id = crypto.randomUUID()
      const keys = new Set<string>()
      const probe: Probe = {
        one,
        other,
        timeout,
        key: (name = "") => {
          const key = `token-store-contract ${id} ${name}`
          keys.add(key)
          return key
        },
        expire: (key) =>
          Effect.suspend(() => expire === undefined ? Effect.fail("it is absent") : expire(key)).pipe(
            Effect.provideContext(context),
            Effect.catch((error) => broken("the option expire to work", `it failed: ${String(error)}`)),
            Effect.asVoid
          )
      }
      const clean = Effect.suspend(() =>
        Effect.forEach(
          keys,
          (key) => Effect.ignoreCause(one.exclusively(key, (hold) => hold.remove, { wait: Duration.seconds(1) })),
          { concurrency: 4 }
        )
      )
      yield* Effect.timeoutOrElse(apart(Effect.scoped(body(probe))), {
        duration: Duration.times(timeout, 4),
        orElse: () => broken("the case to end", "it hangs")
      }).pipe(
        Effect.mapError(failureOf),
        Effect.catchDefect((defect) => broken("the store to work", `it died: ${String(defect)}`)),
        Effect.ensuring(Effect.ignoreCause(inTime("the keys to be removed", clean)))
      )
    }).pipe(
      Effect.scoped,
      // A store may be on another machine, so a case runs in real time, also under a test's clock.
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())
    )
})

/** The error of an effect that has to fail. */
export const failure = <A, E, R>(expected: string, effect: Effect.Effect<A, E, R>): Effect.Effect<E, Broken, R> =>
  Effect.matchEffect(effect, {
    onFailure: Effect.succeed,
    onSuccess: () => broken(expected, "it succeeded")
  })

/** Fails unless the effect fails with a `StoreError` of the reason `fenced`. */
export const expectFenced = <R>(
  what: string,
  effect: Effect.Effect<unknown, StoreError, R>
): Effect.Effect<void, Broken, R> =>
  Effect.flatMap(
    failure(`${what} to fail`, effect),
    (error) =>
      check(
        known(error) && error._tag === "StoreError" && error.reason === "fenced",
        `${what} to fail with a StoreError whose reason is "fenced"`,
        () => `it failed with ${error._tag} (${error.reason})`
      )
  )
