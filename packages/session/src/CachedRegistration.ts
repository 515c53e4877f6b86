/**
 * A registration as the AWS CLI keeps it in `~/.aws/sso/cache`.
 *
 * Both grants share one file, and a registration is for one of them. It is read leniently and written strictly, and members of other tools are
 * kept.
 *
 * @since 0.1.0
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Registration from "@sso-oidc/core/Registration"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { CacheUnreadable } from "./CacheUnreadable.ts"
import * as Cached from "./internal/cached.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a registration file has.
 *
 * @category models
 * @since 0.1.0
 */
export interface CachedRegistration {
  /** The client's id. Not empty. */
  readonly clientId: string
  /** The client's secret. Not empty. */
  readonly clientSecret: Redacted.Redacted<string>
  /** When the registration expires. */
  readonly expiresAt: DateTime.Utc
  /** The scopes it was registered with. Absent if it was registered without. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The grant types it was registered for. The CLI writes them for the code grant alone. */
  readonly grantTypes?: ReadonlyArray<string> | undefined
  /** Members of other tools. They are kept when the registration is written, and may be secrets. */
  readonly others: Redacted.Redacted<Readonly<Record<string, unknown>>>
}

/**
 * The grant that a registration is for: the code grant (`code`), or the device grant (`device`).
 *
 * @category models
 * @since 0.1.0
 */
export type Grant = "code" | "device"

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

const known: ReadonlySet<string> = new Set(["clientId", "clientSecret", "expiresAt", "scopes", "grantTypes"])

const fail = (detail: string) => Result.fail(new CacheUnreadable({ kind: "registration", detail }))

const textsIn = (members: Readonly<Record<string, unknown>>, name: string): ReadonlyArray<string> | undefined => {
  const value = members[name]
  return Array.isArray(value) && value.every((one) => typeof one === "string" && isPlain(one)) ? value : undefined
}

// It is a part of a URL. An id of the service has some tens of characters.
const longest = 4096

const isPlain = (text: string): boolean => text.length <= longest && Wire.isPrintable(text)

/**
 * The registration in the text of a file, or why there is none. A registration has a `clientId`, a `clientSecret` and an `expiresAt` with
 * its zone.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Result.Result<CachedRegistration, CacheUnreadable> => {
  const members = Cached.objectIn(Redacted.value(text))
  if (members === undefined) return fail("it is not a JSON object")
  const clientId = Cached.textIn(members, "clientId")
  if (clientId === undefined) return fail("clientId is missing, empty or not a text")
  if (!isPlain(clientId)) return fail("clientId is too long, or has characters that cannot be seen")
  const clientSecret = Cached.secretIn(members, "clientSecret")
  if (clientSecret === undefined) return fail("clientSecret is missing, empty or not a text")
  const expiresAt = CacheFile.parseTime(members["expiresAt"])
  if (expiresAt === undefined) {
    return fail("expiresAt is missing, or is not a time with its zone such as 2026-01-31T09:00:00Z")
  }
  return Result.succeed({
    clientId,
    clientSecret,
    expiresAt,
    scopes: textsIn(members, "scopes"),
    grantTypes: textsIn(members, "grantTypes"),
    others: Cached.othersIn(members, known)
  })
}

/**
 * The text of a file. Times are in UTC and whole seconds.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (registration: CachedRegistration): Redacted.Redacted<string> =>
  Cached.write({
    clientId: registration.clientId,
    clientSecret: Redacted.value(registration.clientSecret),
    expiresAt: CacheFile.formatTime(registration.expiresAt),
    scopes: registration.scopes,
    grantTypes: registration.grantTypes
  }, registration.others)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

// The CLI has no "never". Python's dates end in 9999.
const never = DateTime.makeUnsafe("9999-12-31T23:59:59Z")

/**
 * A registration of core as the CLI keeps it. `previous` is what the file had: the members of other tools are taken from it. A
 * registration that never expires gets the last date that the CLI can read.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromRegistration = (
  registration: Registration.Registration,
  grant: Grant,
  previous?: CachedRegistration
): CachedRegistration => ({
  clientId: registration.clientId,
  clientSecret: registration.clientSecret,
  expiresAt: registration.expiresAt ?? never,
  // the CLI too leaves the member out if there are none
  scopes: registration.scopes.length === 0 ? undefined : registration.scopes,
  grantTypes: grant === "code" ? ["authorization_code", "refresh_token"] : undefined,
  others: previous?.others ?? Cached.none
})

/**
 * The registration for core. The file does not say the region and the endpoint, so they are the session's.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toRegistration = (
  cached: CachedRegistration,
  at: {
    /** The region of the session. */
    readonly region: string
    /** The endpoint of the session. */
    readonly endpoint: string
  }
): Registration.Registration => ({
  clientId: cached.clientId,
  clientSecret: cached.clientSecret,
  ...(DateTime.isLessThan(cached.expiresAt, never) ? { expiresAt: cached.expiresAt } : {}),
  scopes: cached.scopes ?? [],
  region: at.region,
  endpoint: at.endpoint
})

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * The grant that the registration is for, as the CLI tells it: the code grant if `grantTypes` has `authorization_code`.
 *
 * @category predicates
 * @since 0.1.0
 */
export const grantOf = (registration: CachedRegistration): Grant =>
  registration.grantTypes?.includes("authorization_code") === true ? "code" : "device"

const margin = Duration.minutes(15)

const isSameSet = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): boolean => {
  const [left, right] = [new Set(one), new Set(other)]
  return left.size === right.size && one.every((scope) => right.has(scope))
}

/**
 * Whether a login by this grant, with these scopes in any order, can use the registration at this time. A registration with less than 15
 * minutes left counts as expired.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isUsable = (
  registration: CachedRegistration,
  at: {
    /** The grant of the login. */
    readonly grant: Grant
    /** The scopes that the login asks for. */
    readonly scopes: ReadonlyArray<string>
    /** The time of the login. */
    readonly now: DateTime.DateTime
  }
): boolean =>
  grantOf(registration) === at.grant && isSameSet(registration.scopes ?? [], at.scopes) &&
  DateTime.isGreaterThanOrEqualTo(registration.expiresAt, DateTime.addDuration(at.now, margin))
