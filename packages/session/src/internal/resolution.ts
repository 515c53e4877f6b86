/**
 * Which settings make a session, by the rules of the AWS CLI and the SDKs.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Result from "effect/Result"
import type { AwsConfig, Loaded, Section, Setting, Wanted } from "../AwsConfig.ts"
import { AwsConfigError, ProfileNotFound, type Source } from "../AwsConfigError.ts"
import { defaultScopes, type SessionSettings } from "../SessionSettings.ts"
import * as Endpoints from "./endpoints.ts"
import * as Problems from "./problems.ts"
import { titleOf } from "./titles.ts"

type Found<A> = Result.Result<A, AwsConfigError>

interface Place {
  readonly source?: Source | undefined
  readonly section?: Section | undefined
  readonly name?: string | undefined
  readonly setting?: Setting | undefined
}

const refuse = (detail: string, { name, section, setting, source }: Place): Result.Result<never, AwsConfigError> => {
  const line = setting?.line ?? section?.line
  return Result.fail(
    new AwsConfigError({
      source: source ?? setting?.file ?? section?.file ?? "config",
      detail,
      ...(section === undefined ? {} : { section: section.name }),
      ...(name === undefined ? {} : { setting: name }),
      ...(line === undefined ? {} : { line })
    })
  )
}

/** The place of a setting in a section. */
const at = (section: Section | undefined, name: string): Place => ({
  section,
  name,
  setting: section?.settings.get(name)
})

/** A setting as one line of text. Empty counts as absent. */
const text = (section: Section | undefined, name: string): Found<string | undefined> => {
  const value = section?.settings.get(name)?.value
  if (value === undefined || value === "") return Result.succeed(undefined)
  if (typeof value !== "string" || /[\r\n]/.test(value)) {
    const toDo = "Write it in one line, and remove the blanks before the next setting"
    return refuse(`${name} goes on in the next line. ${toDo}`, at(section, name))
  }
  return Wire.isPrintable(value)
    ? Result.succeed(value)
    : refuse(`${name} has characters in it that cannot be seen. Write it again by hand`, at(section, name))
}

/** A setting that a login does not need: as it is written, or absent. */
const asWritten = (section: Section | undefined, name: string): string | undefined => {
  const value = section?.settings.get(name)?.value
  return typeof value === "string" && value !== "" ? value : undefined
}

const flag = (section: Section | undefined, name: string): Found<boolean | undefined> =>
  Result.flatMap(text(section, name), (value) => {
    if (value === undefined) return Result.succeed(undefined)
    if (/^true$/i.test(value)) return Result.succeed(true)
    if (/^false$/i.test(value)) return Result.succeed(false)
    return refuse(`${name} is neither true nor false. Write one of the two`, at(section, name))
  })

/** What a section lacks. A problem of the section is the likely cause. */
const lacks = (loaded: AwsConfig, section: Section, name: string, detail: string) => {
  const place = at(section, name)
  return refuse(`${detail}${Problems.causeIn(loaded.problems, section, place.setting)?.sentence ?? ""}`, place)
}

/** A setting that a session cannot be without. */
const required = (loaded: AwsConfig, section: Section, name: string): Found<string> =>
  Result.flatMap(text(section, name), (value) =>
    value === undefined
      ? lacks(loaded, section, name, `${name} is missing or empty. Add a line ${name} = VALUE.`)
      : Result.succeed(value))

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

/** Names that differ in a letter or two, or that begin with the name. Of short names all would differ in two letters. */
const near = (name: string, names: Iterable<string>): ReadonlyArray<string> => {
  if (name.length > longestName) return []
  const wanted = name.toLowerCase()
  return [...names].slice(0, mostNames)
    .filter((other) => other.length <= longestName)
    .map((other) => ({ other, far: distance(wanted, other.toLowerCase()) }))
    .filter(({ far, other }) =>
      far <= Math.min(2, Math.ceil(Math.min(wanted.length, other.length) / 2)) ||
      other.toLowerCase().startsWith(wanted) || wanted.startsWith(other.toLowerCase())
    )
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ other }) => other)
}

