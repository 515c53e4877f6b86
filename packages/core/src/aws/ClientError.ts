/**
 * The client's own errors: what any operation can fail with, beside the exceptions of its service.
 *
 * {@link TransportError}: no usable response arrived. {@link UnexpectedResponse}: a response outside the model.
 * {@link RequestInvalid}: nothing was sent. {@link EndpointError} belongs to the construction of a client.
 *
 * `message` is a member of its own, not a getter: loggers, `console.error` and JSON show an error by its members.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as TrustedUrl from "./TrustedUrl.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// errors of the client
// -----------------------------------------------------------------------------

const undelivered = (
  self: {
    readonly operation: string
    readonly sent: "no" | "maybe" | "answered"
    readonly code: string
    readonly transient: boolean
    readonly host?: string | undefined
    readonly hint?: string | undefined
    readonly status?: number | undefined
    readonly requestId?: string | undefined
  }
): string => {
  const to = self.host === undefined ? "" : ` to ${self.host}`
  const what = self.sent === "no"
    ? `${self.operation} could not be sent${to}`
    : self.sent === "maybe"
    ? `${self.operation} may have been sent${to}, but no response came`
    : `${self.operation} was sent${to}, but the response did not arrive whole`
  // a proxy, a network and a region have no part in it
  const isLocal = self.code === "ECONNREFUSED" && TrustedUrl.isLoopback(self.host?.replace(/:\d+$/, "") ?? "")
  return `${what} ${Wire.facts(self, self.code, self.status && `HTTP ${self.status}`)}. ${
    self.hint ?? (self.transient
      ? isLocal
        ? "Nothing listens there: start the server, such as the emulator, or correct the endpoint."
        : "Check the network, the proxy, and that region and endpoint are right, and try again."
      : "Waiting does not mend it: check certificates and proxy settings.")
  }`
}

/**
 * No usable response arrived.
 *
 * `sent` is what decides whether the request may be sent again:
 *
 * - `"no"`: it certainly did not leave this process.
 * - `"maybe"`: it may have been received and acted upon.
 * - `"answered"`: the service answered (with `status`), but the answer was cut off or took too long: it acted.
 *
 * `code` names the failure (`ECONNREFUSED`, `TIMEOUT`, …); `host` is the host that was called, with its port where the URL has
 * one; `transient` is `false` for what does not mend by waiting, such as an untrusted certificate. `hint` says why it failed and what
 * to change, where the transport knows; `message` ends with it. A response that was cut off has its `status`, `requestId` and
 * `retryAfter` (seconds). `cause` is a copy of the platform error's name, code and system call, never the error itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Schema.TaggedError<TransportError>("@sso-oidc/core/TransportError")(
  "TransportError",
  {
    operation: Schema.String,
    sent: Schema.Literals(["no", "maybe", "answered"]),
    code: Schema.String,
    transient: Schema.Boolean,
    host: Schema.optionalKey(Schema.String),
    hint: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.Int),
    requestId: Schema.optionalKey(Schema.String),
    retryAfter: Schema.optionalKey(Schema.Number),
    cause: Schema.optionalKey(Schema.Struct({
      name: Schema.String,
      code: Schema.optionalKey(Schema.String),
      syscall: Schema.optionalKey(Schema.String)
    }))
  }
) {
  override readonly message: string = undelivered(this)
}

/**
 * What was wrong with an answer that {@link UnexpectedResponse} reports.
 *
 * - `"status"`: a status or error type that the model does not list for the operation.
 * - `"redirect"`: a redirect, or a response from another URL than the one asked, which is what a transport that follows
 *   redirects brings back. Its body is not read, and it is never a reason to send again.
 * - `"contentEncoding"`: the body is encoded and the transport did not undo it.
 * - `"tooLarge"`: the body is over the cap.
 * - `"malformed"`: a success whose body is no JSON object or lacks required members.
 *
 * @category models
 * @since 0.1.0
 */
