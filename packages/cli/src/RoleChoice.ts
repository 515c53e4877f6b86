/**
 * For which role a command gets credentials: that of the flags, else that of the profile.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import { AwsConfigError } from "@sso-oidc/session/AwsConfigError"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Ended from "./Ended.ts"

/** The flags that name a role. */
export interface Flags {
  /** The number of the account (`--account`). It outranks `sso_account_id` of the profile. */
  readonly account: Option.Option<string>
  /** The name of the role (`--role`). It outranks `sso_role_name` of the profile. */
  readonly role: Option.Option<string>
}

/** Whether a text is the number of an account. */
export const isAccount = (text: string | undefined): boolean => text !== undefined && /^\d{12}$/.test(text)

const isRole = (text: string | undefined): boolean => text !== undefined && text !== "" && Wire.isPrintable(text)

/** The sentence for an `--account` that is none. */
export const noAccount = "--account is not the number of an account. Give its 12 digits: sso-oidc accounts lists them."

const usage = (message: string) => Result.fail(new Ended.UsageError({ message }))

/** The role, checked. Each flag outranks its setting by itself. What is missing or bad is named with the flag that gives it. */
export const choose = (
  flags: Flags,
  settings: SessionSettings.SessionSettings
): Result.Result<SessionSettings.Role, Ended.UsageError | AwsConfigError> => {
  const account = Option.getOrUndefined(flags.account)
  const role = Option.getOrUndefined(flags.role)
  if (account !== undefined && !isAccount(account)) {
    return usage(noAccount)
  }
  if (role !== undefined && !isRole(role)) {
    return usage("--role is empty, or has characters in it that cannot be seen. sso-oidc roles lists the names.")
  }
  const accountId = account ?? settings.accountId
  const roleName = role ?? settings.roleName
  const missing = [
    ...isAccount(accountId) ? [] : ["--account ID"],
    ...isRole(roleName) ? [] : ["--role NAME"]
  ].join(" and ")
  if (settings.profile === undefined && missing !== "") {
    return usage(
      `A session has no role of its own. Give ${missing} beside --sso-session, or name a profile with --profile.`
    )
  }
  return Result.mapError(
    SessionSettings.role({ ...settings, accountId, roleName }),
    ({ code, detail, line, section, setting, source }) =>
      new AwsConfigError({
        source,
        detail: `${Wire.sentence(detail)} Or give ${missing}`,
        ...(section === undefined ? {} : { section }),
        ...(setting === undefined ? {} : { setting }),
        ...(line === undefined ? {} : { line }),
        ...(code === undefined ? {} : { code })
      })
  )
}
