/**
 * Every way the emulator can fail, beside the exceptions of the service.
 *
 * @since 0.1.0
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import type * as Authorization from "./Authorization.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

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
 * - `expired`: its code has expired.
 * - `used`: its client already has the token.
 * - `approved`, `denied`: it was already decided, the other way.
 *
 * @category errors
 * @since 0.1.0
 */
export type DecisionProblem = "unknown" | Exclude<Authorization.Status, "pending">

/**
 * This login cannot be decided.
 *
 * @category errors
 * @since 0.1.0
 */
export class DecisionError extends Data.TaggedError("DecisionError")<{
  /** Why. */
  readonly problem: DecisionProblem
}> {
  override readonly message: string = `Nothing was decided: ${problems[this.problem]}.`
}

/**
 * The browser goes back to the client at once, with an error (RFC 6749 section 4.1.2.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizeErrorRedirect extends Data.TaggedError("AuthorizeErrorRedirect")<{
  /** The OAuth code, such as `invalid_scope`. */
  readonly error: string
  /** The client's redirect URI with the error. */
  readonly location: Redacted.Redacted
}> {
  override readonly message: string = `The login cannot begin: ${this.error}, and the client is told so.`
}

/**
 * The exceptions that the browser shows, since the client or its redirect URI is wrong.
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
 * Why a login in a browser cannot begin: an exception where the client or its redirect URI is wrong, and all else as
 * `AuthorizeErrorRedirect`.
 *
 * @category errors
 * @since 0.1.0
 */
export type AuthorizeError = AuthorizeException | AuthorizeErrorRedirect

const failures = {
  options: "The emulator cannot start",
  listen: "The emulator cannot start",
  fault: "The fault cannot be armed",
  clock: "The clock cannot be moved",
  seed: "The snapshot cannot be put in"
}

/**
 * The emulator cannot do what its user asks for.
 *
 * - `options`: start with these options.
 * - `listen`: listen on this port.
 * - `fault`: arm this fault.
 * - `clock`: move the clock so far.
 * - `seed`: put in this snapshot.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmulatorError extends Data.TaggedError("EmulatorError")<{
  /** What it cannot do. */
  readonly problem: keyof typeof failures
  /** Why, and what to give in its place. */
  readonly detail: string
}> {
  override readonly message: string = `${failures[this.problem]}: ${this.detail}.`
}
