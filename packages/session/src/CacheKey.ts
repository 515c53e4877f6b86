/**
 * The names of the files in the AWS CLI's cache, `~/.aws/sso/cache`.
 *
 * A name is the SHA-1 of a text. The text is taken as written: no change of case, and no normalization of Unicode or of the URL. So
 * `https://my.awsapps.com/start` and `https://my.awsapps.com/start/` have two files.
 *
 * @since 0.1.0
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Effect from "effect/Effect"
import type { SessionSettings } from "./SessionSettings.ts"

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/**
 * The name of the token file: the hash of the session's name, or of the start URL of a legacy profile.
 *
 * @category names
 * @since 0.1.0
 */
export const token = ({ key }: Pick<SessionSettings, "key">): Effect.Effect<string> =>
  Effect.map(CacheFile.hash(key), (hash) => `${hash}.json`)

/**
 * The text that the name of the registration file is the hash of. A `TokenStore` keeps the registration under it as its key. It depends on the
 * start URL, the region, the name of the session, and the scopes as configured, in their order. Both grants share it.
 *
 * @category names
 * @since 0.1.0
 */
export const registrationKey = (
  { configuredScopes, name, region, startUrl }: Pick<
    SessionSettings,
    "configuredScopes" | "name" | "region" | "startUrl"
  >
): string =>
  CacheFile.pythonJson({
    tool: "botocore",
    startUrl,
    region,
    scopes: configuredScopes ?? null,
    session_name: name ?? null
  })

/**
 * The name of the registration file: the hash of its {@link registrationKey}.
 *
 * @category names
 * @since 0.1.0
 */
export const registration = (
  settings: Pick<SessionSettings, "configuredScopes" | "name" | "region" | "startUrl">
): Effect.Effect<string> => Effect.map(CacheFile.hash(registrationKey(settings)), (hash) => `${hash}.json`)
