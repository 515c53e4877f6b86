/**
 * Logging out at the access portal, as a session needs it.
 *
 * The portal provides it, and a session uses it if it is there. Neither package imports the other: they meet here. It takes the token as an
 * argument and needs no `AccessToken`, so that the two layers have no cycle.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as ClientError from "./aws/ClientError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The token to log out.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogoutOptions {
  /** The access token, as stored. It may have expired. */
  readonly accessToken: Redacted.Redacted<string>
  /** The region that the token was issued in. */
  readonly region: string
}

/**
 * How the portal responded to a logout. `"accepted"`: with success. `"rejected"`: with an error response, for example because the token has
 * expired. Either way the token is of no more use.
 *
 * @category models
 * @since 0.1.0
 */
export type Response = "accepted" | "rejected"

/**
 * What to forget: the role credentials of one session, or of all sessions.
 *
 * @category models
 * @since 0.1.0
 */
export type Forgotten =
  | {
    /** The key of the session, as `AccessToken` has it. */
    readonly key: string
  }
  | "all"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const leftOf = ({ code, count }: CredentialsLeft): string =>
  `${
    count === undefined
      ? "Role credentials may have stayed on disk"
      : `${count} ${count === 1 ? "file" : "files"} of role credentials could not be removed`
  }${
    code === undefined ? "" : ` (${code})`
  }: they are valid until they expire. Remove the files in the AWS CLI's cache folder by hand.`

/**
 * Role credentials could not be removed. Nothing else of a logout fails with them.
 *
 * @category errors
 * @since 0.1.0
 */
export class CredentialsLeft extends Schema.TaggedError<CredentialsLeft>("@sso-oidc/core/CredentialsLeft")(
  "CredentialsLeft",
  {
    /** How many files stayed. */
    count: Schema.optionalKey(Schema.Number),
    /** The code of the system. */
    code: Schema.optionalKey(Schema.String)
  }
) {
  /** How many files of role credentials stayed. Absent if the folder cannot be listed. */
  declare readonly count?: number

  /** The code of the system, such as `EACCES`. Absent if the system gave none. */
  declare readonly code?: string

  /** The sentence of this error: what stayed, and what to do. */
  override readonly message: string = leftOf(this)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link PortalLogout} gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /**
   * Sends Logout with this token. An error response of the portal is no error here. It fails if no response came that can be read, or if
   * nothing could be sent.
   */
  readonly logout: (options: LogoutOptions) => Effect.Effect<Response, ClientError.ClientError>
  /**
   * Removes the role credentials that are kept, in memory and on disk. Nothing to remove is no error. It removes what it can, and fails if some
   * stayed.
   */
  readonly forget: (what: Forgotten) => Effect.Effect<void, CredentialsLeft>
}

/**
 * Logging out at the access portal, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class PortalLogout extends Context.Service<PortalLogout, Service>()("@sso-oidc/core/PortalLogout") {}
