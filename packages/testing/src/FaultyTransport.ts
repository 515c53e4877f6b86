/**
 * A transport with faults, around any transport.
 *
 * Each request either goes through untouched or meets one {@link Fault}. A {@link Plan} decides which: in order
 * ({@link inOrder}), in order for each operation ({@link perOperation}), by a seed ({@link bySeed}), or a function of
 * your own. What was decided can be asked for ({@link Drawn}), and {@link replayable} shows it with the failure of a
 * test, as a plan that can be pasted back.
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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Dice from "./internal/dice.ts"
import * as Inject from "./internal/inject.ts"
import * as Wire from "./internal/wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

const Size = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Millis = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * What can happen to one request. Plain data, so that a plan can be printed and read back.
 *
 * | fault | the request | the caller sees |
 * |---|---|---|
 * | `Refuse` | does not leave | connection refused |
 * | `DnsFailure` | does not leave | name not found |
 * | `UntrustedCertificate` | does not leave | a certificate that is not trusted, which does not heal |
 * | `ResetBefore` | does not leave | a reset within the handshake |
 * | `ResetAfter` | arrives, and is carried out | a reset in place of the answer |
 * | `LostAnswer` | arrives, and is carried out | nothing, until a time limit |
 * | `DeliveredTwice` | arrives twice, one after the other | the second answer, or the first |
 * | `Truncated` | arrives | the answer, broken off after `bytes` of its body, one byte before its end at most |
 * | `Trickle` | arrives | the answer, its body in pieces of `bytes`, each after `millis` |
 * | `Latency` | arrives at once | the answer, `millis` later |
 * | `Html502` | does not arrive | the page of a proxy |
 * | `Unavailable503` | does not arrive | a 503 without a body, with `retry-after` in seconds if given |
 *
 * @category models
 * @since 0.1.0
 */
export const Fault = Schema.Union([
  Schema.TaggedStruct("Refuse", {}),
  Schema.TaggedStruct("DnsFailure", {}),
  Schema.TaggedStruct("UntrustedCertificate", {}),
  Schema.TaggedStruct("ResetBefore", {}),
  Schema.TaggedStruct("ResetAfter", {}),
  Schema.TaggedStruct("LostAnswer", {}),
  Schema.TaggedStruct("DeliveredTwice", { answer: Schema.Literals(["first", "second"]) }),
  Schema.TaggedStruct("Truncated", { bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)) }),
  Schema.TaggedStruct("Trickle", { bytes: Size, millis: Millis }),
  Schema.TaggedStruct("Latency", { millis: Millis }),
  Schema.TaggedStruct("Html502", {}),
  Schema.TaggedStruct("Unavailable503", { retryAfter: Schema.optionalKey(Schema.Natural) })
])

/**
 * What can happen to one request.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = typeof Fault.Type

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
// faults
// -----------------------------------------------------------------------------

/**
 * Connection refused.
 *
 * @category faults
 * @since 0.1.0
 */
export const refuse: Fault = { _tag: "Refuse" }

/**
 * The name is not found.
 *
 * @category faults
 * @since 0.1.0
 */
export const dnsFailure: Fault = { _tag: "DnsFailure" }

/**
 * The certificate is not trusted, and waiting does not help.
 *
 * @category faults
 * @since 0.1.0
 */
export const untrustedCertificate: Fault = { _tag: "UntrustedCertificate" }

/**
 * A reset within the handshake: the request did not leave.
 *
 * @category faults
 * @since 0.1.0
 */
export const resetBefore: Fault = { _tag: "ResetBefore" }

/**
 * The request is carried out, and the connection resets before the answer.
 *
 * @category faults
 * @since 0.1.0
 */
export const resetAfter: Fault = { _tag: "ResetAfter" }

/**
 * The request is carried out, and nothing ever comes back.
 *
 * @category faults
 * @since 0.1.0
 */
export const lostAnswer: Fault = { _tag: "LostAnswer" }

/**
 * By default the caller gets the second answer, as behind a proxy or a platform that sends again by itself.
 *
 * @category faults
 * @since 0.1.0
 */
export const deliveredTwice = (answer: "first" | "second" = "second"): Fault => ({ _tag: "DeliveredTwice", answer })

/**
 * The body breaks off after so many bytes.
 *
 * @category faults
 * @since 0.1.0
 */
export const truncated = (bytes: number): Fault => checked({ _tag: "Truncated", bytes })

/**
 * The body comes in pieces of so many bytes, each after this time.
 *
 * @category faults
 * @since 0.1.0
 */
export const trickle = (bytes: number, every: Duration.Input): Fault =>
  checked({ _tag: "Trickle", bytes, millis: Duration.toMillis(every) })

/**
 * The answer comes so much later.
 *
 * @category faults
 * @since 0.1.0
 */
export const latency = (duration: Duration.Input): Fault =>
  checked({ _tag: "Latency", millis: Duration.toMillis(duration) })

/**
 * A proxy's page in place of the service.
 *
 * @category faults
 * @since 0.1.0
 */
export const html502: Fault = { _tag: "Html502" }

/**
 * The service cannot answer now, and says for how many seconds, if it does.
 *
 * @category faults
 * @since 0.1.0
 */
export const unavailable503 = (retryAfter?: number): Fault =>
  checked({ _tag: "Unavailable503", ...(retryAfter === undefined ? {} : { retryAfter }) })

/**
 * One of each kind, and what {@link bySeed} draws from by default.
 *
 * @category faults
 * @since 0.1.0
 */
export const all: ReadonlyArray<Fault> = [
  refuse,
  dnsFailure,
  untrustedCertificate,
  resetBefore,
  resetAfter,
  lostAnswer,
  { _tag: "DeliveredTwice", answer: "second" },
  { _tag: "DeliveredTwice", answer: "first" },
  { _tag: "Truncated", bytes: 10 },
  { _tag: "Trickle", bytes: 16, millis: 100 },
  { _tag: "Latency", millis: 2000 },
  html502,
  { _tag: "Unavailable503", retryAfter: 7 }
]

// a plan may have been read from a file
const checked = (fault: Fault): Fault => {
  const valid = Option.getOrUndefined(Schema.decodeUnknownOption(Fault)(fault))
  if (valid === undefined) throw new RangeError(`FaultyTransport: no fault can be ${JSON.stringify(fault)}`)
  return valid
}

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
 * The same for the requests of each operation by itself: `perOperation({ CreateToken: [null, resetAfter] })`.
 *
 * @category plans
 * @since 0.1.0
 */
export const perOperation = (faults: Readonly<Record<string, ReadonlyArray<Fault | null>>>): Plan => {
  const plans = new Map(Object.entries(faults).map(([name, list]) => [name, inOrder(list)]))
  return (position) =>
    position.operation === undefined
      ? null
      : plans.get(position.operation)?.({ ...position, nth: position.nthOfOperation })
}

/**
 * Chance that the seed decides: each request meets a fault with this `probability` (0.5 by default), drawn from `among`
 * ({@link all} by default). A fault that stands there twice comes twice as often. The same seed decides the same, on every
 * platform.
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
  options: { readonly operations?: ReadonlyArray<Wire.AnyOperation> | undefined } = {}
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
  options?: { readonly operations?: ReadonlyArray<Wire.AnyOperation> | undefined }
): Layer.Layer<HttpClient.HttpClient | Drawn, never, HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(plan, options), ({ client, drawn }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(Drawn, drawn)))
  )
