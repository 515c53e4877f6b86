/**
 * Which request meets which fault.
 *
 * A plan is a function of a request's position. {@link inOrder} and {@link perOperation} list faults, and {@link bySeed} draws
 * them. `FaultyTransport` follows a plan, and exports all of this too.
 *
 * @since 0.1.0
 */
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { type Fault, oneOfEach, validate } from "./Fault.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The place of a request among the requests so far.
 *
 * @category models
 * @since 0.1.0
 */
export interface Position {
  /** The name of its operation; `undefined` for a request of none. */
  readonly operation: string | undefined
  /** Its number among all requests. The first one is 1. */
  readonly nth: number
  /** Its number among the requests of its operation. The first one is 1. */
  readonly nthOfOperation: number
}

/**
 * A fault that a plan has for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlannedFault {
  /** The operation whose requests are counted; `undefined` where all requests are. */
  readonly operation: string | undefined
  /** Which of these requests meets the fault, counted from 1. */
  readonly nth: number
  /** What the request meets. */
  readonly fault: Fault
}

/**
 * Which fault a request meets: `null` or `undefined` for none. A `RangeError` is thrown for a fault that cannot be.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  (position: Position): Fault | null | undefined
  /** The faults that requests must meet. {@link inOrder} and {@link perOperation} list them; other plans need not. */
  readonly planned?: ReadonlyArray<PlannedFault> | undefined
}

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

/**
 * The first request meets the first fault, and so on. `null` lets a request through, and so does the end of the list.
 *
 * @category plans
 * @since 0.1.0
 */
export const inOrder = (faults: ReadonlyArray<Fault | null>): Plan => {
  const list = checked(faults)
  return listed(({ nth }) => list[nth - 1], plannedOf(undefined, list))
}

const checked = (faults: ReadonlyArray<Fault | null>): ReadonlyArray<Fault | null> =>
  faults.map((fault) => fault === null ? null : validate(fault))

const plannedOf = (operation: string | undefined, list: ReadonlyArray<Fault | null>): ReadonlyArray<PlannedFault> =>
  list.flatMap((fault, at) => fault === null ? [] : [{ operation, nth: at + 1, fault }])

const listed = (plan: (position: Position) => Fault | null | undefined, planned: ReadonlyArray<PlannedFault>): Plan =>
  Object.assign((position: Position) => plan(position), { planned })

/**
 * A list for the requests of each operation: `perOperation({ CreateToken: [null, resetAfterRequest] })`. An operation without a
 * list meets no fault.
 *
 * The names are those of `SsoOidc.operations`. Give further ones as the type's parameter, and their operations to the transport:
 * `perOperation<SsoOidc.OperationName | "CreateTokenWithIAM">(…)`.
 *
 * @category plans
 * @since 0.1.0
 */
export const perOperation = <Name extends string = SsoOidc.OperationName>(
  faults: { readonly [Operation in NoInfer<Name>]?: ReadonlyArray<Fault | null> | undefined }
): Plan => {
  const lists = new Map(
    Object.entries<ReadonlyArray<Fault | null> | undefined>(faults).map(([name, list]) => [name, checked(list ?? [])])
  )
  return listed(
    ({ nthOfOperation, operation }) => operation === undefined ? null : lists.get(operation)?.[nthOfOperation - 1],
    [...lists].flatMap(([name, list]) => plannedOf(name, list))
  )
}

/**
 * What a plan by chance can be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface SeedOptions {
  /** A whole number. The same seed decides the same, on every platform. */
  readonly seed: number
  /** How likely a request meets a fault, from 0 to 1. 0.5 by default. */
  readonly probability?: number | undefined
  /**
   * The faults to draw from. One that stands there twice comes twice as often. An empty list is refused. {@link oneOfEach} by
   * default.
   */
  readonly faults?: ReadonlyArray<Fault> | undefined
}

/**
 * Chance that a seed decides. Options that decide nothing are a mistake in the test: a `RangeError` is thrown.
 *
 * @category plans
 * @since 0.1.0
 */
export const bySeed = ({ faults = oneOfEach, probability = 0.5, seed }: SeedOptions): Plan => {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError("FaultPlan: probability must be from 0 to 1")
  if (!Number.isSafeInteger(seed)) throw new RangeError("FaultPlan: seed must be a whole number")
  if (faults.length === 0) throw new RangeError("FaultPlan: faults is empty, so that no request would meet a fault")
  const list = faults.map(validate)
  return ({ nth }) => {
    const [whether, which] = roll(seed, nth)
    return whether < probability ? list[Math.floor(which * list.length)] : null
  }
}

/** Two numbers from 0 to 1 (exclusive) for the nth request: the same on every platform, in whatever order they are asked for. */
const roll = (seed: number, nth: number): readonly [number, number] => {
  let state = mix(Math.trunc(seed) ^ mix(nth))
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    return (mix(state) >>> 0) / 2 ** 32
  }
  return [next(), next()]
}

// the finalizer of MurmurHash3: each bit of what goes in changes half of those that come out
const mix = (n: number): number => {
  let h = n | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
