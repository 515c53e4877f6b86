/**
 * The errors of the authorization code grant that are no errors of an operation.
 *
 * @since 0.1.0
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Schema from "effect/Schema"

// Each class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const problems = {
  unreadable: "it is no URL with a code and a state",
  state: "it belongs to another login, because its state differs"
}

const invalidOf = ({ problem }: CallbackInvalid): string =>
  `The text is not the callback of this login: ${problems[problem]}. Copy the whole URL from the browser's address bar.`

/**
 * A text is not the callback of this login. Nothing was sent, and the login can go on.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallbackInvalid
  extends Schema.TaggedError<CallbackInvalid>("@sso-oidc/session/CallbackInvalid")("CallbackInvalid", {
    /** What is wrong. */
    problem: Schema.Literals(["unreadable", "state"])
  })
{
  /** `"unreadable"`: it has no code, or no state. `"state"`: it is the callback of another login, or a forged one. */
  declare readonly problem: "unreadable" | "state"

  /** The sentence of this error: what is wrong, and what to do. */
  override readonly message: string = invalidOf(this)
}

const denialOf = ({ error, error_description }: AuthorizationDenied): string =>
  `${error === "access_denied" ? "The login was denied" : "The login ended without a code"} (${error})${
    error_description === undefined ? "." : `: ${Wire.sentence(error_description)}`
  } Start a new login.`

/**
 * The browser came back with an error instead of a code (RFC 6749 section 4.1.2.1). No token was issued.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizationDenied
  extends Schema.TaggedError<AuthorizationDenied>("@sso-oidc/session/AuthorizationDenied")("AuthorizationDenied", {
    /** The error code. */
    error: Schema.String,
    /** The service's text. */
    error_description: Schema.optionalKey(Schema.String)
  })
{
  /** The error code of the callback, such as `access_denied` if the person denied. It has no invisible characters. */
  declare readonly error: string

  /** The text of the callback, in one line. Absent if the callback has none. */
  declare readonly error_description?: string

  /** The sentence of this error: how the login ended, and what to do. */
  override readonly message: string = denialOf(this)
}

const expiryOf = ({ minutes }: AuthorizationExpired): string =>
  `The browser did not come back within ${minutes} minutes. Start a new login. If the browser is on another machine, use the device grant.`

/**
 * The browser did not come back in time. No request was sent with a code.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizationExpired
  extends Schema.TaggedError<AuthorizationExpired>("@sso-oidc/session/AuthorizationExpired")("AuthorizationExpired", {
    /** How long the login waited. */
    minutes: Schema.Number
  })
{
  /** How long the login waited for the browser, in minutes. */
  declare readonly minutes: number

  /** The sentence of this error: what happened, and what to do. */
  override readonly message: string = expiryOf(this)
}

const lossOf = ({ cause }: ExchangePossiblyLost): string =>
  `The person approved the login, but its token did not arrive, and the code cannot be used again ${
    Wire.facts(cause, cause._tag, cause._tag === "UnexpectedResponse" ? `HTTP ${cause.status}` : cause.message)
  }. Start a new login.`

/**
 * The code was sent, and the token did not arrive. A code is good for one request, so the token is lost if the service issued it.
 *
 * Start a new login. To end the lost session, the person signs out of the access portal.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExchangePossiblyLost
  extends Schema.TaggedError<ExchangePossiblyLost>("@sso-oidc/session/ExchangePossiblyLost")("ExchangePossiblyLost", {
    /** The error that ended the exchange. */
    cause: Schema.Union([ClientError.TransportError, ClientError.UnexpectedResponse])
  })
{
  /**
   * `TransportError`: the request was sent, and no response came. `UnexpectedResponse`: the service responded with success, and the
   * response cannot be used.
   */
  declare readonly cause: ClientError.TransportError | ClientError.UnexpectedResponse

  /** The sentence of this error: what happened, and what to do. */
  override readonly message: string = lossOf(this)
}
