import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as LoginView from "@sso-oidc/session/LoginView"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// Environment reads AWS_ENDPOINT_URL_SSO_OIDC and AWS's other endpoint variables. The store is one line, and so is the transport.
export const layerLive = Layer.unwrap(
  Effect.map(Config.String("SSO_START_URL"), (startUrl) => Session.layer({ startUrl, clientName: "my-app" }))
).pipe(
  Layer.provide(TokenStore.layerMemory),
  Layer.provide(
    SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION") }))
  ),
  Layer.provide(NodeTransport.layer())
)

// Each error has its own tag, and a message for the person. After an error that is handled here, the program exits with 0.
export const program = Session.Session.use((session) => session.ensure({ onEvent: LoginView.terminal })).pipe(
  Effect.tap((token) => Console.log(`Logged in: ${token.accessToken}`)),
  Effect.catchTags({
    AccessDeniedException: () => Console.log("You said no."),
    DeviceCodeExpired: (error) => Console.log(error.message)
  })
)
