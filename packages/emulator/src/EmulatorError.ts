/**
 * The errors of the emulator, beside the exceptions of the service.
 *
 * @since 0.1.0
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import type * as Authorization from "./Authorization.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface Tagged<Tag extends string> {
  /** The tag of this error. */
  readonly _tag: Tag
}

/** The class that `Data.TaggedError` makes, with a comment on each member: an editor shows it on hover. */
type Base<Tag extends string, Fields> = new(fields: Fields) => Cause.YieldableError & Fields & Tagged<Tag>

const problems = {
  unknown: "no login has this code",
  expired: "the code has expired",
  used: "the client already has its token",
  approved: "the login was already approved",
  denied: "the login was already denied"
}

/**
 * Why a login cannot be decided.
 *
 * - `unknown`: no login has this code.
 * - `expired`: the code has expired.
 * - `used`: the client already has its token.
 * - `approved`, `denied`: the login was already decided, the other way.
 *
 * @category errors
 * @since 0.1.0
 */
export type DecisionProblem = "unknown" | Exclude<Authorization.Status, "pending">

interface DecisionErrorFields {
  /** Why it cannot be decided. */
  readonly problem: DecisionProblem
}

const decisionErrorBase: Base<"DecisionError", DecisionErrorFields> = Data.TaggedError("DecisionError")<
  DecisionErrorFields
>

/**
 * This login cannot be decided.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecisionError extends decisionErrorBase {
  /** The problem as a sentence. */
  override readonly message: string = `Nothing was decided: ${problems[this.problem]}.`
}

interface AuthorizeErrorRedirectFields {
  /** The OAuth error code, such as `invalid_scope`. */
  readonly error: string
  /** The client's redirect URI with the error in its query. */
  readonly location: Redacted.Redacted
}

const authorizeErrorRedirectBase: Base<"AuthorizeErrorRedirect", AuthorizeErrorRedirectFields> = Data.TaggedError(
  "AuthorizeErrorRedirect"
)<AuthorizeErrorRedirectFields>

/**
 * The browser goes back to the client at once, with an error (RFC 6749 section 4.1.2.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizeErrorRedirect extends authorizeErrorRedirectBase {
  /** The error code in a sentence. */
  override readonly message: string =
    `The login cannot begin: ${this.error}. The browser goes back to the client with this error.`
}

/**
 * The exceptions that the browser shows, because the client or its redirect URI is wrong.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthorizeException =
  | SsoOidcError.InvalidClientException
  | SsoOidcError.InvalidRedirectUriException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.UnauthorizedClientException

/**
 * Why a login in a browser cannot begin. It is an exception if the client or its redirect URI is wrong, and
 * `AuthorizeErrorRedirect` otherwise.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthorizeError = AuthorizeException | AuthorizeErrorRedirect

/**
 * What the emulator could not do.
 *
 * - `options`: start with these options.
 * - `listen`: listen on this port.
 * - `fault`: arm this fault.
 * - `clock`: move the clock by this duration.
 * - `seed`: put in this snapshot.
 * - `account`: change this account.
 *
 * @category errors
 * @since 0.1.0
 */
export type EmulatorProblem = "options" | "listen" | "fault" | "clock" | "seed" | "account"

const failures: Readonly<Record<EmulatorProblem, string>> = {
  options: "The emulator cannot start",
  listen: "The emulator cannot start",
  fault: "The fault cannot be armed",
  clock: "The clock cannot be moved",
  seed: "The snapshot cannot be put in",
  account: "The account cannot be changed"
}

interface EmulatorErrorFields {
  /** What it could not do. */
  readonly problem: EmulatorProblem
  /** Why, and what to give instead. It has no period at its end. */
  readonly detail: string
}

const emulatorErrorBase: Base<"EmulatorError", EmulatorErrorFields> = Data.TaggedError("EmulatorError")<
  EmulatorErrorFields
>

/**
 * The emulator cannot do what its user asks for.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmulatorError extends emulatorErrorBase {
  /** The problem and its detail as a sentence. */
  override readonly message: string = `${failures[this.problem]}: ${this.detail}.`
}
