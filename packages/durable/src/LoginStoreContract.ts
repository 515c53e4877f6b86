/**
 * The contract of a `LoginStore` as data: cases with a name, each an Effect over a store. They need no test runner. Hold a store of your own
 * to them, such as a table of DynamoDB with conditional writes:
 *
 * - In a test runner, use {@link register}. It fits every runner whose tests are a name and a function.
 * - Anywhere else, use {@link run}, which gives the outcomes as data.
 * - To run one case at a time, use {@link cases}.
 *
 * A case builds the store's layer twice, as two processes would do, and writes logins of its own, which it removes. It runs in real time, also
 * under a `TestClock`, because a store may be on another machine. Use a table for tests: one case writes 1,005 rows, and a program that removes
 * old rows at the same time disturbs it.
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
import * as EndCases from "./internal/contract/endCases.ts"
import * as ListCases from "./internal/contract/listCases.ts"
import * as Probe from "./internal/contract/probe.ts"
import * as RowCases from "./internal/contract/rowCases.ts"
import type { LoginStore } from "./LoginStore.ts"

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
  readonly store: Layer.Layer<LoginStore, E, R>
  /**
   * `false` if each build of the layer has a store of its own, such as one in memory. A case then builds it once. `true` by default.
   */
  readonly shared?: boolean | undefined
  /**
   * `false` if the store is for `Step` alone, which never calls `pending`. The cases about `pending` are then skipped. `true` by default.
   */
  readonly engine?: boolean | undefined
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
  /** The option that skips the case if it is `false`. `undefined` if no option does. */
  readonly needs: "engine" | undefined
  /** Tests a store. It fails with a `LoginStoreViolation` if the store breaks the contract. */
  readonly run: <E, R>(options: Options<E, R>) => Effect.Effect<void, LoginStoreViolation | E, R>
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
  /** `kept` or `broken`. `skipped` if the option that the case needs is `false`. */
  readonly verdict: "kept" | "broken" | "skipped"
  /** The option that skipped the case. `undefined` if it was not skipped. */
  readonly needs: "engine" | undefined
  /** The reason, if the verdict is `broken`. */
  readonly violation: LoginStoreViolation | undefined
}

/**
 * The time that a case waits for an event. A bare number counts milliseconds. The default is 5 seconds. A whole case has four times as long.
 *
 * @category references
 * @since 0.1.0
 */
export const Timeout: Context.Reference<Duration.Input> = Probe.Timeout

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface LoginStoreViolationMembers {
  /** The tag of this error. */
  readonly _tag: "LoginStoreViolation"
  /** The name of the case. */
  readonly case: string
  /** What the contract expected. */
  readonly expected: string
  /** What happened instead. */
  readonly actual: string
  /** All of this as text, and what to do. */
  readonly message: string
}

const LoginStoreViolationBase: new(
  members: Omit<LoginStoreViolationMembers, "_tag">
) => Cause.YieldableError & LoginStoreViolationMembers = /* @__PURE__ */ Data.TaggedError("LoginStoreViolation")<
  Omit<LoginStoreViolationMembers, "_tag">
>

/**
 * A store broke the contract.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginStoreViolation extends LoginStoreViolationBase {
  // a member and not a getter, so that it is in the stack, which some runners show alone
  constructor(members: Omit<LoginStoreViolationMembers, "_tag" | "message">) {
    super({ ...members, message: Contract.sentenceOf(members.case, members) })
  }
}

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

const violationOf = (name: string, { actual, expected }: Probe.Broken): LoginStoreViolation =>
  new LoginStoreViolation({ case: name, expected, actual })

const caseOf = ({ name, needs, run }: Probe.Draft): Case => ({
  name,
  needs,
  run: (options) =>
    Effect.mapError(run(options), (error) => error instanceof Probe.Broken ? violationOf(name, error) : error)
})

/**
 * All cases: those about rows, those about outcomes, and those about the lists.
 *
 * @category cases
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = /* @__PURE__ */ [
  ...RowCases.cases,
  ...EndCases.cases,
  ...ListCases.cases
].map(caseOf)

const ready = <E, R>(options: Options<E, R>) =>
  cases.map(({ name, needs, run }) => ({
    name,
    absent: options.engine === false ? needs : undefined,
    run: run(options)
  }))

/**
 * Runs all cases, except those that an option skips. A store that dies, or whose layer fails, breaks the contract.
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
    isViolation: (error) => error instanceof LoginStoreViolation,
    violationOf
  })

/**
 * Makes a test of each case. `test` is `it` of vitest, `test` of `node:test` or `bun:test`, `Deno.test`, or another function that takes a
 * name and a function that returns a `Promise`.
 *
 * A case that an option skips is given to `test.skip`, and its name says which option. A `test` without `skip` does not get it.
 *
 * @example
 * ```ts
 * import * as LoginStore from "@sso-oidc/durable/LoginStore"
 * import * as LoginStoreContract from "@sso-oidc/durable/LoginStoreContract"
 * import { test } from "node:test"
 *
 * // each build of this layer has a store of its own
 * LoginStoreContract.register(test, { store: LoginStore.layerMemory, shared: false })
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
