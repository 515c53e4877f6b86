/** The first calls of a login with our client, over a transport. */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import "./tls.ts"

const login = Effect.gen(function*() {
  const oidc = yield* SsoOidc.SsoOidc
  const { clientId, clientSecret } = yield* oidc.registerClient({ clientName: "bench", clientType: "public" })
  if (clientId === undefined || clientSecret === undefined) return yield* Effect.die("no client")
  const { deviceCode } = yield* oidc.startDeviceAuthorization({
    clientId,
    clientSecret,
    startUrl: "https://example.awsapps.com/start"
  })
  if (deviceCode === undefined) return yield* Effect.die("no device code")
  const { accessToken } = yield* oidc.createToken({
    clientId,
    clientSecret,
    deviceCode,
    grantType: "urn:ietf:params:oauth:grant-type:device_code"
  })
  return accessToken === undefined ? 0 : Redacted.value(accessToken).length
})

/** Prints the length of the token. */
export const run = async (transport: Layer.Layer<HttpClient.HttpClient>): Promise<void> => {
  const endpoint = `http://127.0.0.1:${process.argv[2]}`
  const client = SsoOidc.layer({ region: "eu-west-1", endpoint }).pipe(Layer.provide(transport))
  console.log(await Effect.runPromise(Effect.provide(login, client)))
}
