/**
 * Keeps the login between two runs of the demo, so that the second one needs no person.
 *
 * A login to AWS is kept in the cache of the AWS CLI. A login to the emulator has a folder of its own. The state of the
 * emulator is kept there too: the next emulator must know the session, or no refresh would succeed.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { ValidToken } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Snapshot } from "@sso-oidc/emulator/Snapshot"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as LoginView from "@sso-oidc/session/LoginView"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { homedir } from "node:os"
import { join } from "node:path"
import type { Display } from "./Display.ts"
import * as Outcome from "./Outcome.ts"
import * as Screen from "./Screen.ts"

// -----------------------------------------------------------------------------
// sessions
// -----------------------------------------------------------------------------

const event = (display: Display, event: LoginEvent): Effect.Effect<void> => {
  switch (event._tag) {
    case "Registered":
    case "CodeReady":
    case "Waiting":
    case "Approved":
      return display.event(event)
    default:
      return display.print(...LoginView.lines(event).map((text, at) => Screen.line(at === 0 ? "login" : "", text)))
  }
}

/** Takes the kept token, refreshes it, or lets the person log in. `also` gets each event after the display. */
const ensure = Effect.fnUntraced(
  function*(display: Display, also: (event: LoginEvent) => Effect.Effect<unknown>) {
    const session = yield* Session.Session
    let isNew = false
    const token = yield* session.ensure({
      grant: "device",
      onEvent: (one) => {
        isNew ||= one._tag === "Approved"
        return Effect.andThen(event(display, one), also(one))
      }
    })
    if (!isNew) yield* display.print(Screen.kept(token))
    return token
  }
)

/** A login to AWS, kept for the AWS tools too. */
export const aws = (
  display: Display,
  clientName: string,
  startUrl: string,
  region: string
): Effect.Effect<ValidToken, Outcome.Ended> =>
  ensure(display, () => Effect.void).pipe(
    Effect.provide(NodeSession.layer({ startUrl, region, clientName })),
    Effect.mapError(Outcome.ended)
  )

/** A login to the emulator at this URL. */
export const emulated = (
  display: Display,
  clientName: string,
  startUrl: string,
  url: string,
  also: (event: LoginEvent) => Effect.Effect<unknown>
): Effect.Effect<ValidToken, Outcome.Ended> =>
  ensure(display, also).pipe(
    Effect.provide(NodeSession.layer({
      startUrl,
      region: "us-east-1",
      clientName,
      endpoint: url,
      // nothing of the environment, which is for AWS
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      portalEndpoint: url,
      transport: { proxy: {}, ca: [] },
      store: TokenStore.layerAwsCache({ directory: folder() })
    })),
    Effect.mapError(Outcome.ended)
  )

// -----------------------------------------------------------------------------
// the emulator
// -----------------------------------------------------------------------------

/** Where the login to the emulator is kept. */
const folder = (): string => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sso-oidc-demo")

const file = (): string => join(folder(), "emulator.json")

const state = Schema.fromJsonString(Snapshot)

const largest = 1024 * 1024

/**
 * Gives the emulator the state of the last run, and keeps its state at the end of the scope. If the state cannot be read or
 * written, the person is asked again.
 */
export const remembered: Effect.Effect<void, never, Emulator.Emulator | Scope.Scope> = Effect.gen(function*() {
  const { state: { seed, snapshot } } = yield* Emulator.Emulator
  yield* Effect.acquireRelease(
    CacheFile.readBytes(file(), largest).pipe(
      Effect.flatMap((bytes) => Schema.decodeEffect(state)(new TextDecoder().decode(bytes))),
      Effect.flatMap(seed),
      Effect.ignore
    ),
    () =>
      snapshot.pipe(
        Effect.flatMap(Schema.encodeEffect(state)),
        Effect.flatMap((text) => CacheFile.write(file(), text)),
        Effect.ignore
      )
  )
}).pipe(Effect.provide(NodeServices.layer))
