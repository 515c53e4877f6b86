/**
 * `sso-oidc configure`: writes a session and profiles into AWS's config file.
 */
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as ConfigEdit from "../ConfigEdit.ts"
import * as ConfigFile from "../ConfigFile.ts"
import type * as ConfigQuestions from "../ConfigQuestions.ts"
import * as Ended from "../Ended.ts"
import * as Host from "../Host.ts"
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

/** What the flags say, and what the file says of the session that they name. */
const knownOf = (text: string, flags: Flags): ConfigQuestions.Known => {
  const name = Option.getOrUndefined(flags.ssoSession)
  const there = name === undefined ? undefined : ConfigEdit.sessionIn(text, name)
  return {
    name,
    startUrl: Option.getOrUndefined(flags.startUrl) ?? there?.startUrl,
    region: Option.getOrUndefined(flags.region) ?? there?.region,
    scopes: Option.getOrUndefined(Option.map(flags.scopes, ConfigEdit.scopesOf)),
    profile: Option.getOrUndefined(flags.profile),
    account: Option.getOrUndefined(flags.account),
    role: Option.getOrUndefined(flags.role)
  }
}

/** What to write, if nothing has to be asked; else the flags that are missing. */
const askedOf = (known: ConfigQuestions.Known): ConfigEdit.Asked | ReadonlyArray<string> => {
  const { account, name, profile, region, role, scopes, startUrl } = known
  const isProfile = [profile, account, role].some((flag) => flag !== undefined)
  const missing = [
    ...name === undefined ? ["--sso-session"] : [],
    ...startUrl === undefined ? ["--start-url"] : [],
    ...region === undefined ? ["--region"] : [],
    ...isProfile && profile === undefined ? ["--profile"] : [],
    ...isProfile && account === undefined ? ["--account"] : [],
    ...isProfile && role === undefined ? ["--role"] : []
  ]
  if (name === undefined || startUrl === undefined || region === undefined || missing.length > 0) return missing
  return {
    session: { name, startUrl, region, scopes },
    profiles: profile === undefined || account === undefined || role === undefined
      ? []
      : [{ name: profile, accountId: account, roleName: role }]
  }
}

/** Asks a person. */
const ask = Effect.fnUntraced(function*(text: string, known: ConfigQuestions.Known) {
  // only a login loads a transport and what opens a browser
  const { ask } = yield* Effect.promise(() => import("../ConfigQuestions.ts"))
  const asked = yield* ask(text, known)
  if (asked !== undefined) return asked
  yield* Output.tell("Nothing was written.")
  return yield* new Ended.Exited({ code: Ended.codes.rejected })
})

/** Writes them. With all flags it asks nothing. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  yield* check(flags)
  const { isInteractive } = yield* Host.Host
  const { text } = yield* AwsConfig.read("config")
  const known = knownOf(text, flags)
  const found = askedOf(known)
  if (!("session" in found) && !isInteractive) {
    return yield* new Ended.UsageError({
      message: `Without a terminal, configure asks nothing. Give it also: ${found.join(", ")}. Nothing was written.`
    })
  }
  // a script may write a session alone
  const isWhole = "session" in found && (found.profiles.length > 0 || !isInteractive)
  const asked = isWhole ? found : yield* ask(text, known)
  yield* report(flags.json, yield* ConfigFile.change((text) => ConfigEdit.edit(text, asked)))
})

/** What to run with what was written. */
const next = (written: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [profile] = written.flatMap((title) => title === "default" ? [""] : /^profile (.+)$/.exec(title)?.[1] ?? [])
  if (profile === undefined) return []
  const flag = profile === "" ? "" : ` --profile ${profile}`
  return [`Next: sso-oidc login${flag}, then sso-oidc exec${flag} -- PROGRAM`]
}

/** Prints what was written. */
const report = Effect.fnUntraced(function*(isJson: boolean, { backup, file, written }: ConfigFile.Changed) {
  const path = yield* Path.Path
  if (!isJson) {
    yield* Output.tell(
      written.length === 0
        ? "All of it is in the AWS config file already. Nothing was written."
        : `Wrote ${written.map((title) => `[${title}]`).join(" and ")} into the AWS config file.`,
      ...backup === undefined ? [] : [`The earlier file is beside it: ${path.basename(backup)}`],
      ...next(written)
    )
  }
  yield* Output.result(isJson, { file, written: [...written], backup: backup ?? null }, [])
})
