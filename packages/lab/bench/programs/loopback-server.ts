/**
 * The server of the measurements over loopback: bare node:http. It prints its port, and ends with its input.
 *
 * It reads each request whole. It responds to `/client/register` and `/device_authorization`, and to `/token` with a token or, if the device
 * code begins with `pending-`, with `AuthorizationPendingException`.
 */
import { createServer } from "node:http"
import * as Shaped from "./shaped.ts"

const client = {
  clientId: "client",
  clientSecret: Shaped.text("client secret", 1700),
  clientIdIssuedAt: 1_800_000_000,
  clientSecretExpiresAt: 4_000_000_000
}
const device = {
  deviceCode: Shaped.deviceCode("approved"),
  userCode: "ABCD-EFGH",
  verificationUri: "https://device.example/",
  verificationUriComplete: "https://device.example/?user_code=ABCD-EFGH",
  expiresIn: 600,
  interval: 1
}
const token = {
  accessToken: Shaped.text("access token", 700),
  refreshToken: Shaped.text("refresh token", 700),
  tokenType: "Bearer",
  expiresIn: 28_800
}
const pending = { error: "authorization_pending", error_description: "Device authorization is pending" }

const responses: Readonly<Record<string, string>> = {
  "/client/register": JSON.stringify(client),
  "/device_authorization": JSON.stringify(device),
  "/token": JSON.stringify(token)
}
const pendingText = JSON.stringify(pending)

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
    const waits = request.url === "/token" && Buffer.concat(chunks).includes("\"pending-")
    const text = waits ? pendingText : responses[request.url ?? ""]
    response.writeHead(text === undefined ? 404 : waits ? 400 : 200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text ?? ""),
      "x-amzn-requestid": "9d3f4c9e-0000-4000-8000-123456789012",
      ...(waits ? { "x-amzn-errortype": "AuthorizationPendingException" } : {})
    }).end(text)
  })
})
// a connection that the server closed in the middle of a run would be a failure of no client
server.keepAliveTimeout = 0
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(typeof address === "object" ? address?.port : "")
})
process.stdin.on("end", () => process.exit()).resume()
