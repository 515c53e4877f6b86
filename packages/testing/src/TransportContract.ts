/**
 * The contract of a transport as data: named cases, each an Effect over a transport and the contract's server, with no
 * test runner in them. Hold your own `HttpClient` to it:
 *
 * - in a test runner with {@link register}, which suits every runner whose tests are a name and a function;
 * - anywhere else with {@link run}, which gives the results as data;
 * - one case at a time with {@link cases}.
 *
 * A case builds the transport's layer afresh, since two of the promises are about what becomes of a layer, and runs in
 * real time, also under a test's clock, since sockets know no other.
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
import * as ConnectionCases from "./internal/contract/connectionCases.ts"
import * as ExchangeCases from "./internal/contract/exchangeCases.ts"
import * as Probe from "./internal/contract/probe.ts"
import { ContractViolation, names, type PromiseName } from "./TransportPromise.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * One case. Its name is unique, and begins with its promise.
 *
 * `run` fails with a `ContractViolation` when the promise is broken, and with a `ContractServerError` when nothing can be
 * said, because the server of the contract is not there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly name: string
  readonly promise: PromiseName
  readonly run: <E, R>(
    transport: Layer.Layer<HttpClient.HttpClient, E, R>
  ) => Effect.Effect<void, ContractViolation | ContractServerError | E, ContractServer | R>
}

/**
 * What became of one case:
 *
 * - `kept`, `broken`: of a promise that the transport makes;
 * - `held`, `missed`: of one that it does not make.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly name: string
  readonly promise: PromiseName
  readonly verdict: "kept" | "broken" | "held" | "missed"
  /** Of what is broken or missed. */
  readonly violation: ContractViolation | undefined
}

/**
 * The transport, and the promises that it makes: all of them by default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  readonly transport: Layer.Layer<HttpClient.HttpClient, E, R>
  readonly keeps?: ReadonlyArray<PromiseName> | undefined
}

/**
 * How long a case waits for what must come, such as the end of a connection: two seconds by default. A transport's own
 * limit on connecting must be shorter, so build it with a short one.
 *
 * @category references
 * @since 0.1.0
 */
export const Patience: Context.Reference<Duration.Input> = Probe.Patience

// -----------------------------------------------------------------------------
// profiles
// -----------------------------------------------------------------------------

/**
 * What a transport over sockets can keep: everything.
 *
 * @category profiles
 * @since 0.1.0
 */
export const socketTransport: ReadonlyArray<PromiseName> = names

const notOfFetch: ReadonlyArray<PromiseName> = [
  "noResend",
  "connectLimit",
  "sentNo",
  "transient",
  "reuse",
  "ended",
  "scopeEnd"
]

/**
 * What a transport over `fetch` can keep. The rest is the platform's affair, or not told by it: whether a request is
 * sent again, how long a connection may take, whether a request left and whether its failure transient, and what becomes of
 * connections: a request may be written to one that has ended.
 *
 * @category profiles
 * @since 0.1.0
 */
export const fetchTransport: ReadonlyArray<PromiseName> = /* @__PURE__ */ names.filter((name) =>
  !notOfFetch.includes(name)
)

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

/**
 * Every case, in the order of the promises.
 *
 * @category cases
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = /* @__PURE__ */ [...ExchangeCases.cases, ...ConnectionCases.cases]
  .toSorted((one, other) => names.indexOf(one.promise) - names.indexOf(other.promise))
  .map(({ name, promise, run }) => ({ name: `${promise}: ${name}`, promise, run }))

/**
 * Runs every case, one after the other unless `concurrency` says otherwise (a page has few connections to one server).
 * What the transport does to a case, be it that it dies or that its layer fails, is told as a violation.
 *
 * @category cases
 * @since 0.1.0
 */
export const run = <E, R>(
  options: Options<E, R> & { readonly concurrency?: number | undefined }
): Effect.Effect<ReadonlyArray<Outcome>, ContractServerError, ContractServer | R> =>
  Effect.forEach(cases, (one) =>
    Effect.map(violationOf(one, options.transport), (violation): Outcome => {
      const kept = (options.keeps ?? names).includes(one.promise)
      const verdict = violation === undefined ? kept ? "kept" : "held" : kept ? "broken" : "missed"
      return { name: one.name, promise: one.promise, verdict, violation }
    }), { concurrency: options.concurrency })

const violationOf = <E, R>(
  { name, promise, run }: Case,
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
        new ContractViolation({ promise, case: name.slice(promise.length + 2), expected: "a transport", actual })
      )
    }
  })

/**
 * Makes a test of each case whose promise the transport makes, in any runner whose tests are a name and a function that
 * gives a promise: `it` of vitest, `test` of `node:test` and `bun:test`, `Deno.test`. Each test starts a server of its
 * own.
 *
 * @example
 * ```ts
 * import * as ContractServerNode from "@sso-oidc/testing/ContractServerNode"
 * import * as TransportContract from "@sso-oidc/testing/TransportContract"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import { test } from "node:test"
 *
 * TransportContract.register(test, {
 *   transport: FetchHttpClient.layer,
 *   server: ContractServerNode.layer,
 *   keeps: ["bytes", "headers", "emptyBody"]
 * })
 * ```
 *
 * @category adapters
 * @since 0.1.0
 */
export const register = <E, E2>(
  test: (name: string, body: () => Promise<void>) => unknown,
  options: Options<E> & { readonly server: Layer.Layer<ContractServer, E2> }
): void => {
  const keeps = options.keeps ?? names
  for (const one of cases) {
    if (!keeps.includes(one.promise)) continue
    test(one.name, () => Effect.runPromise(Effect.provide(one.run(options.transport), options.server)))
  }
}
