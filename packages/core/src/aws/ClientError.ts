/**
 * The client's own errors. Any operation can fail with them, beside the exceptions of its service.
 *
 * - {@link TransportError}: no usable response arrived.
 * - {@link UnexpectedResponse}: the response is not in the service's model.
 * - {@link RequestInvalid}: nothing was sent.
 *
 * {@link EndpointError} is an error of the client's layer, not of a call.
 *
 * `message` is a member, not a getter, because loggers, `console.error` and JSON show the members of an error.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Members from "./Members.ts"
import * as TrustedUrl from "./TrustedUrl.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// errors of the client
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each class also has an interface, with the whole comments.

interface TransportFields {
  /** The name of the operation, such as `CreateToken`. */
  readonly operation: string
  /**
   * How far the request went. It decides whether the request may be sent again.
   *
   * - `"no"`: the request certainly did not leave this process.
   * - `"maybe"`: the service may have received the request and acted on it.
   * - `"answered"`: the service responded with `status`, but the response was cut off or took too long.
   */
  readonly sent: "no" | "maybe" | "answered"
  /** The name of the failure, such as `ECONNREFUSED` or `TIMEOUT`. `UNKNOWN` if the transport gave none. */
  readonly code: string
  /** Whether waiting may mend the failure. It is `false` for an untrusted certificate, for example. */
  readonly transient: boolean
  /** The host that was called, with its port if the URL has one. */
  readonly host?: string
  /** Why the request failed and what to change. Absent if that is not known. `message` ends with it. */
  readonly hint?: string
  /** The HTTP status of an incomplete response. */
  readonly status?: number
  /** The request id of an incomplete response. */
  readonly requestId?: string
  /** The seconds that an incomplete response asks you to wait. */
  readonly retryAfter?: number
  /** A copy of three members of the platform's error, never the error itself. */
  readonly cause?: PlatformCause
}

/**
 * What a {@link TransportError} keeps of the platform's error.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlatformCause {
  /** The name of the platform's error, such as `Error` or `TransportCause`. */
  readonly name: string
  /** The code of the platform's error, such as `ECONNREFUSED`. */
  readonly code?: string
  /** The system call that failed, such as `connect`. */
  readonly syscall?: string
}

const undelivered = (self: TransportFields): string => {
  const to = self.host === undefined ? "" : ` to ${self.host}`
  const what = self.sent === "no"
    ? `${self.operation} could not be sent${to}`
    : self.sent === "maybe"
    ? `${self.operation} may have been sent${to}, but no response came`
    : `${self.operation} was sent${to}, but the response is incomplete`
  // On loopback, the network, the proxy and the region are not the reason.
  const isLocal = self.code === "ECONNREFUSED" && TrustedUrl.isLoopback(self.host?.replace(/:\d+$/, "") ?? "")
  return `${what} ${Wire.facts(self, self.code, self.status && `HTTP ${self.status}`)}. ${
    self.hint ?? (self.transient
      ? isLocal
        ? "Nothing listens there: start the server, such as the emulator, or correct the endpoint."
        : "Check the network, proxy, region and endpoint, and try again."
      : "A retry does not help: check the certificates and the proxy.")
  }`
}

/**
 * No usable response arrived.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError
  extends Schema.TaggedError<TransportError, TransportFields>("@sso-oidc/core/TransportError")(
    "TransportError",
    {
      /** The name of the operation. */
      operation: Schema.String,
      /** How far the request went. */
      sent: Schema.Literals(["no", "maybe", "answered"]),
      /** The name of the failure. */
      code: Schema.String,
      /** Whether waiting may mend the failure. */
      transient: Schema.Boolean,
      /** The host that was called. */
      host: Schema.optionalKey(Schema.String),
      /** Why the request failed and what to change. */
      hint: Schema.optionalKey(Schema.String),
      /** The HTTP status of an incomplete response. */
      status: Schema.optionalKey(Schema.Int),
      /** The request id of an incomplete response. */
      requestId: Schema.optionalKey(Schema.String),
      /** The seconds that an incomplete response asks you to wait. */
      retryAfter: Schema.optionalKey(Schema.Number),
      /** A copy of three members of the platform's error. */
      cause: Schema.optionalKey(Schema.Struct({
        /** The name of the platform's error. */
        name: Schema.String,
        /** The code of the platform's error. */
        code: Schema.optionalKey(Schema.String),
        /** The system call that failed. */
        syscall: Schema.optionalKey(Schema.String)
      }))
    }
  )
{
  /** A sentence for a person. */
  override readonly message: string = undelivered(this)
}

