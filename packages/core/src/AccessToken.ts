/**
 * The access token of a session, as other services need it.
 *
 * A session provides it, and the access portal requires it. Neither package imports the other: they meet here.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Wire from "./aws/Wire.ts"
import type * as Refresh from "./Refresh.ts"
import type * as SsoOidcError from "./SsoOidcError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An access token that is valid now.
 *
 * @category models
 * @since 0.1.0
 */
export interface ValidToken {
  /** The access token, which the portal accepts. Not empty. */
  readonly accessToken: Redacted.Redacted<string>
  /** When the access token expires, on this machine's clock. */
  readonly expiresAt: DateTime.Utc
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// Each class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const absences = {
  absent: "is not logged in: no token is stored",
  unreadable: "is not logged in: the stored token cannot be read",
  expired: "is no longer logged in: the stored token has expired and cannot be refreshed"
}

const absenceOf = ({ command, detail, reason }: NotLoggedIn): string =>
  `This session ${absences[reason]}${
    detail === undefined ? "." : `${reason === "unreadable" ? ":" : "."} ${Wire.sentence(detail)}`
  } Run: ${command}`

/**
 * No token is stored that could be used or refreshed. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotLoggedIn extends Schema.TaggedError<NotLoggedIn>("@sso-oidc/core/NotLoggedIn")("NotLoggedIn", {
  /** Why there is no token. */
  reason: Schema.Literals(["absent", "unreadable", "expired"]),
  /** The command that logs in. */
  command: Schema.String,
  /** More about the reason. */
  detail: Schema.optionalKey(Schema.String)
}) {
  /**
   * `"absent"`: nothing is stored, or only the token of another session. `"unreadable"`: the stored text is no token. `"expired"`:
   * the token has expired, and there is no refresh token or no valid registration for a refresh.
   */
  declare readonly reason: "absent" | "unreadable" | "expired"

  /** The command that a person runs to log in. The option `loginCommand` of the session sets it. */
  declare readonly command: string

  /** More about the reason, without any stored value. Absent if there is no more to say. */
  declare readonly detail?: string

  /** The sentence of this error: why there is no token, and the command to run. */
  override readonly message: string = absenceOf(this)
}

const requestOf = (requestId: string | undefined): string => requestId === undefined ? "" : ` (request ${requestId})`

const endings = {
  grant: "the service no longer accepts its refresh token",
  client: "the service no longer accepts its client registration",
  portal: "the portal rejected its access token"
}

const endingOf = ({ command, reason, requestId }: SessionEnded): string =>
  `This session has ended: ${endings[reason]}${requestOf(requestId)}. Run: ${command}`

/**
 * The service ended the session. No further refresh is sent for it.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionEnded extends Schema.TaggedError<SessionEnded>("@sso-oidc/core/SessionEnded")("SessionEnded", {
  /** What the service rejected. */
  reason: Schema.Literals(["grant", "client", "portal"]),
  /** The command that logs in. */
  command: Schema.String,
  /** The service's request id. */
  requestId: Schema.optionalKey(Schema.String)
}) {
  /**
   * `"grant"`: the service rejected the refresh token (`invalid_grant`). `"client"`: it rejected the client
   * (`invalid_client`, `unauthorized_client`). `"portal"`: the portal rejected the access token, and its successor too.
   */
  declare readonly reason: "grant" | "client" | "portal"

  /** The command that a person runs to log in. The option `loginCommand` of the session sets it. */
  declare readonly command: string

  /** The request id of the service's response. Absent if another process or an earlier call received it. */
  declare readonly requestId?: string

  /** The sentence of this error: what ended the session, and the command to run. */
  override readonly message: string = endingOf(this)
}

const lossOf = ({ command, requestId }: SessionPossiblyLost): string =>
  `This session is possibly lost: the response to an earlier refresh did not arrive, and the service no longer accepts the ` +
  `refresh token${requestOf(requestId)}. The session may live on at the service without a token here. Run: ${command}`

/**
 * The service rejected the refresh token after the response to an earlier refresh was lost. The lost response probably had the next
 * refresh token.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionPossiblyLost
  extends Schema.TaggedError<SessionPossiblyLost>("@sso-oidc/core/SessionPossiblyLost")("SessionPossiblyLost", {
    /** The command that logs in. */
    command: Schema.String,
    /** The service's request id. */
    requestId: Schema.optionalKey(Schema.String)
  })
{
  /** The command that a person runs to log in. The option `loginCommand` of the session sets it. */
  declare readonly command: string

  /** The request id of the service's response. Absent if another process or an earlier call received it. */
  declare readonly requestId?: string

  /** The sentence of this error: what was lost, and the command to run. */
  override readonly message: string = lossOf(this)
}

const actions = {
  open: "opened",
  read: "read",
  lock: "locked",
  prepare: "written",
  commit: "written",
  remove: "changed"
}

