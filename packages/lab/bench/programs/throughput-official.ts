/** The official client over its own handler. */
import { AuthorizationPendingException, CreateTokenCommand, SSOOIDCClient } from "@aws-sdk/client-sso-oidc"
import { endpoint, members, ofPromises, serve } from "./throughput.ts"

const client = new SSOOIDCClient({
  region: "eu-west-1",
  endpoint,
  maxAttempts: 1,
  requestHandler: { httpAgent: { maxSockets: 1000 } }
})

await serve(ofPromises(async (deviceCode) => {
  try {
    const { accessToken } = await client.send(new CreateTokenCommand({ ...members, deviceCode }))
    if (accessToken === undefined) throw new Error("no token")
    return "token"
  } catch (error) {
    if (error instanceof AuthorizationPendingException) return "pending"
    throw error
  }
}))
