/**
 * The command line of `sso-oidc`: its commands, their flags, and their help.
 *
 * Each command is a module of its own, which is loaded when the command runs. So `status` starts without a transport, and only a login
 * loads what opens a browser.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Completion from "./Completion.ts"
import * as CredentialText from "./CredentialText.ts"
import * as Ended from "./Ended.ts"
import * as Host from "./Host.ts"
import * as Output from "./Output.ts"
import * as Services from "./Services.ts"
import * as Shared from "./Shared.ts"
import { version } from "./Version.ts"

// -----------------------------------------------------------------------------
// flags
// -----------------------------------------------------------------------------

const root = Command.make("sso-oidc").pipe(
  Command.withSharedFlags({
    profile: Flag.String("profile").pipe(
      Flag.withDescription("The profile in ~/.aws/config. Default: AWS_PROFILE, AWS_DEFAULT_PROFILE, else default"),
      Flag.optional
    ),
    ssoSession: Flag.String("sso-session").pipe(
      Flag.withDescription("The sso-session section in ~/.aws/config, instead of a profile"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the result as one line of JSON on standard output"),
      Flag.withDefault(false)
    )
  }),
  Command.withDescription("Log in to AWS with IAM Identity Center, and give role credentials to any program"),
  Command.withExamples([
    { command: "sso-oidc login", description: "Log in, with the browser or with a code" },
    { command: "sso-oidc exec -- terraform plan", description: "Run a program with the credentials of the profile" },
    { command: "sso-oidc configure", description: "Write a session and profiles into ~/.aws/config" }
  ])
)

const account = Flag.String("account").pipe(
  Flag.withDescription("The number of the account: 12 digits. It outranks the profile"),
  Flag.optional
)

const role = Flag.String("role").pipe(
  Flag.withDescription("The name of the role. It outranks the profile"),
  Flag.optional
)

const switchOf = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const textOf = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

/** Loads the module of a command, and runs it with its flags and the shared ones. Only `exec` takes a program after `--`. */
const running = <M, F, E, R>(
  load: () => Promise<M>,
  run: (module: M, flags: F & Shared.Shared) => Effect.Effect<void, E, R>,
  takesProgram = false
) =>
(flags: F) =>
  Effect.gen(function*() {
    const shared = yield* root
    const { args, read } = yield* Shared.Trailing
    read(shared)
    if (!takesProgram && args !== undefined) {
      return yield* new Ended.UsageError({
        message: "Only exec takes a program after --. Remove -- and what follows it."
      })
    }
    const module = yield* Effect.promise(load)
    yield* run(module, { ...flags, ...shared })
  })

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

