/**
 * How a session logs out: options, report and error of `Session.logout`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What to log out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * `true`: every token in the store, also those of other sessions and other tools, as `aws sso logout` does. `false` by default: the token of
   * this session. A store without `entries` fails with {@link LogoutAllUnsupported}.
   */
  readonly all?: boolean | undefined
}

/**
 * What a logout did. A token that is in none of its lists was removed, and the portal responded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** How many tokens were removed from the store. Zero if none was stored. */
  readonly removed: number
  /**
   * Why the service may not know of the logout, as sentences: no response came, or the program has no `PortalLogout`. The tokens were
   * removed all the same. Empty if the portal responded to each logout, also with an error response.
   */
  readonly untold: ReadonlyArray<string>
  /** What stays, and why, as sentences: a text that cannot be read, or the token of another session. Empty if nothing stays. */
  readonly left: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// The class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const sentenceOf = ({ store }: LogoutAllUnsupported): string =>
  `The ${store} store does not list its tokens, so not all of them can be logged out. Nothing was sent or removed. Log out each ` +
  "session without the option all, or give the store the member entries."

/**
 * The store does not list its tokens, so that not all of them can be logged out. Nothing was sent, and nothing was removed.
 *
 * @category errors
 * @since 0.1.0
 */
export class LogoutAllUnsupported
  extends Schema.TaggedError<LogoutAllUnsupported>("@sso-oidc/session/LogoutAllUnsupported")("LogoutAllUnsupported", {
    /** The name of the store. */
    store: Schema.String
  })
{
  /** The name of the store. */
  declare readonly store: string

  /** The sentence of this error: why nothing was logged out, and what to do. */
  override readonly message: string = sentenceOf(this)
}
