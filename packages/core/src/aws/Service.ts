/**
 * A service of AWS as a value. All its operations share it.
 *
 * The engine knows no service by name. It reads a service from this value, and an operation from another (`Operation`).
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The part of a response that every error made of it has, whatever the service is.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonDetail {
  /** The HTTP status. */
  readonly status: number
  /** The request id. Absent if the response has none. */
  readonly requestId?: string
  /** The seconds that the service asks you to wait (RFC 9110 section 10.2.3). Absent if it asks for no wait. */
  readonly retryAfter?: number
}

/**
 * A response that means an exception, as `Service.detail` reads it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorResponse {
  /** How far this machine's clock is ahead of the header `Date`, in milliseconds. `NaN` if there is no such header. Absent for a response in play. */
  readonly ahead?: (() => number) | undefined
  /** The part of the response that every exception has. */
  readonly common: CommonDetail
  /**
   * Reads a member of the body as a text. It is `undefined` if the member is absent, empty, or not a string.
   *
   * The text is one line without invisible characters, and the secrets of the request are masked in it. A text that equals
   * `known`, a word of the model, is not changed.
   */
  readonly text: (member: string, known?: string) => string | undefined
}

/**
 * One exception of an operation, as the model describes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionType {
  /** The name of the exception in the model and in the header `x-amzn-errortype`. It is also the `_tag`. */
  readonly type: string
  /** The HTTP status that the model gives to the exception. */
  readonly status: number
  /** The OAuth code that the model gives to the exception. Absent if the service is no OAuth server. */
  readonly error?: string
  /** Whether the exception is part of the ordinary course, so that its span ends without error status. `false` by default. */
  readonly expected?: boolean
  /** Whether the service asks for fewer requests, so that `Retry` may send the request again later. `false` by default. */
  readonly throttling?: boolean
}

/**
 * A service of AWS.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service<out Detail = unknown> {
  /** The id of the service in its model: `SSO OIDC`. The names of its spans begin with it. */
  readonly name: string
  /** The first label of the service's host names: `oidc`. */
  readonly endpointPrefix: string
  /** The name of the service in a signature: `sso-oauth`. */
  readonly signingName: string
  /** Reads the members of an exception from the response that means it. */
  readonly detail: (response: ErrorResponse, exception: ExceptionType) => Detail
}

/**
 * Texts of a response, for `Service.detail`. `names` maps each member of the exception to the member of the body that it comes
 * from. An absent text is left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const textsOf = (
  response: ErrorResponse,
  names: Readonly<Record<string, string>>
): { readonly [name: string]: string } => {
  const texts: Record<string, string> = {}
  for (const [name, member] of Object.entries(names)) {
    const text = response.text(member)
    if (text !== undefined) texts[name] = text
  }
  return texts
}
