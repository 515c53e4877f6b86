/**
 * Where the credentials of a device go. Replace {@link layerLog} by what your company has: a secret store, or a push to the device itself.
 */
import type { Token } from "@sso-oidc/core/Token"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Service {
  /**
   * Gives a device its token. It may be called twice with the same token, because a process may end right after it. It must not fail: retry
   * in it, as long as your secret store takes to come back. The token stays in the login until this has succeeded.
   */
  readonly give: (id: string, token: Token) => Effect.Effect<void>
}

export class Devices extends Context.Service<Devices, Service>()("example-fleet/Devices") {}

/** Says in the log which device has credentials, and until when. It keeps no token, and shows none. */
export const layerLog: Layer.Layer<Devices> = Layer.succeed(
  Devices,
  Devices.of({
    give: (id, { expiresAt }) =>
      Effect.logInfo(
        `A device has credentials until ${
          expiresAt === undefined ? "they are revoked" : DateTime.formatIso(expiresAt)
        }.`
      ).pipe(Effect.annotateLogs({ device: id }))
  })
)
