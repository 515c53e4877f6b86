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
  /** Removes the role credentials that are kept, in memory and on disk. Nothing to remove is no error. */
  readonly forget: (what: Forgotten) => Effect.Effect<void>
}

/**
 * Logging out at the access portal, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class PortalLogout extends Context.Service<PortalLogout, Service>()("@sso-oidc/core/PortalLogout") {}
