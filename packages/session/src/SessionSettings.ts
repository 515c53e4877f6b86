/**
 * What a session is made of: where it logs in, with which scopes, and under which key its token is kept.
 *
 * Read it from AWS's config file with `AwsConfig.resolve`, or make it by hand.
 *
 * @since 0.1.0
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Result from "effect/Result"
import type * as AwsConfig from "./AwsConfig.ts"
import { AwsConfigError } from "./AwsConfigError.ts"
import * as Endpoints from "./internal/endpoints.ts"
import * as Problems from "./internal/problems.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The settings of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionSettings {
  /** What the token is kept under: the name of the session, else the start URL, as written. The AWS CLI hashes this text. */
  readonly key: string
  /** The name of the `sso-session` section. Absent for a legacy profile, which has its start URL in the profile itself. */
  readonly name?: string | undefined
  /** The URL of the access portal, as written: https, or http to loopback. */
  readonly startUrl: string
  /** The region of the access portal, as written. Capitals count as small letters. Never the region of the workload. */
  readonly region: string
  /** The scopes that a login asks for. `sso:account:access` if the section names none. Absent for a legacy profile. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The scopes as configured, which the name of the CLI's registration file depends on. Absent if none are configured. */
  readonly configuredScopes?: ReadonlyArray<string> | undefined
  /** Whether the section asks for the device grant (`sso_use_device_code`). Absent if it does not say. */
  readonly useDeviceCode?: boolean | undefined
  /** A custom endpoint of the OIDC service: https, or http to loopback. Absent for the endpoint of the region. */
  readonly endpoint?: string | undefined
  /** Where `endpoint` comes from, for the sentence of an error. */
  readonly endpointSource?: string | undefined
  /** A custom endpoint of the portal: https, or http to loopback. Absent for the endpoint of the region. */
  readonly portalEndpoint?: string | undefined
  /** Where `portalEndpoint` comes from, for the sentence of an error. */
  readonly portalEndpointSource?: string | undefined
  /** Whether the FIPS endpoints are used. `false` by default. */
  readonly useFipsEndpoint?: boolean | undefined
  /** Whether the dual-stack endpoints are used. `false` by default. */
  readonly useDualstackEndpoint?: boolean | undefined
  /** A file with the authorities to trust (`AWS_CA_BUNDLE`, `ca_bundle`), for a transport. */
  readonly caBundle?: string | undefined
  /** The profile that the settings come from, if they come from one. */
  readonly profile?: string | undefined
  /** The account of the profile, as written (`sso_account_id`). {@link role} checks it. */
  readonly accountId?: string | undefined
  /** The role of the profile, as written (`sso_role_name`). {@link role} checks it. */
  readonly roleName?: string | undefined
  /**
   * The region of the workload (`region` of the profile), for programs that are started with credentials. Absent if it goes on in the
   * next line: a warning has the number of that line.
   */
  readonly workloadRegion?: string | undefined
  /** What is odd in the files, for a person. None of it stops a login. */
  readonly warnings: ReadonlyArray<AwsConfig.Problem>
}

/**
 * Settings by hand.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The URL of the access portal: https, or http to loopback. Anything else is refused. */
  readonly startUrl: string
  /** The region of the access portal, such as `eu-west-1`. A text that is not a region name is refused. */
  readonly region: string
  /** The name of the session. Tools that use the same name share its token. Without a name, the start URL is the key. */
  readonly name?: string | undefined
  /** The scopes to ask for. `sso:account:access` by default. Without scopes (`[]`) a token cannot be refreshed. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Whether to use the device grant. Chosen by the platform if absent. */
  readonly useDeviceCode?: boolean | undefined
  /** A custom endpoint of the OIDC service: https, or http to loopback. */
  readonly endpoint?: string | undefined
  /** A custom endpoint of the portal: https, or http to loopback. */
  readonly portalEndpoint?: string | undefined
  /** Whether to use the FIPS endpoints. `false` by default. Not together with a custom endpoint. */
  readonly useFipsEndpoint?: boolean | undefined
  /** Whether to use the dual-stack endpoints. `false` by default. Not together with a custom endpoint. */
  readonly useDualstackEndpoint?: boolean | undefined
}

