#!/usr/bin/env node
/**
 * The emulator as a command. When it listens, it prints one line with its URL. With `--control` it prints a second line with
 * the token. Ctrl-C or SIGTERM stops it.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { stripVTControlCharacters, styleText } from "node:util"
import * as EmulatorServer from "./EmulatorServer.ts"
import * as AccountFlags from "./internal/accountFlags.ts"
import { version } from "./internal/version.ts"

// A script can set the token before it starts the emulator, and `ps` does not show it
const tokenVariable = "SSO_OIDC_EMULATOR_CONTROL_TOKEN"

// On a terminal, the text to copy is bold. A script that reads the line gets no colors, even if FORCE_COLOR is set.
const strong = (text: string): string =>
  process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === ""
    ? styleText("bold", text, { stream: process.stdout })
    : text

/** Breaks the text between words into rows of the terminal. If the output is not a terminal, the text stays one line. */
const rows = (text: string, { columns, isTTY }: NodeJS.WriteStream): string => {
  // Some terminals report a width of 0, or none
  if (isTTY !== true || !(columns > 0)) return text
  let width = 0
  return text.split(" ").map((word, at) => {
    const { length } = stripVTControlCharacters(word)
    const isNext = at > 0 && width + 1 + length < columns
    width = isNext ? width + 1 + length : length
    return at === 0 ? word : `${isNext ? " " : "\n"}${word}`
  }).join("")
}

const command = Command.make(
  "sso-oidc-emulator",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("Where to listen on 127.0.0.1; 0 takes any free port (8484 by default)"),
      Flag.withDefault(8484)
    ),
    interval: Flag.Int("interval").pipe(
      Flag.withDescription("Seconds between two polls of a device code (1 by default)"),
      Flag.withDefault(1)
    ),
    expiresIn: Flag.Int("expires-in").pipe(
      Flag.withDescription("Seconds until a device code expires (600 by default)"),
      Flag.withDefault(600)
    ),
    autoApprove: Flag.Finite("auto-approve").pipe(
      Flag.withDescription("Approve each login without a person, this many seconds after its start"),
      Flag.optional
    ),
    rotation: Flag.Literals("rotation", ["strict", "lenient"]).pipe(
      Flag.withDescription(
        "What a used refresh token gets: invalid_grant (strict, the default) or a new token (lenient)"
      ),
      Flag.withDefault("strict")
    ),
    sessionDuration: Flag.Int("session-duration").pipe(
      Flag.withDescription("Seconds from a login to the end of its session (28800 by default)"),
      Flag.withDefault(28_800)
    ),
    accessTokenLifetime: Flag.Int("access-token-lifetime").pipe(
      Flag.withDescription("Seconds until an access token with scopes expires (3600 by default)"),
      Flag.withDefault(3600)
    ),
    accounts: Flag.String("accounts").pipe(
      Flag.withDescription("A JSON file with the accounts of the portal: a list of {accountId, accountName, roles}"),
      Flag.optional
    ),
    account: Flag.String("account").pipe(
      Flag.withDescription(
        "An account with the roles that are yours, as ID=NAME:ROLE,ROLE; you can repeat it (two accounts by default)"
      ),
      Flag.atLeast(0)
    ),
    roleSessionDuration: Flag.Int("role-session-duration").pipe(
      Flag.withDescription("Seconds until the credentials of a role expire (3600 by default)"),
      Flag.withDefault(3600)
    ),
    control: Flag.Boolean("control").pipe(
      Flag.withDescription(
        `Serve the control API. Its token is in ${tokenVariable}, or else the emulator prints one`
      ),
      Flag.withDefault(false)
    ),
    cors: Flag.String("cors").pipe(
      Flag.withDescription("Let pages of this origin call the operations; you can repeat it"),
      Flag.atLeast(0)
    )
  },
  Effect.fnUntraced(function*({
    accessTokenLifetime,
    account,
    accounts,
    autoApprove,
    control,
    expiresIn,
    interval,
    roleSessionDuration,
    sessionDuration,
    ...options
  }) {
    const given = control ? yield* Config.option(Config.Redacted(tokenVariable)) : Option.none()
    const itsAccounts = yield* AccountFlags.read(Option.getOrUndefined(accounts), account)
    const server = Layer.effectDiscard(Effect.flatMap(
      EmulatorServer.EmulatorServer,
      ({ controlToken, url }) =>
        Console.log(rows(`SSO OIDC emulator: ${strong(url)}`, process.stdout)).pipe(
          Effect.andThen(
            controlToken === undefined || Option.isSome(given)
              ? Effect.void
              : Console.log(rows(`control token: ${strong(Redacted.value(controlToken))}`, process.stdout))
          )
        )
    )).pipe(Layer.provide(EmulatorServer.layer({
      ...options,
      interval: Duration.seconds(interval),
      expiresIn: Duration.seconds(expiresIn),
      sessionDuration: Duration.seconds(sessionDuration),
      accessTokenLifetime: Duration.seconds(accessTokenLifetime),
      accounts: itsAccounts,
      roleSessionDuration: Duration.seconds(roleSessionDuration),
      autoApprove: Option.getOrUndefined(Option.map(autoApprove, Duration.seconds)),
      control: Option.getOrElse(given, () => control)
    })))
    return yield* Layer.launch(server)
  })
).pipe(
  Command.withDescription(
    "The OIDC service and the portal of AWS IAM Identity Center on this computer, for tests and demos"
  )
)

const line = (error: { readonly message: string }): string => error.message.replace(/\s+/g, " ").trim()

const flags: Readonly<Record<string, string>> = {
  "port": "--port",
  "interval": "--interval",
  "expiresIn": "--expires-in",
  "autoApprove": "--auto-approve",
  "sessionDuration": "--session-duration",
  "accessTokenLifetime": "--access-token-lifetime",
  "accounts": "--account",
  "roleSessionDuration": "--role-session-duration",
  "a CORS origin": "--cors"
}

/** Names the flag or the variable in a sentence about an option. */
const flagged = (sentence: string): string =>
  sentence.replace(": the control token must", `: ${tokenVariable} must`).replace(
    new RegExp(`: (${Object.keys(flags).join("|")}) must`),
    (_, option: string) => `: ${flags[option]} must`
  )

// One line that says what is wrong. The library would print its usage around it, which `--help` shows.
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.forEach(event.errors.slice(0, 1), (error) =>
        Console.error(rows(`${line(error)} (see --help)`, process.stderr)), {
        discard: true
      })
      : CliOutput.defaultPresenter.present(event)
}

const main = Command.runWith(command, { version })(process.argv.slice(2)).pipe(
  Effect.tapErrorTag("EmulatorError", (error) => Console.error(rows(flagged(line(error)), process.stderr))),
  Effect.provide(Layer.merge(NodeServices.layer, CliOutput.layerPresenter(presenter)))
)

// SIGTERM is the normal end of a server, so it has the exit code 0. Only Ctrl-C is an interruption.
let stopped = false
process.once("SIGTERM", () => {
  stopped = true
})

NodeRuntime.runMain(main, {
  disableErrorReporting: true,
  teardown: (exit, onExit) => Runtime.defaultTeardown(exit, (code) => onExit(stopped && code === 130 ? 0 : code))
})
