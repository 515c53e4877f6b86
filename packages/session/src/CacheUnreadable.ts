/**
 * A file of the cache that has no token or no registration.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A text of the cache cannot be read. The file is never deleted because of that: a login replaces it.
 *
 * @category errors
 * @since 0.1.0
 */
export class CacheUnreadable
  extends Schema.TaggedError<CacheUnreadable>("@sso-oidc/session/CacheUnreadable")("CacheUnreadable", {
    /** What the file should have had. */
    kind: Schema.Literals(["token", "registration"]),
    /** Which member is wrong, and how. It has no value of the file. */
    detail: Schema.String
  })
{
  /** The sentence: what cannot be read, why, what to do. */
  override readonly message: string = `The cached ${this.kind} cannot be read: ${
    Wire.sentence(this.detail)
  } Log in again, and a new file takes its place.`
}
