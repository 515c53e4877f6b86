/**
 * Which settings make a session, by the rules of the AWS CLI and the SDKs.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Result from "effect/Result"
import type { AwsConfig, Loaded, Section, Setting, Wanted } from "../AwsConfig.ts"
import { AwsConfigError, ProfileNotFound } from "../AwsConfigError.ts"
import { defaultScopes, type SessionSettings } from "../SessionSettings.ts"
import * as Endpoints from "./endpoints.ts"

type Found<A> = Result.Result<A, AwsConfigError>

interface Place {
  readonly section?: Section | undefined
  readonly name?: string
  readonly setting?: Setting | undefined
}

const refuse = (detail: string, { name, section, setting }: Place): Result.Result<never, AwsConfigError> => {
  const line = setting?.line ?? section?.line
  return Result.fail(
    new AwsConfigError({
      source: setting?.file ?? "config",
      detail,
      ...(section === undefined ? {} : { section: section.name }),
      ...(name === undefined ? {} : { setting: name }),
      ...(line === undefined ? {} : { line })
    })
  )
}

/** A setting as one line of text. Empty counts as absent. */
const text = (section: Section | undefined, name: string): Found<string | undefined> => {
  const setting = section?.settings.get(name)
  if (setting === undefined || setting.value === "") return Result.succeed(undefined)
  if (typeof setting.value !== "string" || !Wire.isPrintable(setting.value)) {
    const what = typeof setting.value !== "string" || /[\r\n]/.test(setting.value)
      ? "goes on in the next line. Write it in one line, and remove the blanks before the next setting"
      : "has characters in it that cannot be seen. Write it again by hand"
    return refuse(`${name} ${what}`, { section, name, setting })
  }
  return Result.succeed(setting.value)
}

const flag = (section: Section | undefined, name: string): Found<boolean | undefined> =>
  Result.flatMap(text(section, name), (value) => {
    if (value === undefined) return Result.succeed(undefined)
    if (/^true$/i.test(value)) return Result.succeed(true)
    if (/^false$/i.test(value)) return Result.succeed(false)
    return refuse(`${name} is neither true nor false. Write one of the two`, {
      section,
      name,
      setting: section?.settings.get(name)
    })
  })

/** A setting that a session cannot be without. If it is absent, a problem of its section is the likely cause. */
const required = (loaded: AwsConfig, section: Section, name: string): Found<string> =>
  Result.flatMap(text(section, name), (value) => {
    if (value !== undefined) return Result.succeed(value)
    const problem = loaded.problems.find((one) => one.section === section.name)
    const cause = problem === undefined ? "" : ` Line ${problem.line} may be the cause: ${problem.message}`
    return refuse(`${name} is missing or empty. Add a line ${name} = VALUE.${cause}`, { section, name })
  })

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/** How many letters have to change, up to a small number. */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

// enough for any real file, and a bound for any other
const mostNames = 200
const longestName = 64

const near = (name: string, names: Iterable<string>): ReadonlyArray<string> => {
  if (name.length > longestName) return []
  const wanted = name.toLowerCase()
  return [...names].slice(0, mostNames)
    .filter((other) => other.length <= longestName)
    .map((other) => ({ other, far: distance(wanted, other.toLowerCase()) }))
    .filter(({ far, other }) =>
      far <= 2 || other.toLowerCase().startsWith(wanted) || wanted.startsWith(other.toLowerCase())
    )
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ other }) => other)
}

const findProfile = (
  loaded: Loaded,
  name: string,
  from: string | undefined
): Result.Result<Section, ProfileNotFound> => {
  const found = loaded.profiles.get(name)
  if (found !== undefined) return Result.succeed(found)
  const bare = loaded.others.get(name)
  return Result.fail(
    new ProfileNotFound({
      kind: "profile",
      name,
      near: near(name, loaded.profiles.keys()),
      ...(from === undefined ? {} : { from }),
      ...(bare === undefined ? {} : { line: bare.line })
    })
  )
}

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

