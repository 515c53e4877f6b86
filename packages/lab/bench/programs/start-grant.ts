/** A whole login with our client: core, device-grant and the transport without proxies. It waits one interval before its poll. */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import "./tls.ts"

const endpoint = `http://127.0.0.1:${process.argv[2]}`
const login = DeviceGrant.login({ clientName: "bench", startUrl: "https://example.awsapps.com/start" })
const { accessToken } = await Effect.runPromise(
  Effect.provide(login, SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(DirectTransport.layer())))
)
console.log(Redacted.value(accessToken).length)
