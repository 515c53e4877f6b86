/** The first calls of a login with the official client. */
import {
  CreateTokenCommand,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand
} from "@aws-sdk/client-sso-oidc"

const client = new SSOOIDCClient({ region: "eu-west-1", endpoint: `http://127.0.0.1:${process.argv[2]}` })
const { clientId, clientSecret } = await client.send(
  new RegisterClientCommand({ clientName: "bench", clientType: "public" })
)
const { deviceCode } = await client.send(
  new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl: "https://example.awsapps.com/start" })
)
const { accessToken } = await client.send(
  new CreateTokenCommand({
    clientId,
    clientSecret,
    deviceCode,
    grantType: "urn:ietf:params:oauth:grant-type:device_code"
  })
)
console.log(accessToken?.length)
