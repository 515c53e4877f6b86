/**
 * An account of AWS, and the roles in it that are assigned to the person.
 *
 * The portal of the emulator lists these accounts, and gives credentials for these roles. The control API shows them to other
 * programs, so they are schemas.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const text = (what: string, most: number) => {
  const message = `${what} has 1 to ${most} characters`
  return Schema.String.check(Schema.isMinLength(1, { message }), Schema.isMaxLength(most, { message }))
}

/**
 * The number of an account: 12 digits. Zeros at its beginning count, so it is a text.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AccountId = Schema.String.check(
  Schema.isPattern(/^[0-9]{12}$/, { message: "the number of an account has 12 digits" })
)

/**
 * The name of a role: 1 to 256 characters. At AWS it is the name of a permission set.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RoleName = text("the name of a role", 256)

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An account, and the roles in it that are assigned to the person.
 *
 * @category models
 * @since 0.1.0
 */
export class Account extends Schema.Opaque<Account>()(Schema.Struct({
  /** The number of the account: 12 digits. It identifies the account. */
  accountId: AccountId,
  /** The name of the account: 1 to 256 characters. Without it, the portal sends `null`. Absent by default. */
  accountName: Schema.optionalKey(text("the name of an account", 256)),
  /** The email address of the account's root user: 1 to 254 characters. Without it, the portal sends `null`. Absent by default. */
  emailAddress: Schema.optionalKey(text("an email address", 254)),
  /**
   * The names of the roles that are assigned to the person: at most 1,000, each once. Without a role, the portal does not list the
   * account, and gives no credentials in it.
   */
  roles: Schema.Array(RoleName).check(
    Schema.isMaxLength(1000, { message: "an account has at most 1,000 roles" }),
    // Effect's own check compares each role with each other role
    Schema.makeFilter((roles: ReadonlyArray<string>) => new Set(roles).size === roles.length, {
      message: "a role is there twice",
      arbitraryConstraint: { uniqueBy: (role) => role },
      toJsonSchema: () => ({ uniqueItems: true })
    })
  )
})) {}

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

/**
 * The accounts of an emulator that is given no others: two accounts with three roles in all.
 *
 * @category values
 * @since 0.1.0
 */
export const defaults: ReadonlyArray<Account> = [
  {
    accountId: "111122223333",
    accountName: "Development",
    emailAddress: "development@example.com",
    roles: ["AdministratorAccess", "ReadOnlyAccess"]
  },
  {
    accountId: "444455556666",
    accountName: "Production",
    emailAddress: "production@example.com",
    roles: ["ReadOnlyAccess"]
  }
]
