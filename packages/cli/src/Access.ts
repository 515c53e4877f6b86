/**
 * The session and the portal that a command works with.
 */
import type { AccessToken } from "@sso-oidc/core/AccessToken"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import type { Portal } from "@sso-oidc/portal/Portal"
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type * as Session from "@sso-oidc/session/Session"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import type * as Config from "effect/Config"
import type * as Layer from "effect/Layer"
import * as Node from "sso-oidc/node"
import * as Life from "./Life.ts"

const common = (wanted: AwsConfig.Wanted) => ({
  ...Life.life(wanted),
  credentialsCache: CredentialsCache.layerAwsCache(),
  retry: { maxElapsed: "50 seconds" }
} as const)

/**
 * The session and the portal. Role credentials are kept in the files of the AWS CLI.
 *
 * One call takes at most 60 seconds: no request begins later than 50 seconds after the first, and a request takes at most 10.
 */
export const layer = (
  wanted: AwsConfig.Wanted
): Layer.Layer<Session.Session | AccessToken | Portal, Node.SessionError | Config.ConfigError> =>
  Node.portal({ ...wanted, ...common(wanted) })

/** The same for a session that is in no file yet. */
export const layerByHand = (
  settings: SessionSettings.Options & { readonly name: string }
): Layer.Layer<Session.Session | AccessToken | Portal, Node.SessionError | Config.ConfigError> =>
  Node.portal({ ...settings, ...common({ session: settings.name }) })
