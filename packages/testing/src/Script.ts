/**
 * The steps of a `ScriptedTransport`'s script, and the options of a step.
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
 * When a step responds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Moment {
  /** The number of the response among all responses of the script, counted from 1. */
  readonly call: number
  /** The time of Effect's `Clock`, in milliseconds since 1970. */
  readonly now: number
}

/**
 * One step of a script. Make it with `success`, `exception`, `rawResponse`, `transportFailure` or `noResponse` of
 * `ScriptedTransport`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  /** The operation whose calls use the step. */
  readonly operation: Operation.Any
  /** What the step does, in words. A `ScriptError` lists it. */
  readonly description: string
  /** Compares the members of a request with the expected members. The list is empty if nothing differs. */
  readonly differences: (
    members: Readonly<Record<string, unknown>>
  ) => Effect.Effect<ReadonlyArray<string>, Schema.SchemaError>
  /** The time that the step waits before it responds. */
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
 * What a request must be: some of its members, or a function that checks the whole request.
 *
 * Members are compared by value, also if they are `Redacted`. The function rejects a request if it returns `false` or throws,
 * as an assertion does.
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
   * Some members of a request. If the request is a union, the expectation is about one member of the union, such as one grant
   * type.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Partial<Request> = Request extends unknown ? { readonly [K in keyof Request]?: Request[K] } : never
}

/**
 * The options that every step has.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepOptions<Request> {
  /** What the request must be. By default the step takes any request of its operation. Any other request is a `ScriptError`. */
  readonly expect?: Expected<Request> | undefined
  /**
   * The time that the step waits before it responds, by Effect's `Clock`. A bare number counts milliseconds. The default is 0.
   */
  readonly delay?: Duration.Input | undefined
}

/**
 * The options of a step that responds with an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionOptions<Request> extends StepOptions<Request> {
  /** The OAuth error code in the body. The default is the model's. */
  readonly error?: string | undefined
  /** The description in the body. The default is `null`, as the service sends it. */
  readonly errorDescription?: string | undefined
  /** The `reason` in the body. By default the body has none. */
  readonly reason?: string | undefined
  /** The header `retry-after`, in seconds. By default the response has none. */
  readonly retryAfter?: number | undefined
  /** The HTTP status. The default is the model's. */
  readonly status?: number | undefined
}

/**
 * Any HTTP response.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawResponse {
  /** The HTTP status. */
  readonly status: number
  /** All headers of the response. The default is none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The body, sent as it is. The default is an empty body. */
  readonly body?: string | Uint8Array | undefined
}

/**
 * A failure of the transport: the members of core's `TransportCause`.
 *
 * @category models
 * @since 0.1.0
 */
export interface TransportFailure {
  /** `"no"` if the request certainly did not leave, else `"maybe"`. */
  readonly sent: "no" | "maybe"
  /** The platform's name for the failure, such as `ECONNREFUSED`. */
  readonly code: string
  /** `false` for a permanent failure, such as an untrusted certificate. */
  readonly transient: boolean
  /** The system call that failed, such as `connect`. The default is none. */
  readonly syscall?: string | undefined
}

/**
 * The names of the exceptions that an operation's model lists.
 *
 * @category models
 * @since 0.1.0
 */
export type ExceptionName<E> = E extends {
  /** The name of the exception. */
  readonly _tag: infer Name extends string
  /** The OAuth error code of the exception. */
  readonly error: string
  /** The HTTP status of the exception. */
  readonly status: number
} ? Name :
  never