const storeTroubleOf = ({ code, detail, operation, reason, store }: StoreError): string =>
  reason === "fenced"
    ? `The ${store} store took the lock from this process: ${Wire.sentence(detail)} ` +
      `Nothing was ${operation === "prepare" ? "sent" : "stored"}. Try again.`
    : reason === "unreadable"
    ? `What the ${store} store holds cannot be read: ${
      Wire.sentence(detail)
    } Log in again, and a new token takes its place.`
    : `The ${store} store cannot be ${actions[operation]}${code === undefined ? "" : ` (${code})`}: ${
      Wire.sentence(detail)
    } ${operation === "prepare" ? "Nothing was sent. " : ""}Mend the store, and try again.`

/**
 * The store of tokens cannot be read or written.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>("@sso-oidc/core/StoreError")("StoreError", {
  /** Which store failed. */
  store: Schema.String,
  /** The hash of the key. */
  key: Schema.optionalKey(Schema.String),
  /** What failed. */
  operation: Schema.Literals(["open", "read", "lock", "prepare", "commit", "remove"]),
  /** Why it failed. */
  reason: Schema.Literals(["unavailable", "unreadable", "fenced"]),
  /** What is wrong, in words. */
  detail: Schema.String,
  /** The code of the system. */
  code: Schema.optionalKey(Schema.String)
}) {
  /** The name of the store, such as `AWS cache` or `Redis`. */
  declare readonly store: string

  /** The SHA-1 of the key, which names the record. Absent if the store itself failed. */
  declare readonly key?: string

  /**
   * What failed. `"open"`: the store itself. `"read"`: reading. `"lock"`: the lock. `"prepare"`: making room before a request, so that
   * nothing was sent. `"commit"`: storing. `"remove"`: removing.
   */
  declare readonly operation: "open" | "read" | "lock" | "prepare" | "commit" | "remove"

  /**
   * `"unavailable"`: the store does not work now. `"unreadable"`: it works, but what it holds cannot be opened, for example with another
   * key. `"fenced"`: this process has lost its lock, for example because it stood still for too long.
   */
  declare readonly reason: "unavailable" | "unreadable" | "fenced"

  /** What is wrong, without any path and any stored value. */
  declare readonly detail: string

  /** The code of the system, such as `ENOSPC`. Absent if the system gave none. */
  declare readonly code?: string

  /** The sentence of this error: what failed, why, and what to do. */
  override readonly message: string = storeTroubleOf(this)
}

const busyOf = ({ key, seconds, store }: StoreBusy): string =>
  `The session's lock in the ${store} store was not free for ${seconds} seconds. Another process holds it (record ${key}), and may be ` +
  "stopped or in a debugger. End that process, or try again."

/**
 * Another process has held the session's lock for too long. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreBusy extends Schema.TaggedError<StoreBusy>("@sso-oidc/core/StoreBusy")("StoreBusy", {
  /** Which store is locked. */
  store: Schema.String,
  /** The hash of the key. */
  key: Schema.String,
  /** How long this process waited, in seconds. */
  seconds: Schema.Number
}) {
  /** The name of the store, such as `AWS cache` or `Redis`. */
  declare readonly store: string

  /** The SHA-1 of the key, which names the record. */
  declare readonly key: string

  /** How long this process waited, in seconds. */
  declare readonly seconds: number

  /** The sentence of this error: what is held, and what to do. */
  override readonly message: string = busyOf(this)
}

/**
 * Every error of asking a session for its token.
 *
 * The errors of a refresh are among them. But `InvalidGrantException`, `InvalidClientException` and `UnauthorizedClientException` become
 * {@link SessionEnded} or {@link SessionPossiblyLost}.
 *
 * @category errors
 * @since 0.1.0
 */
export type Error =
  | NotLoggedIn
  | SessionEnded
  | SessionPossiblyLost
  | StoreError
  | StoreBusy
  | Exclude<
    Refresh.Error,
    | SsoOidcError.InvalidGrantException
    | SsoOidcError.InvalidClientException
    | SsoOidcError.UnauthorizedClientException
  >

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link AccessToken} gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The key of the session. What is kept for a session is kept under it. */
  readonly key: string
  /** A token that is valid now. It is read from the store, or refreshed. It never logs in. */
  readonly get: Effect.Effect<ValidToken, Error>
  /**
   * The next token, after the portal responded 401 to `rejected`. Callers share one refresh. If another token is stored by now, it is
   * given, and nothing is sent. If the portal rejects the next token too, this fails with {@link SessionEnded}.
   */
  readonly refreshed: (rejected: Redacted.Redacted<string>) => Effect.Effect<ValidToken, Error>
}

/**
 * The access token of a session as a service.
 *
 * @example
 * ```ts
 * import * as AccessToken from "@sso-oidc/core/AccessToken"
 * import * as Effect from "effect/Effect"
 *
 * const token = Effect.flatMap(AccessToken.AccessToken, ({ get }) => get)
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class AccessToken extends Context.Service<AccessToken, Service>()("@sso-oidc/core/AccessToken") {}
