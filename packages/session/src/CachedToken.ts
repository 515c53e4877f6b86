/**
 * A token as the AWS CLI and the SDKs keep it in `~/.aws/sso/cache`.
 *
 * It is read leniently: what the official tools accept is accepted. It is written strictly, so that each of them can read it. Members that
 * other tools put into the file are kept.
 *
 * @since 0.1.0
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import type * as Registration from "@sso-oidc/core/Registration"
import type * as Token from "@sso-oidc/core/Token"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { CacheUnreadable } from "./CacheUnreadable.ts"
import * as Cached from "./internal/cached.ts"
import type { SessionSettings } from "./SessionSettings.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a token file has.
 *
 * @category models
 * @since 0.1.0
 */
export interface CachedToken {
  /** The access token. Not empty. */
  readonly accessToken: Redacted.Redacted<string>
  /** When the access token expires. */
  readonly expiresAt: DateTime.Utc
  /** The start URL that it was issued for. Absent in the files of some tools. */
  readonly startUrl?: string | undefined
  /** The region that it was issued in. Absent in the files of some tools. */
  readonly region?: string | undefined
  /** The refresh token. Absent without scopes, and for a legacy profile. */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** The id of the client that it was issued to. */
  readonly clientId?: string | undefined
  /** The secret of that client. */
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  /** When the registration of that client expires. Absent also if the file has no time there. */
  readonly registrationExpiresAt?: DateTime.Utc | undefined
  /**
   * When the token arrived. Only this library writes it, and only for a token whose whole life is shorter than 15 minutes. With it,
   * each process knows when half of the life is over.
   */
  readonly receivedAt?: DateTime.Utc | undefined
  /** Members of other tools. They are kept when the token is written, and may be secrets. */
  readonly others: Redacted.Redacted<Readonly<Record<string, unknown>>>
}

// -----------------------------------------------------------------------------
// encoding
// -----------------------------------------------------------------------------

const known: ReadonlySet<string> = new Set([
  "startUrl",
  "region",
  "accessToken",
  "expiresAt",
  "clientId",
  "clientSecret",
  "registrationExpiresAt",
  "refreshToken",
  "receivedAt"
])

const fail = (detail: string) => Result.fail(new CacheUnreadable({ kind: "token", detail }))

/**
 * The token in the text of a file, or why there is none. A token has an `accessToken` and an `expiresAt` with its zone. Any other member
 * that has no value that can be used counts as absent.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Result.Result<CachedToken, CacheUnreadable> => {
  const members = Cached.objectIn(Redacted.value(text))
  if (members === undefined) return fail("it is not a JSON object")
  const accessToken = Cached.secretIn(members, "accessToken")
  if (accessToken === undefined) return fail("accessToken is missing, empty or not a text")
  const expiresAt = CacheFile.parseTime(members["expiresAt"])
  if (expiresAt === undefined) {
    return fail("expiresAt is missing, or is not a time with its zone such as 2026-01-31T09:00:00Z")
  }
  return Result.succeed({
    accessToken,
    expiresAt,
    startUrl: Cached.textIn(members, "startUrl"),
    region: Cached.textIn(members, "region"),
    refreshToken: Cached.secretIn(members, "refreshToken"),
    clientId: Cached.textIn(members, "clientId"),
    clientSecret: Cached.secretIn(members, "clientSecret"),
    registrationExpiresAt: CacheFile.parseTime(members["registrationExpiresAt"]),
    receivedAt: CacheFile.parseTime(members["receivedAt"]),
    others: Cached.othersIn(members, known)
  })
}

/**
 * The text of a file. Times are in UTC and whole seconds.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (token: CachedToken): Redacted.Redacted<string> =>
  Cached.write({
    startUrl: token.startUrl,
    region: token.region,
    accessToken: Redacted.value(token.accessToken),
    expiresAt: CacheFile.formatTime(token.expiresAt),
    clientId: token.clientId,
    clientSecret: token.clientSecret && Redacted.value(token.clientSecret),
    registrationExpiresAt: token.registrationExpiresAt && CacheFile.formatTime(token.registrationExpiresAt),
    refreshToken: token.refreshToken && Redacted.value(token.refreshToken),
    receivedAt: token.receivedAt && CacheFile.formatTime(token.receivedAt)
  }, token.others)

// A token that lives as long as this, or longer, is refreshed by the time that it has left.
const shortLife = Duration.minutes(15)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * A token of core as the cache keeps it. `previous` is what the file had: the members of other tools are taken from it.
 *
 * A token without an expiry gets the time of `now`, because a file has to name one. So it is used once.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromToken = (
  token: Token.Token,
  settings: Pick<SessionSettings, "startUrl" | "region">,
  now: DateTime.Utc,
  previous?: CachedToken
): CachedToken => ({
  accessToken: token.accessToken,
  expiresAt: token.expiresAt ?? now,
  startUrl: settings.startUrl,
  region: settings.region,
  refreshToken: token.refreshToken,
  clientId: token.registration.clientId,
  clientSecret: token.registration.clientSecret,
  registrationExpiresAt: token.registration.expiresAt,
  receivedAt:
    token.expiresAt !== undefined && DateTime.isLessThan(token.expiresAt, DateTime.addDuration(now, shortLife))
      ? now
      : undefined,
  others: previous?.others ?? Cached.none
})

/**
 * The registration that the token was issued to, if the file has one. A file does not say the scopes and the endpoint, so they are the
 * caller's.
 *
 * @category conversions
 * @since 0.1.0
 */
export const registrationOf = (
  token: CachedToken,
  at: {
    /** The scopes of the session. */
    readonly scopes: ReadonlyArray<string>
    /** The region of the session, if the file has none. */
    readonly region: string
    /** The endpoint of the session. */
    readonly endpoint: string
  }
): Registration.Registration | undefined =>
  token.clientId === undefined || token.clientSecret === undefined ? undefined : {
    clientId: token.clientId,
    clientSecret: token.clientSecret,
    ...(token.registrationExpiresAt === undefined ? {} : { expiresAt: token.registrationExpiresAt }),
    scopes: at.scopes,
    region: token.region ?? at.region,
    endpoint: at.endpoint
  }

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * Whether the token is of this session. A file with another start URL or another region has another session's token. A file without the two
 * is taken.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOf = (
  token: Pick<CachedToken, "startUrl" | "region">,
  settings: Pick<SessionSettings, "startUrl" | "region">
): boolean =>
  (token.startUrl === undefined || token.startUrl === settings.startUrl) &&
  (token.region === undefined || Endpoint.regionOf(token.region) === Endpoint.regionOf(settings.region))

/**
 * Whether the token can be refreshed at this time. It needs its refresh token, its client, and a registration that has not expired.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isRefreshable = (token: CachedToken, now: DateTime.DateTime): boolean =>
  token.refreshToken !== undefined && token.clientId !== undefined && token.clientSecret !== undefined &&
  token.registrationExpiresAt !== undefined && DateTime.isGreaterThan(token.registrationExpiresAt, now)