export const Problem = Schema.Literals(["status", "redirect", "contentEncoding", "tooLarge", "malformed"])

/**
 * @category models
 * @since 0.1.0
 */
export type Problem = typeof Problem.Type

const problems: { readonly [P in Problem]: string } = {
  status: "a response that the service's model does not list",
  redirect: "a response from another URL than the one asked",
  contentEncoding: "a body in a content encoding that the transport did not undo",
  tooLarge: "a body over the size limit",
  malformed: "a success whose body cannot be used"
}

const outside = (
  self: {
    readonly operation: string
    readonly problem: Problem
    readonly status: number
    readonly detail?: string | undefined
    readonly code?: string | undefined
    readonly contentType?: string | undefined
    readonly requestId?: string | undefined
  }
): string => {
  // a transport that follows redirects shows the status of where it ended
  const isRedirect = self.problem === "redirect" && Wire.isRedirectStatus(self.status)
  return `${self.operation} got ${isRedirect ? "a redirect, which was not followed" : problems[self.problem]} ${
    Wire.facts(self, `HTTP ${self.status}`, self.code, self.contentType)
  }.${
    self.detail === undefined ? "" : ` ${Wire.sentence(self.detail)}`
  } Check that the endpoint, proxy and region are the right ones.`
}

const marker = "<redacted>"

// An error crosses process boundaries in its encoded form: into logs, stores and other services. The body stays behind.
const Body = Schema.Redacted(Schema.String, { disallowJsonEncode: true }).pipe(
  Schema.encodeTo(Schema.String, {
    decode: SchemaGetter.transform(() => Redacted.make(marker, { label: "body" })),
    encode: SchemaGetter.transform(() => marker)
  })
)

/**
 * A response outside the service's model: from a proxy, a captive portal, a wrong endpoint, or a changed service.
 *
 * `code` is the error type that was found, if any. `body` is the first KiB of the response, redacted since it may hold
 * anything; it is for the program that got the response, and what the error is encoded to has a marker in its place. `length` is the size of the body in bytes: what was read of it, or what it announced when it was too large.
 * `retryAfter` is in seconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedResponse extends Schema.TaggedError<UnexpectedResponse>("@sso-oidc/core/UnexpectedResponse")(
  "UnexpectedResponse",
  {
    operation: Schema.String,
    problem: Problem,
    status: Schema.Int,
    /** What exactly was wrong, where there is more to say. Never holds a value of the answer. */
    detail: Schema.optionalKey(Schema.String),
    code: Schema.optionalKey(Schema.String),
    requestId: Schema.optionalKey(Schema.String),
    retryAfter: Schema.optionalKey(Schema.Number),
    contentType: Schema.optionalKey(Schema.String),
    length: Schema.optionalKey(Schema.Number),
    body: Body
  }
) {
  override readonly message: string = outside(this)
}

/**
 * The request cannot be what the operation needs; nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid>("@sso-oidc/core/RequestInvalid")(
  "RequestInvalid",
  {
    operation: Schema.String,
    /** Which member, and what is wrong with it. Never holds a value of the request. */
    detail: Schema.String
  }
) {
  override readonly message: string = `${this.operation} was not sent, because the request is invalid: ${
    Wire.sentence(this.detail)
  }`
}

/**
 * A region that is no host label, or an endpoint that cannot be used. In the error channel of the client's layer.
 *
 * @category errors
 * @since 0.1.0
 */
export class EndpointError extends Schema.TaggedError<EndpointError>("@sso-oidc/core/EndpointError")(
  "EndpointError",
  {
    problem: Schema.Literals(["region", "endpoint", "fipsWithEndpoint", "dualstackWithEndpoint"]),
    detail: Schema.String
  }
) {
  override readonly message: string = `The client has no endpoint to call: ${Wire.sentence(this.detail)}`
}

/**
 * The client's own three: what any operation can fail with, beside its exceptions.
 *
 * @category errors
 * @since 0.1.0
 */
export type ClientError = TransportError | UnexpectedResponse | RequestInvalid
