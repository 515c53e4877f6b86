/**
 * The contract of a `TokenStore` as data: cases with a name, each an Effect over a store. They need no test runner. Hold a store of your own
 * to them:
 *
 * - In a test runner, use {@link register}. It fits every runner whose tests are a name and a function.
 * - Anywhere else, use {@link run}, which gives the outcomes as data.
 * - To run one case at a time, use {@link cases}.
 *
 * A case builds the store's layer twice, as two processes would do, and writes keys of its own, which it removes. It runs in real time, also
 * under a `TestClock`, because a store may be on another machine. A case takes some milliseconds and the time of its requests; one case
 * takes 4 seconds.
 *
 * @since 0.1.0
 */
import * as Contract from "@sso-oidc/core/database/Contract"
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as EntryCases from "./internal/contract/entryCases.ts"
import * as FenceCases from "./internal/contract/fenceCases.ts"
import * as LockCases from "./internal/contract/lockCases.ts"
import * as Probe from "./internal/contract/probe.ts"
import * as RecordCases from "./internal/contract/recordCases.ts"
import type { TokenStore } from "./TokenStore.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The store under test.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  /** The layer of the store. Two builds of it must share one store, such as one database. See `shared` if they do not. */
  readonly store: Layer.Layer<TokenStore, E, R>
  /**
   * `false` if each build of the layer has a store of its own, such as one in memory. A case then builds it once. `true` by default.
   */
  readonly shared?: boolean | undefined
  /**
   * Ends the lock of a key behind its holder's back, as if the holder's process had been frozen for too long. For a lock that is a lease, it
   * deletes the lease. Without it, the cases about a lost lock are skipped. A lock that lasts as long as its process needs no such option.
   */
  readonly expire?: ((key: string) => Effect.Effect<unknown, unknown, R>) | undefined
}

/**
 * One test of the contract.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  /** A unique name: what a store that keeps the contract does. */
  readonly name: string
  /** The option that the case needs, beside the store. `undefined` if it needs none. */
  readonly needs: "expire" | undefined
  /**
   * Tests a store. It fails with a `StoreContractViolation` if the store breaks the contract, or if an option that the case needs is
   * absent.
   */
  readonly run: <E, R>(options: Options<E, R>) => Effect.Effect<void, StoreContractViolation | E, R>
}

/**
 * The outcome of one case.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  /** The name of the case. */
  readonly name: string
  /** `kept` or `broken`. `skipped` if an option that the case needs is absent. */
  readonly verdict: "kept" | "broken" | "skipped"
  /** The option whose absence skipped the case. `undefined` if it was not skipped. */
  readonly needs: "expire" | undefined
  /** The reason, if the verdict is `broken`. */
  readonly violation: StoreContractViolation | undefined
}

/**
 * The time that a case waits for an event, such as a lock that becomes free. A bare number counts milliseconds. The default is 5 seconds. A
 * whole case has four times as long.
 *
 * @category references
 * @since 0.1.0
 */
export const Timeout: Context.Reference<Duration.Input> = Probe.Timeout

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface StoreContractViolationMembers {
  /** The tag of this error. */
  readonly _tag: "StoreContractViolation"
  /** The name of the case. */
  readonly case: string
  /** What the contract expected. */
  readonly expected: string
  /** What happened instead. */
  readonly actual: string
  /** All of this as text, and what to do. */
  readonly message: string
}

const StoreContractViolationBase: new(
  members: Omit<StoreContractViolationMembers, "_tag">
) => Cause.YieldableError & StoreContractViolationMembers = /* @__PURE__ */ Data.TaggedError("StoreContractViolation")<
  Omit<StoreContractViolationMembers, "_tag">
>

/**
 * A store broke the contract.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreContractViolation extends StoreContractViolationBase {
  // a member and not a getter, so that it is in the stack, which some runners show alone
  constructor(members: Omit<StoreContractViolationMembers, "_tag" | "message">) {
    super({
      ...members,
      message: Contract.sentenceOf(members.case, members)
    })
  }
}

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

const violationOf = (name: string, { actual, expected }: Probe.Broken): StoreContractViolation =>
  new StoreContractViolation({ case: name, expected, actual })

const caseOf = ({ name, needs, run }: Probe.Draft): Case => ({
  name,
  needs,
  run: (options) =>
    needs !== undefined && options[needs] === undefined
      ? Effect.fail(violationOf(name, new Probe.Broken(`the option ${needs}`, "it is absent")))
      : Effect.mapError(
        run(options),
        (error) => error instanceof Probe.Broken ? violationOf(name, error) : error
      )
})

/**
 * All cases: those about texts and marks, those about the list of all texts, those about the lock, and those about a lost lock.
 *
 * @category cases
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = /* @__PURE__ */ [
  ...RecordCases.cases,
  ...EntryCases.cases,
  ...LockCases.cases,
  ...FenceCases.cases
].map(caseOf)

const ready = <E, R>(options: Options<E, R>) =>
  cases.map(({ name, needs, run }) => ({
    name,
    absent: needs !== undefined && options[needs] === undefined ? needs : undefined,
    run: run(options)
  }))

/**
 * Runs all cases. A store that dies, or whose layer fails, breaks the contract.
 *
 * @category cases
 * @since 0.1.0
 */
export const run = <E, R>(
  options: Options<E, R> & {
    /** How many cases run at the same time. The default is 1. */
    readonly concurrency?: number | undefined
  }
): Effect.Effect<ReadonlyArray<Outcome>, never, R> =>
  Contract.outcomes(ready(options), {
    concurrency: options.concurrency,
    isViolation: (error) => error instanceof StoreContractViolation,
    violationOf
  })

/**
 * Makes a test of each case. `test` is `it` of vitest, `test` of `node:test` or `bun:test`, `Deno.test`, or another function that takes a
 * name and a function that returns a `Promise`.
 *
 * A case that needs an absent option is given to `test.skip`, and its name says which option is absent. A `test` without `skip` does not
 * get it.
 *
 * @example
 * ```ts
 * import * as TokenStore from "@sso-oidc/session/TokenStore"
 * import * as TokenStoreContract from "@sso-oidc/session/TokenStoreContract"
 * import { test } from "node:test"
 *
 * // each build of this layer has a store of its own
 * TokenStoreContract.register(test, { store: TokenStore.layerMemory, shared: false })
 * ```
 *
 * @category adapters
 * @since 0.1.0
 */
export const register = <E>(
  test: Contract.Test & {
    /** Takes a case that is not run. */
    readonly skip?: Contract.Test | undefined
  },
  options: Options<E>
): void => {
  Contract.register(test, ready(options))
}
