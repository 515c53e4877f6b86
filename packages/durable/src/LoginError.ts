/**
 * The errors that durable logins add to those of the device grant.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const ended = {
  approved: "it was approved",
  failed: "it failed",
  cancelled: "it was cancelled"
}

const endOf = ({ state, tokenWaits }: LoginEnded): string =>
  tokenWaits === true
    ? "The login of this id was approved, and its token waits. Get it with take. No new login was started. " +
      "With again: true, start begins a new one, and drops that token."
    : `The login of this id has ended: ${
      ended[state]
    }. No new one was started. Use another id, or start again with again: true to use this one.`

const absenceOf = ({ reason }: LoginUnknown): string =>
  reason === "taken"
    ? "The token of this login was taken before. A token can be taken once. Start a new login."
    : "There is no login of this id: it was never started, or it was removed one hour after its end. Start a new login."

/**
 * The id was used for a login that has ended, so no new login was started for it. With `again: true`, it comes only if another login of the id
 * began and ended while this start requested its code. A person may have approved that login, so it is not replaced unseen.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginEnded extends Schema.TaggedError<LoginEnded>("@sso-oidc/durable/LoginEnded")("LoginEnded", {
  /** How the login ended. */
  state: Schema.Literals(["approved", "failed", "cancelled"]),
  /** Whether its token was not taken yet. */
  tokenWaits: Schema.optionalKey(Schema.Boolean)
}) {
  /** How the login of this id ended. */
  declare readonly state: "approved" | "failed" | "cancelled"

  /** `true` if the login was approved and its token was not taken yet: `take` gives it. Absent otherwise. */
  declare readonly tokenWaits?: boolean

  /** The sentence of this error: what stands in the way, and what to do. */
  override readonly message: string = endOf(this)
}

/**
 * There is no login of this id, or its token was taken.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginUnknown extends Schema.TaggedError<LoginUnknown>("@sso-oidc/durable/LoginUnknown")("LoginUnknown", {
  /** Why there is none. */
  reason: Schema.Literals(["absent", "taken"])
}) {
  /** `"absent"`: no row has this id. A row is removed one hour after its login's end. `"taken"`: the token was taken before. */
  declare readonly reason: "absent" | "taken"

  /** The sentence of this error: what is absent, and what to do. */
  override readonly message: string = absenceOf(this)
}

/**
 * The program cancelled the login. No token is stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginCancelled
  extends Schema.TaggedError<LoginCancelled>("@sso-oidc/durable/LoginCancelled")("LoginCancelled", {})
{
  /** The sentence of this error. */
  override readonly message: string = "The login was cancelled. Start a new login."
}

/**
 * The id cannot name a login. Nothing was sent and nothing was stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginIdInvalid
  extends Schema.TaggedError<LoginIdInvalid>("@sso-oidc/durable/LoginIdInvalid")("LoginIdInvalid", {})
{
  /** The sentence of this error: what an id may be. */
  override readonly message: string =
    "The id of a login must be a text of 1 to 200 characters that can be seen, such as a random UUID. Use another id."
}

/**
 * The login has no token yet.
 *
 * @category errors
 * @since 0.1.0
 */
export class LoginPending
  extends Schema.TaggedError<LoginPending>("@sso-oidc/durable/LoginPending")("LoginPending", {})
{
  /** The sentence of this error: what to do. */
  override readonly message: string =
    "The login has no token yet. Wait until it is approved, by Logins.token or by Step.step, and take the token then."
}
