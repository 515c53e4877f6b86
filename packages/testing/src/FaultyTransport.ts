/**
 * A transport with faults, around any transport.
 *
 * Each request either goes through untouched or meets one {@link Fault}. A {@link Plan} decides which: in order
 * ({@link inOrder}), in order for each operation ({@link perOperation}), by a seed ({@link bySeed}), or a function of
 * your own. What was decided can be asked for ({@link Drawn}), and {@link replayable} shows it with the failure of a
 * test, as a plan that can be pasted back.
 *
 * The test fails when a fault of a list met no request: the end of the layer dies with {@link UnusedFaults}, which names
 * the fault. Provide the layer to the whole of a test, or allow unused faults in the {@link Options}. A seed and a function
 * have no list, so they leave nothing over.
 *
 * A fault is told as the real transports tell it: what did not leave is `sent: "no"`, what may have is `"maybe"`, a body
 * that breaks off is a `DecodeError` with the answer's status. `docs/transports.md` has what a caller gets of each, for
 * every operation. Time is Effect's `Clock`.
 *
 * @since 0.1.0
 */
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
import type { AnyOperation } from "./AnyOperation.ts"
import { all, checked, type Fault } from "./Fault.ts"
import * as Dice from "./internal/dice.ts"
import * as Inject from "./internal/inject.ts"
import * as Wire from "./internal/wire.ts"

// -----------------------------------------------------------------------------
// faults
// -----------------------------------------------------------------------------

/**
 * The faults themselves, and what makes them.
 *
 * @since 0.1.0
 */
export * from "./Fault.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Which request it is: its operation, `undefined` for a request that is none; and which one it is, counted from 1, of
 * all requests and of its operation's.
 *
 * @category models
 * @since 0.1.0
 */
export interface Position {
  readonly operation: string | undefined
  readonly nth: number
  readonly nthOfOperation: number
}

/**
 * A fault that a plan has for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Planned {
  /** The operation whose requests are counted; `undefined` where all requests are. */
  readonly operation: string | undefined
  /** Which of these requests meets the fault, counted from 1. */
  readonly nth: number
  /** What the request meets. */
  readonly fault: Fault
}

/**
 * Which fault a request meets: `null` or `undefined` for none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  (position: Position): Fault | null | undefined
  /** The faults that requests must meet. {@link inOrder} and {@link perOperation} list them; other plans need not. */
  readonly planned?: ReadonlyArray<Planned> | undefined
}

/**
 * What a faulty transport can be told beside its plan.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Further operations than core's three, for the plan. None by default. */
  readonly operations?: ReadonlyArray<AnyOperation> | undefined
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
  readonly fault: Fault | null
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What the plan decided so far, in the order of the requests.
 *
 * @category services
 * @since 0.1.0
 */
export class Drawn extends Context.Service<Drawn, {
  readonly decisions: Effect.Effect<ReadonlyArray<Decision>>
  /** The faults of the plan's list that have met no request so far. */
  readonly unused: Effect.Effect<ReadonlyArray<Planned>>
}>()("@sso-oidc/testing/FaultyTransport/Drawn") {}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A test failed under faults. Its message holds the failure's own and the plan that leads there again; `cause` is the
 * failure.
 *
 * @category errors
 * @since 0.1.0
 */
export class FailedUnderFaults extends Data.TaggedError("FailedUnderFaults")<{
  readonly message: string
  readonly cause: unknown
}> {}

/**
 * The test ended before each fault of the plan met its request: a defect, whose message names these faults.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnusedFaults extends Data.TaggedError("UnusedFaults")<{
  readonly message: string
  readonly faults: ReadonlyArray<Planned>
}> {}

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

/**
 * The first request meets the first fault, and so on; `null` lets one through, and so does the end of the list.
 *
 * @category plans
 * @since 0.1.0
 */
export const inOrder = (faults: ReadonlyArray<Fault | null>): Plan => {
  const list = faults.map((fault) => fault === null ? null : checked(fault))
  return listed(({ nth }) => list[nth - 1], plannedOf(undefined, list))
}

const plannedOf = (operation: string | undefined, list: ReadonlyArray<Fault | null>): ReadonlyArray<Planned> =>
  list.flatMap((fault, at) => fault === null ? [] : [{ operation, nth: at + 1, fault }])

const listed = (plan: (position: Position) => Fault | null | undefined, planned: ReadonlyArray<Planned>): Plan =>
  Object.assign((position: Position) => plan(position), { planned })

