/**
 * `sso-oidc login`: logs a person in, with a browser on this machine or with a code.
 */
import type { ValidToken } from "@sso-oidc/core/AccessToken"
import * as Session from "@sso-oidc/session/Session"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ended from "../Ended.ts"
import * as Host from "../Host.ts"
import * as LoginScreen from "../LoginScreen.ts"
import * as Output from "../Output.ts"
import * as Shared from "../Shared.ts"
import * as Times from "../Times.ts"
import * as Typed from "../Typed.ts"
import * as Status from "./Status.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly noBrowser: boolean
  readonly device: boolean
  readonly code: boolean
  readonly paste: boolean
  readonly port: Option.Option<number>
}

/** How a login meets its person. */
export interface Options {
  /** The grant. `undefined`: the session chooses. */
  readonly grant?: "code" | "device" | undefined
  /** Whether a browser is opened. `true` by default. */
  readonly openBrowser?: boolean | undefined
  /** The port of the listener. */
  readonly port?: number | undefined
  /** Whether the person can paste the URL that the browser ends at. `false` by default. */
  readonly paste?: boolean | undefined
}

const largestPort = 65_535

const pastePrompt = "URL: "

/** What the flags ask for. Flags that contradict each other are a usage error. */
const optionsOf = ({ code, device, noBrowser, paste, port }: Flags): Effect.Effect<Options, Ended.UsageError> => {
  const ofCode = [code && "--code", paste && "--paste", Option.isSome(port) && "--port"].filter((flag) =>
    flag !== false
  )
  if (device && ofCode.length > 0) {
    return Effect.fail(
      new Ended.UsageError({
        message: `--device cannot stand together with ${ofCode.join(" and ")}. ` +
          "Give --device for a code that you type on any device, or the others for a browser that comes back here."
      })
    )
  }
  const number = Option.getOrUndefined(port)
  if (number !== undefined && (number < 1 || number > largestPort)) {
    return Effect.fail(
      new Ended.UsageError({ message: `--port must be a whole number from 1 to ${largestPort}. Give another one.` })
    )
  }
  return Effect.succeed({
    grant: device ? "device" : ofCode.length > 0 ? "code" : undefined,
    openBrowser: !noBrowser,
    port: number,
    paste
  })
}

/** Logs a person in, shows the login on standard error, and says until when the token is valid. */
export const perform = (
  { grant, openBrowser, paste = false, port }: Options
): Effect.Effect<ValidToken, Session.LoginError, Session.Session | Host.Host> =>
  Effect.gen(function*() {
    const session = yield* Session.Session
    const typed = yield* Typed.Typed
    const token = yield* Effect.scoped(
      Effect.flatMap(LoginScreen.make({ takesPaste: paste }), (onEvent) =>
        session.login({
          grant,
          openBrowser,
          port,
          paste: paste ? typed.line(pastePrompt) : undefined,
          onEvent
        }))
    )
    yield* Output.tell(`Logged in. The token is valid until ${Times.readable(token.expiresAt)}.`)
    return token
  })

/** Logs in, and prints the status after it. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  const options = yield* optionsOf(flags)
  const wanted = yield* Shared.wantedOf(flags)
  const { isInteractive } = yield* Host.Host
  if (!isInteractive && options.grant !== "device") {
    return yield* new Ended.UsageError({
      message: "A login needs a terminal: standard input or standard error is none. " +
        "Run it in a terminal, or with --device, which prints a code and a URL for a browser on any device."
    })
  }
  // a mistake is told before the transport is loaded
  const Access = yield* Effect.promise(() => import("../Access.ts"))
  const status = yield* Effect.provide(
    Effect.andThen(perform(options), Session.Session.use(({ status }) => status)),
    Access.layer(wanted)
  )
  yield* Output.result(flags.json, Status.json(status), [])
})
