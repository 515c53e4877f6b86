/**
 * The errors that only a signed operation has: {@link CredentialsError} and {@link ClockSkewed}.
 *
 * No error holds a secret key, a session token, a signature or a header of the request. `message` is a member, not a getter, because loggers,
 * `console.error` and JSON show the members of an error.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

// An editor shows no comment of a schema's field on hover. So each class also has an interface, with the whole comments.

/**
 * What is wrong with the credentials that {@link CredentialsError} reports.
 *
 * - `"missing"`: there are none. Nothing was sent.
 * - `"malformed"`: a part of them has no form that can sign. Nothing was sent.
 * - `"platform"`: the platform has no WebCrypto, so that it cannot sign. Nothing was sent.
 * - `"provider"`: the function that gives them failed, or took too long. Nothing was sent.
 * - `"expired"`: they have expired, by this machine's clock or by the service's.
 * - `"rejected"`: the service does not accept the key, the session token or the signature.
 * - `"denied"`: the service accepts them, but their policies do not allow the operation.
 *
 * @category models
 * @since 0.1.0
 */
export const Problem = Schema.Literals([
  "missing",
  "malformed",
  "platform",
  "provider",
  "expired",
  "rejected",
  "denied"
])

/**
 * @category models
 * @since 0.1.0
 */
export type Problem = typeof Problem.Type

const problems: { readonly [P in Problem]: string } = {
  missing: "There are no AWS credentials to sign with.",
  malformed: "The AWS credentials cannot sign a request.",
  platform: "This platform cannot sign a request.",
  provider: "The function that gives AWS credentials failed.",
  expired: "The AWS credentials have expired.",
  rejected: "The service does not accept the AWS credentials.",
  denied: "The AWS credentials do not allow this operation."
}

const advices: { readonly [P in Problem]: string } = {
  missing: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or provide another Credentials layer.",
  malformed: "Correct the keys.",
  platform: "Serve a page over https, or use another runtime.",
  provider: "Check the profile, the role or the session that it reads.",
  expired: "Get new credentials, and check the clock of this machine.",
  rejected: "Check the access key, its secret, its session token, and the clock of this machine.",
  denied: "Allow sso-oauth:CreateTokenWithIAM for the role, and this role in the application."
}

interface CredentialsFields {
  /** What is wrong. */
  readonly problem: Problem
  /** More about it: which part is wrong, or what the service said. It never holds a secret. Absent if there is no more to say. */
  readonly detail?: string
  /** The error type of the response. Absent if nothing was sent. */
  readonly code?: string
  /** The HTTP status of the response. Absent if nothing was sent. */
  readonly status?: number
  /** The request id of the response. Absent if the response has none, or if nothing was sent. */
  readonly requestId?: string
}

/** The facts in parentheses, with a space before them. Empty without a response. */
const factsOf = (self: {
  readonly code?: string
  readonly status?: number
  readonly requestId?: string
}): string => self.status === undefined ? "" : ` ${Wire.facts(self, self.code, `HTTP ${self.status}`)}`

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The request could not be signed, or the service does not accept the credentials that signed it.
 *
 * @category errors
 * @since 0.1.0
 */
export class CredentialsError
  extends Schema.TaggedError<CredentialsError, CredentialsFields>("@sso-oidc/iam/CredentialsError")(
    "CredentialsError",
    {
      /** What is wrong. */
      problem: Problem,
      /** More about it. */
      detail: Schema.optionalKey(Schema.String),
      /** The error type of the response. */
      code: Schema.optionalKey(Schema.String),
      /** The HTTP status of the response. */
      status: Schema.optionalKey(Schema.Int),
      /** The request id of the response. */
      requestId: Schema.optionalKey(Schema.String)
    }
  )
{
  /** A sentence for a person. */
  override readonly message: string = `${problems[this.problem]}${
    this.detail === undefined ? "" : ` ${Wire.sentence(this.detail)}`
  } ${advices[this.problem]}${factsOf(this)}`
}

interface SkewFields {
  /**
   * How far this machine's clock is ahead of the service's, in milliseconds. It is negative if this clock is behind. It comes from the service's
   * words, or else from the header `Date` of the response. Absent if neither shows a time, or if it is more than 100 years off.
   */
  readonly skewMillis?: number
  /** What the service said. Absent if it said nothing. */
  readonly detail?: string
  /** The error type of the response. */
  readonly code: string
  /** The HTTP status of the response. */
  readonly status: number
  /** The request id of the response. Absent if the response has none. */
  readonly requestId?: string
}

const lengthOf = (millis: number): string => {
  const seconds = Math.round(Math.abs(millis) / 1000)
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`
}

const skewOf = ({ skewMillis }: SkewFields): string =>
  skewMillis === undefined
    ? "The clock of this machine differs from the service's."
    : `The clock of this machine is ${lengthOf(skewMillis)} ${skewMillis < 0 ? "behind" : "ahead of"} the service's.`

/**
 * The clock of this machine differs too much from the service's, so that the service does not accept the time of the signature. AWS accepts 5
 * minutes.
 *
 * The service did not read the request any further: its code, token or assertion is not used.
 *
 * @category errors
 * @since 0.1.0
 */
export class ClockSkewed extends Schema.TaggedError<ClockSkewed, SkewFields>("@sso-oidc/iam/ClockSkewed")(
  "ClockSkewed",
  {
    /** How far this machine's clock is ahead of the service's, in milliseconds. */
    skewMillis: Schema.optionalKey(Schema.Number),
    /** What the service said. */
    detail: Schema.optionalKey(Schema.String),
    /** The error type of the response. */
    code: Schema.String,
    /** The HTTP status of the response. */
    status: Schema.Int,
    /** The request id of the response. */
    requestId: Schema.optionalKey(Schema.String)
  }
) {
  /** A sentence for a person. */
  override readonly message: string = `${skewOf(this)} AWS accepts 5 minutes: set the clock, and call again.${
    factsOf(this)
  }`
}
