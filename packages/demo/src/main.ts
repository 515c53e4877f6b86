/**
 * The whole device login on one screen: against the emulator, or, with `--start-url` and `--region`, against AWS.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type { CodeReady } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as Display from "./Display.ts"
import * as Layout from "./Layout.ts"
import * as Outcome from "./Outcome.ts"
import * as Person from "./Person.ts"
import * as Screen from "./Screen.ts"
import * as Terminal from "./Terminal.ts"

const clientName = "SSO OIDC demo"

// -----------------------------------------------------------------------------
// against AWS
// -----------------------------------------------------------------------------

const real = Effect.fnUntraced(function*(startUrl: string, region: string) {
  const display = yield* Display.current()
  yield* DeviceGrantStream.login({ clientName, startUrl }).pipe(
    Stream.runForEach(display.event),
    Effect.provide(
      SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region })).pipe(
        Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options()))
      )
    ),
    Effect.mapError(Outcome.ended)
  )
  yield* display.print(...Screen.next("aws"))
}, Effect.scoped)

// -----------------------------------------------------------------------------
// against the emulator
// -----------------------------------------------------------------------------

/** Long enough to see the login wait. */
const thinking = "2500 millis"

/** Allows the sign-in: at Enter, or by itself. It ends only where it cannot. */
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
      // who pressed Allow in the browser and Enter too has no page left to press it on
      Effect.catchTag("PageError", (error) => auto ? Effect.fail(error) : Effect.void)
    )
    return yield* Effect.never
  }
)

const emulated = Effect.fnUntraced(
  function*(auto: boolean) {
    const { url } = yield* EmulatorServer.EmulatorServer
    const display = yield* Display.current(Screen.expected)
    yield* display.print(Screen.emulator(url))
    const code = yield* Deferred.make<CodeReady>()
    const login = DeviceGrantStream.login({ clientName, startUrl: "https://demo.awsapps.com/start" }).pipe(
      Stream.tap(display.event),
      Stream.runForEach((event) => event._tag === "CodeReady" ? Deferred.succeed(code, event) : Effect.void),
      Effect.provide(SsoOidc.layer({ region: "us-east-1", endpoint: url })),
      Effect.mapError(Outcome.ended)
    )
    yield* Effect.raceFirst(
      login,
      Effect.flatMap(Deferred.await(code), (code) => person(code, display, auto))
    )
    yield* display.print(...Screen.next("emulator"))
  },
  Effect.scoped,
  Effect.provide(Layer.merge(EmulatorServer.layer(), NodeTransport.layer())),
  // the screen shows the login already
  Effect.provideService(References.MinimumLogLevel, "Warn")
)

// -----------------------------------------------------------------------------
// command
// -----------------------------------------------------------------------------

const command = Command.make(
  "demo",
  {
    auto: Flag.Boolean("auto").pipe(
      Flag.withDescription("Play the person too, as without a terminal"),
      Flag.withDefault(false)
    ),
    startUrl: Flag.String("start-url").pipe(
      Flag.withDescription("Log in to AWS through this access portal, instead of the emulator"),
      Flag.optional
    ),
    region: Flag.String("region").pipe(
      Flag.withDescription("The region of the access portal; goes with --start-url"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ auto, region, startUrl }) {
    if (Option.isNone(startUrl) && Option.isNone(region)) return yield* emulated(auto || !Terminal.isInteractive())
    if (Option.isNone(startUrl) || Option.isNone(region)) {
      return yield* Outcome.misused("--start-url and --region go together: a portal is good in its own region alone")
    }
    if (!/^https?:\/\//.test(startUrl.value)) {
      return yield* Outcome.misused("--start-url is the access portal's URL, such as https://my.awsapps.com/start")
    }
    if (auto) return yield* Outcome.misused("--auto is for the emulator: only you can approve a sign-in to AWS")
    return yield* real(startUrl.value, region.value)
  })
).pipe(Command.withDescription("A whole device login: register, authorize, poll, token"))

// One line on what is wrong, without the usage that the library prints around it: that is there with --help.
const presenter: CliOutput.Presenter = {
  present: (event) => event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event)
}

Terminal.endWithOutput()

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.catchIf(CliError.isCliError, (error) => {
    const [first] = error._tag === "ShowHelp" ? error.errors : [error]
    return first === undefined ? Effect.void : Outcome.misused(`${first.message.replace(/\s+/g, " ")} (see --help)`)
  }),
  Effect.tapErrorTag(
    "Ended",
    ({ message }) => Console.error(Layout.render({ text: message }, Terminal.look(process.stderr)).join("\n"))
  ),
  Effect.provide(Layer.merge(NodeServices.layer, CliOutput.layerPresenter(presenter))),
  NodeRuntime.runMain
)
