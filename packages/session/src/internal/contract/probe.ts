/**
 * The parts that the cases of the store's contract are made of.
 */
import { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as Contract from "@sso-oidc/core/database/Contract"
import { Broken, broken, check, failure } from "@sso-oidc/core/database/Contract"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type Hold, type Mark, type Service, TokenStore } from "../../TokenStore.ts"

export { Broken, broken, check, failure }

/** The time that a case waits for an event. */
export const Timeout = Context.Reference<Duration.Input>("@sso-oidc/session/TokenStoreContract/Timeout", {
  defaultValue: () => "5 seconds"
})

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

/** Fails if the effect does not end in time. */
export const inTime = <A, E, R>(
  expected: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Broken, R> =>
  Effect.gen(function*() {
    return yield* Contract.inTime(expected, Duration.fromInputUnsafe(yield* Timeout), effect)
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
      const id = crypto.randomUUID()
      const keys = new Set<string>()
      yield* Contract.runCase({ shared, store }, {
        service: TokenStore,
        timeout,
        body: (one, other) =>
          body({
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
          }),
        clean: (one) =>
          Effect.forEach(
            keys,
            (key) => Effect.ignoreCause(one.exclusively(key, (hold) => hold.remove, { wait: Duration.seconds(1) })),
            { concurrency: 4 }
          )
      })
    })
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
