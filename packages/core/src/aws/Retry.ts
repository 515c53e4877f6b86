/**
 * Sends again what may be sent again.
 *
 * The client sends each request once. Whether a request may be sent again is a matter of its operation: a second
 * registration does no harm, but an authorization code and a refresh token are good for one use, and the second request
 * with one ends in `invalid_grant` while the token that the first one got is lost. A retry that sits in the `HttpClient`
 * cannot tell them apart. This one asks the operation, and is there only where it is provided.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type * as Client from "./Client.ts"
import type * as Operation from "./Operation.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How often and how fast.
 *
 * - `times`: how many further attempts at most. 3 by default; a whole number, 0 for none.
 * - `base`: the wait before the first further attempt, doubled for each one after it. 200 milliseconds by default; longer
 *   than zero, and finite.
 * - `cap`: what the doubling stops at. 5 seconds by default; longer than zero, `Infinity` for no cap.
 * - `maxRetryAfter`: the longest wait that the service may ask for. 20 seconds by default; zero or more. An answer whose
 *   `Retry-After` is beyond it is not waited for: the call fails at once with that answer's error, whose `retryAfter`
 *   says how long, so that the caller decides.
 *
 * Each wait is lengthened or shortened at random by up to a fifth, so that many clients do not come back at once.
 * `Retry-After` is a minimum that chance does not shorten.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly times?: number | undefined
  readonly base?: Duration.Input | undefined
  readonly cap?: Duration.Input | undefined
  readonly maxRetryAfter?: Duration.Input | undefined
}

/**
 * A client that can be wrapped: `SsoOidc` and its siblings.
 *
 * @category models
 * @since 0.1.0
 */
export interface Executor<Self> {
  /** Runs any operation. */
  readonly execute: Client.Execute
  /** The same client over another `execute`. */
  readonly withExecute: (execute: Client.Execute) => Self
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A client that sends again, over one that does not.
 *
 * What `operation.resend(request)` says decides:
 *
 * - `"anytime"` (RegisterClient, StartDeviceAuthorization): again after a transient `TransportError`, after a status of
 *   408, 429 or 500 and above, whatever the body says, after a 4xx whose error type AWS's clients class as throttling or
 *   transient, such as `ThrottlingException`, and after `SlowDownException`, which means throttling there. Not after a
 *   response from another URL than the one asked;
 * - `"unsent"` (an authorization code, a refresh token): again only after a `TransportError` with `sent: "no"` that
 *   is transient;
 * - `"paced"` (a poll with a device code): never. The grant paces it (RFC 8628 section 3.5).
 *
 * The call fails with the error of its last attempt, unchanged. Each attempt is a span and has a `requestTimeout` of its
 * own; interruption ends an attempt and a wait alike. Two of these over each other multiply their attempts.
 *
 * An option that makes no sense is a mistake in the program: a `RangeError` that names it is thrown.
 *
 * @example
 * ```ts
 * import * as Retry from "@sso-oidc/core/aws/Retry"
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as Effect from "effect/Effect"
 *
 * const register = Effect.gen(function*() {
 *   const oidc = Retry.make(yield* SsoOidc.SsoOidc, { times: 5 })
 *   return yield* oidc.registerClient({ clientName: "my-tool", clientType: "public" })
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Self extends Executor<Self>>(client: Self, options: Options = {}): Self => {
  const times = options.times ?? 3
  if (!Number.isInteger(times) || times < 0) throw new RangeError("Retry: times must be a whole number of 0 or more")
  const base = durationOf("base", options.base ?? "200 millis")
  const cap = durationOf("cap", options.cap ?? "5 seconds")
  const maxRetryAfter = durationOf("maxRetryAfter", options.maxRetryAfter ?? "20 seconds")
  if (Duration.isZero(base) || !Duration.isFinite(base)) {
    throw new RangeError("Retry: base must be longer than zero, and finite")
  }
  if (Duration.isZero(cap)) throw new RangeError("Retry: cap must be longer than zero")

  const backoff = Schedule.min([Schedule.exponential(base), Schedule.spaced(cap)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times }),
    Schedule.setInputType<unknown>(),
    // after the jitter, which would shorten it
    Schedule.modifyDelay(({ duration, input }) => Effect.succeed(Duration.max(duration, retryAfterOf(input)))),
    Schedule.while(({ input }) => Duration.isLessThanOrEqualTo(retryAfterOf(input), maxRetryAfter))
  )

  return client.withExecute((operation, request) =>
    Effect.retry(
      client.execute(operation, request),
      Schedule.while(backoff, ({ input }) => isRetryable(operation, request, input))
    )
  )
}

const durationOf = (name: string, input: Duration.Input): Duration.Duration => {
  const duration = Duration.fromInput(input)
  // Effect reads NaN as zero
  if (Number.isNaN(input) || Option.isNone(duration) || Duration.isNegative(duration.value)) {
    throw new RangeError(`Retry: ${name} must be a duration of zero or more`)
  }
  return duration.value
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client in the context, as one that sends again. See {@link make} for what is sent again, and for options that make
 * no sense: with them the layer dies.
 *
 * Do not put `HttpClient.retry` or `HttpClient.retryTransient` under the client, beside this or instead of it. They send
 * a second request below the operation, where nobody knows that a code or a refresh token is good for one use; and since
 * the call is one span all the same, nobody sees it.
 *
 * @example
 * ```ts
 * import * as Retry from "@sso-oidc/core/aws/Retry"
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Live = Retry.layer(SsoOidc.SsoOidc).pipe(
 *   Layer.provide(SsoOidc.layer({ region: "eu-west-1" })),
 *   Layer.provide(NodeTransport.layer())
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <I, Self extends Executor<Self>>(
  service: Context.Key<I, Self>,
  options?: Options
): Layer.Layer<I, never, I> => Layer.effect(service, Effect.map(service, (client) => make(client, options)))

// -----------------------------------------------------------------------------
// decision
// -----------------------------------------------------------------------------

// Errors are read by their members, so that an operation of another package, or a client on the far side of a process,
// is understood too.

const isRetryable = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  request: Request,
  error: unknown
): boolean => {
  const passes = isTransient(error)
  if (!passes && !isThrottled(operation, error)) return false
  switch (operation.resend(request)) {
    case "anytime":
      return true
    case "unsent":
      return passes && Predicate.hasProperty(error, "sent") && error.sent === "no"
    case "paced":
      return false
  }
}

const isTransient = (error: unknown): boolean =>
  Predicate.isTagged(error, "TransportError") && Predicate.hasProperty(error, "transient") && error.transient === true

/** The service cannot respond now, or one of the operation's exceptions asks for fewer requests. */
const isThrottled = ({ exceptions }: Pick<Operation.Any, "exceptions">, error: unknown): boolean =>
  Wire.isBusy(error) ||
  exceptions.some(({ throttling, type }) => throttling === true && Predicate.isTagged(error, type))

const retryAfterOf = (error: unknown): Duration.Duration =>
  Predicate.hasProperty(error, "retryAfter") && typeof error.retryAfter === "number" && error.retryAfter > 0
    ? Duration.seconds(error.retryAfter)
    : Duration.zero
