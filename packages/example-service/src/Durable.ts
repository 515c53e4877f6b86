import type * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { Token } from "@sso-oidc/core/Token"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

// Run it again after a restart, with the same id.
export const program = Effect.fnUntraced(function*(id: string, use: (token: Token) => Effect.Effect<void>) {
  const logins = yield* Logins.Logins
  yield* logins.start({ id, clientName: "my-fleet", startUrl: "https://my.awsapps.com/start" }).pipe(
    Effect.flatMap((login) => Console.log(`Open ${login.verificationUri} and enter ${login.userCode}`)),
    Effect.catchTag("LoginEnded", () => Effect.void) // it ended before the restart: `token` says how
  )
  yield* use(yield* logins.token(id)) // waits: here, after a restart, or on another machine
  yield* logins.take(id) // last, because `token` gives the same token again, and `take` gives it once
})

// On many machines: DurableNode.layerPostgres({ url, sealing, host, port: 34431 })
export const layer = <E>(sealing: Layer.Layer<Sealer.Sealer, E>, service: Layer.Layer<SsoOidc.SsoOidc>) =>
  DurableNode.layerFile({ file: "logins.db", sealing }).pipe(Layer.provide(service))
