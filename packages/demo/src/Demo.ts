/**
 * A whole device login on one screen, and the accounts that it opens: with the emulator, or with AWS by `--start-url` and `--region`.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { ValidToken } from "@sso-oidc/core/AccessToken"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type { Token } from "@sso-oidc/core/Token"
import type { CodeReady, DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Accounts from "./Accounts.ts"
import * as Display from "./Display.ts"
import * as Kept from "./Kept.ts"
import * as Outcome from "./Outcome.ts"
import * as Person from "./Person.ts"
import * as Screen from "./Screen.ts"

const clientName = "SSO OIDC demo"

// -----------------------------------------------------------------------------
// the token
// -----------------------------------------------------------------------------

/** Shows the events of a login, and gives its token. `also` gets each event after the display. */
const shown = <E, R>(
  display: Display.Display,
  events: Stream.Stream<DeviceGrantEvent, E, R>,
  also: (event: DeviceGrantEvent) => Effect.Effect<unknown> = () => Effect.void
): Effect.Effect<ValidToken, E, R> =>
  Effect.gen(function*() {
    let token: Token | undefined
    yield* Stream.runForEach(events, (event) => {
      if (event._tag === "Approved") token = event.token
      return Effect.andThen(display.event(event), also(event))
    })
    if (token === undefined) return yield* Effect.die(new Error("A login ended without a token and without an error."))
    return { accessToken: token.accessToken, expiresAt: token.expiresAt ?? (yield* DateTime.now) }
  })

// -----------------------------------------------------------------------------
// with AWS
// -----------------------------------------------------------------------------

const real = Effect.fnUntraced(function*(startUrl: string, region: string, keep: boolean) {
  const display = yield* Display.current()
  const token = keep ? yield* Kept.aws(display, clientName, startUrl, region) : yield* shown(
    display,
    DeviceGrantStream.login({ clientName, startUrl })
  ).pipe(
    Effect.provide(
      SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region })).pipe(
        Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options()))
      )
    ),
    Effect.mapError(Outcome.ended)
  )
  yield* Accounts.aws(display, token, region)
  yield* display.print(...Screen.next(keep ? "awsKept" : "aws"))
}, Effect.scoped)

// -----------------------------------------------------------------------------
// with the emulator
// -----------------------------------------------------------------------------

/** Long enough to show the wait of the login. */
const thinking = "2500 millis"

/** Allows the login: at Enter, or by itself. It never ends, except with an error. */
const person = Effect.fnUntraced(
  function*({ verificationUri, verificationUriComplete }: CodeReady, display: Display.Display, auto: boolean) {
    if (auto) {
      yield* display.print(Screen.played)
      yield* Effect.sleep(thinking)
    } else {
      yield* display.print(Screen.prompt)
      yield* display.enter
    }
    yield* Person.press(verificationUriComplete ?? verificationUri, "Allow").pipe(
      Effect.andThen(display.print(Screen.pressed)),
      // After Allow in the browser there is no form for Enter. That is no error.
      Effect.catchTag("PageError", (error) => auto ? Effect.fail(error) : Effect.void)
    )
    return yield* Effect.never
  }
)

const startUrl = "https://demo.awsapps.com/start"

const emulated = Effect.fnUntraced(
  function*(auto: boolean, keep: boolean) {
    const { url } = yield* EmulatorServer.EmulatorServer
    if (keep) yield* Kept.remembered
    const display = yield* Display.current(Screen.expected)
    yield* display.print(Screen.emulator(url))
    const code = yield* Deferred.make<CodeReady>()
    const told = (event: LoginEvent) => event._tag === "CodeReady" ? Deferred.succeed(code, event) : Effect.void
    const login = keep ? Kept.emulated(display, clientName, startUrl, url, told) : shown(
      display,
      DeviceGrantStream.login({ clientName, startUrl }),
      told
    ).pipe(
      Effect.provide(SsoOidc.layer({ region: "us-east-1", endpoint: url })),
      Effect.mapError(Outcome.ended)
    )
    const token = yield* Effect.raceFirst(
      login,
      Effect.flatMap(Deferred.await(code), (code) => person(code, display, auto))
    )
    yield* Accounts.emulated(display, token, url)
    yield* display.print(...Screen.next(keep ? "emulatorKept" : "emulator"))
  },
  Effect.scoped,
  Effect.provide(Layer.merge(EmulatorServer.layer(), NodeTransport.layer())),
  // the emulator's log would repeat the login that the screen shows
  Effect.provideService(References.MinimumLogLevel, "Warn")
)

// -----------------------------------------------------------------------------
// command
// -----------------------------------------------------------------------------

const command = Command.make(
  "demo",
  {
    auto: Flag.Boolean("auto").pipe(
      Flag.withDescription("Play the person too. This is the default without a terminal"),
      Flag.withDefault(false)
    ),
    keep: Flag.Boolean("keep").pipe(
      Flag.withDescription("Keep the token, so that the next run with --keep needs no person"),
      Flag.withDefault(false)
    ),
    startUrl: Flag.String("start-url").pipe(
      Flag.withDescription("Log in to AWS through this access portal, instead of the emulator"),
      Flag.optional
    ),
    region: Flag.String("region").pipe(
      Flag.withDescription("The region of the access portal. Give it together with --start-url"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ auto, keep, region, startUrl }) {
    if (Option.isNone(startUrl) && Option.isNone(region)) {
      return yield* emulated(auto || !Terminal.isInteractive(process.stdout), keep)
    }
    if (Option.isNone(startUrl) || Option.isNone(region)) {
      return yield* Outcome.misused(
        "--start-url and --region need each other. Give both: the URL and the region of the access portal."
      )
    }
    if (!/^https?:\/\//.test(startUrl.value)) {
      return yield* Outcome.misused(
        "--start-url is no URL. Give the URL of the access portal, such as https://my.awsapps.com/start."
      )
    }
    if (auto) {
      return yield* Outcome.misused(
        "--auto works only with the emulator. Leave it out: only you can approve a login to AWS."
      )
    }
    return yield* real(startUrl.value, region.value, keep)
  })
).pipe(Command.withDescription("A whole device login: register, authorize, poll, token"))

// Print one line for a wrong flag. The library would print the usage too, which --help shows.
const presenter: CliOutput.Presenter = {
  present: (event) => event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event)
}

/** The demo with these arguments. Its errors are printed when it ends. */
export const run = (args: ReadonlyArray<string>) =>
  Command.runWith(command, { version: "0.1.0" })(args).pipe(
    Effect.catchIf(CliError.isCliError, (error) => {
      const [first] = error._tag === "ShowHelp" ? error.errors : [error]
      return first === undefined ? Effect.void : Outcome.misused(`${first.message.replace(/\s+/g, " ")} (see --help)`)
    }),
    Effect.tapErrorTag(
      "Ended",
      ({ message }) => Console.error(Layout.render({ text: message }, Terminal.look(process.stderr)).join("\n"))
    ),
    Effect.provide(Layer.merge(NodeServices.layer, CliOutput.layerPresenter(presenter)))
  )
