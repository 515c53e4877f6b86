/**
 * The verdict of a relay about a request for which it has no response to pass on.
 *
 * The relay writes the verdict into a header of its own response. The page's transport turns it into the failure that a transport
 * without a relay would report. A response of the service that the relay passes on has no such header.
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
 * The header of the page's request that holds the id of the request: 32 hexadecimal digits in lower case. If the browser sends
 * the request again by itself, it sends the same id.
 *
 * @category models
 * @since 0.1.0
 */
export const idHeader = "x-sso-oidc-relay-id"

/**
 * What the relay knows about a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface RelayVerdict {
  /**
   * How far the request went.
   *
   * - `"no"`: the relay is certain that nothing of this request reached the service.
   * - `"maybe"`: the request may have reached the service, but no response came.
   * - `"answered"`: the service responded with `status`.
   */
  readonly sent: "no" | "maybe" | "answered"
  /** The name of the failure, such as `ECONNREFUSED`. */
  readonly code: string
  /** Whether waiting may mend the failure. For a response: `true` if it was lost, `false` if the relay never passes it on. */
  readonly transient: boolean
  /** The HTTP status of the service's response. Absent if there was none. */
  readonly status?: number | undefined
}

// -----------------------------------------------------------------------------
// header
// -----------------------------------------------------------------------------

/**
 * Writes the verdict as the value of {@link header}. The code may have letters, digits, `_`, `.` and `-`, and at most 64 of them.
 * Any other code becomes `UNKNOWN`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const render = ({ code, transient, sent, status }: RelayVerdict): string =>
  `sent=${sent}; transient=${transient ? "yes" : "no"}; code=${/^[\w.-]{1,64}$/.test(code) ? code : "UNKNOWN"}${
    status === undefined ? "" : `; status=${status}`
  }`

/**
 * Reads the verdict from a header's value. The result is `undefined` for a value that {@link render} does not write, such as that
 * of a header that came twice.
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
