/**
 * A transport that adds faults to another transport.
 *
 * Each request either passes unchanged or meets one {@link Fault}. A {@link Plan} decides. Use `FaultPlan.inOrder`,
 * `FaultPlan.perOperation` or `FaultPlan.bySeed`, or write a function. The service {@link Decisions} lists the decisions. The
 * function {@link reportFaults} adds them to the failure of a test, as a plan that you can paste into the test.
 *
 * The test fails if a listed fault met no request: the layer dies with {@link UnusedFaults} when it closes. So provide the
 * layer to the whole test, or allow unused faults in the {@link Options}. A seed and a function list no faults, so none can be
 * unused.
 *
 * A fault fails in the same way as the real transports. A request that did not leave fails with `sent: "no"`, and a request
 * that may have left with `sent: "maybe"`. A body that is cut off is a `DecodeError` with the response's status.
 * `docs/transports.md` in the repository lists what a caller gets for each fault and operation. Time is Effect's `Clock`.
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
 * The faults, and the functions that make them.
 *
 * @since 0.1.0
 */
export * from "./Fault.ts"

/**
 * The plans, and the functions that make them.
 *
 * @since 0.1.0
 */
export * from "./FaultPlan.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options of a faulty transport.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** More operations that the plan can name. Those of `SsoOidc.operations` are always known. The default is none. */
  readonly operations?: ReadonlyArray<Operation.Any> | undefined
  /** Set to `true` to let the test end before each listed fault has met its request. The default is `false`: the test fails. */
  readonly allowUnused?: boolean | undefined
}

/**
 * The decision of a plan for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision extends Position {
  /** The fault that the request met, or `null` for none. */
  readonly fault: Fault | null
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface FailedUnderFaultsMembers {
  /** The tag of this error. */
  readonly _tag: "FailedUnderFaults"
  /** The message of the failure, and the plan that repeats it. */
  readonly message: string
  /** The failure. */
  readonly cause: unknown
}

const FailedUnderFaultsBase: new(
  members: Omit<FailedUnderFaultsMembers, "_tag">
) => Cause.YieldableError & FailedUnderFaultsMembers = /* @__PURE__ */ Data.TaggedError("FailedUnderFaults")<
  Omit<FailedUnderFaultsMembers, "_tag">
>

/**
 * A test failed under faults. This is a defect. Its message has the message of the failure, and the plan that repeats it.
 *
 * @category errors
 * @since 0.1.0
 */
export class FailedUnderFaults extends FailedUnderFaultsBase {}

interface UnusedFaultsMembers {
  /** The tag of this error. */
  readonly _tag: "UnusedFaults"
  /** The unused faults, each with its position, and what to do. */
  readonly message: string
  /** The faults that met no request. */
  readonly faults: ReadonlyArray<PlannedFault>
}

const UnusedFaultsBase: new(members: Omit<UnusedFaultsMembers, "_tag">) => Cause.YieldableError & UnusedFaultsMembers =
  /* @__PURE__ */ Data.TaggedError("UnusedFaults")<Omit<UnusedFaultsMembers, "_tag">>

/**
 * The test ended before each listed fault met its request. This is a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnusedFaults extends UnusedFaultsBase {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The decisions of the plan so far.
 *
 * @category services
 * @since 0.1.0
 */
export class Decisions extends Context.Service<Decisions, {
  /** All decisions, in the order of the requests. */
  readonly all: Effect.Effect<ReadonlyArray<Decision>>
  /** The listed faults that have met no request so far. */
  readonly unused: Effect.Effect<ReadonlyArray<PlannedFault>>
}>()("@sso-oidc/testing/FaultyTransport/Decisions") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Adds faults to the transport in the context, until the scope closes. When the scope closes, it dies with {@link UnusedFaults}
 * if a listed fault met no request, unless `allowUnused` is `true`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  plan: Plan,
  options: Options = {}
): Effect.fn.Return<
  {
    /** The transport with its faults. */
    readonly client: HttpClient.HttpClient
    /** The decisions of the plan so far. */
    readonly decisions: Decisions["Service"]
  },
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const decided: Array<Decision> = []
  const counts = new Map<string | undefined, number>()
  const operations: ReadonlyArray<Operation.Any> = [...options.operations ?? [], ...SsoOidc.operations]
  // copied, because the caller may change its list later
  const planned = [...plan.planned ?? []]
  const sentOf = (operation: string | undefined) =>
    operation === undefined ? decided.length : counts.get(operation) ?? 0
  const unused = () => planned.filter(({ nth, operation }) => nth > sentOf(operation))
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
        const lines = faults.map((one) => lineOf(one, sentOf(one.operation), known))
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

const lineOf = ({ fault, nth, operation }: PlannedFault, sent: number, known: ReadonlySet<string>): string => {
  const { _tag, ...rest } = fault
  const details = Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const name = details.length === 0 ? _tag : `${_tag} { ${details.join(", ")} }`
  const requests = operation === undefined ? "request" : `${operation} request`
  const missing = operation === undefined || known.has(operation)
    ? `the test sent ${sent === 0 ? "none" : sent}`
    : "the transport does not know this operation. Add it to the option operations"
  return `    ${name}, planned for ${requests} ${nth}: ${missing}`
}

/**
 * Adds to the failure of an effect the faults that it met, as a plan to paste into a test. With this plan you can repeat a
 * failure that a seed found. The failure becomes a defect. Interruption passes unchanged.
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
              message: `${
                messageOf(failure)
              }\n\nThe requests met these faults. Repeat them with FaultyTransport.inOrder([${faults}])`,
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
 * The faulty transport as a layer, over the transport in its context. Each build starts the plan from its beginning. When the
 * layer closes, it dies with {@link UnusedFaults} if a listed fault met no request, unless `allowUnused` is `true`.
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
