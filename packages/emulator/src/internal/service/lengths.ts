/**
 * Limits the length of the texts that the emulator keeps.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Result from "effect/Result"
import { raise } from "./exceptions.ts"

/** The most characters of one text, or of all texts of a list together. */
const maxLength = 8192

/** The most texts of a list. */
const maxCount = 100

const problem = (value: string | ReadonlyArray<string>): string | undefined => {
  if (typeof value === "string") return value.length > maxLength ? `has more than ${maxLength} characters` : undefined
  if (value.length > maxCount) return `has more than ${maxCount} members`
  return value.reduce((sum, text) => sum + text.length, 0) > maxLength
    ? `has more than ${maxLength} characters in all`
    : undefined
}

/** Fails for the first member that is too large, and names it. */
export const check = (
  members: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): Result.Result<void, SsoOidcError.InvalidRequestException> => {
  for (const [name, value] of Object.entries(members)) {
    const wrong = value === undefined ? undefined : problem(value)
    if (wrong !== undefined) return raise(SsoOidcError.InvalidRequestException, `${name} ${wrong}`)
  }
  return Result.succeed(undefined)
}
