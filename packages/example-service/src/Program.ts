import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as LoginView from "sso-oidc/LoginView"
import * as Node from "sso-oidc/node"
import * as Session from "sso-oidc/Session"

export const program = Session.Session.use((session) => session.ensure({ onEvent: LoginView.terminal })).pipe(
  Effect.tap((token) => Console.log(`Logged in until ${token.expiresAt}: ${token.accessToken}`)),
  Effect.catchTag("AccessDeniedException", () => Console.error("You said no.")),
  Effect.provide(Node.session({ profile: "dev" })) // ~/.aws/config, the AWS CLI's cache, a lock of the kernel, the Node transport
)
