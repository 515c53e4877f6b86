/**
 * A service of AWS as a value: what all its operations share.
 *
 * The engine knows no service by name. It reads these values, so that a service is one value and an operation is another
 * (`Operation`).
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What an error has of the response that it comes from, whatever the service is. Absent members are left out.
 *
 * @category models
 * @since 0.1.0
 */
export interface CommonDetail {
  /** The HTTP status. */
  readonly status: number
  /** The request id, where the response has one. */
  readonly requestId?: string
  /** Seconds that the service asks to wait (RFC 9110 section 10.2.3), where it does. */
  readonly retryAfter?: number
}

/**
 * What a response says that means an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorResponse {
  /** What every exception has of its response. */
  readonly common: CommonDetail
  /**
   * A text of the body, by the name of its member. It is one line, without characters that cannot be seen, and masked where it
   * repeats a secret of the request. `undefined` where the member is absent, empty or no text. A text that equals `known`, a word
   * of the model, is given as it is.
   */
  readonly text: (member: string, known?: string) => string | undefined
}

/**
 * What an operation says about one of its exceptions.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionType {
  /** The model's name, as in `x-amzn-errortype`. It is also the `_tag`. */
  readonly type: string
  /** The HTTP status that the model gives it. */
  readonly status: number
  /** The OAuth code that the model gives it. Absent where the service is no OAuth server. */
  readonly error?: string
  /** The response is a part of the ordinary course, so that its span does not end as an error. `false` by default. */
  readonly expected?: boolean
  /** The service asks for fewer requests, so that a request may be sent again later. `false` by default. */
  readonly throttling?: boolean
}

/**
 * A service of AWS.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service<out Detail = unknown> {
  /** The service's id in its model, which names its spans: `SSO OIDC`. */
  readonly name: string
  /** What the host of its endpoints begins with: `oidc`. */
  readonly endpointPrefix: string
  /** The name that a signature is made for: `sso-oauth`. */
  readonly signingName: string
  /** What its exceptions are made of, read from the response that means one. */
  readonly detail: (response: ErrorResponse, exception: ExceptionType) => Detail
}

/**
 * The texts of a response under the names that an exception has for them, for `Service.detail`: an object from the exception's
 * names to those of the body. Absent ones are left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const textsOf = (
  response: ErrorResponse,
  names: Readonly<Record<string, string>>
): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(names).flatMap(([name, member]) => {
      const text = response.text(member)
      return text === undefined ? [] : [[name, text]]
    })
  )