const isSame = (one: Setting["value"], other: Setting["value"]): boolean =>
  typeof one === "string" || typeof other === "string"
    ? one === other
    : one.size === other.size && [...one].every(([name, value]) => other.get(name) === value)

/** A setting that stands in the profile and in its session has to be equal in both. */
const agree = (profile: Section, session: Section): Found<void> => {
  for (const [name, setting] of session.settings) {
    const other = profile.settings.get(name)
    if (other !== undefined && !isSame(setting.value, other.value)) {
      return refuse(`${name} is not the same as in [${session.name}], line ${setting.line}. Remove one of the two`, {
        section: profile,
        name,
        setting: other
      })
    }
  }
  return Result.void
}

interface Endpoints {
  readonly endpoint?: string | undefined
  readonly endpointSource?: string | undefined
  readonly portalEndpoint?: string | undefined
  readonly portalEndpointSource?: string | undefined
}

const endpoints = (loaded: Loaded, profile: Section | undefined): Found<Endpoints> =>
  Result.gen(function*() {
    const { environment } = loaded
    const named = yield* text(profile, "services")
    const services = named === undefined ? undefined : loaded.services.get(named)
    if (named !== undefined && services === undefined) {
      const detail = `services names [services ${named}], which is absent. Add that section, or remove the setting`
      return yield* refuse(detail, { section: profile, name: "services", setting: profile?.settings.get("services") })
    }
    const general = yield* text(profile, "endpoint_url")
    const isIgnored = environment.ignoreEndpoints ?? (yield* flag(profile, "ignore_configured_endpoint_urls"))
    if (isIgnored === true) return {}
    const one = (variable: string, specific: string | undefined, name: string) => {
      if (specific !== undefined) return { endpoint: specific, source: variable }
      if (environment.endpoint !== undefined) return { endpoint: environment.endpoint, source: "AWS_ENDPOINT_URL" }
      const value = services?.settings.get(name)?.value
      const own = typeof value === "string" ? undefined : value?.get("endpoint_url")
      if (own !== undefined && own !== "") {
        return { endpoint: own, source: `endpoint_url below ${name} in [services ${named}]` }
      }
      return general === undefined ? undefined : { endpoint: general, source: "endpoint_url of the profile" }
    }
    const oidc = one("AWS_ENDPOINT_URL_SSO_OIDC", environment.oidcEndpoint, "sso_oidc")
    const portal = one("AWS_ENDPOINT_URL_SSO", environment.portalEndpoint, "sso")
    return {
      endpoint: oidc?.endpoint,
      endpointSource: oidc?.source,
      portalEndpoint: portal?.endpoint,
      portalEndpointSource: portal?.source
    }
  })

const scopesOf = (value: string | undefined): ReadonlyArray<string> | undefined => {
  const scopes = value?.split(",").map((scope) => scope.trim()).filter((scope) => scope !== "")
  return scopes?.length === 0 ? undefined : scopes
}

/** What a login needs: from the session section, or from a legacy profile itself. */
const core = (loaded: Loaded, section: Section, name: string | undefined) =>
  Result.gen(function*() {
    const startUrl = yield* required(loaded, section, "sso_start_url")
    if (!TrustedUrl.isTrusted(startUrl)) {
      return yield* refuse(
        "sso_start_url must be an https URL without user info, or http to loopback. Copy it from the access portal",
        {
          section,
          name: "sso_start_url",
          setting: section.settings.get("sso_start_url")
        }
      )
    }
    const region = yield* required(loaded, section, "sso_region")
    const rest = {
      key: name ?? startUrl,
      name,
      startUrl,
      region
    }
    // a legacy session has no scopes, and always takes the device grant
    if (name === undefined) return rest
    const configured = scopesOf(yield* text(section, "sso_registration_scopes"))
    return {
      ...rest,
      scopes: configured ?? defaultScopes,
      configuredScopes: configured,
      useDeviceCode: yield* flag(section, "sso_use_device_code")
    }
  })

