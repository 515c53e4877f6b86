/**
 * A transport with faults, around any transport.
 *
 * Each request either goes through untouched or meets one {@link Fault}. A {@link Plan} decides which: in order
 * ({@link inOrder}), in order for each operation ({@link perOperation}), by a seed ({@link bySeed}), or a function of
 * your own. What was decided can be asked for ({@link Drawn}), and {@link replayable} shows it with the failure of a
 * test, as a plan that can be pasted back. A fault that no request came to is no error: ask `Drawn` where it matters.
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
 * Which fault a request meets: `null` or `undefined` for none.
 *
 * @category models
 * @since 0.1.0
 */
export type Plan = (position: Position) => Fault | null | undefined

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
  return ({ nth }) => list[nth - 1]
}

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
  const plans = new Map(Object.entries(faults).map(([name, list]) => [name, inOrder(list ?? [])]))
  return (position) =>
    position.operation === undefined
      ? null
      : plans.get(position.operation)?.({ ...position, nth: position.nthOfOperation })
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
 * The transport in the context with faults, and what is decided for it. `operations` names further operations than
 * core's three, for the plan.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  plan: Plan,
  options: { readonly operations?: ReadonlyArray<AnyOperation> | undefined } = {}
): Effect.fn.Return<
  { readonly client: HttpClient.HttpClient; readonly drawn: Drawn["Service"] },
  never,
  HttpClient.HttpClient
> {
  const decisions: Array<Decision> = []
  const operations = [...options.operations ?? [], ...Wire.anonymous]
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (exchange, request) =>
    Effect.suspend(() => {
      const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
      const operation = url && Wire.find(operations, request.method, url)?.name
      const position = {
        operation,
        nth: decisions.length + 1,
        nthOfOperation: decisions.filter((one) => one.operation === operation).length + 1
      }
      const fault = plan(position) ?? null
      decisions.push({ ...position, fault })
      return fault === null ? exchange : Inject.inject(fault, request, exchange)
    }))
  return { client, drawn: { decisions: Effect.sync(() => [...decisions]) } }
})

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
 * The faulty transport as a layer, over the transport that it is given. Each build starts the plan anew.
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
  options?: { readonly operations?: ReadonlyArray<AnyOperation> | undefined }
): Layer.Layer<HttpClient.HttpClient | Drawn, never, HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(plan, options), ({ client, drawn }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(Drawn, drawn)))
  )
