/**
 * The contract of a transport as data: named cases, each an Effect over a transport and the contract's server. No test runner
 * is in them. Test your own `HttpClient` with them:
 *
 * - in a test runner with {@link register}, which fits every runner whose tests are a name and a function;
 * - anywhere else with {@link run}, which gives the outcomes as data;
 * - one case at a time with {@link cases}.
 *
 * A case builds the transport's layer afresh, since two of the guarantees are about the end of a layer. It runs in real time,
 * also under a `TestClock`, since sockets know no other time.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { type ContractServer, ContractServerError } from "./ContractServer.ts"
import * as ConnectionCases from "./internal/connectionCases.ts"
import * as ExchangeCases from "./internal/exchangeCases.ts"
import * as Probe from "./internal/probe.ts"
import { ContractViolation, type GuaranteeName, names } from "./TransportGuarantee.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * One case of a guarantee.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  /** A unique name. It begins with the name of the guarantee. */
  readonly name: string
  /** The guarantee that the case is about. */
  readonly guarantee: GuaranteeName
  /**
   * Tests a transport. It fails with a `ContractViolation` when the guarantee is broken. It fails with a `ContractServerError`
   * when the contract's server does not respond, so that nothing can be said of the transport.
   */
  readonly run: <E, R>(
    transport: Layer.Layer<HttpClient.HttpClient, E, R>
  ) => Effect.Effect<void, ContractViolation | ContractServerError | E, ContractServer | R>
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
  /** The guarantee that the case is about. */
  readonly guarantee: GuaranteeName
  /**
   * `kept` or `broken` for a guarantee that the transport gives. `held` or `missed` for one that it does not give: the case
   * passed all the same, or did not.
   */
  readonly verdict: "kept" | "broken" | "held" | "missed"
  /** Why, where the verdict is `broken` or `missed`. */
  readonly violation: ContractViolation | undefined
}

/**
 * A transport and its guarantees.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  /** The transport under test. Give it a limit on connecting that is shorter than {@link Timeout}. */
  readonly transport: Layer.Layer<HttpClient.HttpClient, E, R>
  /** The guarantees that the transport gives. All of them by default. */
  readonly guarantees?: ReadonlyArray<GuaranteeName> | undefined
}

/**
 * How long a case waits for what must come, such as a response or the end of a connection. Two seconds by default. A whole
 * case has four times as long.
 *
 * @category references
 * @since 0.1.0
 */
export const Timeout: Context.Reference<Duration.Input> = Probe.Timeout

// -----------------------------------------------------------------------------
// guarantees
// -----------------------------------------------------------------------------

/**
 * What a transport over sockets can guarantee: everything.
 *
 * @category guarantees
 * @since 0.1.0
 */
export const socketGuarantees: ReadonlyArray<GuaranteeName> = names

const notOfFetch: ReadonlyArray<GuaranteeName> = [
  "noResend",
  "connectTimeout",
  "sentNo",
  "transient",
  "connectionReuse",
  "closedConnection",
  "scopeEnd"
]

/**
 * What a transport over `fetch` can guarantee. The platform decides the rest, or does not tell it: whether a request is sent
 * again, how long a connection may take, whether a failed request left and whether its failure is transient, and when a
 * connection is used or closed.
 *
 * @category guarantees
 * @since 0.1.0
 */
export const fetchGuarantees: ReadonlyArray<GuaranteeName> = /* @__PURE__ */ names.filter((name) =>
  !notOfFetch.includes(name)
)

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

/**
 * Every case, in the order of the guarantees.
 *
 * @category cases
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = /* @__PURE__ */ [...ExchangeCases.cases, ...ConnectionCases.cases]
  .toSorted((one, other) => names.indexOf(one.guarantee) - names.indexOf(other.guarantee))
  .map(({ name, guarantee, run }) => ({ name: `${guarantee}: ${name}`, guarantee, run }))

/**
 * Runs every case, one after the other unless `concurrency` says otherwise. (A page has few connections to one server.) A
 * transport that dies, or whose layer fails, breaks the guarantee of the case.
 *
 * @category cases
 * @since 0.1.0
 */
export const run = <E, R>(
  options: Options<E, R> & {
    /** How many cases run at the same time. One by default. */
    readonly concurrency?: number | undefined
  }
): Effect.Effect<ReadonlyArray<Outcome>, ContractServerError, ContractServer | R> =>
  Effect.forEach(cases, (one) =>
    Effect.map(violationOf(one, options.transport), (violation): Outcome => {
      const kept = (options.guarantees ?? names).includes(one.guarantee)
      const verdict = violation === undefined ? kept ? "kept" : "held" : kept ? "broken" : "missed"
      return { name: one.name, guarantee: one.guarantee, verdict, violation }
    }), { concurrency: options.concurrency })

const violationOf = <E, R>(
  { name, guarantee, run }: Case,
  transport: Layer.Layer<HttpClient.HttpClient, E, R>
): Effect.Effect<ContractViolation | undefined, ContractServerError, ContractServer | R> =>
  Effect.matchCauseEffect(run(transport), {
    onSuccess: () => Effect.undefined,
    onFailure: (cause) => {
      const failure = Cause.findError(cause)
      if (Result.isSuccess(failure) && failure.success instanceof ContractViolation) {
        return Effect.succeed(failure.success)
      }
      if (Result.isSuccess(failure) && failure.success instanceof ContractServerError) {
        return Effect.fail(failure.success)
      }
      const actual = `the transport broke down: ${String(Cause.squash(cause))}`
      return Effect.succeed(
        new ContractViolation({ guarantee, case: name.slice(guarantee.length + 2), expected: "a transport", actual })
      )
    }
  })

/**
 * Makes a test of each case whose guarantee the transport gives. It fits any runner whose tests are a name and a function that
 * returns a Promise: `it` of vitest, `test` of `node:test` and `bun:test`, `Deno.test`. Each test starts a server of its own.
 *
 * @example
 * ```ts
 * import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
 * import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import { test } from "node:test"
 *
 * TransportContract.register(test, {
 *   transport: FetchHttpClient.layer,
 *   server: ContractServerNode.layer,
 *   guarantees: ["bytes", "headers", "emptyBody"]
 * })
 * ```
 *
 * @category adapters
 * @since 0.1.0
 */
export const register = <E, E2>(
  test: (name: string, body: () => Promise<void>) => unknown,
  options: Options<E> & {
    /** The contract's server, such as `ContractServerNode.layer`. */
    readonly server: Layer.Layer<ContractServer, E2>
  }
): void => {
  const guarantees = options.guarantees ?? names
  for (const one of cases) {
    if (!guarantees.includes(one.guarantee)) continue
    test(one.name, () => Effect.runPromise(Effect.provide(one.run(options.transport), options.server)))
  }
}
