/**
 * Credentials as texts: the variables of a child, and the forms that other programs and shells read.
 *
 * A value that needs no quotes is printed as `aws configure export-credentials` prints it. Any other value is quoted by the rules of its
 * shell, so that the shell gives it back byte for byte.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import type * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Ended from "./Ended.ts"

/** The forms. */
export const formats = ["process", "env", "env-no-export", "fish", "powershell", "windows-cmd"] as const

/** A form. */
export type Format = typeof formats[number]

/** A variable of the environment: its name and its value. */
export type Variable = readonly [name: string, value: string]

const unusable = (why: string) =>
  Result.fail(new Ended.CommandError({ tag: "CredentialsUnusable", code: Ended.codes.network, message: why }))

/** The variables that programs read credentials from. No variable can have a NUL, or half of a character, in its value. */
export const variables = (
  { accessKeyId, expiration, secretAccessKey, sessionToken }: RoleCredentials.RoleCredentials
): Result.Result<ReadonlyArray<Variable>, Ended.CommandError> => {
  const given: ReadonlyArray<Variable> = [
    ["AWS_ACCESS_KEY_ID", accessKeyId],
    ["AWS_SECRET_ACCESS_KEY", Redacted.value(secretAccessKey)],
    ["AWS_SESSION_TOKEN", Redacted.value(sessionToken)],
    ["AWS_CREDENTIAL_EXPIRATION", CacheFile.formatTime(expiration)]
  ]
  return given.every(([, value]) => value.isWellFormed() && !value.includes("\0"))
    ? Result.succeed(given)
    : unusable(
      "The credentials of the portal have characters in them that no environment variable can have. A program can take them by its credential_process."
    )
}

// -----------------------------------------------------------------------------
// shells
// -----------------------------------------------------------------------------

// In some shells a `=` at the start of a value, or behind a colon, means a program's path.
const isPlain = (value: string): boolean => /^(?!=)(?:[A-Za-z0-9/+=_.-]|:(?!=))+$/.test(value)

/** Within single quotes a shell of POSIX reads every character as itself. */
const posix = (value: string): string => isPlain(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`

/**
 * fish knows two escapes within its single quotes. `eval (…)` joins the lines of a text with blanks, so that the end of a line is an escape too,
 * and each command ends with `;`.
 */
const fish = (value: string): string =>
  isPlain(value)
    ? `"${value}"`
    : `'${value.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`'\n'`)}'`

/**
 * PowerShell takes the typographic quotes for quotes too, and decodes what a program prints by a code page. So all but the printable
 * ASCII is written by its number.
 */
const powershell = (value: string): string => {
  if (isPlain(value)) return `"${value}"`
  const parts = value.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? []
  const texts = parts.map((part) =>
    /^[\x20-\x7e]/.test(part) ? `'${part.replaceAll("'", "''")}'` : `[char]${part.charCodeAt(0)}`
  )
  // a text must come first, else PowerShell adds numbers
  return ["''", ...texts].join("+")
}

const shells: { readonly [F in Exclude<Format, "process" | "windows-cmd">]: (variable: Variable) => string } = {
  "env": ([name, value]) => `export ${name}=${posix(value)}`,
  "env-no-export": ([name, value]) => `${name}=${posix(value)}`,
  "fish": ([name, value]) => `set -gx ${name} ${fish(value)};`,
  "powershell": ([name, value]) => `$Env:${name}=${powershell(value)}`
}

// -----------------------------------------------------------------------------
// forms
// -----------------------------------------------------------------------------

const process = (
  { accessKeyId, accountId, expiration, secretAccessKey, sessionToken }: RoleCredentials.RoleCredentials
): string =>
  JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: Redacted.value(secretAccessKey),
    SessionToken: Redacted.value(sessionToken),
    Expiration: CacheFile.formatTime(expiration),
    AccountId: accountId
  })

/** The credentials in this form, without a line break at the end. It fails if the form cannot have one of the values. */
export const encode = (
  format: Format,
  credentials: RoleCredentials.RoleCredentials
): Result.Result<string, Ended.CommandError> => {
  if (format === "process") return Result.succeed(process(credentials))
  return Result.flatMap(variables(credentials), (given) => {
    if (format !== "windows-cmd") return Result.succeed(given.map(shells[format]).join("\n"))
    return given.every(([, value]) => /^[A-Za-z0-9/+=_:.-]*$/.test(value))
      ? Result.succeed(given.map(([name, value]) => `set ${name}=${value}`).join("\n"))
      : unusable(
        "The credentials of the portal have characters in them that cmd.exe changes. Use --format powershell, or sso-oidc exec."
      )
  })
}