/**
 * An account and a role in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Role {
  /** The number of the account: 12 digits. */
  readonly accountId: string
  /** The name of the role. Not empty. */
  readonly roleName: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The scopes of a session that names none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaultScopes: ReadonlyArray<string> = ["sso:account:access"]

const refuse = (detail: string, setting: string) =>
  Result.fail(new AwsConfigError({ source: "settings", setting, detail }))

const settingOf = {
  region: "region",
  fipsWithEndpoint: "useFipsEndpoint",
  dualstackWithEndpoint: "useDualstackEndpoint"
} as const

/**
 * Settings made by hand, or what is wrong with them. Nothing is read.
 *
 * @example
 * ```ts
 * import * as SessionSettings from "@sso-oidc/session/SessionSettings"
 *
 * SessionSettings.make({ startUrl: "https://my.awsapps.com/start", region: "eu-west-1", name: "corp" })
 * // Success: its key is "corp"
 * SessionSettings.make({ startUrl: "http://my.awsapps.com/start", region: "eu-west-1" })
 * // Failure: AwsConfigError, since plain http is for loopback alone
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Result.Result<SessionSettings, AwsConfigError> => {
  const { name, region, scopes, startUrl } = options
  if (typeof startUrl !== "string" || !TrustedUrl.isTrusted(startUrl)) {
    return refuse(
      "`startUrl` must be an https URL without user info, or http to loopback. Copy it from the access portal",
      "startUrl"
    )
  }
  if (name !== undefined && (name === "" || !Wire.isPrintable(name))) {
    return refuse("`name` is empty, or has characters in it that cannot be seen. Give another name, or none", "name")
  }
  if (scopes?.some((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    return refuse(
      "`scopes` has an entry that is empty or has blanks in it. Write them like [\"sso:account:access\"]",
      "scopes"
    )
  }
  return Result.mapError(Endpoints.check(options), ({ detail, of, problem }) => {
    const setting = problem === "endpoint" ? of === "oidc" ? "endpoint" : "portalEndpoint" : settingOf[problem]
    const sentence = problem === "region" ? `\`region\` ${detail}` : detail
    return new AwsConfigError({ source: "settings", setting, detail: sentence })
  }).pipe(Result.map(() => ({
    key: name ?? startUrl,
    name,
    startUrl,
    region,
    scopes: scopes ?? defaultScopes,
    configuredScopes: scopes,
    useDeviceCode: options.useDeviceCode,
    endpoint: options.endpoint,
    portalEndpoint: options.portalEndpoint,
    useFipsEndpoint: options.useFipsEndpoint,
    useDualstackEndpoint: options.useDualstackEndpoint,
    warnings: []
  })))
}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * The account and the role of the settings, checked. It fails if one of them is absent or goes on in the next line, or if the account is
 * not 12 digits. A login needs neither, so that `AwsConfig.resolve` does not check them.
 *
 * @category accessors
 * @since 0.1.0
 */
export const role = (settings: SessionSettings): Result.Result<Role, AwsConfigError> => {
  const { accountId, profile, roleName } = settings
  const fail = (setting: string, what: string, toDo: string) => {
    if (profile === undefined) return refuse(`${setting} ${what}. ${toDo}`, setting)
    const section = profile === "default" ? "default" : `profile ${profile}`
    const cause = Problems.causeIn(settings.warnings, { file: "config", name: section }, undefined)
    return Result.fail(
      new AwsConfigError({
        source: "config",
        section,
        setting,
        detail: `${setting} ${what}. ${toDo}${cause?.sentence ?? ""}`,
        ...(cause === undefined ? {} : { line: cause.line })
      })
    )
  }
  if (accountId === undefined || !/^\d{12}$/.test(accountId)) {
    const what = accountId === undefined ? "is missing" : "is not 12 digits"
    return fail("sso_account_id", what, "Set it to the number of the account")
  }
  if (roleName === undefined || roleName === "" || !Wire.isPrintable(roleName)) {
    const what = roleName === undefined || roleName === "" ? "is missing" : "has characters in it that cannot be seen"
    return fail("sso_role_name", what, "Set it to the name of the role in the account")
  }
  return Result.succeed({ accountId, roleName })
}
