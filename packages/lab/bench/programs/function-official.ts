/** The same with the official client: by hand, with plain writes of plain text. */
import {
  CreateTokenCommand,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand
} from "@aws-sdk/client-sso-oidc"
import { DatabaseSync } from "node:sqlite"

const [, , port, file = ""] = process.argv

const database = new DatabaseSync(file)
database.exec("CREATE TABLE IF NOT EXISTS logins (id TEXT PRIMARY KEY, row TEXT)")
const write = database.prepare("INSERT INTO logins VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET row = excluded.row")
const read = database.prepare("SELECT row FROM logins WHERE id = ?")

const client = new SSOOIDCClient({ region: "eu-west-1", endpoint: `http://127.0.0.1:${port}` })

const start = async (id: string) => {
  const { clientId, clientSecret } = await client.send(
    new RegisterClientCommand({ clientName: "bench", clientType: "public" })
  )
  const { deviceCode, interval } = await client.send(
    new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl: "https://example.awsapps.com/start" })
  )
  const nextPollAt = Date.now() + 1000 * (interval ?? 5)
  write.run(id, JSON.stringify({ clientId, clientSecret, deviceCode, interval, nextPollAt }))
}

const step = async (id: string) => {
  const { clientId, clientSecret, deviceCode, nextPollAt } = JSON.parse(String(read.get(id)?.["row"]))
  if (nextPollAt > Date.now()) return undefined
  const token = await client.send(
    new CreateTokenCommand({
      clientId,
      clientSecret,
      deviceCode,
      grantType: "urn:ietf:params:oauth:grant-type:device_code"
    })
  )
  write.run(id, JSON.stringify(token))
  return token.accessToken
}

const id = crypto.randomUUID()
await start(id)
await new Promise((resolve) => setTimeout(resolve, 1050))
console.log((await step(id))?.length)
