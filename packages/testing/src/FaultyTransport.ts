/**
 * A transport with faults, around any transport.
 *
 * Each request either goes through untouched or meets one {@link Fault}. A {@link Plan} decides which: in order
 * (`FaultPlan.inOrder`), in order for each operation (`FaultPlan.perOperation`), by a seed (`FaultPlan.bySeed`), or a function of
 * your own. {@link Decisions} has what was decided. {@link reportFaults} shows it with the failure of a test, as a plan to
 * paste back.
 *
 * The test fails when a fault of a list met no request: the end of the layer dies with {@link UnusedFaults}, which names
 * the fault. Provide the layer to the whole of a test, or allow unused faults in the {@link Options}. A seed and a function
 * have no list, so they leave nothing over.
 *
 * A fault fails as the real transports do. What did not leave is `sent: "no"`, what may have left is `"maybe"`, and a body
 * that breaks off is a `DecodeError` with the response's status. `docs/transports.md` has what a caller gets of each, for
 * every operation. Time is Effect's `Clock`.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { type Fault, validate } from "./Fault.ts"
import type { Plan, PlannedFault, Position } from "./FaultPlan.ts"
import * as Inject from "./internal/fault.ts"
import * as Request from "./internal/request.ts"

// -----------------------------------------------------------------------------
// faults
// -----------------------------------------------------------------------------

/**
 * The faults themselves, and what makes them.
 *
 * @since 0.1.0
 */
export * from "./Fault.ts"

/**
 * The plans, and what makes them.
 *
 * @since 0.1.0
 */
export * from "./FaultPlan.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a faulty transport can be told beside its plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Further operations than those of `SsoOidc.operations`, for the plan. None by default. */
  readonly operations?: ReadonlyArray<Operation.Any> | undefined
  /** Whether the test may end before each listed fault has met its request. `false` by default: such a test fails. */
  readonly allowUnused?: boolean | undefined
}

/**
 * One decision of a plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision extends Position {
  /** What the request met; `null` where it was let through. */
  readonly fault: Fault | null
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A test failed under faults: a defect. Its message holds the failure's own, and the plan that leads there again.
 *
 * @category errors
 * @since 0.1.0
 */
export class FailedUnderFaults extends Data.TaggedError("FailedUnderFaults")<{
  /** The failure's own message, and the plan. */
  readonly message: string
  /** The failure. */
  readonly cause: unknown
}> {}

/**
 * The test ended before each fault of the plan met its request: a defect, whose message names these faults.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnusedFaults extends Data.TaggedError("UnusedFaults")<{
  /** Each fault with its place, and what to do. */
  readonly message: string
  /** The faults that met no request. */
  readonly faults: ReadonlyArray<PlannedFault>
}> {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What the plan decided so far.
 *
 * @category services
 * @since 0.1.0
 */
export class Decisions extends Context.Service<Decisions, {
  /** All decisions, in the order of the requests. */
  readonly all: Effect.Effect<ReadonlyArray<Decision>>
  /** The faults of the plan's list that have met no request so far. */
  readonly unused: Effect.Effect<ReadonlyArray<PlannedFault>>
}>()("@sso-oidc/testing/FaultyTransport/Decisions") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The transport in the context with faults until the end of the scope, and what its plan decides. The end of the scope
 * dies with {@link UnusedFaults} where a listed fault met no request, unless `allowUnused` is `true`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  plan: Plan,
  options: Options = {}
): Effect.fn.Return<
  { readonly client: HttpClient.HttpClient; readonly decisions: Decisions["Service"] },
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const decided: Array<Decision> = []
  const counts = new Map<string | undefined, number>()
  const operations: ReadonlyArray<Operation.Any> = [...options.operations ?? [], ...SsoOidc.operations]
  // a caller may change its list later
  const planned = [...plan.planned ?? []]
  const came = (operation: string | undefined) => operation === undefined ? decided.length : counts.get(operation) ?? 0
  const unused = () => planned.filter(({ nth, operation }) => nth > came(operation))
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (exchange, request) =>
    Effect.suspend(() => {
      const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
      const operation = url && Request.find(operations, request.method, url)?.name
      const nthOfOperation = (counts.get(operation) ?? 0) + 1
      const position = { operation, nth: decided.length + 1, nthOfOperation }
      const met = plan(position) ?? null
      const fault = met === null ? null : validate(met)
      counts.set(operation, nthOfOperation)
      decided.push({ ...position, fault })
      return fault === null ? exchange : Inject.inject(fault, request, exchange)
    }))
  if (options.allowUnused !== true) {
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        const faults = unused()
        if (faults.length === 0) return Effect.void
        const known = new Set(operations.map(({ name }) => name))
        const lines = faults.map((one) => lineOf(one, came(one.operation), known))
        return Effect.die(
          new UnusedFaults({
            message: `The faulty transport ended with ${
              faults.length === 1 ? "a fault" : "faults"
            } of its plan unused:\n${
              lines.join("\n")
            }\nSend the missing requests, shorten the plan, or allow this with the option allowUnused: true.`,
            faults
          })
        )
      })
    )
  }
  return { client, decisions: { all: Effect.sync(() => [...decided]), unused: Effect.sync(unused) } }
})

const lineOf = ({ fault, nth, operation }: PlannedFault, came: number, known: ReadonlySet<string>): string => {
  const { _tag, ...rest } = fault
  const details = Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const name = details.length === 0 ? _tag : `${_tag} { ${details.join(", ")} }`
  const requests = operation === undefined ? "request" : `${operation} request`
  const missing = operation === undefined || known.has(operation)
    ? `${came === 0 ? "none" : came} came`
    : "the transport does not know this operation: name it in the option operations"
  return `    ${name}, planned for ${requests} ${nth}: ${missing}`
}

/**
 * Adds to the failure of an effect the faults that it met, as a plan to paste into a test. So a failure that a seed found can be
 * repeated. The failure becomes a defect, and interruption passes untouched.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reportFaults = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, never, R | Decisions> =>
  Effect.catchCause(effect, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(Cause.fromReasons<never>(cause.reasons.filter(Cause.isInterruptReason)))
      : Effect.flatMap(Decisions, ({ all }) =>
        Effect.flatMap(all, (decisions) => {
          const failure = Cause.squash(cause)
          const faults = decisions.map(({ fault }) => JSON.stringify(fault)).join(", ")
          return Effect.die(
            new FailedUnderFaults({
              message: `${messageOf(failure)}\n\nThe faults that it met: FaultyTransport.inOrder([${faults}])`,
              cause: failure
            })
          )
        })))

const messageOf = (failure: unknown): string => {
  if (!(failure instanceof Error)) return String(failure)
  const name = Predicate.hasProperty(failure, "_tag") ? String(failure._tag) : failure.name
  return `${name}: ${failure.message}`
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The faulty transport as a layer, over the transport that it is given. Each build starts the plan anew. The end of the
 * layer dies with {@link UnusedFaults} where a listed fault met no request, unless `allowUnused` is `true`.
 *
 * @example
 * ```ts
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
 * import { inOrder, layer, resetAfterRequest, serviceUnavailable } from "@sso-oidc/testing/FaultyTransport"
 * import * as Layer from "effect/Layer"
 *
 * const TestLayer = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provideMerge(layer(inOrder([null, resetAfterRequest, serviceUnavailable(7)]))),
 *   Layer.provideMerge(EmulatorTransport.layer({ autoApprove: "30 seconds" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  plan: Plan,
  options?: Options
): Layer.Layer<HttpClient.HttpClient | Decisions, never, HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(plan, options), ({ client, decisions }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(Decisions, decisions)))
  )
