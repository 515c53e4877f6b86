/**
 * A session of ours over the files of a home, as a program has it.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Homes from "./homes.ts"

/** The store in the folder of the cache, with the kernel's lock. */
export const store = (directory: string) =>
  TokenStore.layerAwsCache({ directory }).pipe(
    Layer.provide(KernelLock.layer),
    Layer.provide(NodeServices.layer)
  )

/** A session of its own, which ends with the scope. */
export const session = (
  { cache }: Pick<Homes.Home, "cache">,
  { settings }: Pick<Homes.Session, "settings">,
  endpoint: string,
  transport: Layer.Layer<HttpClient.HttpClient> = NodeTransport.layer()
) =>
  Layer.build(
    Session.layerSettings(settings).pipe(
      Layer.provide(SsoOidc.layer({ region: settings.region, endpoint }).pipe(Layer.provide(transport))),
      Layer.provide(store(cache)),
      Layer.orDie
    )
  ).pipe(
    Effect.map((context) => ({
      session: Context.get(context, Session.Session),
      token: Context.get(context, Session.Session).token(),
      refreshed: Context.get(context, AccessToken.AccessToken).refreshed
    }))
  )
