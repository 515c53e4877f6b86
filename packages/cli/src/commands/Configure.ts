/**
 * `sso-oidc configure`: writes a session and profiles into AWS's config file.
 */
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as ConfigEdit from "../ConfigEdit.ts"
import * as ConfigFile from "../ConfigFile.ts"
import * as Ended from "../Ended.ts"
import * as Output from "../Output.ts"
import type * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly startUrl: Option.Option<string>
  readonly region: Option.Option<string>
  readonly scopes: Option.Option<string>
  readonly account: Option.Option<string>
  readonly role: Option.Option<string>
}

const checks = [
  ["ssoSession", "--sso-session", "name"],
  ["startUrl", "--start-url", "startUrl"],
  ["region", "--region", "region"],
  ["scopes", "--scopes", "scopes"],
  ["profile", "--profile", "name"],
  ["account", "--account", "account"],
  ["role", "--role", "role"]
] as const

/** Fails with the first flag whose value cannot be written. */
const check = (flags: Flags): Effect.Effect<void, Ended.UsageError> => {
  for (const [member, flag, kind] of checks) {
    const problem = Option.flatMapNullishOr(flags[member], ConfigEdit.problems[kind])
    if (Option.isSome(problem)) {
      return Effect.fail(new Ended.UsageError({ message: `${flag} ${problem.value}. Nothing was written.` }))
    }
  }
  return Effect.void
}

/** A session that the file has already, if a section of that name has both settings. */
const known = (config: AwsConfig.AwsConfig, name: string) => {
  const settings = config.ssoSessions.get(name)?.settings
  const textOf = (setting: string): string | undefined => {
    const value = settings?.get(setting)?.value
    return typeof value === "string" && value !== "" ? value : undefined
  }
  return { startUrl: textOf("sso_start_url"), region: textOf("sso_region") }
}

/** Writes them. With all flags it asks nothing. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  yield* check(flags)
  const config = AwsConfig.parse((yield* AwsConfig.read("config")).text)
  const name = Option.getOrUndefined(flags.ssoSession)
  const there = name === undefined ? undefined : known(config, name)
  const startUrl = Option.getOrUndefined(flags.startUrl) ?? there?.startUrl
  const region = Option.getOrUndefined(flags.region) ?? there?.region
  const scopes = Option.getOrUndefined(Option.map(flags.scopes, ConfigEdit.scopesOf))
  const [profile, account, role] = [flags.profile, flags.account, flags.role].map(Option.getOrUndefined)
  const isProfile = [profile, account, role].some((flag) => flag !== undefined)
  const missing = [
    ...name === undefined ? ["--sso-session"] : [],
    ...startUrl === undefined ? ["--start-url"] : [],
    ...region === undefined ? ["--region"] : [],
    ...isProfile && profile === undefined ? ["--profile"] : [],
    ...isProfile && account === undefined ? ["--account"] : [],
    ...isProfile && role === undefined ? ["--role"] : []
  ]
  if (name === undefined || startUrl === undefined || region === undefined || missing.length > 0) {
    return yield* new Ended.UsageError({
      message: `Without a terminal, configure asks nothing. Give it also: ${missing.join(", ")}. Nothing was written.`
    })
  }
  const asked: ConfigEdit.Asked = {
    session: { name, startUrl, region, scopes },
    profiles: profile === undefined || account === undefined || role === undefined
      ? []
      : [{ name: profile, accountId: account, roleName: role }]
  }
  yield* report(flags.json, yield* ConfigFile.change((text) => ConfigEdit.edit(text, asked)))
})

/** Prints what was written. */
const report = Effect.fnUntraced(function*(isJson: boolean, { backup, file, written }: ConfigFile.Changed) {
  const path = yield* Path.Path
  if (!isJson) {
    yield* Output.tell(
      written.length === 0
        ? "All of it is in the AWS config file already. Nothing was written."
        : `Wrote ${written.map((title) => `[${title}]`).join(" and ")} into the AWS config file.`,
      ...backup === undefined ? [] : [`The earlier file is beside it: ${path.basename(backup)}`]
    )
  }
  yield* Output.result(isJson, { file, written: [...written], backup: backup ?? null }, [])
})
