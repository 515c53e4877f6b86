/**
 * Plans: which request meets which fault.
 *
 * A plan is a function of a request's position. {@link inOrder} and {@link perOperation} take lists of faults, and {@link
 * bySeed} draws faults at random. `FaultyTransport` follows a plan, and re-exports this module.
 *
 * @since 0.1.0
 */
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { type Fault, oneOfEach, validate } from "./Fault.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The position of a request among the requests so far.
 *
 * @category models
 * @since 0.1.0
 */
export interface Position {
  /** The name of its operation, or `undefined` if the request is no known operation. */
  readonly operation: string | undefined
  /** Its number among all requests, counted from 1. */
  readonly nth: number
  /** Its number among the requests of its operation, counted from 1. */
  readonly nthOfOperation: number
}

/**
 * A fault that a plan has for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlannedFault {
  /** The operation whose requests are counted, or `undefined` if all requests are counted. */
  readonly operation: string | undefined
  /** The number of the request that meets the fault, counted from 1. */
  readonly nth: number
  /** The fault that the request meets. */
  readonly fault: Fault
}

/**
 * A function that gives the fault of each request, or `null` or `undefined` for no fault. A fault that is not valid makes the
 * request die with a `RangeError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  (position: Position): Fault | null | undefined
  /** The faults that requests must meet. {@link inOrder} and {@link perOperation} set it. Other plans may leave it out. */
  readonly planned?: ReadonlyArray<PlannedFault> | undefined
}

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

/**
 * The first request meets the first fault, the second request the second fault, and so on. `null` means no fault, and requests
 * after the end of the list meet none.
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
 * A list of faults for the requests of each operation: `perOperation({ CreateToken: [null, resetAfterRequest] })`. An operation
 * without a list meets no fault.
 *
 * The names are those of `SsoOidc.operations`. To use other operations, give their names as the type parameter and the
 * operations to the transport: `perOperation<SsoOidc.OperationName | "CreateTokenWithIAM">(…)`.
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
 * The options of {@link bySeed}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SeedOptions {
  /** A whole number. The same seed gives the same faults on every platform. Any other number is refused. */
  readonly seed: number
  /** The probability that a request meets a fault, from 0 to 1. The default is 0.5. A number outside this range is refused. */
  readonly probability?: number | undefined
  /**
   * The faults to draw from. A fault that is listed twice comes twice as often. The default is {@link oneOfEach}. An empty list
   * is refused.
   */
  readonly faults?: ReadonlyArray<Fault> | undefined
}

/**
 * Draws faults at random, from a seed. Options that are not valid throw a `RangeError`.
 *
 * @category plans
 * @since 0.1.0
 */
export const bySeed = ({ faults = oneOfEach, probability = 0.5, seed }: SeedOptions): Plan => {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError("FaultPlan.bySeed: probability is not from 0 to 1. Give a number from 0 to 1.")
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError("FaultPlan.bySeed: seed is not a whole number. Give a whole number.")
  }
  if (faults.length === 0) {
    throw new RangeError(
      "FaultPlan.bySeed: faults is empty, so no request would meet a fault. List at least one fault."
    )
  }
  const list = faults.map(validate)
  return ({ nth }) => {
    const [whether, which] = roll(seed, nth)
    return whether < probability ? list[Math.floor(which * list.length)] : null
  }
}

/**
 * Two numbers from 0 up to but not including 1, for the nth request. They depend on `seed` and `nth` alone, so the order of the
 * calls does not matter.
 */
const roll = (seed: number, nth: number): readonly [number, number] => {
  let state = mix(Math.trunc(seed) ^ mix(nth))
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    return (mix(state) >>> 0) / 2 ** 32
  }
  return [next(), next()]
}

// the finalizer of MurmurHash3: each bit of the input changes half of the bits of the output
const mix = (n: number): number => {
  let h = n | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