/**
 * What is wrong with the response that {@link UnexpectedResponse} reports.
 *
 * - `"status"`: the model does not list the status or the error type for the operation.
 * - `"redirect"`: a redirect, or a response from a URL that the client did not call. A transport that follows redirects returns
 *   such a response. The client does not read its body, and nothing sends the request again because of it.
 * - `"contentEncoding"`: the body has a content encoding that the transport did not decode.
 * - `"tooLarge"`: the body is larger than `maxResponseBytes`.
 * - `"malformed"`: the body of a success is not a JSON object, or lacks a required member.
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
  redirect: "a response from a URL that it did not call",
  contentEncoding: "a body that the transport did not decode",
  tooLarge: "a body larger than maxResponseBytes",
  malformed: "a success whose body cannot be used"
}

interface UnexpectedFields {
  /** The name of the operation, such as `CreateToken`. */
  readonly operation: string
  /** What is wrong with the response. */
  readonly problem: Problem
  /** The HTTP status of the response. */
  readonly status: number
  /** What exactly is wrong, such as the name of a member. It never holds a value of the response. */
  readonly detail?: string
  /** The error type that the response names. Absent if it names none. */
  readonly code?: string
  /** The request id of the response. Absent if the response has none. */
  readonly requestId?: string
  /** The seconds that the response asks you to wait. Absent if it asks for no wait. */
  readonly retryAfter?: number
  /** The content type of the response. Absent if the response has none. */
  readonly contentType?: string
  /** The size of the body in bytes. For a body that is too large or was not read, the size that its header announces. */
  readonly length?: number
  /**
   * The first KiB of the body, for your program only. It is `Redacted`, because it may hold secrets. The encoded error has a
   * marker in its place.
   */
  readonly body: Redacted.Redacted
}

const outside = (self: UnexpectedFields): string => {
  // A transport that follows redirects returns the status of the last response.
  const isRedirect = self.problem === "redirect" && Wire.isRedirectStatus(self.status)
  return `${self.operation} got ${isRedirect ? "a redirect, which was not followed" : problems[self.problem]} ${
    Wire.facts(self, `HTTP ${self.status}`, self.code, self.contentType)
  }.${self.detail === undefined ? "" : ` ${Wire.sentence(self.detail)}`} Check the proxy, region and endpoint.`
}

const marker = "<redacted>"

// An encoded error may leave the process: to a log, a store or another service. Its body must not. A body alone has no JSON form:
// its encoding is an empty text, which is refused.
const coding = (encoded: string) =>
  SchemaTransformation.transform({
    decode: () => Redacted.make(marker, { label: "body" }),
    encode: () => encoded
  })
const Body = Schema.String.pipe(
  Schema.decodeTo(
    Schema.declare((value): value is Redacted.Redacted => Redacted.isRedacted(value), {
      expected: "Redacted",
      toCodecJson: () => Schema.link<Redacted.Redacted>()(Members.NonEmpty, coding(""))
    }),
    coding(marker)
  )
)

/**
 * A response that is not in the service's model. It comes from a proxy, a captive portal, a wrong endpoint, or a changed service.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedResponse
  extends Schema.TaggedError<UnexpectedResponse, UnexpectedFields>("@sso-oidc/core/UnexpectedResponse")(
    "UnexpectedResponse",
    {
      /** The name of the operation. */
      operation: Schema.String,
      /** What is wrong with the response. */
      problem: Problem,
      /** The HTTP status of the response. */
      status: Schema.Int,
      /** What exactly is wrong. */
      detail: Schema.optionalKey(Schema.String),
      /** The error type that the response names. */
      code: Schema.optionalKey(Schema.String),
      /** The request id of the response. */
      requestId: Schema.optionalKey(Schema.String),
      /** The seconds that the response asks you to wait. */
      retryAfter: Schema.optionalKey(Schema.Number),
      /** The content type of the response. */
      contentType: Schema.optionalKey(Schema.String),
      /** The size of the body in bytes. */
      length: Schema.optionalKey(Schema.Number),
      /** The first KiB of the body. */
      body: Body
    }
  )
{
  /** A sentence for a person. */
  override readonly message: string = outside(this)
}

interface InvalidFields {
  /** The name of the operation, such as `CreateToken`. */
  readonly operation: string
  /** The member, and what is wrong with it. It never holds a value of the request. */
  readonly detail: string
}

/**
 * The request is not what the operation needs. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid, InvalidFields>("@sso-oidc/core/RequestInvalid")(
  "RequestInvalid",
  {
    /** The name of the operation. */
    operation: Schema.String,
    /** The member, and what is wrong with it. */
    detail: Schema.String
  }
) {
  /** A sentence for a person. */
  override readonly message: string = `${this.operation} was not sent, because the request is invalid: ${
    Wire.sentence(this.detail)
  }`
}

interface EndpointFields {
  /**
   * What is wrong.
   *
   * - `"region"`: the region is missing, or is not a region name.
   * - `"endpoint"`: the custom endpoint is refused.
   * - `"fipsWithEndpoint"`, `"dualstackWithEndpoint"`: that option is set together with a custom endpoint.
   */
  readonly problem: "region" | "endpoint" | "fipsWithEndpoint" | "dualstackWithEndpoint"
  /** Which option or variable is wrong, why, and what to do. It never repeats the endpoint, which may hold a password. */
  readonly detail: string
}

/**
 * The region is not a region name, or the endpoint is refused. The client's layer fails with this error.
 *
 * @category errors
 * @since 0.1.0
 */
export class EndpointError extends Schema.TaggedError<EndpointError, EndpointFields>("@sso-oidc/core/EndpointError")(
  "EndpointError",
  {
    /** What is wrong. */
    problem: Schema.Literals(["region", "endpoint", "fipsWithEndpoint", "dualstackWithEndpoint"]),
    /** Which option or variable is wrong, why, and what to do. */
    detail: Schema.String
  }
) {
  /** A sentence for a person. */
  override readonly message: string = `The client has no endpoint to call: ${Wire.sentence(this.detail)}`
}

/**
 * The client's own three errors. Any operation can fail with them, beside its exceptions.
 *
 * @category errors
 * @since 0.1.0
 */
export type ClientError = TransportError | UnexpectedResponse | RequestInvalid