/**
 * The operations of the service, by their names in its model.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationName = "CreateToken" | "CreateTokenWithIAM" | "RegisterClient" | "StartDeviceAuthorization"

/**
 * The same for the requests of each operation by itself: `perOperation({ CreateToken: [null, resetAfter] })`.
 *
 * @category plans
 * @since 0.1.0
 */
export const perOperation = (
  faults: { readonly [Name in OperationName]?: ReadonlyArray<Fault | null> | undefined }
): Plan => {
  const lists = new Map(
    Object.entries(faults).map(([name, list]) => [name, (list ?? []).map((fault) => fault && checked(fault))])
  )
  return listed(
    ({ nthOfOperation, operation }) => operation === undefined ? null : lists.get(operation)?.[nthOfOperation - 1],
    [...lists].flatMap(([name, list]) => plannedOf(name, list))
  )
}

/**
 * Chance that the seed decides: each request meets a fault with this `probability` (0.5 by default), drawn from `among`
 * ({@link all} by default). A fault that stands there twice comes twice as often. The same seed decides the same, on every
 * platform. A seed is a whole number. Options that decide nothing are a mistake in the test: a `RangeError` is thrown.
 *
 * @category plans
 * @since 0.1.0
 */
export const bySeed = (options: {
  readonly seed: number
  readonly probability?: number | undefined
  readonly among?: ReadonlyArray<Fault> | undefined
}): Plan => {
  const { among = all, probability = 0.5, seed } = options
  if (!(probability >= 0 && probability <= 1)) throw new RangeError("FaultyTransport: probability must be from 0 to 1")
  if (!Number.isSafeInteger(seed)) throw new RangeError("FaultyTransport: seed must be a whole number")
  if (among.length === 0) throw new RangeError("FaultyTransport: among is empty, so that no request would meet a fault")
  const list = among.map(checked)
  return ({ nth }) => {
    const [whether, which] = Dice.roll(seed, nth)
    return whether < probability ? list[Math.floor(which * list.length)] : null
  }
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The transport in the context with faults until the end of the scope, and what is decided for it. The end of the scope
 * dies with {@link UnusedFaults} where a listed fault met no request, unless `allowUnused` is `true`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  plan: Plan,
  options: Options = {}
): Effect.fn.Return<
  { readonly client: HttpClient.HttpClient; readonly drawn: Drawn["Service"] },
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const decisions: Array<Decision> = []
  const counts = new Map<string | undefined, number>()
  const operations = [...options.operations ?? [], ...Wire.anonymous]
  // a caller may change its list later
  const planned = [...plan.planned ?? []]
  const came = (operation: string | undefined) =>
    operation === undefined ? decisions.length : counts.get(operation) ?? 0
  const unused = () => planned.filter(({ nth, operation }) => nth > came(operation))
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (exchange, request) =>
    Effect.suspend(() => {
      const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
      const operation = url && Wire.find(operations, request.method, url)?.name
      const nthOfOperation = (counts.get(operation) ?? 0) + 1
      const position = { operation, nth: decisions.length + 1, nthOfOperation }
      const fault = plan(position) ?? null
      counts.set(operation, nthOfOperation)
      decisions.push({ ...position, fault })
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
  return { client, drawn: { decisions: Effect.sync(() => [...decisions]), unused: Effect.sync(unused) } }
})

const lineOf = ({ fault, nth, operation }: Planned, came: number, known: ReadonlySet<string>): string => {
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
 * Shows, with the failure of an effect, the faults that it failed under: as a plan that can be pasted into a test, so
 * that what a seed found is found again. The failure becomes a defect; interruption passes untouched.
 *
 * @category combinators
 * @since 0.1.0
 */
export const replayable = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, never, R | Drawn> =>
  Effect.catchCause(effect, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.failCause(Cause.fromReasons<never>(cause.reasons.filter(Cause.isInterruptReason)))
      : Effect.flatMap(Drawn, ({ decisions }) =>
        Effect.flatMap(decisions, (decisions) => {
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
 * import { inOrder, layer, resetAfter, unavailable503 } from "@sso-oidc/testing/FaultyTransport"
 * import * as Layer from "effect/Layer"
 *
 * const TestLayer = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provideMerge(layer(inOrder([null, resetAfter, unavailable503(7)]))),
 *   Layer.provideMerge(EmulatorTransport.layer({ autoApprove: 30 }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  plan: Plan,
  options?: Options
): Layer.Layer<HttpClient.HttpClient | Drawn, never, HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(plan, options), ({ client, drawn }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(Drawn, drawn)))
  )
