/**
 * The service of `pnpm pending`: bare node:http. Each login stays pending.
 *
 *     node service.ts INTERVAL
 *
 * It prints its port. Each line of its input gets a line with the count of the polls and of the early ones, and the processor time in
 * milliseconds. It ends with its input.
 */
import { createServer } from "node:http"
import { createInterface } from "node:readline"
import * as Shaped from "../bench/programs/shaped.ts"

const interval = Number(process.argv[2])

const registration = JSON.stringify({
  clientId: Shaped.text("client id", 22),
  clientSecret: Shaped.text("client secret", 1700),
  clientIdIssuedAt: 1_800_000_000,
  clientSecretExpiresAt: 4_000_000_000
})
const pending = JSON.stringify({
  error: "authorization_pending",
  error_description: "Device authorization is pending"
})

let codes = 0
const authorization = () => {
  const code = String(codes++)
  return JSON.stringify({
    deviceCode: `${code}-${Shaped.text(code, 85 - code.length)}`,
    userCode: `A${code.padStart(8, "0")}`,
    verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
    verificationUriComplete: `https://device.sso.eu-west-1.amazonaws.com/?user_code=A${code.padStart(8, "0")}`,
    // no code expires in a measurement
    expiresIn: 36_000,
    interval
  })
}

let polls = 0
let early = 0
const last = new Map<string, number>()

const polled = (body: string): string => {
  polls++
  const code = /"deviceCode":"(\d+)-/.exec(body)?.[1] ?? ""
  const now = performance.now()
  // a millisecond is for the way of the request
  if (now - (last.get(code) ?? 0) < interval * 1000 - 1) early++
  last.set(code, now)
  return pending
}

const responses: Readonly<Record<string, (body: string) => string>> = {
  "/client/register": () => registration,
  "/device_authorization": authorization,
  "/token": polled
}

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
    const text = responses[request.url ?? ""]?.(Buffer.concat(chunks).toString()) ?? "{}"
    response.writeHead(text === pending ? 400 : 200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      "x-amzn-requestid": "9d3f4c9e-0000-4000-8000-123456789012",
      ...(text === pending ? { "x-amzn-errortype": "AuthorizationPendingException" } : {})
    }).end(text)
  })
})
// a connection that the server closed in the middle of a run would be a failure of no client
server.keepAliveTimeout = 0
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(typeof address === "object" ? address?.port : "")
})

createInterface({ input: process.stdin })
  .on("line", () => {
    const { system, user } = process.cpuUsage()
    console.log(JSON.stringify({ polls, early, cpu: (system + user) / 1000 }))
  })
  .on("close", () => process.exit())
