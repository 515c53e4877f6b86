/**
 * Temporary credentials for a role in an account.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as DateTime from "effect/DateTime"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as GetRoleCredentials from "./GetRoleCredentials.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A role in an account.
 *
 * @category models
 * @since 0.1.0
 */
export interface Role {
  /** The number of the account: 12 digits. */
  readonly accountId: string
  /** The name of the role, which is the name of its permission set. Not empty. */
  readonly roleName: string
}

/**
 * Temporary credentials, and whose they are.
 *
 * @category models
 * @since 0.1.0
 */
export interface RoleCredentials extends Role {
  /** The id of the access key. It is no secret. */
  readonly accessKeyId: string
  /** The secret access key. */
  readonly secretAccessKey: Redacted.Redacted<string>
  /** The session token. */
  readonly sessionToken: Redacted.Redacted<string>
  /** When the credentials expire. They may outlive the session that got them. */
  readonly expiration: DateTime.Utc
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const problems = {
  absent: "No role was named.",
  accountId: "The account is not a number of 12 digits.",
  roleName: "The name of the role is empty, or has characters in it that cannot be seen.",
  config: "The profile names no role that can be used."
}

const unusable = ({ detail, problem }: RoleUnusable): string =>
  `${problems[problem]} ${
    detail === undefined
      ? "Name an account and a role in it: list the roles to see which there are."
      : Wire.sentence(detail)
  }`

/**
 * The account or the role cannot be used. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RoleUnusable extends Schema.TaggedError<RoleUnusable>("@sso-oidc/portal/RoleUnusable")("RoleUnusable", {
  /** What is wrong. */
  problem: Schema.Literals(["absent", "accountId", "roleName", "config"]),
  /** More about it. */
  detail: Schema.optionalKey(Schema.String)
}) {
  /**
   * `"absent"`: the call names no role, and the layer has none. `"accountId"`: the account is not 12 digits. `"roleName"`: the name of the role
   * is empty or cannot be seen. `"config"`: the profile of the config file names none that can be used.
   */
  declare readonly problem: "absent" | "accountId" | "roleName" | "config"

  /** More about it, in words, without any value. Absent if there is no more to say. */
  declare readonly detail?: string

  /** The sentence of this error: what is wrong, and what to do. */
  override readonly message: string = unusable(this)
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A role, checked: the account has 12 digits, and the name is not empty.
 *
 * @category constructors
 * @since 0.1.0
 */
export const role = (given: Role): Result.Result<Role, RoleUnusable> => {
  // a program in JavaScript may give anything
  const { accountId, roleName }: { readonly accountId?: unknown; readonly roleName?: unknown } = Object(given)
  if (typeof accountId !== "string" || !/^\d{12}$/.test(accountId)) {
    return Result.fail(new RoleUnusable({ problem: "accountId" }))
  }
  return typeof roleName !== "string" || roleName === "" || !Wire.isPrintable(roleName)
    ? Result.fail(new RoleUnusable({ problem: "roleName" }))
    : Result.succeed({ accountId, roleName })
}

// JavaScript's dates end there
const last = 8_640_000_000_000_000

/**
 * The credentials of a response. `undefined` if `expiration` is no time that a date can have.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromResponse = (
  { accountId, roleName }: Role,
  { roleCredentials: { accessKeyId, expiration, secretAccessKey, sessionToken } }: GetRoleCredentials.Response
): RoleCredentials | undefined =>
  Math.abs(expiration) > last
    ? undefined
    : {
      accountId,
      roleName,
      accessKeyId,
      secretAccessKey,
      sessionToken,
      expiration: DateTime.makeUnsafe(Math.trunc(expiration))
    }