/** The endpoint rules decide about the region, the endpoints and the two flags. */
const check = (settings: SessionSettings, section: Section): Found<SessionSettings> => {
  const checked = Endpoints.check(settings)
  if (Result.isSuccess(checked)) return Result.succeed(settings)
  const { detail, problem } = checked.failure
  if (problem !== "region") return refuse(detail, { name: "endpoint_url" })
  const name = "sso_region"
  return refuse(detail.replace("`region`", name), { section, name, setting: section.settings.get(name) })
}

const ofSession = (loaded: Loaded, name: string): Result.Result<SessionSettings, AwsConfigError | ProfileNotFound> => {
  const section = loaded.ssoSessions.get(name)
  if (section === undefined) {
    return Result.fail(new ProfileNotFound({ kind: "sso-session", name, near: near(name, loaded.ssoSessions.keys()) }))
  }
  return whole(loaded, undefined, undefined, section, name)
}

const whole = (
  loaded: Loaded,
  profile: Section | undefined,
  profileName: string | undefined,
  section: Section,
  name: string | undefined
): Found<SessionSettings> =>
  Result.gen(function*() {
    const { environment, problems } = loaded
    const settings: SessionSettings = {
      ...(yield* core(loaded, section, name)),
      ...(yield* endpoints(loaded, profile)),
      useFipsEndpoint: environment.useFipsEndpoint ?? (yield* flag(profile, "use_fips_endpoint")),
      useDualstackEndpoint: environment.useDualstackEndpoint ?? (yield* flag(profile, "use_dualstack_endpoint")),
      caBundle: environment.caBundle ?? (yield* text(profile, "ca_bundle")),
      profile: profileName,
      accountId: yield* text(profile, "sso_account_id"),
      roleName: yield* text(profile, "sso_role_name"),
      workloadRegion: yield* text(profile, "region"),
      warnings: problems
    }
    return yield* check(settings, section)
  })

/** The settings of what is wanted. */
export const resolve = (
  loaded: Loaded,
  wanted: Wanted
): Result.Result<SessionSettings, AwsConfigError | ProfileNotFound> =>
  Result.gen(function*() {
    if (wanted.session !== undefined) return yield* ofSession(loaded, wanted.session)
    const asked = wanted.profile === undefined ? loaded.named : { name: wanted.profile, variable: "the program" }
    const profileName = asked?.name ?? "default"
    const profile = yield* findProfile(loaded, profileName, asked?.variable)
    if (profile.settings.has("login_session")) {
      const detail =
        "the profile has login_session, so it belongs to the command `aws login`. Run that, or choose another profile"
      return yield* refuse(detail, {
        section: profile,
        name: "login_session",
        setting: profile.settings.get("login_session")
      })
    }
    const name = yield* text(profile, "sso_session")
    if (name === undefined) {
      if (!profile.settings.has("sso_start_url")) {
        return yield* refuse("the profile has no sso_session. Add sso_session = NAME, or run `aws configure sso`", {
          section: profile,
          name: "sso_session"
        })
      }
      return yield* whole(loaded, profile, profileName, profile, undefined)
    }
    const session = loaded.ssoSessions.get(name)
    if (session === undefined) {
      const others = near(name, loaded.ssoSessions.keys()).map((one) => `[sso-session ${one}]`)
      const hint = others.length === 0 ? "Add that section" : `Did you mean ${others.join(", ")}`
      return yield* refuse(`sso_session names [sso-session ${name}], which is absent. ${hint}`, {
        section: profile,
        name: "sso_session",
        setting: profile.settings.get("sso_session")
      })
    }
    yield* agree(profile, session)
    return yield* whole(loaded, profile, profileName, session, name)
  })
