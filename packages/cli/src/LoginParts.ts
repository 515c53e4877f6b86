/**
 * What a login with a browser needs of this machine. Each part is loaded when a login uses it, so that no other command loads the opener or
 * the listener.
 */
import * as Callback from "@sso-oidc/session/Callback"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The listener. */
const callback = Layer.succeed(Callback.Callback, {
  listen: (options) =>
    Effect.promise(() => import("@sso-oidc/session/node/LoopbackCallback")).pipe(
      Effect.flatMap(({ layer }) => Effect.provide(Effect.service(Callback.Callback), layer)),
      Effect.flatMap((loaded) => loaded.listen(options))
    )
})

/** The browser of the system. It reads the variables that the layer was built with. */
const browser = Layer.effect(
  LoginBrowser.LoginBrowser,
  Effect.map(Effect.service(ConfigProvider.ConfigProvider), (provider) => {
    const system = Effect.flatMap(
      Effect.promise(() => import("@sso-oidc/session/node/SystemBrowser")),
      ({ layer }) => Effect.provide(Effect.service(LoginBrowser.LoginBrowser), layer)
    )
    return {
      open: (url: string) => Effect.flatMap(system, (loaded) => loaded.open(url)),
      elsewhere: Effect.flatMap(
        system,
        ({ elsewhere }) => Effect.provideService(elsewhere, ConfigProvider.ConfigProvider, provider)
      )
    }
  })
)

/** Both. */
export const layer: Layer.Layer<Callback.Callback | LoginBrowser.LoginBrowser> = Layer.mergeAll(callback, browser)
