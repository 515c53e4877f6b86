/** A function with `Step` over a store of its own: it starts a login, waits one interval, and sends one poll. */
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Step from "@sso-oidc/durable/Step"
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Store from "./function-store.ts"
import "./tls.ts"

const [, , port, file = ""] = process.argv

const runtime = ManagedRuntime.make(Layer.mergeAll(
  SsoOidc.layer({ region: "eu-west-1", endpoint: `http://127.0.0.1:${port}` }).pipe(
    Layer.provide(DirectTransport.layer())
  ),
  Store.layer(file),
  Sealer.layer({ current: "a", keys: { a: Redacted.make(crypto.getRandomValues(new Uint8Array(32))) } })
))

const id = crypto.randomUUID()
await runtime.runPromise(Step.start({ id, clientName: "bench", startUrl: "https://example.awsapps.com/start" }))
await new Promise((resolve) => setTimeout(resolve, 1050))
const result = await runtime.runPromise(Step.step(id))
console.log(result._tag === "Approved" ? Redacted.value(result.token.accessToken).length : result._tag)
await runtime.dispose()
