/**
 * The session and the portal that a command works with.
 */
import type { AccessToken } from "@sso-oidc/core/AccessToken"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import type { Portal } from "@sso-oidc/portal/Portal"
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import type * as Session from "@sso-oidc/session/Session"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Node from "sso-oidc/node"
import * as Life from "./Life.ts"
import * as LoginParts from "./LoginParts.ts"

type Access = Layer.Layer<Session.Session | AccessToken | Portal, NodeSession.Error>

const over = (wanted: AwsConfig.Wanted, of: NodeSession.OfFiles | NodeSession.OfProgram): Access => {
  return Layer.unwrap(Effect.map(NodeSession.settings(of), (settings) => {
    const options = {
      ...Life.life(settings, wanted),
      credentialsCache: CredentialsCache.layerAwsCache(),
      retry: { maxElapsed: "50 seconds" }
    } as const
    return Node.portalOver(
      Layer.provide(NodeSession.layerWithoutBrowser(settings, options), LoginParts.layer),
      settings,
      options
    )
  }))
}

/**
 * The session and the portal. Role credentials are kept in the files of the AWS CLI.
 *
 * One call takes at most 60 seconds: no request begins later than 50 seconds after the first, and a request takes at most 10.
 */
export const layer = (wanted: AwsConfig.Wanted): Access => over(wanted, wanted)

/** The same for a session that is in no file yet. */
export const layerByHand = (settings: SessionSettings.Options & { readonly name: string }): Access =>
  over({ session: settings.name }, settings)