const login = Command.make(
  "login",
  {
    noBrowser: switchOf("no-browser", "Show the URL, and open no browser"),
    device: switchOf("device", "Log in with a code that you type on any device. It works without a terminal"),
    code: switchOf("code", "Log in with a browser on this machine"),
    paste: switchOf("paste", "Take the URL that the browser ends at from standard input"),
    port: Flag.Int("port").pipe(
      Flag.withDescription("The port on 127.0.0.1 that the browser comes back to. Default: any free port"),
      Flag.optional
    )
  },
  running(() => import("./commands/Login.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("Log in. Without a flag it takes a browser on this machine if there is one, else a code"),
  Command.withExamples([
    { command: "sso-oidc login --profile dev" },
    { command: "sso-oidc login --sso-session corp --device", description: "On a machine without a browser" }
  ])
)

const logout = Command.make(
  "logout",
  { all: switchOf("all", "Log out of every session on this machine, also those of the AWS CLI") },
  running(() => import("./commands/Logout.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("Log out: tell AWS, and remove the token and the role credentials from this machine"),
  Command.withExamples([{ command: "sso-oidc logout --profile dev" }, { command: "sso-oidc logout --all" }])
)

const status = Command.make(
  "status",
  {},
  running(() => import("./commands/Status.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("Say whether you are logged in, and until when the token is valid. It sends nothing"),
  Command.withExamples([
    { command: "sso-oidc status --profile dev" },
    { command: "sso-oidc status --json", description: "For a script: exit code 0 only while the token is valid" }
  ])
)

const accounts = Command.make(
  "accounts",
  {},
  running(() => import("./commands/Accounts.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("List the accounts in which you have a role"),
  Command.withExamples([{ command: "sso-oidc accounts --sso-session corp" }])
)

const roles = Command.make(
  "roles",
  { account },
  running(() => import("./commands/Roles.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("List your roles, in one account or in all of them"),
  Command.withExamples([
    { command: "sso-oidc roles --sso-session corp" },
    { command: "sso-oidc roles --sso-session corp --account 111122223333" }
  ])
)

const credentials = Command.make(
  "credentials",
  {
    account,
    role,
    format: Flag.Literals("format", CredentialText.formats).pipe(
      Flag.withDescription("The form of the output. Default: process, which is what credential_process reads"),
      Flag.optional
    ),
    login: switchOf("login", "Log in if there is no other way. Without this flag it never asks a person")
  },
  running(() => import("./commands/Credentials.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription("Print credentials for a role"),
  Command.withExamples([
    { command: "sso-oidc credentials --profile dev", description: "As credential_process" },
    { command: "eval \"$(sso-oidc credentials --profile dev --format env)\"", description: "Into this shell" }
  ])
)

const exec = Command.make(
  "exec",
  { account, role },
  running(() => import("./commands/Exec.ts"), ({ run }, flags) => run(flags), true)
).pipe(
  Command.withDescription("Run a program with credentials for a role in its environment. Write the program after --"),
  Command.withExamples([
    { command: "sso-oidc exec -- terraform plan" },
    { command: "sso-oidc exec --profile dev -- aws s3 ls" }
  ])
)

const configure = Command.make(
  "configure",
  {
    startUrl: textOf("start-url", "The URL of the access portal, such as https://my.awsapps.com/start"),
    region: textOf("region", "The region of the access portal, such as eu-west-1"),
    scopes: textOf("scopes", "The scopes of the token, with commas between them. Default: sso:account:access"),
    account: textOf("account", "The number of the account for the profile"),
    role: textOf("role", "The name of the role for the profile")
  },
  running(() => import("./commands/Configure.ts"), ({ run }, flags) => run(flags))
).pipe(
  Command.withDescription(
    "Write an sso-session section and profiles into ~/.aws/config. It changes no line that is there"
  ),
  Command.withExamples([
    { command: "sso-oidc configure", description: "Ask for everything, and choose roles from a list" },
    {
      command: "sso-oidc configure --sso-session corp --start-url https://my.awsapps.com/start --region eu-west-1 " +
        "--profile dev --account 111122223333 --role ReadOnly",
      description: "Ask nothing"
    }
  ])
)

/** The command with all its subcommands. */
export const command = root.pipe(
  Command.withSubcommands([login, logout, status, accounts, roles, credentials, exec, configure])
)

// -----------------------------------------------------------------------------
// run
// -----------------------------------------------------------------------------

/** `--wizard` is left out: it would ask for values that the commands read from the config file. */
const config = CliConfig.layer({
  builtIns: [GlobalFlag.Help, GlobalFlag.Version, Completion.flag, GlobalFlag.LogLevel]
})

/** Help that a person asked for goes to standard output. Help in place of a missing command goes to standard error. */
const presenter = (host: Host.Service): CliOutput.Presenter => ({
  present: (event) => {
    switch (event._tag) {
      case "Version":
        return Console.log(`${event.name} ${event.version}`)
      case "Help": {
        const isAsked = event.reason === "Requested"
        const { colours } = isAsked ? host.output() : host.messages()
        const text = CliOutput.defaultFormatter({ colors: colours }).formatHelpDoc(event.helpDoc)
        return isAsked ? Console.log(text) : Console.error(text)
      }
      case "InvalidInvocation":
        return Effect.void
    }
  }
})

/** Warnings of the library, in one line each, for a person. */
const logger = (host: Host.Service) =>
  Logger.layer([
    Logger.make(({ logLevel, message }) => {
      const parts = Array.isArray(message) ? message : [message]
      const text = Ended.oneLine(parts.map((part) => typeof part === "string" ? part : "").join(" "))
      host.write(`${logLevel.toLowerCase()}: ${text}`)
    })
  ])

const usageOf = ({ commandPath, errors }: CliError.ShowHelp): Ended.UsageError => {
  const [first] = errors
  const path = commandPath.join(" ")
  if (first === undefined) return new Ended.UsageError({ message: `Give ${path} a command. See ${path} --help.` })
  if (commandPath.at(-1) === "exec" && /positional/.test(first.message)) {
    return new Ended.UsageError({
      message: "exec takes its program after --, such as: sso-oidc exec -- terraform plan"
    })
  }
  const [what = "", near] = first.message.split(/\s*Did you mean this\?\s*/)
  const better = near === undefined ? "" : ` Did you mean ${Ended.oneLine(near)}?`
  return new Ended.UsageError({ message: `${Wire.sentence(Ended.oneLine(what))}${better} See ${path} --help.` })
}

/** Runs the command with these arguments, and gives its exit code. It prints its result and its errors. */
export const run = (argv: ReadonlyArray<string>): Effect.Effect<number, never, Host.Host> =>
  Effect.gen(function*() {
    const host = yield* Host.Host
    const at = argv.indexOf("--")
    const args = at === -1 ? argv : argv.slice(0, at)
    const trailing = at === -1 ? undefined : argv.slice(at + 1)
    // what reads a form of credentials takes nothing else for them
    const isForm = args.includes("credentials") && args.some((arg) => /^--format(?:=|$)/.test(arg))
    // until the flags are read
    let isJson = args.some((arg) => /^--json(?:=(?:true|1|y|yes|on))?$/.test(arg))
    const read = ({ json }: Shared.Shared) => {
      isJson = json
    }
    const failed = (error: Ended.Failure) => Effect.as(Output.failure(isJson && !isForm, error), Ended.codeOf(error))

    return yield* Command.runWith(command, { version })(args).pipe(
      Effect.as(Ended.codes.done),
      Effect.catchTags({
        Exited: ({ code }) => Effect.succeed(code),
        // without an error, the help has been printed
        ShowHelp: (error) =>
          error.errors.length === 0 && !isJson ? Effect.succeed(Ended.codes.usage) : failed(usageOf(error))
      }),
      Effect.catch((error) => CliError.isCliError(error) ? Effect.die(error) : failed(error)),
      Effect.provideService(Shared.Trailing, { args: trailing, read }),
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.provide([Services.layer, config, CliOutput.layerPresenter(presenter(host)), logger(host)])
    )
  })
