/**
 * The contract of a transport as data: cases with a name, each an Effect over a transport and the contract's server. They need
 * no test runner. Test your own `HttpClient` with them:
 *
 * - In a test runner, use {@link register}. It fits every runner whose tests are a name and a function.
 * - Anywhere else, use {@link run}, which gives the outcomes as data.
 * - To run one case at a time, use {@link cases}.
 *
 * Each case builds the transport's layer again, because two guarantees are about the end of a layer. A case runs in real time,
 * also under a `TestClock`, because sockets do.
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
 * One test of one guarantee.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  /** A unique name. It begins with the name of the guarantee. */
  readonly name: string
  /** The guarantee that the case tests. */
  readonly guarantee: GuaranteeName
  /**
   * Tests a transport. It fails with a `ContractViolation` if the transport breaks the guarantee. It fails with a
   * `ContractServerError` if the contract's server does not respond, which says nothing about the transport.
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
  /** The guarantee that the case tests. */
  readonly guarantee: GuaranteeName
  /**
   * `kept` or `broken` if the transport gives the guarantee. `held` or `missed` if the transport does not give it, and the case
   * passed or failed anyway.
   */
  readonly verdict: "kept" | "broken" | "held" | "missed"
  /** The reason, if the verdict is `broken` or `missed`. */
  readonly violation: ContractViolation | undefined
}

/**
 * A transport and its guarantees.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  /** The transport under test. Give it a connect timeout that is shorter than {@link Timeout}. */
  readonly transport: Layer.Layer<HttpClient.HttpClient, E, R>
  /** The guarantees that the transport gives. The default is all of them. */
  readonly guarantees?: ReadonlyArray<GuaranteeName> | undefined
}

/**
 * The time that a case waits for an event, such as a response or the end of a connection. A bare number counts milliseconds.
 * The default is 2 seconds. A whole case has four times as long.
 *
 * @category references
 * @since 0.1.0
 */
export const Timeout: Context.Reference<Duration.Input> = Probe.Timeout

// -----------------------------------------------------------------------------
// guarantees
// -----------------------------------------------------------------------------

/**
 * All guarantees. A transport over sockets can give them all.
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
 * The guarantees that a transport over `fetch` can give.
 *
 * The platform decides the others, or does not report them:
 *
 * - whether it sends a request again, and how long connecting may take
 * - whether a failed request left, and whether its failure is transient
 * - when a connection is reused or closed
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
 * All cases, in the order of the guarantees.
 *
 * @category cases
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = /* @__PURE__ */ [...ExchangeCases.cases, ...ConnectionCases.cases]
  .toSorted((one, other) => names.indexOf(one.guarantee) - names.indexOf(other.guarantee))
  .map(({ name, guarantee, run }) => ({ name: `${guarantee}: ${name}`, guarantee, run }))

/**
 * Runs all cases, one after another by default. A transport that dies, or whose layer fails, breaks the guarantee of the case.
 *
 * @category cases
 * @since 0.1.0
 */
export const run = <E, R>(
  options: Options<E, R> & {
    /** How many cases run at the same time. The default is 1. A page has few connections to one server. */
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
      const actual = `the transport died: ${String(Cause.squash(cause))}`
      return Effect.succeed(
        new ContractViolation({
          guarantee,
          case: name.slice(guarantee.length + 2),
          expected: "a transport that works",
          actual
        })
      )
    }
  })

/**
 * Makes a test of each case whose guarantee the transport gives. `test` is `it` of vitest, `test` of `node:test` or `bun:test`,
 * `Deno.test`, or another function that takes a name and a function that returns a `Promise`. Each test starts its own server.
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
