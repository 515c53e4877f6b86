/**
 * What a relay tells a page's transport about a request that brought no response to pass on.
 *
 * The relay writes it into one header of its own response. The page's transport makes of it the failure that a transport
 * without a relay would have told. A response of the service that is passed on has no such header.
 *
 * **Unstable.** A minor release may change anything here. `@sso-oidc/relay` and `@sso-oidc/transport-browser` share it.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The header of the relay's response that holds the verdict.
 *
 * @category models
 * @since 0.1.0
 */
export const header = "x-sso-oidc-relay"

/**
 * The header of the page's request that names the request: 32 hexadecimal digits in lower case. A browser that sends a request
 * again by itself sends the same id.
 *
 * @category models
 * @since 0.1.0
 */
export const idHeader = "x-sso-oidc-relay-id"

/**
 * What the relay knows about the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayVerdict {
  /**
   * - `"no"`: the relay is certain that nothing of this request reached the service.
   * - `"maybe"`: it may have, and no response came.
   * - `"answered"`: the service responded with `status`.
   */
  readonly sent: "no" | "maybe" | "answered"
  /** Names the failure, such as `ECONNREFUSED`. */
  readonly code: string
  /** Whether waiting can mend it. Of a response: `true` when it was lost, `false` when the relay never passes it on. */
  readonly transient: boolean
  /** The HTTP status of the service's response, where there was one. */
  readonly status?: number | undefined
}

// -----------------------------------------------------------------------------
// header
// -----------------------------------------------------------------------------

/**
 * The verdict as the value of {@link header}. A code with other characters than letters, digits, `_`, `.` and `-`, or of more
 * than 64 characters, becomes `UNKNOWN`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const render = ({ code, transient, sent, status }: RelayVerdict): string =>
  `sent=${sent}; transient=${transient ? "yes" : "no"}; code=${/^[\w.-]{1,64}$/.test(code) ? code : "UNKNOWN"}${
    status === undefined ? "" : `; status=${status}`
  }`

/**
 * The verdict that a header's value spells. It is `undefined` for anything that {@link render} does not write, also for a
 * header that came twice.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (text: string | undefined): RelayVerdict | undefined => {
  const [, sent, transient, code, status] =
    /^sent=(no|maybe|answered); transient=(yes|no); code=([\w.-]{1,64})(?:; status=(\d{1,3}))?$/.exec(text ?? "") ?? []
  if (code === undefined || (sent !== "no" && sent !== "maybe" && sent !== "answered")) return undefined
  return { sent, transient: transient === "yes", code, ...(status === undefined ? {} : { status: Number(status) }) }
}
