/**
 * Checks credentials that a program gives. In JavaScript they may be anything.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Credentials from "../Credentials.ts"
import * as IamError from "../IamError.ts"

/** Keys in clear text, for the signer. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

type Checked<A> = Result.Result<A, IamError.CredentialsError>

const malformed = (detail: string) => Result.fail(new IamError.CredentialsError({ problem: "malformed", detail }))

// HTTP allows these characters in a header, and AWS uses no other.
const visible = /^[!-~]+$/

/** The text of a secret. `undefined` if it is no text, or was wiped. */
const textOf = (value: unknown): string | undefined => {
  try {
    const text = Redacted.isRedacted(value) ? Redacted.value(value) : value
    return typeof text === "string" ? text : undefined
  } catch {
    return undefined
  }
}

/** The keys in clear text, or which part of them cannot sign. */
export const keysOf = (identity: unknown): Checked<Keys> => {
  const accessKeyId = textOf(Wire.memberOf(identity, "accessKeyId"))
  // the id stands between slashes in a header
  if (accessKeyId === undefined || !/^[!-+\--.0-~]+$/.test(accessKeyId)) {
    return malformed("accessKeyId must be a text without spaces, commas and slashes")
  }
  const secretAccessKey = textOf(Wire.memberOf(identity, "secretAccessKey"))
  if (secretAccessKey === undefined || !visible.test(secretAccessKey)) {
    return malformed("secretAccessKey must be a text without spaces")
  }
  const given = Wire.memberOf(identity, "sessionToken")
  const sessionToken = textOf(given)
  if (given === undefined || given === null || sessionToken === "") {
    return Result.succeed({ accessKeyId, secretAccessKey })
  }
  return sessionToken === undefined || !visible.test(sessionToken)
    ? malformed("sessionToken must be a text without spaces, or absent")
    : Result.succeed({ accessKeyId, secretAccessKey, sessionToken })
}

/** The milliseconds of a date, of another realm too, where `instanceof` is false. `NaN` for anything else. */
const millisOf = (value: unknown): number => {
  try {
    return Date.prototype.getTime.call(value)
  } catch {
    return Number.NaN
  }
}

const expirationOf = (value: unknown): Checked<DateTime.Utc | undefined> => {
  if (value === undefined || value === null) return Result.succeed(undefined)
  if (DateTime.isDateTime(value)) return Result.succeed(DateTime.toUtc(value))
  const millis = millisOf(value)
  return Number.isNaN(millis)
    ? malformed("expiration must be a valid date, or absent")
    : Result.succeed(DateTime.makeUnsafe(millis))
}

/** Credentials of any form, whose secrets may be in clear text. */
export const identityOf = (given: unknown): Checked<Credentials.Identity> =>
  Result.flatMap(
    keysOf(given),
    ({ accessKeyId, secretAccessKey, sessionToken }) =>
      Result.map(expirationOf(Wire.memberOf(given, "expiration")), (expiration) => ({
        accessKeyId,
        secretAccessKey: Redacted.make(secretAccessKey, { label: "secretAccessKey" }),
        ...(sessionToken !== undefined && { sessionToken: Redacted.make(sessionToken, { label: "sessionToken" }) }),
        ...(expiration !== undefined && { expiration })
      }))
  )

/** The secrets of credentials in clear text. */
export const secretsOf = (identity: Credentials.Identity): ReadonlyArray<string> =>
  [textOf(identity.secretAccessKey), textOf(identity.sessionToken)].filter((text) => text !== undefined)
