/**
 * Makes the exceptions of both services. Their classes hold the status, and core's the OAuth error code too.
 */
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as PortalError from "@sso-oidc/portal/PortalError"
import * as Result from "effect/Result"

/** The exception as a value. */
export const exception = <E>(type: SsoOidcError.ExceptionClass<E>, errorDescription: string): E =>
  new type({ error: type.error, errorDescription, status: type.status })

/** The exception as a failure. */
export const raise = <E>(
  type: SsoOidcError.ExceptionClass<E>,
  errorDescription: string
): Result.Result<never, E> => Result.fail(exception(type, errorDescription))

/** The exception of the portal as a value. */
export const portalException = <E>(type: PortalError.ExceptionClass<E>, errorDescription: string): E =>
  new type({ errorDescription, status: type.status })

/** The exception of the portal as a failure. */
export const raisePortal = <E>(
  type: PortalError.ExceptionClass<E>,
  errorDescription: string
): Result.Result<never, E> => Result.fail(portalException(type, errorDescription))
