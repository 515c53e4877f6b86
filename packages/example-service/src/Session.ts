import * as AwsEnvironment from "@sso-oidc/core/AwsEnvironment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { Token } from "@sso-oidc/device-grant/Token"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"

// What the rest of your program asks for: a token. Whoever asks while a login runs waits for the same one.
export class Session extends Context.Service<Session, {
  readonly token: Effect.Effect<Token, DeviceGrant.LoginError>
}>()("my-app/Session") {}

export const layer = Layer.effect(
  Session,
  Effect.gen(function*() {
    const oidc = yield* SsoOidc.SsoOidc
    const login = DeviceGrant.login({
      clientName: "my-app",
      startUrl: yield* Config.String("SSO_START_URL"),
      onEvent: (event) =>
        event._tag === "CodeReady"
          ? Console.log(`Open ${event.verificationUri} and go on only if it shows ${event.userCode}`)
          : Effect.void
    })
    // Kept for less than the hour that a token lives; a failure is not kept, so that the next caller tries again.
    const token = yield* Effect.cachedWithTTL(
      Effect.provideService(login, SsoOidc.SsoOidc, oidc),
      (exit) => Exit.isSuccess(exit) ? "50 minutes" : Duration.zero
    )
    return { token }
  })
)

// AWS_ENDPOINT_URL_SSO_OIDC and its like are honoured; the transport is one line.
export const layerLive = layer.pipe(
  Layer.provide(SsoOidc.layerConfig(AwsEnvironment.options({ region: Config.String("SSO_REGION") }))),
  Layer.provide(NodeTransport.layer())
)

// Each way to fail has its own tag, and each error a sentence for the person.
export const program = Session.use((session) => session.token).pipe(
  Effect.tap((token) => Console.log(`Logged in: ${token.accessToken}`)),
  Effect.catchTags({
    AccessDeniedException: () => Console.log("You said no."),
    DeviceCodeExpired: (error) => Console.log(error.message)
  })
)
