/**
 * A function of a serverless platform: it asks for the token once for each line of stdin, and prints its response.
 *
 * Its arguments are the endpoint, the option `refresh`, and where the tokens are: a folder, or the URL and the prefix of a Redis.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { createInterface } from "node:readline"

const [, , endpoint = "", refresh = "", place = "", prefix] = process.argv

const store: Layer.Layer<TokenStore.TokenStore, unknown> = prefix === undefined
  ? TokenStore.layerAwsCache({ directory: place }).pipe(
    Layer.provide(KernelLock.layer),
    Layer.provide(NodeServices.layer)
  )
  : TokenStore.layerRedis({ prefix }).pipe(Layer.provide(NodeRedis.layer({ url: place })))

const runtime = ManagedRuntime.make(
  Session.layer({
    startUrl: "https://corp.awsapps.com/start",
    name: "frozen",
    // absent, it is `wait`
    ...(refresh === "background" ? { refresh } : {})
  }).pipe(
    Layer.provide(store),
    Layer.provide(SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(NodeTransport.layer())))
  )
)

const handler = () => runtime.runPromise(Session.Session.use((session) => session.token()))

console.log(`ready ${process.pid}`)
for await (const _ of createInterface({ input: process.stdin })) {
  const { accessToken } = await handler()
  console.log(Redacted.value(accessToken))
}
