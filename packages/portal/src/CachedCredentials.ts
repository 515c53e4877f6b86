/**
 * Role credentials as the AWS CLI keeps them in `~/.aws/cli/cache`.
 *
 * A file has the name that the CLI gives it, so that both use each other's credentials. What cannot be used is fetched anew.
 *
 * @since 0.1.0
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as CredentialsCache from "./CredentialsCache.ts"
import type * as RoleCredentials from "./RoleCredentials.ts"

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/**
 * The name of the file for a role of a session: the SHA-1 of what the CLI hashes, and `.json`.
 *
 * A key that is a URL is the start URL of a legacy profile. Any other key is the name of a session.
 *
 * @category names
 * @since 0.1.0
 */
export const fileName = ({ accountId, roleName, session }: CredentialsCache.Key): Effect.Effect<string> => {
  const whose: Readonly<Record<string, string>> = /^https?:\/\//i.test(session)
    ? { startUrl: session }
    : { sessionName: session }
  return Effect.map(
    CacheFile.hash(CacheFile.pythonJson({ accountId, roleName, ...whose }, true)),
    (hash) => `${hash}.json`
  )
}

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

/** The type that the CLI gives to credentials of the portal. Its logout removes the files of this type. */
const providerType = "sso"

const textIn = (members: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = members[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/**
 * The text of a file. `session` is the hash of the session's key, by which a logout finds the files of a session. The CLI does not read it.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (credentials: RoleCredentials.RoleCredentials, session: string): Redacted.Redacted<string> =>
  Redacted.make(
    JSON.stringify({
      ProviderType: providerType,
      Credentials: {
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: Redacted.value(credentials.secretAccessKey),
        SessionToken: Redacted.value(credentials.sessionToken),
        Expiration: CacheFile.formatTime(credentials.expiration),
        AccountId: credentials.accountId
      },
      Session: session
    }),
    { label: "cached credentials" }
  )

/**
 * The credentials in the text of a file for this role. `undefined` if the text is no such file. For example, it is not
 * JSON, comes from another provider, lacks a part, has an `Expiration` without its zone, or names another account.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (
  text: Redacted.Redacted<string>,
  { accountId, roleName }: RoleCredentials.Role
): RoleCredentials.RoleCredentials | undefined => {
  const file = Wire.jsonObject(Redacted.value(text))
  const given: unknown = file?.["Credentials"]
  if (file?.["ProviderType"] !== providerType || typeof given !== "object" || given === null) return undefined
  const members: Readonly<Record<string, unknown>> = { ...given }
  const accessKeyId = textIn(members, "AccessKeyId")
  const secretAccessKey = textIn(members, "SecretAccessKey")
  const sessionToken = textIn(members, "SessionToken")
  const expiration = CacheFile.parseTime(members["Expiration"])
  // Older versions of the CLI write no account.
  const isOfAccount = (members["AccountId"] ?? accountId) === accountId
  if (
    !isOfAccount || accessKeyId === undefined || !Wire.isPrintable(accessKeyId) || secretAccessKey === undefined ||
    sessionToken === undefined || expiration === undefined
  ) return undefined
  return {
    accountId,
    roleName,
    accessKeyId,
    secretAccessKey: Redacted.make(secretAccessKey, { label: "secretAccessKey" }),
    sessionToken: Redacted.make(sessionToken, { label: "sessionToken" }),
    expiration
  }
}

/**
 * Whether a logout of a session removes this file. `"all"` stands for all sessions.
 *
 * The CLI does not write whose a file is. Such a file is removed with any session: it is fetched anew, and nothing of a session stays.
 *
 * @category encoding
 * @since 0.1.0
 */
export const isOf = (text: Redacted.Redacted<string>, session: string): boolean => {
  const file = Wire.jsonObject(Redacted.value(text))
  if (file?.["ProviderType"] !== providerType) return false
  return session === "all" || (textIn(file, "Session") ?? session) === session
}
