/** Our client: core and transport-node. */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { endpoint, members, serve } from "./throughput.ts"

const runtime = ManagedRuntime.make(
  SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(NodeTransport.layer()))
)

await serve({
  run: (concurrent, deviceCode, isOver) =>
    runtime.runPromise(Effect.gen(function*() {
      const oidc = yield* SsoOidc.SsoOidc
      const secret = Redacted.make(members.clientSecret)
      const code = Redacted.make(deviceCode)
      const call = Effect.suspend(() =>
        oidc.createToken({
          clientId: members.clientId,
          clientSecret: secret,
          grantType: members.grantType,
          deviceCode: code
        })
      )
      const pending = Effect.matchEffect(call, {
        onSuccess: () => Effect.die("a token"),
        onFailure: (error) => error._tag === "AuthorizationPendingException" ? Effect.void : Effect.fail(error)
      })
      const checked: Effect.Effect<unknown, unknown> = deviceCode.startsWith("pending-") ? pending : call
      let calls = 0
      const caller = Effect.whileLoop({ while: () => !isOver(), body: () => checked, step: () => calls++ })
      yield* Effect.forEach(Array.from({ length: concurrent }, () => caller), (one) => one, {
        concurrency: "unbounded",
        discard: true
      })
      return calls
    }))
})
