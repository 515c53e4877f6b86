/**
 * Makes core's exceptions. Their classes hold the OAuth error code and the status.
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Result from "effect/Result"

/** The exception as a value. */
export const exception = <E>(type: SsoOidcError.ExceptionClass<E>, errorDescription: string): E =>
  new type({ error: type.error, errorDescription, status: type.status })

/** The exception as a failure. */
export const raise = <E>(
  type: SsoOidcError.ExceptionClass<E>,
  errorDescription: string
): Result.Result<never, E> => Result.fail(exception(type, errorDescription))
