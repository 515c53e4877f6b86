/**
 * What the script of a `ScriptedTransport` is made of: its steps, and what each step may be told.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

/**
 * The moment of a response.
 *
 * @category models
 * @since 0.1.0
 */
export interface Moment {
  /** The number of the response among all responses of the script. The first one is 1. */
  readonly call: number
  /** The time of Effect's `Clock`, in milliseconds since 1970. */
  readonly now: number
}

/**
 * One step of a script. `ScriptedTransport` has the functions that make it: `success`, `exception`, `rawResponse`,
 * `transportFailure` and `noResponse`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  /** The operation whose calls use the step. */
  readonly operation: Operation.Any
  /** What the step does, for the list of steps in a `ScriptError`. */
  readonly description: string
  /** Compares a request's members with the expected ones. The list is empty where nothing differs. */
  readonly differences: (
    members: Readonly<Record<string, unknown>>
  ) => Effect.Effect<ReadonlyArray<string>, Schema.SchemaError>
  /** How long the step waits before it responds. */
  readonly delay: Duration.Duration
  /** Makes the response, or fails as a transport does. */
  readonly respond: (
    request: HttpClientRequest.HttpClientRequest,
    moment: Moment
  ) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
}

// -----------------------------------------------------------------------------
// options of a step
// -----------------------------------------------------------------------------

/**
 * What a request must be: some of its members, or a function that judges the whole request.
 *
 * Members are compared by value, also where they are `Redacted`. The function rejects a request when it returns `false`
 * or throws, as an assertion does.
 *
 * @category models
 * @since 0.1.0
 */
export type Expected<Request> = Expected.Partial<Request> | ((request: Request) => boolean | void)

/**
 * Types of an expectation.
 *
 * @since 0.1.0
 */
export declare namespace Expected {
  /**
   * Some members of a request. Each member of a union stands by itself, so that an expectation is about one grant type.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Partial<Request> = Request extends unknown ? { readonly [K in keyof Request]?: Request[K] } : never
}

/**
 * What every step may be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepOptions<Request> {
  /** What the request must be. Without it the step takes any request of its operation. */
  readonly expect?: Expected<Request> | undefined
  /** How long the step waits before it responds, by Effect's `Clock`. The default is no wait. */
  readonly delay?: Duration.Input | undefined
}

/**
 * What the response of an exception may say beside the name.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionOptions<Request> extends StepOptions<Request> {
  /** The OAuth error code of the body. The default is the model's. */
  readonly error?: string | undefined
  /** The description of the body. By default it is `null`, as the service sends it. */
  readonly errorDescription?: string | undefined
  /** The `reason` of the body. By default the body has none. */
  readonly reason?: string | undefined
  /** The header `retry-after`, in seconds. By default the response has none. */
  readonly retryAfter?: number | undefined
  /** The HTTP status. The default is the model's. */
  readonly status?: number | undefined
}

/**
 * A response of any kind.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawResponse {
  /** The HTTP status. */
  readonly status: number
  /** The headers, and no others. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The body, which goes out as it is. The default is an empty one. */
  readonly body?: string | Uint8Array | undefined
}

/**
 * A failure of the transport: the members of core's `TransportCause`.
 *
 * @category models
 * @since 0.1.0
 */
export interface TransportFailure {
  /** `"no"` only when the request certainly did not leave. */
  readonly sent: "no" | "maybe"
  /** The platform's name for the failure, such as `ECONNREFUSED`. */
  readonly code: string
  /** `false` for a failure that is permanent, such as an untrusted certificate. */
  readonly transient: boolean
  /** The system call that failed. */
  readonly syscall?: string | undefined
}

/**
 * The names of the exceptions that an operation's model lists.
 *
 * @category models
 * @since 0.1.0
 */
export type ExceptionName<E> = E extends
  { readonly _tag: infer Name extends string; readonly error: string; readonly status: number } ? Name : never
