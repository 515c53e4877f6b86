/**
 * What `configure` adds to the text of AWS's config file. It appends sections, and leaves each earlier character as it is.
 *
 * The AWS CLI refuses a file that has a section twice. So a section that is there is never begun again: either it has all that was asked
 * for, or nothing is written.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { AwsConfigError } from "@sso-oidc/session/AwsConfigError"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** A session to write. */
export interface Session {
  /** The name of the section. */
  readonly name: string
  /** The URL of the access portal. */
  readonly startUrl: string
  /** The region of the access portal. */
  readonly region: string
  /** The scopes. Without them, a new section gets the usual one, and a section that is there keeps its own. */
  readonly scopes?: ReadonlyArray<string> | undefined
}

/** A profile to write. {@link Asked} has its session. */
export interface Profile {
  /** The name of the profile. */
  readonly name: string
  /** The number of the account. */
  readonly accountId: string
  /** The name of the role. */
  readonly roleName: string
  /** The region that programs use with the profile (`region`). Without it, none is written. */
  readonly region?: string | undefined
}

/** What to write. */
export interface Asked {
  /** The session of all the profiles. */
  readonly session: Session
  /** The profiles. Two profiles never have the same name. */
  readonly profiles: ReadonlyArray<Profile>
}

/** A changed text. */
export interface Edited {
  /** The whole text. It begins with the earlier one. */
  readonly text: string
  /** What was added to the earlier text. */
  readonly added: string
  /** The names of the sections that were added, such as `profile dev`. Empty if all was there. */
  readonly written: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// checks
// -----------------------------------------------------------------------------

// what the AWS CLI, the SDKs and this library all read as the same name
const name = /^[\w@+.%:/-]{1,128}$/

/** What is wrong with each value, and what to do. `undefined` if it can be written. */
export const problems = {
  name: (value: string): string | undefined =>
    name.test(value) && value !== "__proto__" && !/^(?:sso-session|services)\./.test(value)
      ? undefined
      : "is not a name that every AWS tool reads. Use letters, digits and _ - + . @ % : /",
  startUrl: (value: string): string | undefined =>
    TrustedUrl.isTrusted(value) && /^[\x21-\x7e]+$/.test(value)
      ? undefined
      : "must be an https URL. Copy it from the access portal, such as https://my.awsapps.com/start",
  region: (value: string): string | undefined =>
    // every region of AWS has this form, in every partition
    /^[a-z]{2,}(?:-[a-z]+)+-\d+$/i.test(value) &&
      Result.isSuccess(SessionSettings.make({ startUrl: "https://a.awsapps.com/start", region: value }))
      ? undefined
      : "is not a region name. Write it like eu-west-1",
  scopes: (value: string): string | undefined =>
    scopesOf(value).length > 0 && scopesOf(value).every((scope) => /^[\x21\x24-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(scope))
      ? undefined
      : "must be scopes with commas between them, such as sso:account:access",
  account: (value: string): string | undefined =>
    /^\d{12}$/.test(value) ? undefined : "is not the number of an account, which has 12 digits",
  // IAM's rule
  role: (value: string): string | undefined =>
    /^[\w+=,.@-]{1,128}$/.test(value)
      ? undefined
      : "is not the name of a role, which has letters, digits and _ + = , . @ - in it"
} as const

/** The scopes of a text that has commas between them. */
export const scopesOf = (text: string): ReadonlyArray<string> =>
  text.split(",").map((scope) => scope.trim()).filter((scope) => scope !== "")

// -----------------------------------------------------------------------------
// sections
// -----------------------------------------------------------------------------

interface Section {
  readonly title: string
  readonly settings: ReadonlyArray<readonly [name: string, value: string]>
  /** The section of that name, if there is one. */
  readonly found: AwsConfig.Section | undefined
}

/** What stands between the brackets of a profile's section. */
export const titleOf = ({ name }: Profile): string => name === "default" ? "default" : `profile ${name}`

const sectionsOf = (config: AwsConfig.AwsConfig, { profiles, session }: Asked): ReadonlyArray<Section> => {
  const found = config.ssoSessions.get(session.name)
  const scopes = session.scopes ?? (found === undefined ? SessionSettings.defaultScopes : undefined)
  return [
    {
      title: `sso-session ${session.name}`,
      found,
      settings: [
        ["sso_start_url", session.startUrl],
        ["sso_region", session.region.toLowerCase()],
        // a comma alone: a blank could begin a comment
        ...scopes === undefined ? [] : [["sso_registration_scopes", scopes.join(",")] as const]
      ]
    },
    ...profiles.map((profile): Section => ({
      title: titleOf(profile),
      found: config.profiles.get(profile.name),
      settings: [
        ["sso_session", session.name],
        ["sso_account_id", profile.accountId],
        ["sso_role_name", profile.roleName],
        ...profile.region === undefined ? [] : [["region", profile.region.toLowerCase()] as const]
      ]
    }))
  ]
}

const isSame = (name: string, value: AwsConfig.Setting["value"] | undefined, other: string): boolean => {
  if (typeof value !== "string") return false
  if (name === "sso_region") return value.toLowerCase() === other
  if (name !== "sso_registration_scopes") return value === other
  const [one, two] = [new Set(scopesOf(value)), new Set(scopesOf(other))]
  return one.size === two.size && [...one].every((scope) => two.has(scope))
}

/** What a section that is there says differently. */
const difference = ({ found, settings, title }: Section): AwsConfigError | undefined => {
  const [name] = settings.find(([name, value]) => !isSame(name, found?.settings.get(name)?.value, value)) ?? []
  if (name === undefined) return undefined
  const setting = found?.settings.get(name)
  const line = setting?.line ?? found?.line
  return new AwsConfigError({
    source: "config",
    section: title,
    setting: name,
    ...line === undefined ? {} : { line },
    detail: `the section is there already, and ${
      setting === undefined ? `has no ${name}` : `its ${name} has another value`
    }. Choose another name, or change the section by hand. Nothing was written`
  })
}

/** The session of that name in a text, if it has its two settings. */
export const sessionIn = (text: string, name: string): Session | undefined => {
  const settings = AwsConfig.parse(text).ssoSessions.get(name)?.settings
  const [startUrl, region] = ["sso_start_url", "sso_region"].map((setting) => settings?.get(setting)?.value)
  return typeof startUrl === "string" && typeof region === "string" && startUrl !== "" && region !== ""
    ? { name, startUrl, region }
    : undefined
}

// -----------------------------------------------------------------------------
// editing
// -----------------------------------------------------------------------------

// what AwsConfig reads at most
const largest = 1024 * 1024

const fail = (detail: string): Result.Result<never, AwsConfigError> =>
  Result.fail(new AwsConfigError({ source: "config", detail: `${detail}. Nothing was written` }))

/** The text with the sections that it lacks. An error if a section of such a name is there and says something else. */
export const edit = (text: string, asked: Asked): Result.Result<Edited, AwsConfigError> => {
  const sections = sectionsOf(AwsConfig.parse(text), asked)
  const missing = sections.filter(({ found }) => found === undefined)
  const different = sections.flatMap((section) => section.found === undefined ? [] : difference(section) ?? [])
  if (different[0] !== undefined) return Result.fail(different[0])
  if (missing.length === 0) return Result.succeed({ text, added: "", written: [] })
  const end = /\r\n/.test(text) ? "\r\n" : "\n"
  const isEmpty = /^\ufeff?$/.test(text)
  const before = isEmpty || /(?:^\ufeff?|\n)\r?\n$/.test(text) ? "" : text.endsWith("\n") ? end : `${end}${end}`
  const added = before +
    missing.map(({ settings, title }) =>
      [`[${title}]`, ...settings.map(([name, value]) => `${name} = ${value}`), ""].join(end)
    ).join(end)
  const edited = { text: text + added, added, written: missing.map(({ title }) => title) }
  if (new TextEncoder().encode(edited.text).length > largest) {
    return fail("it would have more than 1 MiB. Remove what you do not need")
  }
  // a line of the earlier text could change what the new lines mean
  const lost = sectionsOf(AwsConfig.parse(edited.text), asked).find((section) => difference(section) !== undefined)
  return lost === undefined
    ? Result.succeed(edited)
    : fail(`what is in it changes the meaning of a new section [${Wire.printable(lost.title)}]. Mend the file first`)
}

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/** A role that a person chose. */
export interface Chosen {
  /** The number of the account. */
  readonly accountId: string
  /** The name of the account, if it has one. */
  readonly accountName?: string | undefined
  /** The name of the role. */
  readonly roleName: string
}

const cleaned = (text: string): string =>
  text.normalize("NFKD").replace(/\p{Mark}/gu, "").replace(/[^\w@+.-]+/g, "-").replace(/^-+|-+$/g, "")

/**
 * The profiles for the chosen roles, named `ACCOUNT-ROLE`. A role that has a profile of the session keeps that profile's name. Two profiles
 * never have the same name.
 */
export const profilesFor = (
  text: string,
  session: string,
  chosen: ReadonlyArray<Chosen>
): ReadonlyArray<Profile> => {
  const { profiles } = AwsConfig.parse(text)
  const taken = new Set(profiles.keys())
  const has = (section: AwsConfig.Section, name: string, value: string): boolean =>
    section.settings.get(name)?.value === value
  return chosen.map(({ accountId, accountName = "", roleName }) => {
    const there = [...profiles].find(([, section]) =>
      has(section, "sso_session", session) && has(section, "sso_account_id", accountId) &&
      has(section, "sso_role_name", roleName)
    )
    if (there !== undefined) return { name: there[0], accountId, roleName }
    const account = cleaned(accountName).slice(0, 50) || accountId
    const role = cleaned(roleName).slice(0, 50)
    const names = [`${account}-${role}`, `${account}-${accountId}-${role}`]
    const name = names.find((one) => !taken.has(one)) ?? unused(`${account}-${accountId}-${role}`, taken)
    taken.add(name)
    return { name, accountId, roleName }
  })
}

const unused = (name: string, taken: ReadonlySet<string>): string => {
  for (let number = 2;; number++) if (!taken.has(`${name}-${number}`)) return `${name}-${number}`
}
