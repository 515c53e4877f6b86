/**
 * Asks a person for what `configure` writes: the session, and roles from a list. It logs in if that is needed for the list.
 */
import * as Portal from "@sso-oidc/portal/Portal"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Session from "@sso-oidc/session/Session"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Access from "./Access.ts"
import * as Login from "./commands/Login.ts"
import * as ConfigEdit from "./ConfigEdit.ts"
import * as Ended from "./Ended.ts"
import * as Output from "./Output.ts"
import * as Picker from "./Picker.ts"

/** What the flags say, and what the file says of the session that they name. */
export interface Known {
  readonly name: string | undefined
  readonly startUrl: string | undefined
  readonly region: string | undefined
  readonly scopes: ReadonlyArray<string> | undefined
  readonly profile: string | undefined
  readonly account: string | undefined
  readonly role: string | undefined
}

const textFor = (message: string, kind: keyof typeof ConfigEdit.problems, initial?: string) =>
  Picker.ask(Prompt.String({
    message,
    ...initial === undefined ? {} : { default: initial },
    validate: (value) => {
      const given = value.trim()
      const problem = ConfigEdit.problems[kind](given)
      return problem === undefined ? Effect.succeed(given) : Effect.fail(`It ${problem}.`)
    }
  }))

/** A session of the file, or a new one. */
const sessionFor = Effect.fnUntraced(function*(text: string, { name, region, scopes, startUrl }: Known) {
  const found = AwsConfig.parse(text).ssoSessions
  const sessions = [...found.keys()].filter((name) => ConfigEdit.sessionIn(text, name) !== undefined)
  const isOpen = name === undefined && startUrl === undefined && region === undefined
  const [chosen] = isOpen && sessions.length > 0
    ? yield* Picker.choose({
      message: "Which session are the profiles for?",
      choices: [
        ...sessions.map((name) => ({ title: name, value: ConfigEdit.sessionIn(text, name) })),
        { title: "A new session", value: undefined }
      ],
      many: false
    })
    : []
  if (chosen !== undefined) return { ...chosen, scopes }
  const url = startUrl ?? (yield* textFor("URL of the access portal", "startUrl"))
  const at = region ?? (yield* textFor("Region of the access portal, such as eu-west-1", "region"))
  const free = ["sso", new URL(url).hostname.split(".")[0] ?? ""]
    .find((name) => !found.has(name) && ConfigEdit.problems.name(name) === undefined)
  return {
    name: name ?? (yield* textFor("Name of the session", "name", free)),
    startUrl: url,
    region: at,
    scopes
  }
})

/** The roles of the person. A person logs in for them if there is no other way. */
const roles = Effect.gen(function*() {
  const session = yield* Session.Session
  const portal = yield* Portal.Portal
  const login = () => Login.perform({})
  yield* session.token().pipe(
    Effect.catchTags({ NotLoggedIn: login, SessionEnded: login, SessionPossiblyLost: login })
  )
  const all = Stream.runCollect(portal.allRoles)
  // the portal may know of an end that the token does not show
  return yield* Effect.catchTag(all, "SessionEnded", () => Effect.andThen(login(), all))
})

/** The roles that fit the flags, of those that can be written. */
const choicesFor = Effect.fnUntraced(function*(session: ConfigEdit.Session, { account, role }: Known) {
  yield* Output.tell("Looking for your roles.")
  const all = yield* Effect.provide(roles, Access.layerByHand(session))
  for (const each of all) {
    if (each._tag === "AccountRole") continue
    yield* Output.tell(`Account ${each.account.accountId}: ${Ended.sentenceOf(each.error)}`)
  }
  const choices = all.flatMap((each) => each._tag === "AccountRole" ? { ...each.account, roleName: each.roleName } : [])
    .filter(({ accountId, roleName }) =>
      accountId === (account ?? accountId) && roleName === (role ?? roleName) &&
      ConfigEdit.problems.account(accountId) === undefined && ConfigEdit.problems.role(roleName) === undefined
    )
  if (choices.length > 0) return choices
  return yield* new Ended.UsageError({
    message: account === undefined && role === undefined
      ? "No role is assigned to you. Ask the administrator of your AWS organization. Nothing was written."
      : "No role of yours fits --account and --role. List them with sso-oidc roles. Nothing was written."
  })
})

/** Asks for what is not known. `undefined` if the person does not want it written. */
export const ask = Effect.fnUntraced(function*(text: string, known: Known) {
  const session = yield* sessionFor(text, known)
  // a name that is taken is told before a person logs in for it
  yield* Effect.fromResult(ConfigEdit.edit(text, { session, profiles: [] }))
  const choices = yield* choicesFor(session, known)
  const chosen = yield* Picker.choose({
    message: known.profile === undefined ? "Which roles do you want profiles for?" : "Which role is it for?",
    choices: choices.map((value) => ({
      title: [value.accountId, value.roleName, value.accountName].filter((part) => part !== undefined).join("  "),
      value
    })),
    many: known.profile === undefined
  })
  const { profile } = known
  const named = profile === undefined
    ? ConfigEdit.profilesFor(text, session.name, chosen)
    : chosen.map(({ accountId, roleName }) => ({ name: profile, accountId, roleName }))
  const { written } = yield* Effect.fromResult(ConfigEdit.edit(text, { session, profiles: named }))
  const isNew = (profile: ConfigEdit.Profile): boolean => written.includes(ConfigEdit.titleOf(profile))
  const region = named.some(isNew) ? yield* regionFor : ""
  const asked: ConfigEdit.Asked = {
    session,
    profiles: named.map((profile) => region !== "" && isNew(profile) ? { ...profile, region } : profile)
  }
  const { added } = yield* Effect.fromResult(ConfigEdit.edit(text, asked))
  if (added === "") return asked
  yield* Output.tell({ text: "" }, ...added.trim().split(/\r?\n/).map((text) => ({ text })), { text: "" })
  const isWanted = yield* Picker.ask(Prompt.Confirm({ message: "Add this to the AWS config file?", initial: true }))
  return isWanted ? asked : undefined
})

const regionFor = Picker.ask(Prompt.String({
  message: "Region for your programs, such as eu-west-1 (empty: none)",
  validate: (value) => {
    const given = value.trim()
    const problem = given === "" ? undefined : ConfigEdit.problems.region(given)
    return problem === undefined ? Effect.succeed(given) : Effect.fail(`It ${problem}.`)
  }
}))