/** Whether a header that nothing is read from is meant for the name: `[dev]`, `[Profile dev]`, `[profil dev]`, `[profile my work]`. */
const isMeant = (title: string, kind: ProfileNotFound["kind"], name: string): boolean => {
  if (title === name) return true
  const [, word = "", rest = ""] = /^(\S+)\s+(.*)$/s.exec(title) ?? []
  const plain = (text: string) => text.replace(/["'\\]/g, "")
  return distance(word.toLowerCase(), kind) <= 2 && plain(rest) === plain(name)
}

const misspelled = (loaded: AwsConfig, kind: ProfileNotFound["kind"], name: string): Section | undefined =>
  [...loaded.others.values()].find(({ file, name: title }) => file === "config" && isMeant(title, kind, name))

const notFound = (
  loaded: AwsConfig,
  kind: ProfileNotFound["kind"],
  name: string,
  from?: string
): Result.Result<never, ProfileNotFound> => {
  const other = misspelled(loaded, kind, name)
  return Result.fail(
    new ProfileNotFound({
      kind,
      wanted: name,
      near: near(name, (kind === "profile" ? loaded.profiles : loaded.ssoSessions).keys()),
      ...(from === undefined ? {} : { from }),
      ...(other === undefined ? {} : { line: other.line, written: other.name })
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
      return refuse(
        `${name} is not the same as in [${Wire.printable(session.name)}], line ${setting.line}. Remove one of the two`,
        {
          section: profile,
          name,
          setting: other
        }
      )
    }
  }
  return Result.void
}

/** A custom endpoint, and where it comes from. */
interface Custom {
  readonly endpoint: string
  /** For the sentence of an error. */
  readonly source: string
  readonly place: Place
}

interface Customs {
  readonly oidc?: Custom | undefined
  readonly portal?: Custom | undefined
}

/** Only what is used is read: a setting that another one outranks fails nothing. */
const customs = (loaded: Loaded, profile: Section | undefined): Found<Customs> =>
  Result.gen(function*() {
    const { environment } = loaded
    const named = yield* text(profile, "services")
    const services = named === undefined ? undefined : loaded.services.get(named)
    if (named !== undefined && services === undefined) {
      const title = `[services ${Wire.printable(named)}]`
      const detail = `services names ${title}, which is absent. Add that section, or remove the setting`
      return yield* refuse(detail, at(profile, "services"))
    }
    if (environment.ignoreEndpoints ?? (yield* flag(profile, "ignore_configured_endpoint_urls"))) return {}
    const ofEnvironment = (name: string, endpoint: string): Custom => ({
      endpoint,
      source: name,
      place: { source: "environment", name }
    })
    const one = (variable: string, specific: string | undefined, name: string): Found<Custom | undefined> => {
      if (specific !== undefined) return Result.succeed(ofEnvironment(variable, specific))
      if (environment.endpoint !== undefined) {
        return Result.succeed(ofEnvironment("AWS_ENDPOINT_URL", environment.endpoint))
      }
      const setting = services?.settings.get(name)
      const own = typeof setting?.value === "string" ? undefined : setting?.value.get("endpoint_url")
      if (own !== undefined && own !== "") {
        const place = { section: services, name: "endpoint_url", setting }
        return Result.succeed({ endpoint: own, source: `endpoint_url below ${name}`, place })
      }
      return Result.map(text(profile, "endpoint_url"), (endpoint) =>
        endpoint === undefined ? undefined : { endpoint, source: "endpoint_url", place: at(profile, "endpoint_url") })
    }
    return {
      oidc: yield* one("AWS_ENDPOINT_URL_SSO_OIDC", environment.oidcEndpoint, "sso_oidc"),
      portal: yield* one("AWS_ENDPOINT_URL_SSO", environment.portalEndpoint, "sso")
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
      const rule = "must be an https URL without user info, or http to loopback"
      return yield* refuse(`sso_start_url ${rule}. Copy it from the access portal`, at(section, "sso_start_url"))
    }
    const region = yield* required(loaded, section, "sso_region")
    const rest = { key: name ?? startUrl, name, startUrl, region }
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
const check = (
  settings: SessionSettings,
  { environment, oidc, portal, profile, section }:
    & Customs
    & Pick<Loaded, "environment">
    & { readonly section: Section; readonly profile: Section | undefined }
): Found<SessionSettings> => {
  const checked = Endpoints.check(settings)
  if (Result.isSuccess(checked)) return Result.succeed(settings)
  const { detail, of, problem } = checked.failure
  const used = of === "oidc" ? oidc : portal
  if (problem === "region") return refuse(`sso_region ${detail}`, at(section, "sso_region"))
  if (problem === "endpoint") return refuse(detail, used?.place ?? {})
  const clash = (setting: string, variable: string, isOfEnvironment: boolean) => {
    const detail = `${isOfEnvironment ? variable : setting} cannot be used together with ${
      used?.source ?? "an endpoint"
    }`
    return refuse(
      `${detail}. Unset one of the two`,
      isOfEnvironment ? { source: "environment", name: variable } : at(profile, setting)
    )
  }
  return problem === "fipsWithEndpoint"
    ? clash("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT", environment.useFipsEndpoint === true)
    : clash("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT", environment.useDualstackEndpoint === true)
}

/** All settings of a session. `profile` is absent if the session was asked for by its name, and `name` for a legacy profile. */
const whole = (
  loaded: Loaded,
  section: Section,
  name: string | undefined,
  profile?: Section,
  profileName?: string
): Found<SessionSettings> =>
  Result.gen(function*() {
    const { environment, problems } = loaded
    const { oidc, portal } = yield* customs(loaded, profile)
    const region = asWritten(profile, "region")
    const settings: SessionSettings = {
      ...(yield* core(loaded, section, name)),
      endpoint: oidc?.endpoint,
      endpointSource: oidc?.source,
      portalEndpoint: portal?.endpoint,
      portalEndpointSource: portal?.source,
      useFipsEndpoint: environment.useFipsEndpoint ?? (yield* flag(profile, "use_fips_endpoint")),
      useDualstackEndpoint: environment.useDualstackEndpoint ?? (yield* flag(profile, "use_dualstack_endpoint")),
      caBundle: environment.caBundle ?? (yield* text(profile, "ca_bundle")),
      profile: profileName,
      accountId: asWritten(profile, "sso_account_id"),
      roleName: asWritten(profile, "sso_role_name"),
      workloadRegion: region !== undefined && Wire.isPrintable(region) ? region : undefined,
      warnings: problems
    }
    return yield* check(settings, { environment, oidc, portal, profile, section })
  })

/** The settings of what is wanted. */
export const resolve = (
  loaded: Loaded,
  wanted: Wanted
): Result.Result<SessionSettings, AwsConfigError | ProfileNotFound> =>
  Result.gen(function*() {
    if (wanted.session !== undefined) {
      const section = loaded.ssoSessions.get(wanted.session)
      if (section === undefined) return yield* notFound(loaded, "sso-session", wanted.session)
      return yield* whole(loaded, section, wanted.session)
    }
    const asked = wanted.profile === undefined ? loaded.named : { name: wanted.profile, variable: "the program" }
    const profileName = asked?.name ?? "default"
    const profile = loaded.profiles.get(profileName)
    if (profile === undefined) return yield* notFound(loaded, "profile", profileName, asked?.variable)
    if (profile.settings.has("login_session")) {
      const owner = "the profile has login_session, so it belongs to the command `aws login`"
      return yield* refuse(`${owner}. Run that, or choose another profile`, at(profile, "login_session"))
    }
    const name = yield* text(profile, "sso_session")
    if (name === undefined) {
      if (!profile.settings.has("sso_start_url") && !profile.settings.has("sso_region")) {
        if (profile.settings.has("credential_process")) {
          const owner = "the profile gets its credentials from credential_process, and has no sso_session"
          return yield* refuse(
            `${owner}. Choose a profile with sso_session, such as that of the command that credential_process runs`,
            at(profile, "credential_process")
          )
        }
        const detail = "the profile has no sso_session. Add sso_session = NAME, or run `aws configure sso`."
        return yield* lacks(loaded, profile, "sso_session", detail)
      }
      return yield* whole(loaded, profile, undefined, profile, profileName)
    }
    const session = loaded.ssoSessions.get(name)
    if (session === undefined) {
      const detail = `sso_session names [sso-session ${Wire.printable(name)}], which is absent`
      return yield* refuse(`${detail}. ${hint(loaded, name)}`, at(profile, "sso_session"))
    }
    yield* agree(profile, session)
    return yield* whole(loaded, session, name, profile, profileName)
  })

/** What to do about a session section that is absent. */
const hint = (loaded: Loaded, name: string): string => {
  const title = titleOf("sso-session", name)
  const other = misspelled(loaded, "sso-session", name)
  if (other !== undefined) return `Line ${other.line} has [${Wire.printable(other.name)}]: write ${title} there`
  const names = near(name, loaded.ssoSessions.keys()).map((one) => titleOf("sso-session", one))
  return names.length === 0 ? `Add the section ${title}` : `Did you mean ${names.join(" or ")}?`
}
