import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Token from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"

// Gives your program a token that is good for at least one more minute. Callers that come during a login wait for the same
// login.
export class Session extends Context.Service<Session, {
  readonly token: Effect.Effect<Token.Token, DeviceGrant.LoginError>
}>()("my-app/Session") {}

// How long a token is kept: until one minute before it expires, or five minutes if the service gave no expiry.
const goodFor = (token: Token.Token) =>
  Effect.map(DateTime.now, (now) =>
    token.expiresAt === undefined
      ? Duration.minutes(5)
      : Duration.max(Duration.zero, Duration.subtract(DateTime.distance(now, token.expiresAt), Duration.minutes(1))))

export const layer = Layer.effect(
  Session,
  Effect.gen(function*() {
    const oidc = yield* SsoOidc.SsoOidc
    const login = DeviceGrant.login({
      clientName: "my-app",
      startUrl: yield* Config.String("SSO_START_URL"),
      onEvent: (event) => event._tag === "CodeReady" ? Console.log(DeviceGrantEvent.instructions(event)) : Effect.void
    })
    const last = yield* Ref.make<Token.Token | undefined>(undefined)
    const renew = Effect.gen(function*() {
      const old = yield* Ref.get(last)
      // a refresh needs no person; if the session at the portal has ended, the person logs in again
      const token = yield* (old !== undefined && Token.isRefreshable(old)
        ? Effect.catchTag(Token.refresh(old), ["InvalidGrantException", "InvalidClientException"], () => login)
        : login)
      yield* Ref.set(last, token)
      return { token, goodFor: yield* goodFor(token) }
    })
    // a failure is not cached, so the next caller tries again
    const kept = yield* Effect.cachedWithTTL(
      Effect.provideService(renew, SsoOidc.SsoOidc, oidc),
      (exit) => Exit.isSuccess(exit) ? exit.value.goodFor : Duration.zero
    )
    return { token: Effect.map(kept, ({ token }) => token) }
  })
)

// Environment reads AWS_ENDPOINT_URL_SSO_OIDC and AWS's other endpoint variables. The transport is one line.
export const layerLive = layer.pipe(
  Layer.provide(
    SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION") }))
  ),
  Layer.provide(NodeTransport.layer())
)

// Each error has its own tag, and a message for the person. After an error that is handled here, the program exits with 0.
export const program = Session.use((session) => session.token).pipe(
  Effect.tap((token) => Console.log(`Logged in: ${token.accessToken}`)),
  Effect.catchTags({
    AccessDeniedException: () => Console.log("You said no."),
    DeviceCodeExpired: (error) => Console.log(error.message)
  })
)
