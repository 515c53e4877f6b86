/**
 * What the relay knows about a request that brought no answer to pass on, in one header of its own answer.
 *
 * Both sides read this file: the relay writes the header, and the page's transport makes of it the failure that a
 * transport of its own would have told. An answer of the service that is passed on has no such header.
 */

export const header = "x-sso-oidc-relay"

/** The page's name for one request: the same when its browser sends that request again by itself. */
export const idHeader = "x-sso-oidc-relay-id"

export interface Verdict {
  /**
   * - `"no"`: the relay is certain that nothing of this request reached the service;
   * - `"maybe"`: it may have, and no answer came;
   * - `"answered"`: the service answered with `status`.
   */
  readonly sent: "no" | "maybe" | "answered"
  readonly code: string
  /** Of an answer: `true` when it was lost on its way, `false` when it is one that is never passed on. */
  readonly transient: boolean
  readonly status?: number | undefined
}

const codes = /^[\w.-]{1,64}$/

export const render = ({ code, transient, sent, status }: Verdict): string =>
  `sent=${sent}; transient=${transient ? "yes" : "no"}; code=${codes.test(code) ? code : "UNKNOWN"}${
    status === undefined ? "" : `; status=${status}`
  }`

const pattern = /^sent=(no|maybe|answered); transient=(yes|no); code=([\w.-]{1,64})(?:; status=(\d{1,3}))?$/

/** Anything but what `render` writes says nothing: also a header that came twice. */
export const parse = (text: string | undefined): Verdict | undefined => {
  const [, sent, transient, code, status] = pattern.exec(text ?? "") ?? []
  if (code === undefined || (sent !== "no" && sent !== "maybe" && sent !== "answered")) return undefined
  return { sent, transient: transient === "yes", code, ...(status === undefined ? {} : { status: Number(status) }) }
}
