/**
 * Lists the accounts and roles that the token opens. A list that fails is a sentence, and no error of the demo.
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { Display } from "./Display.ts"
import * as Screen from "./Screen.ts"

/** The most accounts whose roles are shown. A company may have hundreds. */
const most = 10

/** A login is done by then, and the person waits. */
const patience = "20 seconds"

/** A session that has this token and no other. */
const sessionOf = (token: AccessToken.ValidToken): Layer.Layer<AccessToken.AccessToken> =>
  Layer.succeed(AccessToken.AccessToken, {
    key: "demo",
    get: Effect.succeed(token),
    refreshed: () => Effect.fail(new AccessToken.SessionEnded({ reason: "portal", command: "pnpm demo" }))
  })

const list = Portal.Portal.use((portal) =>
  Effect.gen(function*() {
    const accounts = yield* Stream.runCollect(portal.accounts)
    const shown = yield* Effect.forEach(
      accounts.slice(0, most),
      (account): Effect.Effect<Screen.Account> =>
        Stream.runCollect(portal.roles(account.accountId)).pipe(
          Effect.map((roles) => ({ ...account, roles: roles.map(({ roleName }) => roleName) })),
          Effect.catch(({ message }) => Effect.succeed({ ...account, roles: message }))
        ),
      { concurrency: 4 }
    )
    return Screen.accounts(shown, accounts.length - shown.length)
  })
)

const show = <E extends { readonly message: string }>(
  display: Display,
  token: AccessToken.ValidToken,
  client: Layer.Layer<PortalClient.PortalClient, E>
): Effect.Effect<void> =>
  list.pipe(
    Effect.provide(
      Portal.layer({ retry: { times: 2 } }).pipe(
        Layer.provide([client, sessionOf(token), CredentialsCache.layerMemory])
      )
    ),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.succeed(Screen.noAccounts("the portal did not respond in time."))
    }),
    Effect.catch(({ message }) => Effect.succeed(Screen.noAccounts(message))),
    Effect.flatMap((lines) => display.print(...lines))
  )

/** Lists those of the portal of AWS. */
export const aws = (display: Display, token: AccessToken.ValidToken, region: string): Effect.Effect<void> =>
  show(
    display,
    token,
    PortalClient.layerConfig(Environment.options(PortalService.service, { region })).pipe(
      Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options()))
    )
  )

/** Lists those of the emulator at this URL. */
export const emulated = (display: Display, token: AccessToken.ValidToken, url: string): Effect.Effect<void> =>
  show(
    display,
    token,
    PortalClient.layer({ region: "us-east-1", endpoint: url }).pipe(Layer.provide(NodeTransport.layer()))
  )
