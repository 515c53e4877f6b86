/**
 * Sends a request again after a transient failure, if its operation allows that.
 *
 * The client sends each request once. The operation decides whether a request may be sent again. A second registration does no
 * harm. An authorization code and a refresh token are good for one use: a second request fails with `invalid_grant`, and the
 * token from the first is lost. A retry in the `HttpClient` cannot tell such requests apart. This retry asks the operation, and
 * you have to provide it.
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
 * The number of further attempts, and the waits between them.
 *
 * Each wait is longer or shorter by up to a fifth, at random, so that many clients do not return at the same time. `Retry-After`
 * is a minimum: the random part never makes the wait shorter than that.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The largest number of further attempts. 3 by default. It must be a whole number; 0 means no further attempt. */
  readonly times?: number | undefined
  /**
   * The wait before the first further attempt. It doubles for each later one. 200 milliseconds by default. It must be longer than
   * zero and finite; a bare number counts milliseconds.
   */
  readonly base?: Duration.Input | undefined
  /**
   * The longest wait that the doubling leads to. 5 seconds by default. It must be longer than zero, and `Infinity` means no cap;
   * a bare number counts milliseconds.
   */
  readonly cap?: Duration.Input | undefined
  /**
   * The longest `Retry-After` to wait for. 20 seconds by default. It must be zero or more; a bare number counts milliseconds.
   *
   * A response with a longer `Retry-After` ends the call at once with its error. The `retryAfter` of that error says how long to
   * wait.
   */
  readonly maxRetryAfter?: Duration.Input | undefined
  /**
   * The longest time from the start of the call to the end of the last wait. No limit by default. It must be zero or more; a bare number
   * counts milliseconds. If the next wait would end later, the call ends at once with the error of its last attempt.
   */
  readonly maxElapsed?: Duration.Input | undefined
}

/**
 * A client that can be wrapped, such as `SsoOidc` or the client of another service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Executor<Self> {
  /** Runs any operation of the client's service. */
  readonly execute: Client.Execute
  /** The same client with another `execute`. */
  readonly withExecute: (execute: Client.Execute) => Self
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a client that sends requests again, from a client that does not.
 *
 * The result of `operation.resend(request)` decides after which errors the request is sent again:
 *
 * - `"anytime"` (RegisterClient, StartDeviceAuthorization): after a transient `TransportError`, after a busy response
 *   (`Wire.isBusy`), and after `SlowDownException`, which means throttling there. Never after a response from a URL that the
 *   client did not call.
 * - `"unsent"` (an authorization code, a refresh token): only after a transient `TransportError` with `sent: "no"`.
 * - `"paced"` (a poll with a device code): never. The device grant sends it again after its interval (RFC 8628 section 3.5).
 *
 * The call fails with the error of its last attempt, unchanged. Each attempt has its own span and its own `requestTimeout`. An
 * interruption ends the attempt or the wait. If you wrap a client twice, the numbers of attempts multiply.
 *
 * An invalid option is a mistake in the program: `make` throws a `RangeError` that names the option.
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
  const maxElapsed = durationOf("maxElapsed", options.maxElapsed ?? Duration.infinity)
  if (Duration.isZero(base) || !Duration.isFinite(base)) {
    throw new RangeError("Retry: base must be longer than zero, and finite")
  }
  if (Duration.isZero(cap)) throw new RangeError("Retry: cap must be longer than zero")

  const backoff = Schedule.min([Schedule.exponential(base), Schedule.spaced(cap)]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times }),
    Schedule.setInputType<unknown>(),
    // This comes after the jitter, which could make the wait shorter than `Retry-After`.
    Schedule.modifyDelay(({ duration, input }) => Effect.succeed(Duration.max(duration, retryAfterOf(input)))),
    Schedule.while(({ input }) => Duration.isLessThanOrEqualTo(retryAfterOf(input), maxRetryAfter))
  )

  return client.withExecute((operation, request) =>
    Effect.clockWith((clock) => {
      const start = clock.monotonicTimeNanosUnsafe()
      const isInTime = (wait: Duration.Duration) =>
        Number(clock.monotonicTimeNanosUnsafe() - start) / 1e6 + Duration.toMillis(wait) <=
          Duration.toMillis(maxElapsed)
      return Effect.retry(
        client.execute(operation, request),
        Schedule.while(backoff, ({ duration, input }) => isInTime(duration) && isRetryable(operation, request, input))
      )
    })
  )
}

const durationOf = (name: string, input: Duration.Input): Duration.Duration => {
  const duration = Duration.fromInput(input)
  // Effect reads `NaN` as zero.
  if (Number.isNaN(input) || Option.isNone(duration) || Duration.isNegative(duration.value)) {
    throw new RangeError(`Retry: ${name} must be a duration of zero or more`)
  }
  return duration.value
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The client in the context, wrapped by {@link make}. With an invalid option, the layer dies.
 *
 * Do not put `HttpClient.retry` or `HttpClient.retryTransient` below the client. They send a second request without asking the
 * operation, even when a code or a refresh token is good for one use. The call is still one span, so that no trace shows it.
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

// Errors are read by their members, so that errors of another package or another process are understood too.

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

/** Whether the service is busy, or an exception of the operation asks for fewer requests. */
const isThrottled = ({ exceptions }: Pick<Operation.Any, "exceptions">, error: unknown): boolean =>
  Wire.isBusy(error) ||
  exceptions.some(({ throttling, type }) => throttling === true && Predicate.isTagged(error, type))

const retryAfterOf = (error: unknown): Duration.Duration =>
  Predicate.hasProperty(error, "retryAfter") && typeof error.retryAfter === "number" && error.retryAfter > 0
    ? Duration.seconds(error.retryAfter)
    : Duration.zero
