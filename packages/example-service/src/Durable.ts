import type * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export const program = Effect.gen(function*() {
  const logins = yield* Logins.Logins
  const login = yield* logins.start({
    id: "device-17",
    clientName: "my-fleet",
    startUrl: "https://my.awsapps.com/start"
  })
  yield* Console.log(`Open ${login.verificationUri} and enter ${login.userCode}`) // after two requests
  return yield* logins.token("device-17") // waits: here, after a restart, or on another machine
})

// On many machines: DurableNode.layerPostgres({ url, sealing, host, port: 34431 })
export const layer = (sealing: Layer.Layer<Sealer.Sealer>, service: Layer.Layer<SsoOidc.SsoOidc>) =>
  DurableNode.layerFile({ file: "logins.db", sealing }).pipe(Layer.provide(service))
